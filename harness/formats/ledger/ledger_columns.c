#include "ledger_columns.h"

#include <stdint.h>
#include <string.h>

#include "ledger.h"
#include "ledger_nodes.h"
#include "ledger_saved.h"

enum { MOST_COLUMNS = 64 }; /* of a record; their text ends in NUL */

static gsize width_of(char field)
{
    return field == 'd' || field == 'p' ? 4 : 8;
}

/* ---- numbers ---- */

static void number_put(GByteArray *out, guint64 number)
{
    guint8 bytes[10];
    guint length = 0;
    for (; number >= 0x80; number >>= 7)
        bytes[length++] = (guint8)(number | 0x80);
    bytes[length++] = (guint8)number;
    g_byte_array_append(out, bytes, length);
}

static guint64 fold(guint64 number)
{
    return number << 1 ^ ((number >> 63) != 0 ? G_MAXUINT64 : 0);
}

static guint64 unfold(guint64 folded)
{
    return folded >> 1 ^ ((folded & 1) != 0 ? G_MAXUINT64 : 0);
}

typedef struct {
    const guint8 *at, *end;
    gboolean bad; /* it ended too early, or says what cannot be */
} Reader;

static guint64 number_get(Reader *reader)
{
    guint64 number = 0;
    for (guint shift = 0; reader->at < reader->end && shift < 64; shift += 7) {
        guint8 byte = *reader->at++;
        number |= (guint64)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0)
            return number;
    }
    reader->bad = TRUE;
    return 0;
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

/* ---- tables ---- */

static void put_table(const guint8 *table, const LedgerSection *section, const char *columns, GByteArray *out)
{
    gsize at = 0;
    for (const char *field = columns; *field != '\0'; at += width_of(*field++)) {
        guint64 last = 0;
        for (guint64 i = 0; i < section->count; i++) {
            guint64 number = load(table + i * section->record_size + at, width_of(*field));
            number_put(out, fold(number - last));
            if (g_ascii_tolower(*field) == 'd')
                last = number;
        }
    }
}

/* Every number takes a byte at least: a table cannot be much longer than what it is read from. */
static void get_table(Reader *reader, const LedgerSection *section, const char *columns, guint8 *table)
{
    gsize at = 0;
    for (const char *field = columns; *field != '\0'; at += width_of(*field++)) {
        guint64 last = 0;
        for (guint64 i = 0; i < section->count && !reader->bad; i++) {
            guint64 number =
                last + unfold(number_get(reader)); /* little-endian: its first bytes are the lowest */
            memcpy(table + i * section->record_size + at, &number, width_of(*field));
            if (g_ascii_tolower(*field) == 'd')
                last = number;
        }
    }
}

/* ---- stack nodes ---- */

enum { MOST_UP = 128 }; /* callers; every one is a step, and the file may be hostile */

/* The k of "the k-th caller of the node before"; 0: it is none of the nearer ones. */
static guint callers_up(const LedgerStack *nodes, guint node, guint32 parent)
{
    guint32 at = node - 1;
    for (guint up = 1; up <= MOST_UP && at != 0; up++) {
        at = nodes[at].caller;
        if (at == parent)
            return up;
    }
    return 0;
}

static guint64 parent_code(const LedgerStack *nodes, guint node)
{
    guint32 parent = nodes[node].caller;
    if (parent == node - 1)
        return 0;
    guint up = callers_up(nodes, node, parent);
    return up > 0 ? 2 * (guint64)up : 2 * (guint64)(node - 1 - parent) + 1;
}

static gboolean parent_of_code(const LedgerStack *nodes, guint node, guint64 code, guint32 *parent)
{
    *parent = node - 1;
    if ((code & 1) != 0) {
        *parent = node - 1 - (guint32)MIN(code >> 1, node - 1);
        return code >> 1 <= node - 1;
    }
    for (guint64 up = code >> 1; up > 0 && up <= MOST_UP; up--)
        *parent = nodes[*parent].caller;
    return code >> 1 <= MOST_UP;
}

/* known: how many places there are. */
static void put_nodes(const LedgerStack *nodes, guint count, guint known, GByteArray *out)
{
    g_autoptr(NodePlaces) places = node_places_new(known);
    g_autoptr(GByteArray) codes = g_byte_array_new(), seen = g_byte_array_new();
    for (guint i = 1; i < count; i++)
        number_put(out, parent_code(nodes, i));
    for (guint i = 1; i < count; i++) {
        guint32 place = nodes[i].place;
        int position = node_places_position(places, nodes[i].caller, place);
        gboolean is_next = place == node_places_next(places);
        number_put(codes, position >= 0 ? (guint64)position + 2 : is_next ? 0 : 1);
        if (position < 0 && !is_next)
            number_put(seen, place);
        node_places_append(places, nodes[i].caller, place);
    }
    g_byte_array_append(out, codes->data, codes->len);
    g_byte_array_append(out, seen->data, seen->len);
}

