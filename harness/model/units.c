#include "units.h"

#include <math.h>
#include <string.h>

#include "error.h"

typedef struct {
    const char *name;
    double factor;
} Unit;

static const Unit byte_units[] = {
    {"B", 1},
    {"KiB", 1024},
    {"MiB", 1024.0 * 1024},
    {"GiB", 1024.0 * 1024 * 1024},
    {"TiB", 1024.0 * 1024 * 1024 * 1024},
    {NULL, 0},
};

static const Unit time_units[] = {
    {"ms", 1e3}, {"s", 1e6}, {"min", 60e6}, {"h", 3600e6}, {NULL, 0},
};

/* bare: a number without a unit is one of units[0]. */
static gboolean quantity_parse(const char *text, const Unit *units, gboolean bare, const char *expected,
                               gint64 *value, GError **error)
{
    char *end = NULL;
    gboolean decimal = g_ascii_isdigit(text[0]) && g_ascii_tolower(text[1]) != 'x';
    double number = decimal ? g_ascii_strtod(text, &end) : -1;
    if (end != NULL && number >= 0) {
        end += strspn(end, " ");
        const Unit *unit = bare && *end == '\0' ? units : NULL;
        for (const Unit *u = units; unit == NULL && u->name != NULL; u++)
            if (strcmp(u->name, end) == 0)
                unit = u;
        if (unit != NULL && number * unit->factor < 9e18) {
            *value = (gint64)llround(number * unit->factor);
            return TRUE;
        }
    }
    g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_CONFIG, "expected %s, found \"%s\"", expected, text);
    return FALSE;
}

gboolean units_parse_bytes(const char *text, gint64 *bytes, GError **error)
{
    return quantity_parse(text, byte_units, TRUE, "a size such as 0 B, 64 KiB, 1.5 MiB or 2 GiB", bytes,
                          error);
}

gboolean units_parse_duration(const char *text, gint64 *microseconds, GError **error)
{
    return quantity_parse(text, time_units, FALSE, "a duration such as 500 ms, 120 s or 5 min", microseconds,
                          error);
}

static char *format_bytes(gint64 bytes, const char *sign)
{
    double size = fabs((double)bytes);
    const Unit *unit = byte_units;
    while (size >= 1023.5 && unit[1].name != NULL) {
        size /= 1024;
        unit++;
    }
    int decimals = unit == byte_units ? 0 : size < 9.995 ? 2 : size < 99.95 ? 1 : 0;
    return g_strdup_printf("%s%.*f %s", sign, decimals, size, unit->name);
}

char *units_format_bytes(gint64 bytes)
{
    return format_bytes(bytes, bytes < 0 ? "-" : "");
}

char *units_format_signed_bytes(gint64 bytes)
{
    return format_bytes(bytes, bytes < 0 ? "-" : bytes > 0 ? "+" : "");
}

char *units_format_count(gint64 count, gboolean with_sign)
{
    enum { GROUP = 3 };
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, with_sign && count > 0 ? "%+" G_GINT64_FORMAT : "%" G_GINT64_FORMAT, count);
    gssize first = g_ascii_isdigit(text->str[0]) ? 0 : 1;
    for (gssize at = (gssize)text->len - GROUP; at > first; at -= GROUP)
        g_string_insert_c(text, at, ',');
    return g_string_free(text, FALSE);
}

char *units_format_duration(gint64 microseconds)
{
    gint64 seconds = microseconds / G_USEC_PER_SEC;
    if (microseconds < G_USEC_PER_SEC)
        return g_strdup_printf("%" G_GINT64_FORMAT " ms", microseconds / 1000);
    if (seconds < 60)
        return g_strdup_printf("%.1f s", (double)microseconds / G_USEC_PER_SEC);
    if (seconds < 3600)
        return g_strdup_printf("%" G_GINT64_FORMAT " min %" G_GINT64_FORMAT " s", seconds / 60, seconds % 60);
    return g_strdup_printf("%" G_GINT64_FORMAT " h %" G_GINT64_FORMAT " min", seconds / 3600,
                           seconds / 60 % 60);
}

char *units_format_change(gint64 base, gint64 now)
{
    if (base == 0)
        return g_strdup("");
    return g_strdup_printf("%+.1f %%", 100.0 * ((double)now - (double)base) / (double)base);
}
