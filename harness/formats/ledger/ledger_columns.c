#include "ledger_columns.h"

#include <stdint.h>
#include <string.h>

#include "ledger.h"
#include "ledger_nodes.h"
#include "ledger_saved.h"

/* The fields of a record: d, D: the difference to the record before, of 4 and 8 bytes; p, P: the number
 * itself. NULL: the section stays as it is. */
static const char *const fields_of[SECTIONS] = {
    [KIND_PLACES] = "Dpddp",  [KIND_SITES] = "dpPPPPP", [KIND_KEPT] = "ddPP",
    [KIND_CHANGES] = "ddPpp", [KIND_SAMPLES] = "DDD",   [KIND_NAMES] = "dpppp",
};
_Static_assert(sizeof(LedgerSiteCounts) == 48 && sizeof(LedgerEndRecord) == 24 &&
                   sizeof(LedgerChange) == 24 && sizeof(LedgerSample) == 24 && sizeof(LedgerName) == 20 &&
                   sizeof(LedgerPlace) == 24 && sizeof(LedgerStack) == 8,
               "the fields above are those of these records");

static gsize width_of(char field)
{
    return field == 'd' || field == 'p' ? 4 : 8;
}

/* ---- numbers ---- */

static void put(GByteArray *out, guint64 number)
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

static guint64 get(Reader *reader)
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

static void put_table(const guint8 *table, const SavedSection *section, GByteArray *out)
{
    gsize at = 0;
    for (const char *field = fields_of[section->kind]; *field != '\0'; at += width_of(*field++)) {
        guint64 last = 0;
        for (guint64 i = 0; i < section->count; i++) {
            guint64 number = load(table + i * section->record_size + at, width_of(*field));
            put(out, fold(number - last));
            if (g_ascii_tolower(*field) == 'd')
                last = number;
        }
    }
}

