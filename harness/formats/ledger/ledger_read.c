/* The books as the tracer keeps them: a sparse file, of which only what was written is read. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "ledger.h"
#include "ledger_live.h"
#include "ledger_places.h"
#include "ledger_python.h"
#include "ledger_sections.h"

enum { PIECE = 1 << 18 }; /* bytes of the shadow or of a table, read at once */

static gboolean ledger_refuse(const char *name, GError **error, const char *what)
{
    g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_FORMAT, "%s: %s", name, what);
    return FALSE;
}

static gboolean file_read(LedgerFile file, void *buffer, gsize size, guint64 offset)
{
    for (gsize done = 0; done < size;) {
        ssize_t got = pread(file.fd, (char *)buffer + done, size - done, (off_t)(file.at + offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return FALSE;
        done += (gsize)got;
    }
    return TRUE;
}

/* sections: filled in unless there are no books. */
static gboolean header_read(LedgerFile file, const char *name, LedgerHeader *header, LedgerSections *sections,
                            GError **error)
{
    struct stat info;
    if (fstat(file.fd, &info) != 0 || !file_read(file, header, sizeof *header, 0))
        return ledger_refuse(name, error, "it is too short for a ledger");
    if (header->magic != LEDGER_MAGIC)
        return ledger_refuse(name, error, "it is no ledger");
    if (header->version != LEDGER_VERSION)
        return ledger_refuse(
            name, error, "the ledger is of another version; use libheapgate.so and heapgate of one build");
    if (header->header_size < sizeof *header)
        return ledger_refuse(name, error,
                             "the ledger's header is shorter than this version of heapgate needs");
    if (header->off_reason == LEDGER_OFF_NO_MEMORY)
        return TRUE; /* there may be no more than the header */
    if ((guint64)info.st_size < file.at || header->file_size > (guint64)info.st_size - file.at)
        return ledger_refuse(name, error, "the ledger is longer than its file: it was cut off");
    return ledger_sections_of_header(header, name, sections, error);
}

/* Can so many bytes be in the file? Its length says nothing, it is sparse; a claim that nothing was written
 * for is to cost nobody memory. */
static gboolean file_holds(LedgerFile file, guint64 size)
{
    enum { BLOCK = 512, SLACK = 4 << 20 }; /* what is claimed and not written yet */
    struct stat info;
    return fstat(file.fd, &info) == 0 && size <= (guint64)info.st_blocks * BLOCK + SLACK;
}

/* The O(1) rule: a site that was not touched since the peak holds what it held then. */
static LedgerSiteCounts site_settle(const LedgerSite *site, const LedgerHeader *header)
{
    enum { MOST = (1 << LEDGER_PEAK_BLOCK_BITS) - 1 };
    gboolean is_mapped = site->kind == LEDGER_SITE_MAPPED;
    gboolean saved = site->peak_number == (is_mapped ? header->peak_mapped_number : header->peak_number);
    return (LedgerSiteCounts){
        .node = site->node,
        .kind = MIN(site->kind, 3),
        .live_bytes = site->live_bytes,
        .peak_bytes = saved ? site->peak_bytes : site->live_bytes,
        .peak_blocks = saved ? MIN(site->peak_blocks, MOST) : (guint32)CLAMP(site->live_blocks, 0, MOST),
        .total_bytes = site->total_bytes,
        .total_blocks = site->total_blocks,
        .temporary_blocks = site->temporary_blocks,
    };
}

/* Gives each record of a table, of which there are `count` from `number` on, to what it becomes. */
typedef void (*RecordFunc)(const void *records, guint32 number, guint32 count, gpointer user_data);

/* Reads the first `count` records of a section, if it has so many, piece by piece: what is kept of it may be
 * smaller. known: bytes of a record, as many as func takes. */
static gboolean records_read(LedgerFile file, const LedgerSection *section, gsize known, guint32 count,
                             RecordFunc func, gpointer user_data)
{
    const gsize size = section->record_size;
    const guint32 at_once = (guint32)(PIECE / size);
    count = (guint32)MIN(count, section->count);
    if (!file_holds(file, count * (guint64)size))
        return FALSE;
    g_autofree guint8 *piece = g_malloc(at_once * size);
    for (guint32 number = 0, some = 0; number < count; number += some) {
        some = MIN(at_once, count - number);
        if (!file_read(file, piece, some * size, section->offset + number * (guint64)size))
            return FALSE;
        ledger_sections_cut(section, known, piece, some);
        func(piece, number, some, user_data);
    }
    return TRUE;
}

static void records_add(const void *records, guint32 number, guint32 count, gpointer user_data)
{
    (void)number;
    g_array_append_vals(user_data, records, count);
}

/* Reads the first `count` records of a section, at most `room`, as they are. */
static gboolean table_read(LedgerFile file, GArray *array, const LedgerSection *section, guint32 count,
                           guint32 room)
{
    return records_read(file, section, g_array_get_element_size(array), MIN(count, room), records_add, array);
}

static void sites_add(const void *records, guint32 number, guint32 count, gpointer user_data)
{
    const LedgerSite *sites = records;
    Ledger *self = user_data;
    g_array_set_size(self->sites, number + count);
    for (guint32 i = 0; i < count; i++)
        g_array_index(self->sites, LedgerSiteCounts, number + i) = site_settle(&sites[i], &self->header);
    if (number == 0)
        g_array_index(self->sites, LedgerSiteCounts, 0) = (LedgerSiteCounts){0};
}

static gboolean sites_read(LedgerFile file, const LedgerSection *section, Ledger *self)
{
    guint32 count = MIN(self->header.sites, LEDGER_SITES);
    return records_read(file, section, sizeof(LedgerSite), count, sites_add, self);
}

typedef struct {
    Ledger *ledger;
    LedgerPlaces *places;
} AddingNodes;

static void nodes_add(const void *records, guint32 number, guint32 count, gpointer user_data)
{
    const LedgerNode *nodes = records;
    AddingNodes *adding = user_data;
    g_array_set_size(adding->ledger->nodes, number + count);
    for (guint32 i = 0; i < count; i++)
        g_array_index(adding->ledger->nodes, LedgerStack, number + i) = (LedgerStack){
            nodes[i].parent, number + i > 0 ? ledger_places_add(adding->places, number + i, &nodes[i]) : 0};
}

static gboolean nodes_read(LedgerFile file, const LedgerSection *section, Ledger *self)
{
    g_autoptr(LedgerPlaces) places = ledger_places_new(self);
    AddingNodes adding = {self, places};
    guint32 count = MIN(self->header.nodes, LEDGER_NODES);
    return records_read(file, section, sizeof(LedgerNode), count, nodes_add, &adding);
}

/* Reads the pages of the shadow that were ever written, and those alone. */
static gboolean shadow_add(LedgerFile file, guint64 at, guint64 end, LedgerLive *live, guint64 *damaged)
{
    g_autofree LedgerRecord *piece = g_malloc(PIECE + sizeof *piece);
    while (at < end) {
        off_t data = lseek(file.fd, (off_t)(file.at + at), SEEK_DATA);
        if (data < 0)
            return errno == ENXIO; /* holes to the end */
        off_t hole = lseek(file.fd, data, SEEK_HOLE);
        if (hole <= data)
            return FALSE;
        /* Records are aligned whatever the pages of the file are. */
        at = MAX(at, ((guint64)data - file.at) & ~(sizeof(LedgerRecord) - 1));
        for (guint64 stop = MIN((guint64)hole - file.at, end); at < stop;) {
            gsize size = MIN((gsize)(stop - at), PIECE) & ~(sizeof(LedgerRecord) - 1);
            gsize more = at + size < end ? sizeof *piece : 0;
            piece[size / sizeof *piece] = 0;
            if (size == 0 || !file_read(file, piece, size + more, at))
                return FALSE;
            *damaged += ledger_live_add(live, piece, size / sizeof(LedgerRecord));
            at += size;
        }
    }
    return TRUE;
}

/* What the program maps itself. Tables know their level: no pointer is followed. */
static gboolean mapped_add(LedgerFile file, const LedgerSections *sections, LedgerLive *live, Ledger *self)
{
    guint32 tables = (guint32)MIN(MIN(self->header.page_tables, LEDGER_PAGE_TABLES), sections->levels.count);
    guint32 pages = (guint32)MIN(LEDGER_PAGE_GIB, sections->pages.count);
    g_autofree LedgerPage *words = g_new(LedgerPage, LEDGER_PAGE_GIB);
    g_autofree guint8 *levels = g_new0(guint8, LEDGER_PAGE_TABLES);
    if (!file_read(file, words, pages * sizeof *words, sections->pages.offset) ||
        !file_read(file, levels, tables, sections->levels.offset))
        return FALSE;
    self->damaged += ledger_live_add_pages(live, words, pages, 0);
    for (guint i = 0; i < tables; i++) {
        guint64 at = sections->tables.offset + i * LEDGER_PAGE_TABLE_SIZE;
        if (levels[i] == 0)
            continue;
        if (levels[i] >= LEDGER_PAGE_LEVELS)
            self->damaged++;
        else if (!file_read(file, words, LEDGER_PAGE_TABLE_SIZE, at))
            return FALSE;
        else
            self->damaged += ledger_live_add_pages(live, words, LEDGER_PAGE_WORDS, levels[i]);
    }
    return TRUE;
}

static gboolean live_read(LedgerFile file, const LedgerSections *sections, Ledger *self)
{
    g_autoptr(LedgerLive) live = ledger_live_new(self->kept, self->header.sample_bytes);
    guint64 chunks = MIN(self->header.chunks, LEDGER_CHUNKS), at = sections->shadow.offset;
    guint64 end = at + MIN(chunks * LEDGER_CHUNK_SIZE, sections->shadow.count * sizeof(LedgerRecord));
    return shadow_add(file, at, end, live, &self->damaged) && mapped_add(file, sections, live, self);
}

/* live: what is there now, though a mark "end" was set. */
static gboolean kept_read(LedgerFile file, const LedgerSections *sections, gboolean live, Ledger *self)
{
    self->at_end_mark = self->header.end_mark != 0 && !live;
    if (!self->at_end_mark)
        return live_read(file, sections, self);
    return table_read(file, self->kept, &sections->ends, self->header.end_records, LEDGER_END_RECORDS);
}

static gboolean python_read(LedgerFile file, const LedgerSections *sections, Ledger *self)
{
    g_autoptr(GArray) codes = g_array_new(FALSE, FALSE, sizeof(LedgerCode));
    g_autoptr(GByteArray) text = g_byte_array_new();
    guint32 length = (guint32)MIN(MIN(self->header.text, LEDGER_TEXT), sections->text.count);
    if (!file_holds(file, length))
        return FALSE;
    g_byte_array_set_size(text, length);
    if (!table_read(file, codes, &sections->codes, self->header.codes, LEDGER_CODES) ||
        !file_read(file, text->data, length, sections->text.offset))
        return FALSE;
    ledger_name_python(self, codes, text);
    return TRUE;
}

/* No books were kept: whatever the header counts is not there. */
static void header_empty(LedgerHeader *header)
{
    header->nodes = header->sites = header->modules = header->chunks = header->marks = header->end_mark = 0;
    header->end_records = header->changes = header->codes = header->text = 0;
    header->page_tables = 0;
}

/* Stacks, and what is needed to name them. */
static gboolean stacks_read(LedgerFile file, const LedgerSections *sections, Ledger *self)
{
    return table_read(file, self->modules, &sections->modules, self->header.modules, LEDGER_MODULES) &&
           nodes_read(file, &sections->nodes, self);
}

/* Whoever does without the stacks does without the sites' places among them. */
static gboolean stacks_forget(Ledger *self)
{
    for (guint i = 0; i < self->sites->len; i++)
        g_array_index(self->sites, LedgerSiteCounts, i).node = 0;
    return TRUE;
}

static Ledger *books_read(LedgerFile file, const char *name, gboolean stacks, GError **error)
{
    g_autoptr(Ledger) self = ledger_new();
    LedgerHeader *header = &self->header;
    LedgerSections sections;
    /* The header again after the blocks: what they name was made before them. */
    if (!header_read(file, name, header, &sections, error))
        return NULL;
    if (header->off_reason == LEDGER_OFF_NO_MEMORY) {
        header_empty(header);
        return ledger_check(self, name, error) ? g_steal_pointer(&self) : NULL;
    }
    gboolean read = kept_read(file, &sections, !stacks, self);
    if (!header_read(file, name, header, &sections, error))
        return NULL;
    read = read && sites_read(file, &sections.sites, self) &&
           (stacks ? stacks_read(file, &sections, self) : stacks_forget(self)) &&
           table_read(file, self->marks, &sections.marks, header->marks, LEDGER_MARKS) &&
           table_read(file, self->changes, &sections.changes, header->changes, LEDGER_CHANGES);
    if (read && !ledger_check(self, name, error))
        return NULL;
    if (!read || (stacks && !python_read(file, &sections, self))) {
        ledger_refuse(name, error, "the ledger cannot be read to its end: the traced process cut it");
        return NULL;
    }
    return g_steal_pointer(&self);
}

Ledger *ledger_read(LedgerFile file, const char *name, GError **error)
{
    return books_read(file, name, TRUE, error);
}

Ledger *ledger_read_live(LedgerFile file, const char *name, GError **error)
{
    return books_read(file, name, FALSE, error);
}
