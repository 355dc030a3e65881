/* The memcheck instrument: what no pointer leads to any more, and memory errors, by call site. */
#include "formats/valgrind/memcheck.h"
#include "formats/valgrind/xtree_totals.h"

#include <string.h>

#include "error.h"
#include "mark.h"
#include "memcheck_mark.h"
#include "model/growth.h"
#include "valgrind.h"

static void memcheck_launch(const Scenario *scenario, const char *program, const char *output, Launch *launch)
{
    valgrind_launch("memcheck", output, launch);
    /* Names of what is unloaded before the end: a plug-in's leaks are told when it is gone. */
    launch_add(launch, "--keep-debuginfo=yes");
    launch_add(launch, "--leak-check=full");
    launch_add(launch, "--show-leak-kinds=all");
    launch_add(launch, "--errors-for-leak-kinds=none");
    launch_add(launch, "--error-limit=no");
    launch_add(launch, "--num-callers=" VALGRIND_DEPTH);
    /* What was allocated in all: a program that Valgrind cannot see into looks as clean as one without a
     * leak. */
    launch_add(launch, "--xtree-memory=full");
    launch_add(launch, "--xtree-memory-file=%s/memcheck.%%p.exit.ms", output);
    launch_add(launch, "--xml=yes");
    /* No --log-file beside it: with both, a forked child's document goes into its parent's file (3.19). */
    launch_add(launch, "--xml-file=%s/memcheck.%%p.xml", output);
    for (guint i = 0; i < scenario->suppressions->len; i++) {
        const ScenarioFile *file = g_ptr_array_index(scenario->suppressions, i);
        launch_add(launch, "--suppressions=%s", file->path);
    }
    valgrind_launch_program(scenario, program, launch);
}

/* What a record of memcheck counts towards. The first are metrics, reachable bytes are for information only;
 * the bytes of a definite loss hold those lost with it, so that these are repeated. */
typedef enum { KIND_LOST, KIND_POSSIBLY_LOST, KIND_ERROR, KIND_REACHABLE, KIND_COUNT, KIND_REPEATED } Kind;

static const struct {
    Kind kind;
    MetricId metric;
} metrics[] = {
    {KIND_LOST, METRIC_LOST}, {KIND_POSSIBLY_LOST, METRIC_POSSIBLY_LOST}, {KIND_ERROR, METRIC_ERRORS}};

