/* heapgate mark: a mark from a shell script, in the processes that are being watched.
 *
 * Under Valgrind each watched process waits for monitor commands on a pipe in the marks folder; the process
 * id is part of the pipe's name (vgdb's own convention). The command marks all of them. The tracer's ledgers
 * are all held by the heapgate that runs the scenario, which is asked to mark them. */
#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "error.h"
#include "instrument/instrument.h"
#include "run/collector.h"

#define PIPE_PREFIX "vgdb-from-vgdb-to-"

static char *plain_name(const char *name)
{
    char *plain = g_strndup(name, 64);
    return g_strcanon(plain, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", '_');
}

/* mark.PID.NANOSECONDS.NAME, as heapgate.h names them. */
static char *mark_path(const char *folder, gint64 pid, const char *name)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    g_autofree char *base = g_strdup_printf("mark.%" G_GINT64_FORMAT ".%020" G_GINT64_FORMAT ".%s", pid,
                                            (gint64)now.tv_sec * 1000000000 + now.tv_nsec, name);
    return g_build_filename(folder, base, NULL);
}

static gboolean send(const char *folder, gint64 pid, const char *const *monitor, char **output,
                     GError **error)
{
    g_autofree char *prefix = g_strdup_printf("--vgdb-prefix=%s/vgdb", folder);
    g_autofree char *to = g_strdup_printf("--pid=%" G_GINT64_FORMAT, pid);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_ptr_array_add(argv, (char *)"vgdb");
    g_ptr_array_add(argv, prefix);
    g_ptr_array_add(argv, to);
    for (; *monitor != NULL; monitor++)
        g_ptr_array_add(argv, (char *)*monitor);
    g_ptr_array_add(argv, NULL);
    g_autoptr(GError) cause = NULL;
    int status = 0;
    if (g_spawn_sync(NULL, (char **)argv->pdata, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL,
                     NULL, output, NULL, &status, &cause) &&
        g_spawn_check_wait_status(status, &cause))
        return TRUE;
    g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN,
                "mark: process %" G_GINT64_FORMAT " was not reached: %s", pid, cause->message);
    return FALSE;
}

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

static gboolean mark_memcheck(const char *folder, gint64 pid, const char *name, GError **error)
{
    static const char *const monitor[] = {"leak_check", "summary", "any", NULL};
    g_autofree char *text = NULL, *path = mark_path(folder, pid, name);
    if (!send(folder, pid, monitor, &text, error))
        return FALSE;
    gint64 lost = bytes_of_kind(text, "definitely lost") + bytes_of_kind(text, "indirectly lost");
    g_autofree char *line =
        g_strdup_printf("heapgate-mark %s %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT
                        " %" G_GINT64_FORMAT "\n",
                        name, lost, bytes_of_kind(text, "possibly lost"),
                        bytes_of_kind(text, "still reachable"), bytes_of_kind(text, "suppressed"));
    return g_file_set_contents(path, line, -1, error);
}

static gboolean mark_massif(const char *folder, gint64 pid, const char *name, GError **error)
{
    g_autofree char *path = mark_path(folder, pid, name), *text = NULL;
    const char *monitor[] = {"detailed_snapshot", path, NULL};
    if (!send(folder, pid, monitor, &text, error))
        return FALSE;
    if (g_file_test(path, G_FILE_TEST_EXISTS))
        return TRUE;
    g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN, "mark: massif wrote no snapshot to %s", path);
    return FALSE;
}

/* A folder that is gone is that of a run long over. */
static gboolean leave_marker(const char *folder, GError **error)
{
    g_autofree char *name = g_strdup_printf(INSTRUMENT_MARKER "%d", getpid());
    g_autofree char *path = g_build_filename(folder, name, NULL);
    return !g_file_test(folder, G_FILE_TEST_IS_DIR) || g_file_set_contents(path, "", 0, error);
}

static int command_mark_run(int argc, char **argv, GError **error)
{
    gboolean helped = FALSE;
    const GOptionEntry entries[] = {{NULL}};
    if (!command_parse(&command_mark, entries, &argc, &argv, &helped, error) || helped)
        return 0;
    if (argc != 2 || *argv[1] == '\0') {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE,
                    "mark: expected one name, such as opened or end");
        return 0;
    }
    const char *instrument = g_getenv("HEAPGATE_INSTRUMENT"), *folder = g_getenv("HEAPGATE_MARKS");
    const char *socket = g_getenv(LEDGER_SOCKET_VARIABLE);
    g_autofree char *name = plain_name(argv[1]);
    if (g_strcmp0(instrument, "heap") == 0 && socket != NULL) {
        collector_send_mark(socket, name, error);
        return 0;
    }
    /* Outside a run there is nothing to mark, and scripts must work there too. */
    if (instrument == NULL || folder == NULL)
        return 0;
    if (!leave_marker(folder, error))
        return 0;
    g_autoptr(GPtrArray) pipes = instrument_files(folder, PIPE_PREFIX, "");
    for (guint i = 0; i < pipes->len; i++) {
        gint64 pid = instrument_file_pid(g_ptr_array_index(pipes, i), PIPE_PREFIX);
        gboolean marked = strcmp(instrument, "memcheck") == 0 ? mark_memcheck(folder, pid, name, error)
                                                              : mark_massif(folder, pid, name, error);
        if (!marked)
            return 0;
    }
    return 0;
}

const Command command_mark = {
    .name = "mark",
    .arguments = "NAME",
    .summary = "Mark an instant from a shell script (iteration, end, or a name of yours).",
    .run = command_mark_run,
};
