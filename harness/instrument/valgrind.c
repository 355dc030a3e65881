#include "valgrind.h"

#include <string.h>

#include "error.h"
#include "mark.h"
#include "valgrind_mark.h"

gboolean valgrind_probe(GError **error)
{
    g_autofree char *path = g_find_program_in_path("valgrind");
    if (path != NULL)
        return TRUE;
    g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN,
                "Valgrind is not installed; install it (Debian, Ubuntu: apt-get install valgrind libc6-dbg)");
    return FALSE;
}

void launch_add(Launch *launch, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_ptr_array_add(launch->argv, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

void valgrind_launch(const char *tool, const char *output, Launch *launch)
{
    g_autofree char *path = g_find_program_in_path("valgrind");
    launch_add(launch, "%s", path != NULL ? path : "valgrind");
    launch_add(launch, "--tool=%s", tool);
    /* Shims and shells stand before many programs; the marks of a shell are heapgate's own processes. */
    launch_add(launch, "--trace-children=yes");
    launch_add(launch, "--trace-children-skip=*/heapgate,*/vgdb");
    launch_add(launch, VALGRIND_PIPES_OPTION, output);
    launch->own_pipes = VALGRIND_PIPES "-";
    g_autofree char *instrument = g_strdup_printf(MARK_INSTRUMENT_VARIABLE "=%s", tool);
    g_autofree char *marks = g_strdup_printf(MARK_FOLDER_VARIABLE "=%s", output);
    const char *env[] = {instrument, marks, NULL};
    launch->env = g_strdupv((GStrv)env);
}

void valgrind_launch_program(const Scenario *scenario, const char *program, Launch *launch)
{
    launch_add(launch, "--");
    launch_add(launch, "%s", program);
    for (GStrv argument = scenario->run + 1; *argument != NULL; argument++)
        launch_add(launch, "%s", *argument);
}

/* The last line of Valgrind's own log that says something, or NULL; (transfer full). */
static char *last_words(const Outcome *outcome, const char *tool)
{
    g_autofree char *name = g_strdup_printf("%s.%" G_GINT64_FORMAT ".log", tool, outcome->pid);
    g_autofree char *path = g_build_filename(outcome->output, name, NULL);
    const char *places[] = {path, outcome->stderr_path};
    for (gsize i = 0; i < G_N_ELEMENTS(places); i++) {
        g_autofree char *text = NULL;
        if (!g_file_get_contents(places[i], &text, NULL, NULL))
            continue;
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (guint line = g_strv_length(lines); line-- > 0;)
            if (strlen(lines[line]) > strlen("==1== ") && !g_str_has_suffix(lines[line], "== "))
                return g_strndup(lines[line], 300);
    }
    return NULL;
}

void valgrind_missing(const Scenario *scenario, const Outcome *outcome, const char *tool,
                      Measurement *measurement)
{
    g_autofree char *words = last_words(outcome, tool);
    measurement_set_problem(
        measurement,
        "%s left no output for %s, so nothing was measured%s%s%s; check that the program runs "
        "under valgrind --tool=%s by hand, and that it is neither set-uid nor a script that "
        "starts one",
        tool, scenario->run[0], words != NULL ? " (last words: \"" : "", words != NULL ? words : "",
        words != NULL ? "\")" : "", tool);
}

void valgrind_blind(const char *tool, Measurement *measurement)
{
    measurement_set_problem(
        measurement,
        "%s saw no allocation at all, so there is nothing to judge: a program with an allocator of "
        "its own, or one linked statically, is invisible to it",
        tool);
}
