/* The memcheck instrument: what no pointer leads to any more, and memory errors, by call site. */
#include "formats/memcheck.h"

#include <string.h>

#include "error.h"
#include "measure/growth.h"
#include "valgrind.h"

static void memcheck_launch(const Scenario *scenario, const char *program, const char *output, Launch *launch)
{
    valgrind_launch("memcheck", output, launch);
    launch_add(launch, "--leak-check=full");
    launch_add(launch, "--show-leak-kinds=all");
    launch_add(launch, "--errors-for-leak-kinds=none");
    launch_add(launch, "--error-limit=no");
    launch_add(launch, "--num-callers=" VALGRIND_DEPTH);
    launch_add(launch, "--xml=yes");
    launch_add(launch, "--xml-file=%s/memcheck.%%p.xml", output);
    for (guint i = 0; i < scenario->suppressions->len; i++) {
        const ScenarioFile *file = g_ptr_array_index(scenario->suppressions, i);
        launch_add(launch, "--suppressions=%s", file->path);
    }
    valgrind_launch_program(scenario, program, launch);
}

/* Which metric a kind of error counts towards; METRIC_COUNT: for information only. */
static MetricId metric_of_kind(const char *kind)
{
    static const struct {
        const char *kind;
        MetricId metric;
    } leaks[] = {
        {"Leak_DefinitelyLost", METRIC_LOST},
        {"Leak_IndirectlyLost", METRIC_LOST},
        {"Leak_PossiblyLost", METRIC_POSSIBLY_LOST},
        {"Leak_StillReachable", METRIC_COUNT},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(leaks); i++)
        if (strcmp(leaks[i].kind, kind) == 0)
            return leaks[i].metric;
    return METRIC_ERRORS;
}

/* What the files add up to; the tables of one file are kept apart until its last leak check is known. */
typedef struct {
    Measurement *measurement;
    CallSites *sites[METRIC_COUNT]; /* of all processes */
    CallSites *file_sites[METRIC_COUNT];
    guint file_check; /* the leak check that file_sites are of */
    gint64 file_reachable;
    GArray *lost_at_iterations; /* gint64: lost bytes at the end of each iteration */
} Reading;

static const MetricId metrics[] = {METRIC_LOST, METRIC_POSSIBLY_LOST, METRIC_ERRORS};

/* Later leak checks repeat what earlier ones found, with cumulative figures. */
static void forget_leaks(Reading *reading)
{
    reading->file_reachable = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(metrics); i++) {
        if (metrics[i] == METRIC_ERRORS)
            continue;
        call_sites_free(reading->file_sites[metrics[i]]);
        reading->file_sites[metrics[i]] = call_sites_new();
    }
}

static void keep_error(const MemcheckError *error, gpointer user_data)
{
    Reading *reading = user_data;
    MetricId metric = metric_of_kind(error->kind);
    if (error->leak_check > reading->file_check) {
        forget_leaks(reading);
        reading->file_check = error->leak_check;
    }
    if (metric == METRIC_COUNT)
        reading->file_reachable += error->bytes;
    else
        call_sites_add(reading->file_sites[metric], error->frames, error->n_frames,
                       metric == METRIC_ERRORS ? error->count : error->bytes, error->blocks);
}

/* A mark prints "heapgate-mark NAME LEAKED DUBIOUS REACHABLE SUPPRESSED". */
static void keep_mark(const char *text, gpointer user_data)
{
    Reading *reading = user_data;
    char name[65];
    gint64 leaked = 0, dubious = 0, reachable = 0;
    if (sscanf(text, "heapgate-mark %64s %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT, name, &leaked,
               &dubious, &reachable) != 4)
        return;
    measurement_add_mark(reading->measurement, name, leaked + dubious + reachable);
    if (strcmp(name, "iteration") == 0)
        g_array_append_val(reading->lost_at_iterations, leaked);
}

/* The marks that `heapgate mark` left beside the file, for a shell cannot print into it. */
static void keep_mark_files(const char *output, gint64 pid, Reading *reading)
{
    g_autofree char *prefix = g_strdup_printf("mark.%" G_GINT64_FORMAT ".", pid);
    g_autoptr(GPtrArray) paths = instrument_files(output, prefix, "");
    for (guint i = 0; i < paths->len; i++) {
        g_autofree char *text = NULL;
        if (g_file_get_contents(g_ptr_array_index(paths, i), &text, NULL, NULL))
            keep_mark(text, reading);
    }
}

