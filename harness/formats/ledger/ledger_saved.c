#include "ledger_saved.h"

#include <stdint.h>
#include <string.h>

#include "error.h"
#include "model/fnv.h"

enum { ARRAYS = 9, SECTIONS = ARRAYS + 2 };

const SavedArray saved_arrays[] = {
#define ARRAY(name, type, most, columns)                                                                     \
    {                                                                                                        \
#name, sizeof(type), most, G_STRUCT_OFFSET(Ledger, name), columns                                    \
    }
    ARRAY(modules, LedgerModule, LEDGER_MODULES, ""),
    ARRAY(marks, LedgerMark, LEDGER_MARKS, ""),
    ARRAY(places, LedgerPlace, LEDGER_NODES, "Dpddp"),
    ARRAY(nodes, LedgerStack, LEDGER_NODES, "n"),
    ARRAY(sites, LedgerSiteCounts, LEDGER_SITES, "dpPPPPP"),
    ARRAY(kept, LedgerEndRecord, G_MAXINT32 / 32, "ddPP"),
    ARRAY(changes, LedgerChange, LEDGER_CHANGES, "ddPpp"),
    ARRAY(samples, LedgerSample, G_MAXUINT16, "DDD"),
    ARRAY(names, LedgerName, G_MAXINT32 / 32, "dpppp"),
#undef ARRAY
};
const guint saved_n_arrays = G_N_ELEMENTS(saved_arrays);
_Static_assert(G_N_ELEMENTS(saved_arrays) == ARRAYS, "every array has a section");

static GArray *array_of(const Ledger *self, guint i)
{
    return G_STRUCT_MEMBER(GArray *, self, saved_arrays[i].place);
}

/* It tells a damaged table from a whole one; it keeps nobody from writing a table of his own. */
guint64 saved_checksum(const SavedHead *head, const LedgerSection *sections)
{
    SavedHead plain = *head;
    plain.checksum = 0;
    guint64 hash = fnv_add(FNV_BEGIN, &plain, sizeof plain);
    return fnv_add(hash, sections, head->sections * sizeof *sections);
}

/* What there is to save, in order; data: where it is. The offsets are 0 still. */
static void list_sections(const Ledger *self, LedgerSection sections[SECTIONS], const void *data[SECTIONS])
{
    sections[0] = (LedgerSection){"header", 0, 1, sizeof self->header, 0};
    sections[1] = (LedgerSection){"strings", 0, self->strings->len, 1, 0};
    data[0] = &self->header;
    data[1] = self->strings->str;
    for (guint i = 0; i < ARRAYS; i++) {
        LedgerSection section = {.count = array_of(self, i)->len,
                                 .record_size = (guint32)saved_arrays[i].record_size};
        memcpy(section.tag, saved_arrays[i].tag, strlen(saved_arrays[i].tag));
        sections[2 + i] = section;
        data[2 + i] = array_of(self, i)->data;
    }
}

GByteArray *ledger_save(const Ledger *self)
{
    LedgerSection sections[SECTIONS];
    const void *data[SECTIONS];
    list_sections(self, sections, data);
    guint64 offset = sizeof(SavedHead) + sizeof sections;
    for (guint i = 0; i < SECTIONS; i++) {
        sections[i].offset = offset;
        guint64 size = sections[i].count * sections[i].record_size;
        offset += size + saved_padding(size);
    }
    SavedHead head = {SAVED_MAGIC, SAVED_VERSION, SECTIONS, offset, 0, self->damaged, self->at_end_mark, 0};
    head.checksum = saved_checksum(&head, sections);
    GByteArray *file = g_byte_array_new();
    g_byte_array_append(file, (const guint8 *)&head, sizeof head);
    g_byte_array_append(file, (const guint8 *)sections, sizeof sections);
    static const guint8 padding[SAVED_ALIGNMENT];
    for (guint i = 0; i < SECTIONS; i++) {
        guint64 size = sections[i].count * sections[i].record_size;
        if (size > 0)
            g_byte_array_append(file, data[i], (guint)size);
        g_byte_array_append(file, padding, saved_padding(size));
    }
    return file;
}

gboolean ledger_recognise(const char *bytes, gsize length)
{
    const guint64 magic = SAVED_MAGIC;
    return length >= sizeof magic && memcmp(bytes, &magic, sizeof magic) == 0;
}

static gboolean saved_refuse(const char *name, GError **error, int code, const char *what)
{
    g_set_error(error, HEAPGATE_ERROR, code, "%s: %s", name, what);
    return FALSE;
}