/* Behind this many numbers. */
static Reader reader_skip(const Reader *reader, guint64 count)
{
    Reader at = *reader;
    for (guint64 i = 0; i < count && !at.bad; i++)
        number_get(&at);
    return at;
}

static guint32 get_place(NodePlaces *places, guint caller, guint64 code, Reader *seen)
{
    guint32 place = 0;
    if (code > 1) {
        seen->bad = seen->bad || !node_places_at(places, caller, code - 2, &place);
        return place;
    }
    guint64 told = code == 0 ? node_places_next(places) : number_get(seen);
    seen->bad = seen->bad || told >= node_places_count(places);
    return seen->bad ? 0 : (guint32)told;
}

/* nodes: count of them, zeros. known: how many places there are. */
static void get_nodes(Reader *reader, LedgerStack *nodes, guint count, guint known)
{
    if (count == 0)
        return;
    g_autoptr(NodePlaces) places = node_places_new(known);
    for (guint i = 1; i < count && !reader->bad; i++)
        reader->bad = !parent_of_code(nodes, i, number_get(reader), &nodes[i].caller) || reader->bad;
    Reader seen = reader_skip(reader, count - 1);
    for (guint i = 1; i < count && !reader->bad; i++) {
        nodes[i].place = get_place(places, nodes[i].caller, number_get(reader), &seen);
        reader->bad = reader->bad || seen.bad;
        if (!reader->bad)
            node_places_append(places, nodes[i].caller, nodes[i].place);
    }
    reader->at = seen.at;
}

/* ---- the whole ---- */

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
    if (is_nodes(columns))
        return section->record_size == sizeof(LedgerStack) ? 2
                                                           : 0; /* but for the root's: it is not written */
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
        if (strncmp(section->tag, saved_arrays[i].tag, sizeof section->tag) == 0)
            return section->record_size == saved_arrays[i].record_size ? saved_arrays[i].columns : "";
    return "";
}

/* How many places there are, of those that lie before a section. */
static guint places_before(const LedgerSection *sections, guint section)
{
    for (guint i = 0; i < section; i++)
        if (strncmp(sections[i].tag, "places", sizeof sections[i].tag) == 0)
            return (guint)sections[i].count;
    return 0;
}

static void put_section(const GByteArray *saved, const LedgerSection *section, guint places, GByteArray *out)
{
    const guint8 *data = saved->data + section->offset;
    const char *columns = section_columns(section);
    if (section->count == 0)
        return;
    if (is_nodes(columns))
        put_nodes((const LedgerStack *)(const void *)data, (guint)section->count, places, out);
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
static void get_columns(Reader *reader, char columns[MOST_COLUMNS])
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

static void get_bytes(Reader *reader, gsize size, GByteArray *out)
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
static void get_section(Reader *reader, const LedgerSection *section, const char *columns, guint places,
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
        get_nodes(reader, (LedgerStack *)(void *)table, (guint)section->count, places);
    else
        get_table(reader, section, columns, table);
    g_byte_array_append(out, table, (guint)size);
}

/* The sections of a file of this head, whose table is `sections`; FALSE: they are none. */
static gboolean get_sections(Reader *reader, const SavedHead *head, const LedgerSection *sections,
                             GByteArray *out)
{
    static const guint8 padding[SAVED_ALIGNMENT];
    char columns[SAVED_MOST_SECTIONS][MOST_COLUMNS];
    for (guint i = 0; i < head->sections; i++)
        get_columns(reader, columns[i]);
    for (guint i = 0; i < head->sections && !reader->bad; i++) {
        get_section(reader, &sections[i], columns[i], places_before(sections, i),
                    MIN(head->file_size, G_MAXINT32), out);
        g_byte_array_append(out, padding, -out->len & (SAVED_ALIGNMENT - 1));
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
    Reader reader = {bytes + start, bytes + length, FALSE};
    g_autoptr(GByteArray) out = g_byte_array_new();
    g_byte_array_append(out, bytes, (guint)start);
    return get_sections(&reader, &head, sections, out) ? g_steal_pointer(&out) : NULL;
}