static void add_growth(const Scenario *scenario, Reading *reading)
{
    Measurement *measurement = reading->measurement;
    guint marked = reading->lost_at_iterations->len, before = MAX((guint)scenario->warmup, 1);
    if (marked > measurement->iterations + measurement->warmup) {
        measurement->warmup = MIN(marked, before);
        measurement->iterations = marked - measurement->warmup;
    }
    if (marked < before + SCENARIO_FEWEST_COUNTED)
        return;
    const gint64 *lost = (const gint64 *)(gpointer)reading->lost_at_iterations->data;
    Growth growth = growth_of_series(lost + before - 1, marked - before + 1);
    measurement->has[METRIC_GROWTH] = TRUE;
    measurement->values[METRIC_GROWTH] += growth.bytes_per_iteration;
    measurement->smallest_growth = MAX(measurement->smallest_growth, growth.hidden_per_iteration + 1);
}

static void add_file(const Scenario *scenario, const MemcheckSummary *summary, Reading *reading)
{
    if (summary->last_leak_check != reading->file_check)
        forget_leaks(reading);
    for (gsize i = 0; i < G_N_ELEMENTS(metrics); i++)
        call_sites_add_all(reading->sites[metrics[i]], reading->file_sites[metrics[i]]);
    add_growth(scenario, reading);
    reading->measurement->reachable_bytes += reading->file_reachable;
    measurement_add_process(reading->measurement, summary->pid, summary->command, 0, reading->file_reachable);
}

static void begin_file(Reading *reading)
{
    forget_leaks(reading);
    reading->file_check = 0;
    call_sites_free(reading->file_sites[METRIC_ERRORS]);
    reading->file_sites[METRIC_ERRORS] = call_sites_new();
    g_array_set_size(reading->lost_at_iterations, 0);
}

static gboolean read_file(const Scenario *scenario, const char *path, const Outcome *outcome, Reading *reading)
{
    static const MemcheckHandler handler = {.error = keep_error, .client_message = keep_mark};
    g_autoptr(GError) error = NULL;
    g_autofree char *name = g_path_get_basename(path);
    g_autoptr(GMappedFile) mapped = g_mapped_file_new(path, FALSE, &error);
    MemcheckSummary summary = {0};
    begin_file(reading);
    if (mapped != NULL) {
        const char *bytes = g_mapped_file_get_contents(mapped);
        memcheck_read(bytes != NULL ? bytes : "", g_mapped_file_get_length(mapped), name, &handler, reading, &summary,
                      &error);
    }
    if (error == NULL) {
        keep_mark_files(outcome->output, instrument_file_pid(path, "memcheck."), reading);
        add_file(scenario, &summary, reading);
    } else {
        measurement_set_problem(reading->measurement,
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
        has_main = has_main || instrument_file_pid(path, "memcheck.") == outcome->pid;
        if (!read_file(scenario, path, outcome, reading))
            return FALSE;
    }
    if (!has_main)
        valgrind_missing(scenario, outcome, "memcheck", reading->measurement);
    return has_main;
}

static void memcheck_collect(const Scenario *scenario, const Outcome *outcome, Measurement *measurement)
{
    g_autoptr(GArray) lost_at_iterations = g_array_new(FALSE, FALSE, sizeof(gint64));
    Reading reading = {.measurement = measurement, .lost_at_iterations = lost_at_iterations};
    for (gsize i = 0; i < G_N_ELEMENTS(metrics); i++)
        reading.sites[metrics[i]] = call_sites_new();
    gboolean read = read_files(scenario, outcome, &reading);
    for (gsize i = 0; i < G_N_ELEMENTS(metrics); i++) {
        CallSites *sites = reading.sites[metrics[i]];
        call_sites_free(reading.file_sites[metrics[i]]);
        if (read)
            measurement_set(measurement, metrics[i], call_sites_total_bytes(sites), sites);
        else
            call_sites_free(sites);
    }
}

const Instrument instrument_memcheck = {
    .name = "memcheck",
    .summary = "Valgrind's memory checker: lost blocks and memory errors by call site; 10 to 50 times slower.",
    .capture_runs = 2,
    .probe = valgrind_probe,
    .launch = memcheck_launch,
    .collect = memcheck_collect,
};
