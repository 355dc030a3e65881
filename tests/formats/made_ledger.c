#include "made_ledger.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "error.h"
#include "runner.h"

static void put(MadeLedger *self, const void *data, gsize size, guint64 offset)
{
    ck_assert_int_eq(pwrite(self->fd, data, size, (off_t)(self->at + offset)), (gssize)size);
}

void made_ledger_init(MadeLedger *self)
{
    static const char command[] = "made\0one\0two";
    memset(self, 0, sizeof *self);
    self->fd = memfd_create("made", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    ck_assert_int_ge(self->fd, 0);
    ck_assert_int_eq(ftruncate(self->fd, (off_t)LEDGER_FILE_SIZE), 0);
    LedgerHeader *header = &self->header;
    ledger_begin(header);
    header->pid = 1000;
    header->page_size = 4096;
    header->nodes = header->sites = 1;
    g_strlcpy(header->executable, "/usr/bin/made", sizeof header->executable);
    memcpy(header->command, command, sizeof command);
    header->command_size = sizeof command;
}

void made_ledger_init_family(MadeLedger *self)
{
    made_ledger_init(self);
    self->at = ROLL_LEDGER_AT(0);
    ck_assert_int_eq(ftruncate(self->fd, (off_t)ROLL_LEDGER_AT(1)), 0);
    self->header.started_ns = 1;
    self->roll = (RollHeader){.family = 1, .room = 1, .pid = 1000};
    roll_begin(&self->roll);
}

void made_ledger_clear(MadeLedger *self)
{
    if (self->fd > 0)
        close(self->fd);
}

guint32 made_ledger_node(MadeLedger *self, guint32 parent, guint64 address)
{
    LedgerNode node = {.address = address, .parent = parent};
    put(self, &node, sizeof node, LEDGER_NODES_AT + self->header.nodes * sizeof node);
    return self->header.nodes++;
}

guint32 made_ledger_site(MadeLedger *self, guint32 node, gint64 live_bytes, guint64 peak_number,
                         gint64 peak_bytes)
{
    LedgerSite site = {
        .node = node,
        .live_bytes = live_bytes,
        .live_blocks = live_bytes > 0,
        .peak_number = peak_number,
        .peak_bytes = peak_bytes,
        .total_bytes = 1000,
        .total_blocks = 10,
        .temporary_blocks = 3,
    };
    put(self, &site, sizeof site, LEDGER_SITES_AT + self->header.sites * sizeof site);
    return self->header.sites++;
}

guint32 made_ledger_mark(MadeLedger *self, const char *name)
{
    LedgerMark mark = {.time_ns = self->header.marks};
    if (strcmp(name, "iteration") == 0)
        mark.iteration = ++self->header.iterations;
    g_strlcpy(mark.name, name, sizeof mark.name);
    put(self, &mark, sizeof mark, LEDGER_MARKS_AT + self->header.marks * sizeof mark);
    return ++self->header.marks;
}

void made_ledger_change(MadeLedger *self, guint32 site, gint64 live_bytes)
{
    LedgerChange change = {self->header.marks, site, live_bytes, 0, self->oldest_freed};
    put(self, &change, sizeof change, LEDGER_CHANGES_AT + self->header.changes++ * sizeof change);
}

void made_ledger_end(MadeLedger *self, guint32 site, guint32 birth, gint64 bytes, gint64 blocks)
{
    LedgerEndRecord record = {site, birth, bytes, blocks};
    put(self, &record, sizeof record, LEDGER_END_AT + self->header.end_records++ * sizeof record);
}

guint32 made_ledger_module(MadeLedger *self, const char *path, guint64 start, guint64 end)
{
    LedgerModule module = {.start = start, .end = end, .bias = start};
    g_strlcpy(module.path, path, sizeof module.path);
    put(self, &module, sizeof module, LEDGER_MODULES_AT + self->header.modules * sizeof module);
    return self->header.modules++;
}

static guint32 put_text(MadeLedger *self, const void *text, guint32 size)
{
    guint32 at = self->header.text;
    put(self, text, size, LEDGER_TEXT_AT + at);
    self->header.text += size;
    return at;
}

guint32 made_ledger_code(MadeLedger *self, const char *name, const char *file, gint32 first_line,
                         const guint8 *table, guint32 table_size)
{
    LedgerCode code = {.first_line = first_line, .line_table_size = table_size};
    self->header.codes = MAX(self->header.codes, 1);
    self->header.text = MAX(self->header.text, 1); /* offset 0 is the empty text */
    code.name_at = put_text(self, name, (guint32)strlen(name) + 1);
    code.file_at = put_text(self, file, (guint32)strlen(file) + 1);
    code.line_table_at = put_text(self, table, table_size);
    put(self, &code, sizeof code, LEDGER_CODES_AT + self->header.codes * sizeof code);
    return self->header.codes++;
}

void made_ledger_record(MadeLedger *self, guint32 chunk, guint32 granule, LedgerRecord record)
{
    put(self, &record, sizeof record, LEDGER_SHADOW_AT + chunk * LEDGER_CHUNK_SIZE + granule * sizeof record);
    self->header.chunks = MAX(self->header.chunks, chunk + 1);
}

void made_ledger_block(MadeLedger *self, guint32 chunk, guint32 granule, guint64 size, guint32 site,
                       guint32 birth)
{
    made_ledger_record(self, chunk, granule, ledger_record(site, birth, size));
    if (size >> LEDGER_SIZE_BITS != 0)
        made_ledger_record(self, chunk, granule + 1, ledger_record_rest(size));
}

void made_ledger_init_small(MadeLedger *self)
{
    made_ledger_init(self);
    guint32 outer = made_ledger_node(self, 0, 0x1010), inner = made_ledger_node(self, outer, 0x1020);
    guint32 first = made_ledger_site(self, inner, 100, 7, 900),
            second = made_ledger_site(self, outer, 50, 6, 800);
    made_ledger_module(self, "/usr/lib/made.so", 0x1000, 0x2000);
    made_ledger_mark(self, "opened");
    made_ledger_block(self, 0, 5, 60, first, 0);
    made_ledger_block(self, 0, 4000, 40, first, 1);
    made_ledger_block(self, 900, LEDGER_CHUNK_GRANULES - 1, 50, second, 1);
    self->header.live_bytes = 150;
    self->header.peak_number = 7;
}

void made_ledger_finish(MadeLedger *self)
{
    put(self, &self->header, sizeof self->header, 0);
    if (self->at > 0)
        ck_assert_int_eq(pwrite(self->fd, &self->roll, sizeof self->roll, 0), sizeof self->roll);
}

Ledger *made_ledger_read(MadeLedger *self)
{
    g_autoptr(GError) error = NULL;
    made_ledger_finish(self);
    Ledger *ledger = ledger_read((LedgerFile){self->fd, self->at}, "made", &error);
    ck_assert_msg(ledger != NULL, "%s", error != NULL ? error->message : "");
    return ledger;
}

LedgerSection *made_section_find(LedgerSection *directory, guint rows, const char *tag)
{
    for (guint i = 0; i < rows; i++)
        if (strncmp(directory[i].tag, tag, sizeof directory[i].tag) == 0)
            return &directory[i];
    ck_abort_msg("no section %s", tag);
    return NULL;
}

void made_section_alter(LedgerSection *row, const LedgerSection *other)
{
    if (other->tag[0] != '\0')
        memcpy(row->tag, other->tag, sizeof row->tag);
    row->offset = other->offset != 0 ? other->offset : row->offset;
    row->count = other->count != 0 ? other->count : row->count;
    row->record_size = other->record_size != 0 ? other->record_size : row->record_size;
}

void made_ledger_check_refused(const Ledger *ledger, const GError *error, const char *words)
{
    ck_assert_msg(ledger == NULL, "not refused: %s", words);
    ck_assert(g_error_matches(error, HEAPGATE_ERROR, HEAPGATE_ERROR_FORMAT));
    ck_assert_str_eq(error->message, words);
}
