/* heapgate exec CMD...: no scenario, just look. The command runs as it would without heapgate: with the
 * user's own standard input, output, environment and terminal; what the tracer saw of it is printed to
 * standard error. */
#include <gio/gio.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "error.h"
#include "formats/ledger/ledger_notes.h"
#include "formats/ledger/ledger_pack.h"
#include "instrument/heap.h"
#include "instrument/heap_socket.h"
#include "instrument/instrument.h"
#include "instrument/mark.h"
#include "model/give_back.h"
#include "model/units.h"
#include "model/text.h"
#include "view/view_ledger.h"
#include "run/collector.h"
#include "run/descriptor_limit.h"
#include "run/owned_folder.h"
#include "scenario/heap_options.h"
#include "symbols/symbols.h"

enum { STATUS_SIGNALLED = 128, PROCESSES_SHOWN = 10 };

/* What stays in memory of a ledger once it is saved. */
typedef struct {
    char *path, *line;
    char *details; /* lines of their own; NULL until it is saved, and where nothing was seen */
    gint64 pid, peak_bytes;
    char *blind;    /* NULL, or why nothing was seen */
    Ledger *ledger; /* NULL once it is saved */
} Saved;

/* Ledgers are named and saved in a thread of their own, one after the other: the summary waits for none of
 * them, and names the few call sites it shows itself. */
typedef struct {
    const char *folder;
    GPtrArray *saved;     /* Saved, in the order in which they ended */
    const Saved *largest; /* of those that were seen; one of saved, or NULL */
    Ledger *books;        /* its ledger, without names; NULL as well */
    GThreadPool *savers;
    Symbols *symbols;  /* the saving thread's */
    char *problem;     /* the first; the saving thread's */
    GPtrArray *unseen; /* char *: programs of which no ledger came */
} Saving;

static void saved_free(gpointer data)
{
    Saved *saved = data;
    g_free(saved->path);
    g_free(saved->line);
    g_free(saved->details);
    g_free(saved->blind);
    ledger_free(saved->ledger);
    g_free(saved);
}

static gboolean is_taken(const Saving *saving, const char *path)
{
    for (guint i = 0; i < saving->saved->len; i++)
        if (strcmp(((Saved *)g_ptr_array_index(saving->saved, i))->path, path) == 0)
            return TRUE;
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* PROGRAM.PID.ledger; one process may run a program twice. (transfer full). */
static char *path_for(const Saving *saving, const Ledger *ledger)
{
    g_autofree char *program = ledger_program(ledger);
    g_strcanon(program, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+", '_');
    for (guint number = 1;; number++) {
        g_autofree char *again = number > 1 ? g_strdup_printf(".%u", number) : g_strdup("");
        g_autofree char *name = g_strdup_printf("%s.%u%s.ledger", program, ledger->header.pid, again);
        char *path = g_build_filename(saving->folder, name, NULL);
        if (!is_taken(saving, path))
            return path;
        g_free(path);
    }
}

/* What is known of one process; of one that was not seen the reason, and no figure. */
static char *line_of(const Ledger *ledger, const char *blind)
{
    g_autofree char *command = ledger_command(ledger), *line = text_shorten(command, 60);
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "%s (process %u): ", line, ledger->header.pid);
    if (blind != NULL)
        g_string_append_printf(text, "the tracer saw nothing, because %s", blind);
    else
        ledger_append_figures(ledger, text);
    return g_string_free(text, FALSE);
}

/* What grows is known by name alone. (transfer full). */
static char *details_of(const Ledger *ledger)
{
    GString *text = g_string_new(NULL);
    ledger_append_details(ledger, text);
    return g_string_free(text, FALSE);
}

/* In the saving thread. */
static void save_ledger(gpointer data, gpointer user_data)
{
    Saved *saved = data;
    Saving *saving = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(Ledger) ledger = g_steal_pointer(&saved->ledger);
    symbols_name_ledger(saving->symbols, ledger);
    if (saved->blind == NULL)
        saved->details = details_of(ledger);
    g_autoptr(GByteArray) plain = ledger_save(ledger), bytes = ledger_pack(plain);
    if (!g_file_set_contents(saved->path, (const char *)bytes->data, bytes->len, &error) &&
        saving->problem == NULL)
        saving->problem = g_strdup(error->message);
    g_clear_pointer(&plain, g_byte_array_unref);
    g_clear_pointer(&ledger, ledger_free);
    give_back_memory();
}

/* In the collecting thread, as soon as a process is gone: nothing is lost if heapgate itself is killed later.
 */
static void take_ledger(Ledger *ledger, gpointer user_data)
{
    Saving *saving = user_data;
    if (heap_is_helper(ledger)) {
        ledger_free(ledger);
        return;
    }
    Saved *saved = g_new0(Saved, 1);
    saved->path = path_for(saving, ledger);
    saved->blind = heap_ledger_reason(ledger);
    saved->line = line_of(ledger, saved->blind);
    saved->pid = ledger->header.pid;
    saved->peak_bytes = ledger->header.peak_bytes;
    saved->ledger = ledger;
    g_ptr_array_add(saving->saved, saved);
    if (saved->blind == NULL &&
        (saving->largest == NULL || saved->peak_bytes > saving->largest->peak_bytes)) {
        saving->largest = saved;
        ledger_free(saving->books);
        saving->books = ledger_copy(ledger);
    }
    g_thread_pool_push(saving->savers, saved, NULL);
}

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

static int by_peak(gconstpointer a, gconstpointer b)
{
    const Saved *one = *(const Saved *const *)a, *two = *(const Saved *const *)b;
    if ((one->blind != NULL) != (two->blind != NULL)) /* what is not known is never left out */
        return one->blind != NULL ? -1 : 1;
    return one->peak_bytes > two->peak_bytes ? -1 : one->peak_bytes < two->peak_bytes;
}

/* The call sites of the process that held most. */
static void print_sites(Saving *saving)
{
    g_autoptr(Ledger) ledger = g_steal_pointer(&saving->books);
    Symbols *symbols = symbols_new(SYMBOLS_QUICK);
    symbols_name_ledger(symbols, ledger);
    symbols_free(symbols);
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GPtrArray) notes = ledger_notes(ledger);
    for (guint i = 0; i < notes->len; i++) {
        const LedgerNote *note = g_ptr_array_index(notes, i);
        if (note->severity != LEDGER_NOTE_DETAIL)
            g_string_append_printf(text, "  note: %s\n", note->text);
    }
    ledger_append_details(ledger, text);
    ledger_append_sites(ledger, 5.0, text);
    g_printerr("%s", text->str);
}

