#include "project_file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"

/* Why an open file is refused; (transfer full), or NULL where it is not. */
static char *refusal(const Project *self, int file, const char *what, gsize limit)
{
    struct stat status;
    g_autofree char *link = g_strdup_printf("/proc/self/fd/%d", file);
    g_autofree char *real = g_file_read_link(link, NULL);
    g_autofree char *inside = real != NULL ? project_resolve(self, self->root, real) : NULL;
    if (fstat(file, &status) != 0)
        return g_strdup(g_strerror(errno));
    if (!S_ISREG(status.st_mode))
        return g_strdup_printf("it is %s; put a file in its place", S_ISDIR(status.st_mode)    ? "a folder"
                                                                    : S_ISFIFO(status.st_mode) ? "a pipe"
                                                                                               : "a device");
    if (real == NULL)
        return g_strdup("its real path is not known, because /proc is not mounted");
    if (inside == NULL)
        return g_strdup("it leads out of the project; put a copy in its place");
    if ((guint64)status.st_size > limit)
        return g_strdup_printf("it is larger than %" G_GSIZE_FORMAT " MiB, which no %s is", limit >> 20,
                               what);
    return NULL;
}

/* Reads the whole file, but not more than the limit, even if it grows meanwhile. Returns why that failed,
 * (transfer full), or NULL. */
static char *read_whole(int file, gsize limit, GByteArray *bytes)
{
    guint8 piece[65536];
    ssize_t length;
    while (bytes->len <= limit && (length = read(file, piece, sizeof piece)) != 0) {
        if (length < 0 && errno != EINTR)
            return g_strdup(g_strerror(errno));
        g_byte_array_append(bytes, piece, (guint)MAX(length, 0));
    }
    return bytes->len <= limit ? NULL : g_strdup("it grows while it is read");
}

gboolean project_file_read(const Project *self, const char *path, const char *what, gsize limit, char **bytes,
                           gsize *length, gboolean *missing, GError **error)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), problem = errno;
    if (missing != NULL)
        *missing = file < 0 && problem == ENOENT && !g_file_test(path, G_FILE_TEST_IS_SYMLINK);
    if (missing != NULL && *missing)
        return FALSE;
    g_autoptr(GByteArray) whole = g_byte_array_new();
    g_autofree char *why = file < 0 ? g_strdup(g_strerror(problem)) : refusal(self, file, what, limit);
    if (why == NULL)
        why = read_whole(file, limit, whole);
    if (file >= 0)
        close(file);
    if (why != NULL) {
        g_autofree char *name = project_relative(self, path);
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_CONFIG, "%s cannot be read: %s", name, why);
        return FALSE;
    }
    *length = whole->len;
    g_byte_array_append(whole, (const guint8 *)"", 1);
    *bytes = (char *)g_byte_array_free(g_steal_pointer(&whole), FALSE);
    return TRUE;
}
