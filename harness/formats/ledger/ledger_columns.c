#include "ledger_columns.h"

#include <string.h>

#include "ledger.h"
#include "ledger_nodes.h"
#include "ledger_saved.h"

enum { MOST_COLUMNS = 64 }; /* of a record; their text ends in NUL */

static gsize width_of(char field)
{
    return field == 'd' || field == 'p' ? 4 : 8;
}

/* A number of 4 bytes is signed here: then differences and negative numbers are short. */
static guint64 load(const guint8 *field, gsize width)
{
    gint32 four = 0;
    guint64 eight = 0;
    if (width == 8) {
        memcpy(&eight, field, sizeof eight);
        return eight;
    }
    memcpy(&four, field, sizeof four);
    return (guint64)(gint64)four;
}

static void put_table(const guint8 *table, const LedgerSection *section, const char *columns, GByteArray *out)
{
    gsize at = 0;
    for (const char *field = columns; *field != '\0'; at += width_of(*field++)) {
        guint64 last = 0;
        for (guint64 i = 0; i < section->count; i++) {
            guint64 number = load(table + i * section->record_size + at, width_of(*field));
            number_put(out, number_fold(number - last));
            if (g_ascii_tolower(*field) == 'd')
                last = number;
        }
    }
}

/* Every number takes a byte at least: a table cannot be much longer than what it is read from. */
static void get_table(NumberReader *reader, const LedgerSection *section, const char *columns, guint8 *table)
{
    gsize at = 0;
    for (const char *field = columns; *field != '\0'; at += width_of(*field++)) {
        guint64 last = 0;
        for (guint64 i = 0; i < section->count && !reader->bad; i++) {
            guint64 number = last + number_unfold(number_get(reader));
            /* Little-endian: its first bytes are the lowest. */
            memcpy(table + i * section->record_size + at, &number, width_of(*field));
            if (g_ascii_tolower(*field) == 'd')
                last = number;
        }
    }
}

static gboolean is_nodes(const char *columns)
{
    return strcmp(columns, "n") == 0;
}

/* How many bytes a record takes at least in columns; 0: it has other fields than those. */
static gsize least_of(const LedgerSection *section, const char *columns)
{
    gsize size = 0;
    if (*columns == '\0')
        return section->record_size;
    if (is_nodes(columns)) /* but the root, which is not written */
        return section->record_size == sizeof(LedgerStack) ? 2 : 0;
    if (strspn(columns, "dDpP") != strlen(columns))
        return 0;
    for (const char *field = columns; *field != '\0'; field++)
        size += width_of(*field);
    return section->record_size == size ? strlen(columns) : 0;
}

/* What is not known, or is longer than what is known, stays as it is. */
static const char *section_columns(const LedgerSection *section)
{
    for (guint i = 0; i < saved_n_arrays; i++)
        if (ledger_section_is(section, saved_arrays[i].tag))
            return section->record_size == saved_arrays[i].record_size ? saved_arrays[i].columns : "";
    return "";
}

/* How many places there are, of those that lie before a section. */
static guint places_before(const LedgerSection *sections, guint section)
{
    const LedgerSection *places = ledger_section_find(sections, section, "places");
    return places != NULL ? (guint)places->count : 0;
}

static void put_section(const GByteArray *saved, const LedgerSection *section, guint places, GByteArray *out)
{
    const guint8 *data = saved->data + section->offset;
    const char *columns = section_columns(section);
    if (section->count == 0)
        return;
    if (is_nodes(columns))
        ledger_nodes_put((const LedgerStack *)(const void *)data, (guint)section->count, places, out);
    else if (*columns != '\0')
        put_table(data, section, columns, out);
    else
        g_byte_array_append(out, data, (guint)(section->count * section->record_size));
}

