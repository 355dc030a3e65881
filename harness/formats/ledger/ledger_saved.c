#include "ledger_saved.h"

#include <stdint.h>
#include <string.h>

#include "error.h"
#include "ledger.h"

static void arrays_of(const Ledger *self, GArray *arrays[ARRAYS])
{
    GArray *all[ARRAYS] = {self->modules, self->marks,   self->places,  self->nodes, self->sites,
                           self->kept,    self->changes, self->samples, self->names};
    memcpy(arrays, all, sizeof all);
}

/* FNV-1a, 64 bits: tells a damaged table from a whole one; it keeps nobody from writing a table of his own.
 */
static guint64 checksum_of(const void *data, gsize length, guint64 hash)
{
    for (const guint8 *byte = data, *end = byte + length; byte < end; byte++)
        hash = (hash ^ *byte) * UINT64_C(0x100000001b3);
    return hash;
}

static guint64 checksum(const SavedHead *head, const SavedSection *sections)
{
    SavedHead plain = *head;
    plain.checksum = 0;
    guint64 hash = checksum_of(&plain, sizeof plain, UINT64_C(0xcbf29ce484222325));
    return checksum_of(sections, SECTIONS * sizeof *sections, hash);
}

GByteArray *ledger_save(const Ledger *self)
{
    GArray *arrays[ARRAYS];
    arrays_of(self, arrays);
    SavedSection sections[SECTIONS] = {
        [KIND_HEADER] = {KIND_HEADER, sizeof self->header, 1, 0},
        [KIND_STRINGS] = {KIND_STRINGS, 1, self->strings->len, 0},
    };
    const void *data[SECTIONS] = {&self->header, self->strings->str};
    for (guint i = 0; i < ARRAYS; i++) {
        sections[KIND_ARRAYS + i] =
            (SavedSection){KIND_ARRAYS + i, g_array_get_element_size(arrays[i]), arrays[i]->len, 0};
        data[KIND_ARRAYS + i] = arrays[i]->data;
    }
    guint64 offset = sizeof(SavedHead) + sizeof sections;
    for (guint i = 0; i < SECTIONS; i++) {
        sections[i].offset = offset;
        offset += (sections[i].count * sections[i].record_size + 7) & ~UINT64_C(7);
    }
    SavedHead head = {SAVED_MAGIC, SAVED_VERSION, SECTIONS, offset, 0, self->damaged, self->at_end_mark, 0};
    head.checksum = checksum(&head, sections);
    GByteArray *file = g_byte_array_new();
    g_byte_array_append(file, (const guint8 *)&head, sizeof head);
    g_byte_array_append(file, (const guint8 *)sections, sizeof sections);
    static const guint8 padding[8];
    for (guint i = 0; i < SECTIONS; i++) {
        guint64 size = sections[i].count * sections[i].record_size;
        if (size > 0)
            g_byte_array_append(file, data[i], (guint)size);
        g_byte_array_append(file, padding, (guint)(-size & 7));
    }
    return file;
}

gboolean ledger_recognise(const char *bytes, gsize length)
{
    const guint64 magic = SAVED_MAGIC;
    return length >= sizeof magic && memcmp(bytes, &magic, sizeof magic) == 0;
}

static gboolean fail(const char *name, GError **error, int code, const char *what)
{
    g_set_error(error, HEAPGATE_ERROR, code, "%s: %s", name, what);
    return FALSE;
}

static gboolean read_head(const char *bytes, gsize length, const char *name, SavedHead *head,
                          SavedSection *sections, GError **error)
{
    if (!ledger_recognise(bytes, length))
        return fail(name, error, HEAPGATE_ERROR_FORMAT,
                    "expected a saved ledger (\"HGSaved1\"), found something else");
    if (length < sizeof *head + SECTIONS * sizeof *sections)
        return fail(name, error, HEAPGATE_ERROR_TRUNCATED, "the saved ledger ends in the middle of its head");
    memcpy(head, bytes, sizeof *head);
    memcpy(sections, bytes + sizeof *head, SECTIONS * sizeof *sections);
    if (head->version != SAVED_VERSION || head->sections != SECTIONS ||
        sections[KIND_HEADER].record_size != sizeof(LedgerHeader))
        return fail(name, error, HEAPGATE_ERROR_FORMAT, "the saved ledger is of another version of heapgate");
    if (head->checksum != checksum(head, sections))
        return fail(name, error, HEAPGATE_ERROR_FORMAT,
                    "the saved ledger is damaged: its checksum is another");
    if (head->file_size != length)
        return fail(name, error, length < head->file_size ? HEAPGATE_ERROR_TRUNCATED : HEAPGATE_ERROR_FORMAT,
                    "the saved ledger is not as long as it says: it was cut off, or something was added");
    return TRUE;
}

/* Where a section's records lie; NULL where it says something that cannot be. */
static const char *section_data(const SavedSection *section, guint kind, gsize record_size, guint64 at_most,
                                const char *bytes, gsize length)
{
    gboolean good = section->kind == kind && section->record_size == record_size &&
                    section->count <= at_most && section->offset <= length &&
                    section->count <= (length - section->offset) / record_size;
    return good ? bytes + section->offset : NULL;
}

static gboolean read_sections(Ledger *self, const SavedSection *sections, const char *bytes, gsize length)
{
    static const guint64 rooms[ARRAYS] = {LEDGER_MODULES, LEDGER_MARKS, LEDGER_NODES,
                                          LEDGER_NODES,   LEDGER_SITES, G_MAXINT32 / 32,
                                          LEDGER_CHANGES, G_MAXUINT16,  G_MAXINT32 / 32};
    const char *header =
        section_data(&sections[KIND_HEADER], KIND_HEADER, sizeof self->header, 1, bytes, length);
    const char *strings = section_data(&sections[KIND_STRINGS], KIND_STRINGS, 1, G_MAXINT32, bytes, length);
    if (header == NULL || strings == NULL || sections[KIND_HEADER].count != 1)
        return FALSE;
    memcpy(&self->header, header, sizeof self->header);
    g_string_truncate(self->strings, 0);
    g_string_append_len(self->strings, strings, (gssize)sections[KIND_STRINGS].count);
    GArray *arrays[ARRAYS];
    arrays_of(self, arrays);
    for (guint i = 0; i < ARRAYS; i++) {
        const SavedSection *section = &sections[KIND_ARRAYS + i];
        const char *data = section_data(section, KIND_ARRAYS + i, g_array_get_element_size(arrays[i]),
                                        rooms[i], bytes, length);
        if (data == NULL)
            return FALSE;
        g_array_append_vals(arrays[i], data, (guint)section->count);
    }
    return TRUE;
}

Ledger *ledger_load(const char *bytes, gsize length, const char *name, GError **error)
{
    SavedHead head;
    SavedSection sections[SECTIONS];
    if (!read_head(bytes, length, name, &head, sections, error))
        return NULL;
    g_autoptr(Ledger) self = ledger_new();
    if (!read_sections(self, sections, bytes, length)) {
        fail(name, error, HEAPGATE_ERROR_FORMAT,
             "the saved ledger is damaged: its table of sections makes no sense");
        return NULL;
    }
    if (self->header.magic != LEDGER_MAGIC || self->header.version != LEDGER_VERSION) {
        fail(name, error, HEAPGATE_ERROR_FORMAT, "the saved ledger is of another version of heapgate");
        return NULL;
    }
    self->damaged = head.damaged;
    self->at_end_mark = head.at_end_mark != 0;
    return ledger_check(self, name, error) ? g_steal_pointer(&self) : NULL;
}
