/* heapgate exec CMD...: no scenario, just look. The command runs as it would without heapgate: with the
 * user's own standard input, output, environment and terminal; what the tracer saw of it is printed to
 * standard error. */
#include <gio/gio.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <signal.h>

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
#include "run/descriptor_limit.h"
#include "run/owned_folder.h"
#include "scenario/heap_options.h"
#include "scenario/scenario.h"
#include "symbols/symbols.h"

enum { STATUS_SIGNALLED = 128 };

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

typedef struct {
    GSubprocess *process;
    GMainLoop *loop;
} Forwarding;

/* The terminal sends these to the command itself. */
static gboolean on_terminal_signal(gpointer data)
{
    (void)data;
    return G_SOURCE_CONTINUE;
}

static gboolean on_terminate(gpointer data)
{
    g_subprocess_send_signal(((Forwarding *)data)->process, SIGTERM);
    return G_SOURCE_CONTINUE;
}

static gboolean on_hangup(gpointer data)
{
    g_subprocess_send_signal(((Forwarding *)data)->process, SIGHUP);
    return G_SOURCE_CONTINUE;
}

static void on_exit_of_process(GObject *source, GAsyncResult *result, gpointer data)
{
    g_subprocess_wait_finish(G_SUBPROCESS(source), result, NULL);
    g_main_loop_quit(((Forwarding *)data)->loop);
}

static void await_end(GSubprocess *process)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    Forwarding forwarding = {process, loop};
    const guint sources[] = {
        g_unix_signal_add(SIGINT, on_terminal_signal, NULL),
        g_unix_signal_add(SIGTERM, on_terminate, &forwarding),
        g_unix_signal_add(SIGHUP, on_hangup, &forwarding),
    };
    g_subprocess_wait_async(process, NULL, on_exit_of_process, &forwarding);
    g_main_loop_run(loop);
    for (gsize i = 0; i < G_N_ELEMENTS(sources); i++)
        g_source_remove(sources[i]);
}

static void prepare_child(gpointer unused)
{
    (void)unused;
    descriptor_limit_restore();
}

/* Runs the command; its exit status, or 128 and the signal as shells have it; -1 with error. */
static int run_command(char **argv, GStrv env, gint64 *pid, GError **error)
{
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDIN_INHERIT | G_SUBPROCESS_FLAGS_INHERIT_FDS);
    g_subprocess_launcher_set_environ(launcher, env);
    g_subprocess_launcher_set_child_setup(launcher, prepare_child, NULL, NULL);
    g_autoptr(GError) cause = NULL;
    g_autoptr(GSubprocess) process =
        g_subprocess_launcher_spawnv(launcher, (const char *const *)argv, &cause);
    if (process == NULL) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE, "exec: %s cannot be started: %s", argv[0],
                    cause->message);
        return -1;
    }
    const char *identifier = g_subprocess_get_identifier(process);
    *pid = identifier != NULL ? g_ascii_strtoll(identifier, NULL, 10) : 0;
    await_end(process);
    return g_subprocess_get_if_signaled(process) ? STATUS_SIGNALLED + g_subprocess_get_term_sig(process)
                                                 : g_subprocess_get_exit_status(process);
}

/* What the command says of how it is to be watched. */
typedef struct {
    const char *folder; /* of the ledgers */
    gint64 sample_bytes;
    guint warmup;
} ExecOptions;

static int watch(char **argv, const ExecOptions *options, GError **error)
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
    gint64 pid = 0;
    int status = run_command(argv, env, &pid, error);
    collector_finish(collector);
    owned_folder_remove(&place); /* saving may take a while */
    if (status < 0)
        return 0;
    if (collector_problem(collector) != NULL)
        g_printerr("heapgate: a ledger cannot be used: %s\n", collector_problem(collector));
    exec_ledgers_finish(ledgers, collector);
    exec_summary_print(ledgers, collector_unseen(collector), argv[0], pid, options->folder, options->warmup);
    return status;
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
    return watch(argv + 1, &options, error);
}

const Command command_exec = {
    .name = "exec",
    .arguments = "CMD...",
    .summary = "Run a command under the tracer and show what it allocates; no scenario needed.",
    .wraps = TRUE,
    .run = command_exec_run,
};