static void print_summary(Saving *saving, const char *command, gint64 pid)
{
    gboolean main_seen = FALSE;
    for (guint i = 0; i < saving->saved->len; i++)
        main_seen = main_seen || ((Saved *)g_ptr_array_index(saving->saved, i))->pid == pid;
    if (!main_seen) {
        g_autofree char *found = g_find_program_in_path(command);
        g_autofree char *reason = heap_blind_reason(found != NULL ? found : command);
        g_printerr("heapgate: the tracer saw nothing of %s, because %s\n", command, reason);
    }
    for (guint i = 0; i < saving->unseen->len; i++)
        g_printerr("heapgate: %s\n", (const char *)g_ptr_array_index(saving->unseen, i));
    g_ptr_array_sort(saving->saved, by_peak);
    for (guint i = 0; i < MIN(saving->saved->len, PROCESSES_SHOWN); i++) {
        const Saved *saved = g_ptr_array_index(saving->saved, i);
        g_printerr("heapgate: %s\n", saved->line);
    }
    if (saving->saved->len > PROCESSES_SHOWN)
        g_printerr("heapgate: and %u processes and programs with smaller peaks\n",
                   saving->saved->len - PROCESSES_SHOWN);
    if (saving->largest != NULL)
        print_sites(saving);
}

/* Of the other processes, once they are named. */
static void print_details(const Saving *saving)
{
    for (guint i = 0; i < MIN(saving->saved->len, PROCESSES_SHOWN); i++) {
        const Saved *saved = g_ptr_array_index(saving->saved, i);
        if (saved != saving->largest && saved->details != NULL && *saved->details != '\0')
            g_printerr("\nheapgate: %s\n%s", saved->line, saved->details);
    }
}

static void print_place(const Saving *saving)
{
    if (saving->problem != NULL)
        g_printerr("heapgate: a ledger cannot be saved: %s\n", saving->problem);
    else if (saving->saved->len > 1)
        g_printerr("\nsaved: %s/   see all of it:  heapgate show %s\n", saving->folder,
                   saving->largest != NULL ? saving->largest->path : "PATH");
    else if (saving->saved->len == 1) {
        const Saved *only = g_ptr_array_index(saving->saved, 0);
        g_printerr("\nsaved: %s   see all of it:  heapgate show %s\n", only->path, only->path);
    }
}

