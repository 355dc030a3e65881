#include "output.h"

#include <gio/gunixoutputstream.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "error.h"
#include "model/text.h"

static gboolean is_githubs_log(void)
{
    return g_strcmp0(g_getenv("GITHUB_ACTIONS"), "true") == 0;
}

static char *defused(const char *text)
{
    return is_githubs_log() ? text_defuse(text) : g_strdup(text);
}

static void stream_put(FILE *stream, const char *text)
{
    const char *charset = NULL;
    g_autofree char *block = text_block(text), *safe = defused(block), *local = NULL;
    if (!g_get_console_charset(&charset))
        local = g_convert_with_fallback(safe, -1, charset, "UTF-8", "?", NULL, NULL, NULL);
    fputs(local != NULL ? local : safe, stream);
    fflush(stream);
}

static void stdout_print(const char *text)
{
    stream_put(stdout, text);
}

static void stderr_print(const char *text)
{
    stream_put(stderr, text);
}

guint output_columns(int fd)
{
    struct winsize size = {0};
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    const char *columns = g_getenv("COLUMNS");
    guint64 number = 0;
    return columns != NULL && g_ascii_string_to_unsigned(columns, 10, 1, G_MAXUINT16, &number, NULL)
               ? (guint)number
               : 0;
}

void output_begin(void)
{
    g_set_print_handler(stdout_print);
    g_set_printerr_handler(stderr_print);
}

void output_error(const GError *problem)
{
    g_autofree char *line = text_line(problem->message);
    g_printerr("heapgate: %s\n", line);
}

gboolean output_write(const char *text, GError **error)
{
    g_autofree char *safe = defused(text);
    g_autoptr(GOutputStream) stream = g_unix_output_stream_new(STDOUT_FILENO, FALSE);
    g_autoptr(GError) cause = NULL;
    if (g_output_stream_write_all(stream, safe, strlen(safe), NULL, NULL, &cause))
        return TRUE;
    g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN,
                "standard output cannot be written: %s; free space or redirect it elsewhere", cause->message);
    return FALSE;
}

gboolean output_write_view(const GString *view, gboolean json, GError **error)
{
    if (!json)
        return output_write(view->str, error);
    /* In JSON that can only be in a string, where the bracket may be written so. */
    g_autoptr(GString) safe = g_string_new_len(view->str, (gssize)view->len);
    if (is_githubs_log())
        g_string_replace(safe, "##[", "##\\u005b", 0);
    fwrite(safe->str, 1, safe->len, stdout); /* main.c tells what could not be written */
    return TRUE;
}
