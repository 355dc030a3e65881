#include "mark.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "instrument.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

char *mark_plain_name(const char *name)
{
    char *plain = g_strndup(name, MARK_NAME_SIZE);
    return g_strcanon(plain, LETTERS, '_');
}

char *mark_file_path(const char *folder, gint64 pid, const char *name)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    gint64 nanoseconds = (gint64)now.tv_sec * 1000000000 + now.tv_nsec;
    return g_strdup_printf("%s/" MARK_FILE_PREFIX "%" G_GINT64_FORMAT ".%020" G_GINT64_FORMAT ".%s", folder,
                           pid, nanoseconds, name);
}

GPtrArray *mark_files(const char *folder, gint64 pid)
{
    g_autofree char *prefix = pid != 0 ? g_strdup_printf(MARK_FILE_PREFIX "%" G_GINT64_FORMAT ".", pid)
                                       : g_strdup(MARK_FILE_PREFIX);
    return instrument_files(folder, prefix, "");
}

const char *mark_file_name(const char *path, gint64 *pid)
{
    const char *slash = strrchr(path, '/'), *base = slash != NULL ? slash + 1 : path;
    long long number = 0;
    int at = 0;
    if (sscanf(base, MARK_FILE_PREFIX "%18lld.%*20[0-9].%n", &number, &at) != 1 || at == 0 ||
        base[at] == '\0')
        return NULL;
    if (pid != NULL)
        *pid = number;
    return base + at;
}

#define LINE_WORD "heapgate-mark"

char *mark_line_format(const MarkLine *self)
{
    return g_strdup_printf(LINE_WORD " %s %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT
                                     " %" G_GINT64_FORMAT "\n",
                           self->name, self->lost, self->possibly_lost, self->reachable, self->suppressed);
}

gboolean mark_line_parse(const char *text, MarkLine *self)
{
    enum { WORD, NAME, FIRST_COUNT, WORDS = FIRST_COUNT + 4 };
    g_autofree char *line = g_strstrip(g_strdup(text));
    g_auto(GStrv) words = g_strsplit(line, " ", WORDS);
    gint64 *const counts[] = {&self->lost, &self->possibly_lost, &self->reachable, &self->suppressed};
    if (g_strv_length(words) != WORDS || strcmp(words[WORD], LINE_WORD) != 0 || *words[NAME] == '\0')
        return FALSE;
    g_strlcpy(self->name, words[NAME], sizeof self->name);
    for (guint i = 0; i < G_N_ELEMENTS(counts); i++)
        if (!g_ascii_string_to_signed(words[FIRST_COUNT + i], 10, 0, G_MAXINT64 / 4, counts[i], NULL))
            return FALSE;
    return TRUE;
}
