#include "xtree_totals.h"

#include <string.h>

#include "error.h"

/* The rows of the report, as Valgrind numbers its snapshots: current and total, bytes and blocks. */
enum { ROWS = 4 };

static gboolean line_value(const char *line, gsize length, const char *key, gint64 *value)
{
    gsize key_length = strlen(key);
    if (length <= key_length || memcmp(line, key, key_length) != 0 || length - key_length > 18)
        return FALSE;
    char digits[20] = "";
    memcpy(digits, line + key_length, length - key_length);
    guint64 number = 0;
    if (!g_ascii_string_to_unsigned(digits, 10, 0, G_MAXINT64, &number, NULL))
        return FALSE;
    *value = (gint64)number;
    return TRUE;
}

gboolean xtree_totals_read(const char *bytes, gsize length, const char *name, XtreeTotals *totals,
                           GError **error)
{
    gint64 rows[ROWS] = {0}, row = -1;
    guint found = 0;
    for (const char *line = bytes, *end = bytes + length; line < end;) {
        const char *stop = memchr(line, '\n', (gsize)(end - line));
        gsize line_length = (gsize)((stop != NULL ? stop : end) - line);
        gint64 value = 0;
        if (line_value(line, line_length, "snapshot=", &value))
            row = value;
        else if (row == found && found < ROWS && line_value(line, line_length, "mem_heap_B=", &value))
            rows[found++] = value;
        line += line_length + 1;
    }
    if (found < ROWS) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_FORMAT, "%s: expected %d rows of totals, found %u",
                    name, ROWS, found);
        return FALSE;
    }
    *totals = (XtreeTotals){rows[0], rows[1], rows[2], rows[3]};
    return TRUE;
}
