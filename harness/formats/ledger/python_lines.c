#include "python_lines.h"

enum { VERSION_3_10 = 0x030a, VERSION_3_11 = 0x030b };

static guint as_line(gint64 line)
{
    return line > 0 && line <= G_MAXINT32 ? (guint)line : 0;
}

/* 3.9: pairs of how far on the next line's code begins, and by how much its number is more. */
static guint line_of_lnotab(const guint8 *table, gsize size, gint32 first_line, guint32 offset)
{
    guint64 at = 0;
    gint64 line = first_line;
    for (gsize i = 0; i + 1 < size; i += 2) {
        at += table[i];
        if (at > offset)
            break;
        line += (gint8)table[i + 1];
    }
    return as_line(line);
}

/* 3.10: pairs of how much code there is, and by how much its line is more than the last; -128: it has no
 * line. */
static guint line_of_ranges(const guint8 *table, gsize size, gint32 first_line, guint32 offset)
{
    guint64 end = 0;
    gint64 line = first_line;
    for (gsize i = 0; i + 1 < size; i += 2) {
        gint8 more = (gint8)table[i + 1];
        line += more != -128 ? more : 0;
        end += table[i];
        if (offset < end)
            return more != -128 ? as_line(line) : 0;
    }
    return 0;
}

/* The kinds of entry of a location table that have something to say of the line. */
enum { ONE_LINE = 10, NO_COLUMNS = 13, LONG = 14, NONE = 15 };

/* Six bits a byte, the lowest first; bit 6: there is more. Bit 0 of the whole is the sign. */
static gint64 signed_number(const guint8 *table, gsize at, gsize end)
{
    guint64 number = 0;
    for (guint shift = 0; at < end && shift < 60; shift += 6) {
        number |= (guint64)(table[at] & 0x3f) << shift;
        if ((table[at++] & 0x40) == 0)
            break;
    }
    return (number & 1) != 0 ? -(gint64)(number >> 1) : (gint64)(number >> 1);
}

/* 3.11: entries whose first byte alone has bit 7: kind, and how many code units less one. */
static guint line_of_locations(const guint8 *table, gsize size, gint32 first_line, guint32 offset)
{
    guint64 end = 0;
    gint64 line = first_line;
    for (gsize i = 0, next; i < size; i = next) {
        guint kind = table[i] >> 3 & 0xf;
        for (next = i + 1; next < size && (table[next] & 0x80) == 0; next++)
            continue;
        if (kind == NO_COLUMNS || kind == LONG)
            line += signed_number(table, i + 1, next);
        else if (kind >= ONE_LINE && kind < NO_COLUMNS)
            line += kind - ONE_LINE;
        line = CLAMP(line, G_MININT32, G_MAXINT32);
        end += 2 * ((table[i] & 7) + 1);
        if (offset < end)
            return kind != NONE ? as_line(line) : 0;
    }
    return 0;
}

guint python_line(guint32 version, const guint8 *table, gsize size, gint32 first_line, guint32 offset)
{
    if (version >> 16 >= VERSION_3_11)
        return line_of_locations(table, size, first_line, offset);
    return version >> 16 == VERSION_3_10 ? line_of_ranges(table, size, first_line, offset)
                                         : line_of_lnotab(table, size, first_line, offset);
}