/* Every number takes a byte at least: a table cannot be much longer than what it is read from. */
static void get_table(Reader *reader, const SavedSection *section, guint8 *table)
{
    gsize at = 0;
    for (const char *field = fields_of[section->kind]; *field != '\0'; at += width_of(*field++)) {
        guint64 last = 0;
        for (guint64 i = 0; i < section->count && !reader->bad; i++) {
            guint64 number = last + unfold(get(reader)); /* little-endian: its first bytes are the lowest */
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

static void put_nodes(const LedgerStack *nodes, guint count, NodePlaces *places, GByteArray *out)
{
    g_autoptr(GByteArray) codes = g_byte_array_new(), seen = g_byte_array_new();
    for (guint i = 1; i < count; i++)
        put(out, parent_code(nodes, i));
    for (guint i = 1; i < count; i++) {
        guint32 place = nodes[i].place;
        int position = node_places_position(places, nodes[i].caller, place);
        gboolean is_next = place == node_places_next(places);
        put(codes, position >= 0 ? (guint64)position + 2 : is_next ? 0 : 1);
        if (position < 0 && !is_next)
            put(seen, place);
        node_places_append(places, nodes[i].caller, place);
    }
    g_byte_array_append(out, codes->data, codes->len);
    g_byte_array_append(out, seen->data, seen->len);
}

/* Behind this many numbers. */
static Reader skip(const Reader *reader, guint64 count)
{
    Reader at = *reader;
    for (guint64 i = 0; i < count && !at.bad; i++)
        get(&at);
    return at;
}

static guint32 get_place(NodePlaces *places, guint caller, guint64 code, Reader *seen)
{
    guint32 place = 0;
    if (code > 1) {
        seen->bad = seen->bad || !node_places_at(places, caller, code - 2, &place);
        return place;
    }
    guint64 told = code == 0 ? node_places_next(places) : get(seen);
    seen->bad = seen->bad || told >= node_places_count(places);
    return seen->bad ? 0 : (guint32)told;
}

/* nodes: count of them, zeros; count is at least 1. */
static void get_nodes(Reader *reader, LedgerStack *nodes, guint count, NodePlaces *places)
{
    for (guint i = 1; i < count && !reader->bad; i++)
        reader->bad = !parent_of_code(nodes, i, get(reader), &nodes[i].caller) || reader->bad;
    Reader seen = skip(reader, count - 1);
    for (guint i = 1; i < count && !reader->bad; i++) {
        nodes[i].place = get_place(places, nodes[i].caller, get(reader), &seen);
        reader->bad = reader->bad || seen.bad;
        if (!reader->bad)
            node_places_append(places, nodes[i].caller, nodes[i].place);
    }
    reader->at = seen.at;
}

/* ---- the whole ---- */

GByteArray *ledger_to_columns(const GByteArray *saved)
{
    SavedSection sections[SECTIONS];
    GByteArray *out = g_byte_array_new();
    memcpy(sections, saved->data + sizeof(SavedHead), sizeof sections);
    g_autoptr(NodePlaces) places = node_places_new((guint)sections[KIND_PLACES].count);
    g_byte_array_append(out, saved->data, sizeof(SavedHead) + sizeof sections);
    for (guint i = 0; i < SECTIONS; i++) {
        const guint8 *data = saved->data + sections[i].offset;
        guint count = (guint)sections[i].count;
        if (count == 0)
            continue;
        if (i == KIND_NODES)
            put_nodes((const LedgerStack *)(const void *)data, count, places, out);
        else if (fields_of[i] != NULL)
            put_table(data, &sections[i], out);
        else
            g_byte_array_append(out, data, count * sections[i].record_size);
    }
    return out;
}

/* How many bytes a record takes at least in columns, and how many it must have; FALSE: it has others. */
static gboolean sizes_of(const SavedSection *section, guint kind, gsize *least)
{
    gsize size = 0;
    *least = section->record_size;
    if (kind == KIND_NODES) {
        *least = 2; /* but for the root's, which is not written */
        size = sizeof(LedgerStack);
    } else if (fields_of[kind] != NULL) {
        *least = strlen(fields_of[kind]);
        for (const char *field = fields_of[kind]; *field != '\0'; field++)
            size += width_of(*field);
    }
    return section->kind == kind && section->record_size > 0 && (size == 0 || section->record_size == size);
}

/* places: of them, what comes before; at most so many as there were bytes. room: what `out` may grow to. */
static gboolean get_section(Reader *reader, const SavedSection *section, guint kind, guint places,
                            guint64 room, GByteArray *out)
{
    gsize least, left = (gsize)(reader->end - reader->at);
    if (!sizes_of(section, kind, &least) || section->offset != out->len || section->count > left / least + 1)
        return FALSE;
    gsize size = section->count * section->record_size;
    if (out->len > room || size > room - out->len)
        return FALSE;
    if (fields_of[kind] == NULL && kind != KIND_NODES) {
        if (size > left)
            return FALSE;
        if (size > 0)
            g_byte_array_append(out, reader->at, (guint)size);
        reader->at += size;
        return TRUE;
    }
    g_autofree guint8 *table = g_malloc0(size + 1); /* aligned for every record */
    if (kind == KIND_NODES && section->count > 0 && section->count <= LEDGER_NODES) {
        g_autoptr(NodePlaces) known = node_places_new(places);
        get_nodes(reader, (LedgerStack *)(void *)table, (guint)section->count, known);
    } else if (fields_of[kind] != NULL)
        get_table(reader, section, table);
    else
        reader->bad = section->count > 0;
    g_byte_array_append(out, table, (guint)size);
    return !reader->bad;
}

GByteArray *ledger_from_columns(const guint8 *bytes, gsize length)
{
    static const guint8 padding[SAVED_ALIGNMENT];
    SavedSection sections[SECTIONS];
    SavedHead head;
    if (length < sizeof head + sizeof sections || length > G_MAXINT32)
        return NULL;
    memcpy(&head, bytes, sizeof head);
    memcpy(sections, bytes + sizeof head, sizeof sections);
    Reader reader = {bytes + sizeof(SavedHead) + sizeof sections, bytes + length, FALSE};
    g_autoptr(GByteArray) out = g_byte_array_new();
    g_byte_array_append(out, bytes, sizeof(SavedHead) + sizeof sections);
    for (guint i = 0; i < SECTIONS; i++) {
        guint places = i > KIND_PLACES ? (guint)sections[KIND_PLACES].count : 0; /* read: it is bounded */
        if (!get_section(&reader, &sections[i], i, places, MIN(head.file_size, G_MAXINT32), out))
            return NULL;
        g_byte_array_append(out, padding, -out->len & (SAVED_ALIGNMENT - 1));
    }
    return reader.at == reader.end && out->len == head.file_size ? g_steal_pointer(&out) : NULL;
}
