#include "source_text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { LARGEST = 16 << 20 };

struct SourceText {
    GStrv lines;
    guint count;
};

/* The file's path with all links resolved; (transfer full), or NULL where it does not lie below the folder.
 */
static char *path_below(const char *folder, const char *relative)
{
    g_autofree char *joined = g_build_filename(folder, relative, NULL);
    char *top = realpath(folder, NULL), *path = realpath(joined, NULL);
    gsize length = top != NULL ? strlen(top) : 0;
    gboolean below = top != NULL && path != NULL && strncmp(path, top, length) == 0 &&
                     (path[length] == '/' || (length > 0 && top[length - 1] == '/'));
    char *found = below ? g_strdup(path) : NULL;
    free(top);
    free(path);
    return found;
}

static gboolean is_readable(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode) && info.st_size <= LARGEST;
}

SourceText *source_text_open(const char *folder, const char *path)
{
    for (const char *end = path; end != NULL && *end != '\0'; end = strchr(end, '/')) {
        while (*end == '/')
            end++;
        g_autofree char *found = *end != '\0' ? path_below(folder, end) : NULL;
        g_autofree char *text = NULL;
        if (found == NULL || !is_readable(found) || !g_file_get_contents(found, &text, NULL, NULL))
            continue;
        SourceText *self = g_new0(SourceText, 1);
        self->lines = g_strsplit(text, "\n", -1);
        self->count = g_strv_length(self->lines);
        return self;
    }
    return NULL;
}

void source_text_free(SourceText *self)
{
    if (self == NULL)
        return;
    g_strfreev(self->lines);
    g_free(self);
}

const char *source_text_line(const SourceText *self, guint number)
{
    return self != NULL && number > 0 && number <= self->count ? self->lines[number - 1] : "";
}