/* sections: room for SAVED_MOST_SECTIONS. */
static gboolean read_head(const char *bytes, gsize length, const char *name, SavedHead *head,
                          LedgerSection *sections, GError **error)
{
    if (!ledger_recognise(bytes, length))
        return saved_refuse(name, error, HEAPGATE_ERROR_FORMAT,
                            "expected a saved ledger (\"HGSaved1\"), found something else");
    if (length < sizeof *head)
        return saved_refuse(name, error, HEAPGATE_ERROR_TRUNCATED,
                            "the saved ledger ends in the middle of its head");
    memcpy(head, bytes, sizeof *head);
    if (head->version != SAVED_VERSION || head->sections > SAVED_MOST_SECTIONS) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_FORMAT, SAVED_OTHER_VERSION, name);
        return FALSE;
    }
    if (length < sizeof *head + head->sections * sizeof *sections)
        return saved_refuse(name, error, HEAPGATE_ERROR_TRUNCATED,
                            "the saved ledger ends in the middle of its table of sections");
    memcpy(sections, bytes + sizeof *head, head->sections * sizeof *sections);
    if (head->checksum != saved_checksum(head, sections))
        return saved_refuse(name, error, HEAPGATE_ERROR_FORMAT,
                            "the saved ledger is damaged: its checksum is another");
    if (head->file_size != length)
        return saved_refuse(
            name, error, length < head->file_size ? HEAPGATE_ERROR_TRUNCATED : HEAPGATE_ERROR_FORMAT,
            "the saved ledger is not as long as it says: it was cut off, or something was added");
    return TRUE;
}

/* Appends a section's records, of each what is known. */
static void append_records(GArray *array, const LedgerSection *section, const char *bytes)
{
    const char *records = bytes + section->offset;
    if (section->record_size == g_array_get_element_size(array)) {
        g_array_append_vals(array, records, (guint)section->count);
        return;
    }
    for (guint64 i = 0; i < section->count; i++)
        g_array_append_vals(array, records + i * section->record_size, 1);
}

static gboolean has_records(const LedgerSection *section, guint64 least, guint64 most, const char *name,
                            GError **error)
{
    if (section->count >= least && section->count <= most)
        return TRUE;
    g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_FORMAT,
                "%s: the ledger's section \"%.8s\" has %" G_GUINT64_FORMAT
                " records, not %s%" G_GUINT64_FORMAT,
                name, section->tag, section->count, least < most ? "at most " : "", most);
    return FALSE;
}

/* found: of what list_sections lists, in its order. */
static gboolean read_sections(Ledger *self, const LedgerSection found[SECTIONS], const char *bytes,
                              const char *name, GError **error)
{
    if (!has_records(&found[0], 1, 1, name, error) || !has_records(&found[1], 0, G_MAXINT32, name, error))
        return FALSE;
    memcpy(&self->header, bytes + found[0].offset, sizeof self->header);
    g_string_truncate(self->strings, 0);
    g_string_append_len(self->strings, bytes + found[1].offset, (gssize)found[1].count);
    for (guint i = 0; i < ARRAYS; i++) {
        if (!has_records(&found[2 + i], 0, saved_arrays[i].most, name, error))
            return FALSE;
        append_records(array_of(self, i), &found[2 + i], bytes);
    }
    return TRUE;
}

static void list_needs(LedgerSectionNeed needs[SECTIONS])
{
    needs[0] = (LedgerSectionNeed){"header", sizeof(LedgerHeader), FALSE, 0};
    needs[1] = (LedgerSectionNeed){"strings", 1, TRUE, sizeof(LedgerSection)};
    for (guint i = 0; i < ARRAYS; i++)
        needs[2 + i] = (LedgerSectionNeed){saved_arrays[i].tag, saved_arrays[i].record_size, FALSE,
                                           (2 + i) * sizeof(LedgerSection)};
}

Ledger *ledger_load(const char *bytes, gsize length, const char *name, GError **error)
{
    SavedHead head;
    LedgerSection sections[SAVED_MOST_SECTIONS], found[SECTIONS];
    LedgerSectionNeed needs[SECTIONS];
    list_needs(needs);
    if (!read_head(bytes, length, name, &head, sections, error) ||
        !ledger_sections_find(sections, head.sections, sizeof head + head.sections * sizeof *sections, length,
                              needs, SECTIONS, found, name, error))
        return NULL;
    g_autoptr(Ledger) self = ledger_new();
    if (!read_sections(self, found, bytes, name, error))
        return NULL;
    if (self->header.magic != LEDGER_MAGIC || self->header.version != LEDGER_VERSION) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_FORMAT, SAVED_OTHER_VERSION, name);
        return NULL;
    }
    self->damaged = head.damaged;
    self->at_end_mark = head.at_end_mark != 0;
    return ledger_check(self, name, error) ? g_steal_pointer(&self) : NULL;
}