/* What the command started and nothing is known of. */
static void note_unseen(Saving *saving, const GPtrArray *unseen)
{
    g_autoptr(GPtrArray) blind = heap_blind_programs(NULL, NULL, unseen);
    for (guint i = 0; i < blind->len; i++) {
        const BlindProgram *one = g_ptr_array_index(blind, i);
        g_autofree char *count =
            one->processes > 1 ? g_strdup_printf(" (%u processes)", one->processes) : g_strdup("");
        g_ptr_array_add(
            saving->unseen,
            g_strdup_printf("%s%s: the tracer saw nothing, because %s; a scenario would be broken "
                            "unless it says heap: {blind: [%s]}",
                            one->program, count, one->reason, one->program));
    }
}

static int watch(char **argv, const char *folder, gint64 sample_bytes, GError **error)
{
    OwnedFolder place = {0};
    g_autofree char *library = heap_library(error);
    if (library == NULL)
        return 0;
    if (g_mkdir_with_parents(folder, 0777) != 0 || !owned_folder_make(&place)) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN,
                    "exec: %s cannot be made; choose another by --output", folder);
        return 0;
    }
    int status = -1;
    gint64 pid = 0;
    g_autofree char *socket = heap_socket_address(place.path);
    g_auto(GStrv) env = environment_for(library, socket, sample_bytes);
    symbols_bound_servers(); /* the program's environment stays the user's */
    Saving saving = {.folder = folder};
    saving.saved = g_ptr_array_new_with_free_func(saved_free);
    saving.symbols = symbols_new(SYMBOLS_ALL);
    saving.savers = g_thread_pool_new(save_ledger, &saving, 1, FALSE, NULL);
    saving.unseen = g_ptr_array_new_with_free_func(g_free);
    Collector *collector = collector_new(socket, error);
    if (collector != NULL) {
        collector_set_take(collector, take_ledger, &saving);
        status = run_command(argv, env, &pid, error);
        collector_finish(collector);
        note_unseen(&saving, collector_unseen(collector));
        if (collector_problem(collector) != NULL)
            g_printerr("heapgate: a ledger cannot be used: %s\n", collector_problem(collector));
        collector_free(collector);
    }
    owned_folder_remove(&place);
    if (status >= 0)
        print_summary(&saving, argv[0], pid);
    g_thread_pool_free(saving.savers, FALSE, TRUE); /* all that was pushed is saved */
    if (status >= 0) {
        print_details(&saving);
        print_place(&saving);
    }
    symbols_free(saving.symbols);
    ledger_free(saving.books);
    g_ptr_array_unref(saving.saved);
    g_ptr_array_unref(saving.unseen);
    g_free(saving.problem);
    return MAX(status, 0);
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
    gint64 sample_bytes = 0;
    gboolean helped = FALSE;
    const GOptionEntry entries[] = {
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &output,
         "Save ledgers in this folder (reports/ledgers in a project, else heapgate-ledgers)", "PATH"},
        {"sample", 0, 0, G_OPTION_ARG_STRING, &sample,
         "See one block in so many bytes, such as 512KiB, and estimate the rest: cheaper, for long runs",
         "SIZE"},
        {NULL},
    };
    if (!command_parse(&command_exec, entries, &argc, &argv, &helped, error) || helped)
        return 0;
    if (argc < 2) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE,
                    "exec: expected a command; see heapgate exec --help");
        return 0;
    }
    if (sample != NULL && (!units_parse_bytes(sample, &sample_bytes, NULL) ||
                           sample_bytes < HEAP_SMALLEST_SAMPLE || sample_bytes > HEAP_LARGEST_SAMPLE)) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE,
                    "exec: expected a mean distance of samples from 1 KiB to 1 GiB, such as --sample=512KiB, "
                    "found \"%s\"",
                    sample);
        return 0;
    }
    return watch(argv + 1, output != NULL ? output : default_folder(), sample_bytes, error);
}

const Command command_exec = {
    .name = "exec",
    .arguments = "CMD...",
    .summary = "Run a command under the tracer and show what it allocates; no scenario needed.",
    .wraps = TRUE,
    .run = command_exec_run,
};
