/* heapgate exec CMD...: no scenario, just look. The command runs as it would without heapgate: with the
 * user's own standard input, output, environment and terminal; what the tracer saw of it is printed to
 * standard error. What it leaves running is ended with it. */
#include <errno.h>
#include <glib/gstdio.h>

#include "command.h"
#include "error.h"
#include "exec_ledgers.h"
#include "exec_summary.h"
#include "instrument/heap.h"
#include "instrument/heap_socket.h"
#include "instrument/instrument.h"
#include "instrument/mark.h"
#include "model/units.h"
#include "run/collector.h"
#include "run/foreground.h"
#include "run/owned_folder.h"
#include "scenario/heap_options.h"
#include "scenario/scenario.h"
#include "symbols/symbols.h"

/* The user's environment, and the tracer before whatever else is preloaded; (transfer full). */
static GStrv environment_for(const char *library, const char *socket, gint64 sample_bytes)
{
    g_autofree char *sample = g_strdup_printf("%" G_GINT64_FORMAT, sample_bytes);
    GStrv env = g_get_environ();
    const char *before = g_environ_getenv(env, "LD_PRELOAD");
    g_autofree char *preload =
        before != NULL && *before != '\0' ? g_strjoin(":", library, before, NULL) : g_strdup(library);
    env = g_environ_setenv(env, "LD_PRELOAD", preload, TRUE);
    env = g_environ_setenv(env, LEDGER_SOCKET_VARIABLE, socket, TRUE);
    if (sample_bytes > 0)
        env = g_environ_setenv(env, LEDGER_SAMPLE_VARIABLE, sample, TRUE);
    return g_environ_setenv(env, MARK_INSTRUMENT_VARIABLE, instrument_heap.name, TRUE);
}

/* What the command says of how it is to be watched. */
typedef struct {
    const char *folder; /* of the ledgers */
    gint64 sample_bytes;
    guint warmup;
} ExecOptions;

/* Runs the command and finishes the collector. */
static gboolean run_traced(char **argv, char **env, Collector *collector, ForegroundOutcome *outcome,
                           GError **error)
{
    g_autoptr(KeeperLog) log = keeper_log_new(TRUE);
    if (log == NULL) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN, "exec: %s cannot be started: %s", argv[0],
                    g_strerror(errno));
        return FALSE;
    }
    if (!foreground_run(argv, env, log, outcome, error)) {
        g_prefix_error(error, "exec: ");
        return FALSE;
    }
    collector_set_killed(collector, log->pids, MIN(log->count, KEEPER_LOG_ROOM));
    collector_finish(collector);
    if (collector_problem(collector) != NULL)
        g_printerr("heapgate: a ledger cannot be used: %s\n", collector_problem(collector));
    return TRUE;
}

static int watch_command(char **argv, const ExecOptions *options, GError **error)
{
    g_auto(OwnedFolder) place = {0};
    g_autofree char *library = heap_library(error);
    if (library == NULL)
        return 0;
    if (g_mkdir_with_parents(options->folder, 0777) != 0 || !owned_folder_make(&place)) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN,
                    "exec: %s cannot be made; choose another by --output", options->folder);
        return 0;
    }
    g_autofree char *socket = heap_socket_address(place.path);
    g_auto(GStrv) env = environment_for(library, socket, options->sample_bytes);
    symbols_bound_servers(); /* the program's environment stays the user's */
    g_autoptr(ExecLedgers) ledgers = exec_ledgers_new(options->folder, options->warmup);
    g_autoptr(Collector) collector = collector_new(socket, error);
    if (collector == NULL)
        return 0;
    collector_set_take(collector, exec_ledgers_take, ledgers);
    ForegroundOutcome outcome;
    if (!run_traced(argv, env, collector, &outcome, error))
        return 0;
    owned_folder_remove(&place); /* saving may take a while */
    exec_ledgers_finish(ledgers, collector);
    exec_summary_print(ledgers, collector_unseen(collector), argv[0], outcome.pid, options->folder,
                       options->warmup);
    if (outcome.unguarded)
        g_set_error(
            error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN,
            "exec: the process by which heapgate guards %s was killed, and %s was ended with it; let it "
            "kill no process that it did not start, nor use up all memory",
            argv[0], argv[0]);
    return outcome.status;
}

/* Below reports/ in a project, which ignores what lies there; else a folder of its own. */
static const char *default_folder(void)
{
    gboolean project =
        g_file_test("heapgate.yaml", G_FILE_TEST_EXISTS) || g_file_test("scenarios", G_FILE_TEST_IS_DIR);
    return project ? "reports/ledgers" : "heapgate-ledgers";
}

static int command_exec_run(int argc, char **argv, GError **error)
{
    g_autofree char *output = NULL, *sample = NULL;
    ExecOptions options = {0};
    int warmup = SCENARIO_DEFAULT_WARMUP;
    gboolean helped = FALSE;
    const GOptionEntry entries[] = {
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &output,
         "Save ledgers in this folder (reports/ledgers in a project, else heapgate-ledgers)", "PATH"},
        {"sample", 0, 0, G_OPTION_ARG_STRING, &sample,
         "See one block in so many bytes, such as 512KiB, and estimate the rest: cheaper, for long runs",
         "SIZE"},
        {"warmup", 0, 0, G_OPTION_ARG_INT, &warmup,
         "Of the marked iterations, the first that do not count for growth (3)", "N"},
        {NULL},
    };
    if (!command_parse(&command_exec, entries, &argc, &argv, &helped, error) || helped)
        return 0;
    if (argc < 2) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE,
                    "exec: expected a command; see heapgate exec --help");
        return 0;
    }
    if (sample != NULL &&
        (!units_parse_bytes(sample, &options.sample_bytes, NULL) ||
         options.sample_bytes < HEAP_SMALLEST_SAMPLE || options.sample_bytes > HEAP_LARGEST_SAMPLE)) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE,
                    "exec: expected a mean distance of samples from 1 KiB to 1 GiB, such as --sample=512KiB, "
                    "found \"%s\"",
                    sample);
        return 0;
    }
    if (warmup < 0) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE,
                    "exec: expected a number of iterations, such as --warmup=5, found %d", warmup);
        return 0;
    }
    options.folder = output != NULL ? output : default_folder();
    options.warmup = (guint)warmup;
    return watch_command(argv + 1, &options, error);
}

const Command command_exec = {
    .name = "exec",
    .arguments = "CMD...",
    .summary = "Run a command under the tracer and show what it allocates; no scenario needed.",
    .wraps = TRUE,
    .run = command_exec_run,
};