static Kind kind_of(const MemcheckError *error)
{
    static const struct {
        const char *name;
        Kind kind;
    } leaks[] = {
        {"Leak_DefinitelyLost", KIND_LOST},
        {"Leak_IndirectlyLost", KIND_REPEATED},
        {"Leak_PossiblyLost", KIND_POSSIBLY_LOST},
        {"Leak_StillReachable", KIND_REACHABLE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(leaks); i++)
        if (strcmp(leaks[i].name, error->kind) == 0)
            return leaks[i].kind;
    return KIND_ERROR;
}

/* One process: what its last leak check and its errors say, by call site. */
typedef struct {
    gint64 pid, parent_pid;
    gboolean forked;  /* it never became another program: its leaks repeat those it inherited */
    guint leak_check; /* that the sites of leaks are of */
    CallSites *sites[KIND_COUNT];
} Process;

/* What is being read. */
typedef struct {
    Measurement *measurement;
    GPtrArray *processes;
    Process *process;
    GArray *lost_at_iterations; /* gint64: lost bytes at the end of each iteration, of this process */
} Reading;

/* The object of the frame that says what happened. */
#define MEMCHECK_OBJECT "memcheck"

static Process *process_new(void)
{
    Process *self = g_new0(Process, 1);
    for (int kind = 0; kind < KIND_COUNT; kind++)
        self->sites[kind] = call_sites_new();
    return self;
}

static void process_free(gpointer data)
{
    Process *self = data;
    for (int kind = 0; kind < KIND_COUNT; kind++)
        call_sites_free(self->sites[kind]);
    g_free(self);
}

static void renew(CallSites **sites)
{
    call_sites_free(*sites);
    *sites = call_sites_new();
}

/* Later leak checks repeat what earlier ones found, with cumulative figures. */
static void forget_leaks(Process *self)
{
    renew(&self->sites[KIND_LOST]);
    renew(&self->sites[KIND_POSSIBLY_LOST]);
    renew(&self->sites[KIND_REACHABLE]);
}

/* "invalid read of size 4 after free": without addresses, which differ in every run. (transfer full). */
static char *words_of(const MemcheckError *error)
{
    static const char *const relations[] = {
        [MEMCHECK_RELATION_NONE] = "",
        [MEMCHECK_AFTER_FREE] = " after free",
        [MEMCHECK_BEHIND] = " behind a block's end",
        [MEMCHECK_BEFORE] = " before a block's beginning",
    };
    GString *words = g_string_new(NULL);
    for (const char *at = error->what != NULL ? error->what : error->kind; *at != '\0';) {
        gsize digits = g_str_has_prefix(at, "0x") ? strspn(at + 2, "0123456789abcdefABCDEF") : 0;
        g_string_append_c(words, digits > 0 ? '*' : words->len == 0 ? g_ascii_tolower(*at) : *at);
        at += digits > 0 ? digits + 2 : 1;
    }
    g_string_append(words, relations[error->relation]);
    return g_string_free(words, FALSE);
}

/* A memory error is a stack that begins with what happened and ends with where its block was freed and
 * allocated: so errors of two kinds at one place are two, in reports and in baselines. */
static void add_error(const MemcheckError *error, CallSites *sites)
{
    g_autoptr(GArray) frames = g_array_new(FALSE, FALSE, sizeof(Frame));
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    char *words = words_of(error);
    Frame what = {.function = words, .object = MEMCHECK_OBJECT};
    g_ptr_array_add(texts, words);
    g_array_append_val(frames, what);
    g_array_append_vals(frames, error->frames, error->n_frames);
    for (guint i = 0; i < error->n_origins; i++) {
        Frame origin = error->origins[i].frame;
        char *text =
            g_strconcat(error->origins[i].what, " ", origin.function != NULL ? origin.function : "???", NULL);
        g_ptr_array_add(texts, text);
        origin.function = text;
        g_array_append_val(frames, origin);
    }
    call_sites_add(sites, (const Frame *)(gpointer)frames->data, frames->len, error->count, error->blocks);
}

static void keep_error(const MemcheckError *error, gpointer user_data)
{
    Process *process = ((Reading *)user_data)->process;
    Kind kind = kind_of(error);
    if (error->leak_check > process->leak_check) {
        forget_leaks(process);
        process->leak_check = error->leak_check;
    }
    if (kind == KIND_ERROR)
        add_error(error, process->sites[kind]);
    else if (kind != KIND_REPEATED)
        call_sites_add(process->sites[kind], error->frames, error->n_frames, error->bytes, error->blocks);
}

static void keep_mark(const char *text, gpointer user_data)
{
    Reading *reading = user_data;
    MarkLine line;
    if (!mark_line_parse(text, &line))
        return;
    measurement_add_mark(reading->measurement, line.name, line.lost + line.possibly_lost + line.reachable);
    if (strcmp(line.name, "iteration") == 0)
        g_array_append_val(reading->lost_at_iterations, line.lost);
}

/* The marks that `heapgate mark` left beside the file, for a shell cannot print into it. */
static void keep_mark_files(const char *output, gint64 pid, Reading *reading)
{
    g_autoptr(GPtrArray) paths = mark_files(output, pid);
    for (guint i = 0; i < paths->len; i++) {
        g_autofree char *text = NULL;
        if (g_file_get_contents(g_ptr_array_index(paths, i), &text, NULL, NULL))
            keep_mark(text, reading);
    }
}

static void add_growth(const Scenario *scenario, Reading *reading)
{
    Measurement *measurement = reading->measurement;
    guint marked = reading->lost_at_iterations->len;
    guint before = instrument_count_iterations(scenario, marked, measurement);
    if (before == 0)
        return;
    const gint64 *lost = (const gint64 *)(gpointer)reading->lost_at_iterations->data;
    guint points = marked - before + 1;
    const GrowthSeries series = {.bytes = lost + before - 1, .oldest_freed = GROWTH_AGE_UNKNOWN};
    GrowthFound found = growth_of_series(&series, points);
    Figure *growth = measurement_find(measurement, METRIC_GROWTH); /* of other processes, so far */
    if (growth == NULL)
        growth = measurement_set(measurement, METRIC_GROWTH, 0, NULL);
    if (found.evidence == GROWTH_SURE)
        growth->value += found.bytes_per_iteration;
    growth->bound = growth_bound_of_series(&series, points, growth->bound);
}

static void finish_process(const Scenario *scenario, const MemcheckSummary *summary, Reading *reading)
{
    Process *process = reading->process;
    if (summary->last_leak_check != process->leak_check)
        forget_leaks(process);
    process->pid = summary->pid;
    process->parent_pid = summary->parent_pid;
    process->forked = summary->forked;
    add_growth(scenario, reading);
    measurement_add_process(reading->measurement, summary->pid, summary->command, 0,
                            call_sites_total_bytes(process->sites[KIND_REACHABLE]));
}

static gboolean read_file(const Scenario *scenario, const char *path, const Outcome *outcome,
                          Reading *reading)
{
    static const MemcheckHandler handler = {.error = keep_error, .client_message = keep_mark};
    g_autoptr(GError) error = NULL;
    g_autofree char *name = g_path_get_basename(path);
    g_autoptr(GMappedFile) mapped = g_mapped_file_new(path, FALSE, &error);
    MemcheckSummary summary = {0};
    reading->process = process_new();
    g_ptr_array_add(reading->processes, reading->process);
    g_array_set_size(reading->lost_at_iterations, 0);
    if (mapped != NULL) {
        const char *bytes = g_mapped_file_get_contents(mapped);
        memcheck_read(bytes != NULL ? bytes : "", g_mapped_file_get_length(mapped), name, &handler, reading,
                      &summary, &error);
    }
    if (error == NULL) {
        keep_mark_files(outcome->output, instrument_file_pid(path, "memcheck."), reading);
        finish_process(scenario, &summary, reading);
    } else {
        measurement_set_problem(
            reading->measurement,
            "memcheck's output cannot be used: %s; was the run cut short, or is the disk full?",
            error->message);
    }
    memcheck_summary_clear(&summary);
    return error == NULL;
}

static gboolean read_files(const Scenario *scenario, const Outcome *outcome, Reading *reading)
{
    g_autoptr(GPtrArray) paths = instrument_files(outcome->output, "memcheck.", ".xml");
    gboolean has_main = FALSE;
    for (guint i = 0; i < paths->len; i++) {
        const char *path = g_ptr_array_index(paths, i);
        if (memcheck_is_marker(outcome->output, instrument_file_pid(path, "memcheck.")))
            continue;
        has_main = has_main || instrument_file_pid(path, "memcheck.") == outcome->pid;
        if (!read_file(scenario, path, outcome, reading))
            return FALSE;
    }
    if (!has_main)
        valgrind_missing(scenario, outcome, "memcheck", reading->measurement);
    return has_main;
}

static const Process *parent_of(const GPtrArray *processes, const Process *child)
{
    for (guint i = 0; child->forked && i < processes->len; i++) {
        const Process *process = g_ptr_array_index(processes, i);
        if (process->pid == child->parent_pid)
            return process;
    }
    return NULL;
}

/* Adds what is the process's own: of a forked one's sites, what its parent's file has not or has with less.
 */
static void add_own_sites(CallSites *sum, const CallSites *sites, const CallSites *parent)
{
    for (guint i = 0; i < call_sites_count(sites); i++) {
        const CallSite *site = call_sites_get(sites, i);
        const CallSite *inherited = parent != NULL ? call_sites_find(parent, site->key) : NULL;
        gint64 bytes = site->bytes - (inherited != NULL ? inherited->bytes : 0);
        gint64 blocks = site->blocks - (inherited != NULL ? inherited->blocks : 0);
        if (bytes > 0)
            call_sites_add(sum, site->frames, site->n_frames, bytes, MAX(blocks, 0));
    }
}

static void set_metric(Measurement *measurement, MetricId id, Kind kind, const GPtrArray *processes)
{
    CallSites *sum = call_sites_new();
    for (guint i = 0; i < processes->len; i++) {
        const Process *process = g_ptr_array_index(processes, i), *parent = parent_of(processes, process);
        add_own_sites(sum, process->sites[kind], parent != NULL ? parent->sites[kind] : NULL);
    }
    measurement_set(measurement, id, call_sites_total_bytes(sum), sum);
}

/* What one process allocated in all, in blocks; -1 where its exit tree does not say. */
static gint64 blocks_allocated(const char *path, GError **error)
{
    g_autoptr(GMappedFile) mapped = g_mapped_file_new(path, FALSE, error);
    XtreeTotals totals = {0};
    if (mapped == NULL)
        return -1;
    const char *bytes = g_mapped_file_get_contents(mapped);
    g_autofree char *name = g_path_get_basename(path);
    return xtree_totals_read(bytes != NULL ? bytes : "", g_mapped_file_get_length(mapped), name, &totals,
                             error)
               ? totals.total_blocks
               : -1;
}

/* Adds what one process allocated to *seen; a tree that is missing or damaged is a problem, never a 0. */
static gboolean add_allocated(const char *path, gint64 *seen, Measurement *measurement)
{
    g_autoptr(GError) error = NULL;
    gint64 blocks = blocks_allocated(path, &error);
    if (blocks < 0)
        measurement_set_problem(measurement, "memcheck's output cannot be used: %s; is the disk full?",
                                error->message);
    else
        *seen += blocks;
    return blocks >= 0;
}

/* Did memcheck see any process allocate at all? The scenario's own must have left its tree. */
static gboolean check_seen(const Outcome *outcome, Measurement *measurement)
{
    g_autoptr(GPtrArray) paths = instrument_files(outcome->output, "memcheck.", ".exit.ms");
    g_autofree char *name = g_strdup_printf("memcheck.%" G_GINT64_FORMAT ".exit.ms", outcome->pid);
    g_autofree char *own = g_build_filename(outcome->output, name, NULL);
    gint64 seen = 0;
    if (!add_allocated(own, &seen, measurement))
        return FALSE;
    for (guint i = 0; i < paths->len; i++)
        if (!add_allocated(g_ptr_array_index(paths, i), &seen, measurement))
            return FALSE;
    if (seen == 0)
        valgrind_blind("memcheck", measurement);
    return seen > 0;
}

static void memcheck_collect(const Scenario *scenario, const Outcome *outcome, Measurement *measurement)
{
    g_autoptr(GArray) lost_at_iterations = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_autoptr(GPtrArray) processes = g_ptr_array_new_with_free_func(process_free);
    Reading reading = {measurement, processes, NULL, lost_at_iterations};
    if (!read_files(scenario, outcome, &reading) || !check_seen(outcome, measurement))
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(metrics); i++)
        set_metric(measurement, metrics[i].metric, metrics[i].kind, processes);
    for (guint i = 0; i < processes->len; i++) {
        const Process *process = g_ptr_array_index(processes, i);
        if (!process->forked)
            measurement->reachable_bytes += call_sites_total_bytes(process->sites[KIND_REACHABLE]);
    }
}

const Instrument instrument_memcheck = {
    .name = "memcheck",
    .summary =
        "Valgrind's memory checker: lost blocks and memory errors by call site; 10 to 50 times slower.",
    .capture_runs = 2,
    .by_valgrind = TRUE,
    .settings = VALGRIND_DEPTH " frames",
    .probe = valgrind_probe,
    .launch = memcheck_launch,
    .mark = memcheck_mark,
    .collect = memcheck_collect,
};
