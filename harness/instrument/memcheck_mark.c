#include "memcheck_mark.h"

#include <string.h>
#include <unistd.h>

#include "mark.h"
#include "valgrind_mark.h"

/* The bytes memcheck's summary gives for one kind, "definitely lost: 1,234 (+0) bytes in ..."; 0 where it is
 * not. */
static gint64 bytes_of_kind(const char *text, const char *kind)
{
    const char *at = strstr(text, kind);
    gint64 bytes = 0;
    if (at == NULL)
        return 0;
    for (at += strlen(kind) + strspn(at + strlen(kind), ": "); g_ascii_isdigit(*at) || *at == ','; at++)
        if (*at != ',' && bytes < G_MAXINT64 / 10 - 9)
            bytes = bytes * 10 + (*at - '0');
    return bytes;
}

static gboolean mark_process(const char *folder, gint64 pid, const char *name, GError **error)
{
    static const char *const monitor[] = {"leak_check", "summary", "any", NULL};
    g_autofree char *text = NULL, *path = mark_file_path(folder, pid, name);
    if (!valgrind_monitor(folder, pid, monitor, &text, error))
        return FALSE;
    MarkLine line = {
        .lost = bytes_of_kind(text, "definitely lost") + bytes_of_kind(text, "indirectly lost"),
        .possibly_lost = bytes_of_kind(text, "possibly lost"),
        .reachable = bytes_of_kind(text, "still reachable"),
        .suppressed = bytes_of_kind(text, "suppressed"),
    };
    g_strlcpy(line.name, name, sizeof line.name);
    g_autofree char *written = mark_line_format(&line);
    return g_file_set_contents(path, written, -1, error);
}

/* (transfer full). */
static char *marker_path(const char *folder, gint64 pid)
{
    return g_strdup_printf("%s/marker.%" G_GINT64_FORMAT, folder, pid);
}

/* A folder that is gone is that of a run long over. */
static gboolean leave_marker(const char *folder, GError **error)
{
    g_autofree char *path = marker_path(folder, getpid());
    return !g_file_test(folder, G_FILE_TEST_IS_DIR) || g_file_set_contents(path, "", 0, error);
}

gboolean memcheck_is_marker(const char *folder, gint64 pid)
{
    g_autofree char *path = marker_path(folder, pid);
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

gboolean memcheck_mark(const char *folder, const char *name, GError **error)
{
    return folder == NULL ||
           (leave_marker(folder, error) && valgrind_mark_processes(folder, name, mark_process, error));
}
