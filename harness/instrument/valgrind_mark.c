#include "valgrind_mark.h"

#include "error.h"
#include "instrument.h"

/* The process id is part of the pipe's name: vgdb's own convention. */
#define PIPE_PREFIX VALGRIND_PIPES "-from-vgdb-to-"

gboolean valgrind_monitor(const char *folder, gint64 pid, const char *const *monitor, char **output,
                          GError **error)
{
    g_autofree char *pipes = g_strdup_printf(VALGRIND_PIPES_OPTION, folder);
    g_autofree char *to = g_strdup_printf("--pid=%" G_GINT64_FORMAT, pid);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_ptr_array_add(argv, (char *)"vgdb");
    g_ptr_array_add(argv, pipes);
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

gboolean valgrind_mark_processes(const char *folder, const char *name, ValgrindMark mark, GError **error)
{
    if (folder == NULL)
        return TRUE;
    g_autoptr(GPtrArray) pipes = instrument_files(folder, PIPE_PREFIX, "");
    for (guint i = 0; i < pipes->len; i++)
        if (!mark(folder, instrument_file_pid(g_ptr_array_index(pipes, i), PIPE_PREFIX), name, error))
            return FALSE;
    return TRUE;
}