GByteArray *ledger_to_columns(const GByteArray *saved)
{
    LedgerSection sections[SAVED_MOST_SECTIONS];
    SavedHead head;
    memcpy(&head, saved->data, sizeof head);
    memcpy(sections, saved->data + sizeof head, head.sections * sizeof *sections);
    GByteArray *out = g_byte_array_new();
    g_byte_array_append(out, saved->data, (guint)(sizeof head + head.sections * sizeof *sections));
    for (guint i = 0; i < head.sections; i++) {
        const char *columns = section_columns(&sections[i]);
        g_byte_array_append(out, (const guint8 *)columns, (guint)strlen(columns) + 1);
    }
    for (guint i = 0; i < head.sections; i++)
        put_section(saved, &sections[i], places_before(sections, i), out);
    return out;
}

/* The text of a section's columns; "" where there is none. */
static void get_columns(NumberReader *reader, char columns[MOST_COLUMNS])
{
    gsize left = MIN((gsize)(reader->end - reader->at), MOST_COLUMNS);
    const guint8 *end = memchr(reader->at, '\0', left);
    *columns = '\0';
    reader->bad = reader->bad || end == NULL;
    if (reader->bad)
        return;
    memcpy(columns, reader->at, (gsize)(end - reader->at) + 1);
    reader->at = end + 1;
}

static void get_bytes(NumberReader *reader, gsize size, GByteArray *out)
{
    if (size > (gsize)(reader->end - reader->at)) {
        reader->bad = TRUE;
        return;
    }
    if (size > 0)
        g_byte_array_append(out, reader->at, (guint)size);
    reader->at += size;
}

/* places: of them, what comes before; at most so many as there were bytes. room: what `out` may grow to. */
static void get_section(NumberReader *reader, const LedgerSection *section, const char *columns, guint places,
                        guint64 room, GByteArray *out)
{
    gsize least = least_of(section, columns), left = (gsize)(reader->end - reader->at);
    reader->bad = least == 0 || section->offset != out->len || section->count > left / least + 1 ||
                  (is_nodes(columns) && section->count > LEDGER_NODES);
    if (reader->bad)
        return;
    gsize size = section->count * section->record_size;
    reader->bad = out->len > room || size > room - out->len;
    if (reader->bad)
        return;
    if (*columns == '\0') {
        get_bytes(reader, size, out);
        return;
    }
    g_autofree guint8 *table = g_malloc0(size + 1); /* aligned for every record */
    if (is_nodes(columns))
        ledger_nodes_get(reader, (LedgerStack *)(void *)table, (guint)section->count, places);
    else
        get_table(reader, section, columns, table);
    g_byte_array_append(out, table, (guint)size);
}

/* The sections of a file of this head, whose table is `sections`; FALSE: they are none. */
static gboolean get_sections(NumberReader *reader, const SavedHead *head, const LedgerSection *sections,
                             GByteArray *out)
{
    static const guint8 padding[SAVED_ALIGNMENT];
    char columns[SAVED_MOST_SECTIONS][MOST_COLUMNS];
    for (guint i = 0; i < head->sections; i++)
        get_columns(reader, columns[i]);
    for (guint i = 0; i < head->sections && !reader->bad; i++) {
        get_section(reader, &sections[i], columns[i], places_before(sections, i),
                    MIN(head->file_size, G_MAXINT32), out);
        g_byte_array_append(out, padding, saved_padding(out->len));
    }
    return !reader->bad && reader->at == reader->end && out->len == head->file_size;
}

GByteArray *ledger_from_columns(const guint8 *bytes, gsize length)
{
    LedgerSection sections[SAVED_MOST_SECTIONS];
    SavedHead head;
    if (length < sizeof head || length > G_MAXINT32)
        return NULL;
    memcpy(&head, bytes, sizeof head);
    if (head.sections > SAVED_MOST_SECTIONS || length - sizeof head < head.sections * sizeof *sections)
        return NULL;
    gsize start = sizeof head + head.sections * sizeof *sections;
    memcpy(sections, bytes + sizeof head, start - sizeof head);
    NumberReader reader = {bytes + start, bytes + length, FALSE};
    g_autoptr(GByteArray) out = g_byte_array_new();
    g_byte_array_append(out, bytes, (guint)start);
    return get_sections(&reader, &head, sections, out) ? g_steal_pointer(&out) : NULL;
}
