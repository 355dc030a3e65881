#include "json_scan.h"

#include <string.h>

#include "error.h"

typedef struct {
    const char *bytes;
    gsize length;
    const char *name;
    gsize at;
    guint line;
    guint depth;
    gboolean began; /* something but blanks came */
    GError **error;
} Scan;

static gboolean fail_scan(const Scan *self, const char *expected, const char *found)
{
    g_set_error(self->error, HEAPGATE_ERROR, HEAPGATE_ERROR_FORMAT, "%s:%u: expected %s, found %s",
                self->name, self->line, expected, found);
    return FALSE;
}

/* Moves behind the closing quote, or to the end where there is none; then json-glib reports the error. */
static void skip_string(Scan *self)
{
    for (self->at++; self->at < self->length && self->bytes[self->at] != '"'; self->at++) {
        if (self->bytes[self->at] == '\n')
            self->line++;
        if (self->bytes[self->at] == '\\' && self->at + 1 < self->length)
            self->at++;
    }
    self->at++;
}

static gboolean skip_number(Scan *self)
{
    guint digits = 0;
    gboolean whole = TRUE;
    for (; self->at < self->length; self->at++) {
        char c = self->bytes[self->at];
        if (c == '\0' || strchr("+-.0123456789eE", c) == NULL)
            break;
        digits += g_ascii_isdigit(c);
        whole = whole && c != '.' && c != 'e' && c != 'E';
    }
    return !whole || digits <= JSON_SCAN_DIGITS ||
           fail_scan(self, "a number of at most 18 digits", "a longer one");
}

static gboolean scan_inside(Scan *self, char c)
{
    if (c == '"') {
        skip_string(self);
        return TRUE;
    }
    if (g_ascii_isdigit(c) || c == '-')
        return skip_number(self);
    if (c == '[' || c == '{') {
        if (self->began && self->depth == 0) /* json-glib takes the last of several, and loses the others */
            return fail_scan(self, "one value", "more behind it");
        if (++self->depth > JSON_SCAN_DEPTH)
            return fail_scan(self, "brackets nested at most 32 deep", "more");
    } else if ((c == ']' || c == '}') && self->depth > 0) {
        self->depth--;
    } else if (c == '\n') {
        self->line++;
    } else if (c == '\0' || (strchr(" \t\r:,]}", c) == NULL && !g_ascii_islower(c))) {
        char found[16];
        g_snprintf(found, sizeof found, g_ascii_isprint(c) ? "'%c'" : "byte %d",
                   g_ascii_isprint(c) ? c : (guchar)c);
        return fail_scan(self, "JSON", found);
    }
    self->at++;
    return TRUE;
}

static gboolean scan_token(Scan *self)
{
    char c = self->bytes[self->at];
    if (!scan_inside(self, c))
        return FALSE;
    self->began = self->began || strchr(" \t\r\n", c) == NULL;
    return TRUE;
}

gboolean json_scan(const char *bytes, gsize length, const char *name, GError **error)
{
    Scan self = {.bytes = bytes, .length = length, .name = name, .line = 1, .error = error};
    while (self.at < self.length)
        if (!scan_token(&self))
            return FALSE;
    return TRUE;
}
