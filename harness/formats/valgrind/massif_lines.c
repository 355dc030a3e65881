#include "massif_lines.h"

#include "error.h"

enum { NUL_WINDOW = 64 * 1024, FOUND_SHOWN = 60 };

void massif_lines_init(MassifLines *self, const char *bytes, gsize length, const char *name)
{
    *self =
        (MassifLines){.begin = bytes, .next = bytes, .end = bytes + length, .checked = bytes, .name = name};
}

gboolean massif_lines_check(MassifLines *self, const char *until, GError **error)
{
    /* A window at a time, so that the second look at the bytes finds them in the cache. */
    gsize size = MAX((gsize)(until - self->checked), MIN(NUL_WINDOW, (gsize)(self->end - self->checked)));
    const char *nul = memchr(self->checked, '\0', size);
    if (nul == NULL) {
        self->checked += size;
        return TRUE;
    }
    if (nul >= until) {
        self->checked = nul;
        return TRUE;
    }
    g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_FORMAT,
                "%s:%u: expected text, found a NUL byte at column %zu", self->name, self->number,
                (gsize)(nul - self->text) + 1);
    return FALSE;
}

/* What stands on the current line, fit for a message; (transfer full). */
static char *describe_found(const MassifLines *self)
{
    if (self->ended)
        return g_strdup(self->begin == self->end ? "an empty file" : "the end of the file");
    if (self->length == 0)
        return g_strdup("an empty line");
    g_autofree char *text = g_strndup(self->text, MIN(self->length, FOUND_SHOWN));
    g_autofree char *escaped = g_strescape(text, "\"");
    return g_strdup_printf("\"%s\"%s%s", escaped, self->length > FOUND_SHOWN ? "..." : "",
                           self->whole ? "" : " and the end of the file");
}

static void lines_refuse(const MassifLines *self, HeapgateError code, const char *expected, va_list arguments,
                         GError **error)
{
    g_autofree char *wanted = g_strdup_vprintf(expected, arguments);
    g_autofree char *found = describe_found(self);
    g_set_error(error, HEAPGATE_ERROR, code, "%s:%u: expected %s, found %s", self->name, self->number, wanted,
                found);
}

gboolean massif_lines_refuse(const MassifLines *self, GError **error, const char *expected, ...)
{
    gboolean cut = (self->ended || !self->whole) && self->begin != self->end;
    va_list arguments;
    va_start(arguments, expected);
    lines_refuse(self, cut ? HEAPGATE_ERROR_TRUNCATED : HEAPGATE_ERROR_FORMAT, expected, arguments, error);
    va_end(arguments);
    return FALSE;
}

gboolean massif_lines_refuse_format(const MassifLines *self, GError **error, const char *expected, ...)
{
    va_list arguments;
    va_start(arguments, expected);
    lines_refuse(self, HEAPGATE_ERROR_FORMAT, expected, arguments, error);
    va_end(arguments);
    return FALSE;
}
