#include "workplace.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "instrument/mark.h"

enum { KEEP_LIMIT = 64 * 1024 * 1024, WORDS_LIMIT = 600, TAIL_LIMIT = 8192 };

static gboolean link_file(const ScenarioFile *file, const char *work, GError **error)
{
    g_autofree char *base = g_path_get_basename(file->text);
    g_autofree char *link = g_build_filename(work, base, NULL);
    if (symlink(file->path, link) == 0)
        return TRUE;
    g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN,
                "%s cannot be linked into the working folder: %s", file->text, g_strerror(errno));
    return FALSE;
}

Workplace *workplace_new(const Scenario *scenario, GError **error)
{
    g_autoptr(Workplace) self = g_new0(Workplace, 1);
    /* Not in the user's TMPDIR: a path of another length would change heap sizes. */
    if (owned_folder_make(&self->folder)) {
        self->work = g_build_filename(self->folder.path, "work", NULL);
        self->output = g_build_filename(self->folder.path, "output", NULL);
        self->stdout_path = g_build_filename(self->folder.path, "stdout", NULL);
        self->stderr_path = g_build_filename(self->folder.path, "stderr", NULL);
    }
    if (self->folder.path == NULL || g_mkdir(self->work, 0700) != 0 || g_mkdir(self->output, 0700) != 0) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN,
                    "no working folder can be made in /tmp: %s; free space there or make it writable",
                    g_strerror(errno));
        return NULL;
    }
    for (guint i = 0; i < scenario->files->len; i++)
        if (!link_file(g_ptr_array_index(scenario->files, i), self->work, error))
            return NULL;
    return g_steal_pointer(&self);
}

void workplace_free(Workplace *self)
{
    if (self == NULL)
        return;
    owned_folder_remove(&self->folder);
    g_free(self->work);
    g_free(self->output);
    g_free(self->stdout_path);
    g_free(self->stderr_path);
    g_free(self);
}

static void keep_file(const char *folder, const char *name, const char *target)
{
    GStatBuf info;
    g_autofree char *from = g_build_filename(folder, name, NULL), *to = g_build_filename(target, name, NULL);
    if (g_lstat(from, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size > KEEP_LIMIT)
        return;
    g_autoptr(GFile) source = g_file_new_for_path(from);
    g_autoptr(GFile) copy = g_file_new_for_path(to);
    g_file_copy(source, copy, G_FILE_COPY_OVERWRITE, NULL, NULL, NULL, NULL);
}

void workplace_keep(const Workplace *self, const char *target)
{
    folder_remove(target);
    if (g_mkdir_with_parents(target, 0777) != 0)
        return;
    g_autoptr(GDir) names = g_dir_open(self->output, 0, NULL);
    for (const char *name = names != NULL ? g_dir_read_name(names) : NULL; name != NULL;
         name = g_dir_read_name(names))
        if (!g_str_has_prefix(name, MARK_FILE_PREFIX))
            keep_file(self->output, name, target);
    keep_file(self->folder.path, "stdout", target);
    keep_file(self->folder.path, "stderr", target);
}

/* A socket can be opened by nobody; the collector's is one. own_pipes: as in Launch. */
static gboolean is_foreign(const char *path, const char *name, const char *own_pipes)
{
    GStatBuf info;
    if (g_lstat(path, &info) != 0)
        return FALSE;
    if (S_ISFIFO(info.st_mode))
        return own_pipes == NULL || !g_str_has_prefix(name, own_pipes);
    return !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode) && !S_ISSOCK(info.st_mode);
}

/* The path of the first that is foreign; NULL: there is none. (transfer full). */
static char *find_foreign_in(const char *folder, const char *own_pipes)
{
    g_autoptr(GDir) names = g_dir_open(folder, 0, NULL);
    for (const char *name = names != NULL ? g_dir_read_name(names) : NULL; name != NULL;
         name = g_dir_read_name(names)) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (is_foreign(path, name, own_pipes))
            return g_steal_pointer(&path);
    }
    return NULL;
}

char *workplace_find_foreign(const Workplace *self, const char *own_pipes)
{
    g_autofree char *path = find_foreign_in(self->folder.path, NULL);
    if (path == NULL)
        path = find_foreign_in(self->output, own_pipes);
    return path != NULL ? g_strdup(path + strlen(self->folder.path) + 1) : NULL;
}

char *workplace_last_words(const Workplace *self)
{
    char tail[TAIL_LIMIT + 1];
    FILE *file = fopen(self->stderr_path, "re");
    if (file == NULL)
        return g_strdup("");
    if (fseek(file, -TAIL_LIMIT, SEEK_END) != 0)
        rewind(file);
    gsize length = fread(tail, 1, TAIL_LIMIT, file);
    fclose(file);
    for (gsize i = 0; i < length; i++)
        if (tail[i] == '\0')
            tail[i] = ' ';
    tail[length] = '\0';
    g_strchomp(tail);
    const char *words = strlen(tail) > WORDS_LIMIT ? tail + strlen(tail) - WORDS_LIMIT : tail;
    return g_utf8_make_valid(words, -1);
}
