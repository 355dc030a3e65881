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

/* What one process's file adds up to. */
typedef struct {
    Measurement *measurement;
    gboolean is_main;
    CallSites *sites[METRIC_COUNT]; /* of all processes; owned by collect */
    gint64 totals[METRIC_COUNT];
    GArray *lost_at_iterations; /* gint64: lost bytes at the end of each iteration */
    gint64 reachable_bytes;
    gint64 blocks;
} Reading;

static void keep_error(const MemcheckError *error, gpointer user_data)
{
    Reading *reading = user_data;
    if (error->superseded)
        return;
    MetricId metric = metric_of_kind(error->kind);
    reading->blocks += error->blocks;
    if (metric == METRIC_COUNT) {
        reading->reachable_bytes += error->bytes;
        return;
    }
    gint64 amount = metric == METRIC_ERRORS ? error->count : error->bytes;
    reading->totals[metric] += amount;
    call_sites_add(reading->sites[metric], error->frames, error->n_frames, amount, error->blocks);
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

static gboolean read_file(const Scenario *scenario, const char *path, Reading *reading)
{
    static const MemcheckHandler handler = {.error = keep_error, .client_message = keep_mark};
    g_autoptr(GError) error = NULL;
    g_autofree char *name = g_path_get_basename(path);
    g_autoptr(GMappedFile) mapped = g_mapped_file_new(path, FALSE, &error);
    MemcheckSummary summary = {0};
    gboolean read = mapped != NULL;
    gint64 reachable_before = reading->reachable_bytes;
    g_array_set_size(reading->lost_at_iterations, 0);
    if (read) {
        const char *bytes = g_mapped_file_get_contents(mapped);
        read = memcheck_read(bytes != NULL ? bytes : "", g_mapped_file_get_length(mapped), name, &handler, reading,
                             &summary, &error);
    }
    if (!read)
        measurement_set_problem(reading->measurement,
                                "memcheck's output cannot be used: %s; was the run cut short, or is the disk full?",
                                error->message);
    if (read) {
        add_growth(scenario, reading);
        measurement_add_process(reading->measurement, summary.pid, summary.command, 0,
                                reading->reachable_bytes - reachable_before);
    }
    memcheck_summary_clear(&summary);
    return read;
}

static gboolean read_files(const Scenario *scenario, const Outcome *outcome, Reading *reading)
{
    g_autoptr(GPtrArray) paths = instrument_files(outcome->output, "memcheck.", ".xml");
    gboolean has_main = FALSE;
    for (guint i = 0; i < paths->len; i++) {
        const char *path = g_ptr_array_index(paths, i);
        has_main = has_main || instrument_file_pid(path, "memcheck.") == outcome->pid;
        if (!read_file(scenario, path, reading))
            return FALSE;
    }
    if (!has_main)
        valgrind_missing(scenario, outcome, "memcheck", reading->measurement);
    return has_main;
}

static void memcheck_collect(const Scenario *scenario, const Outcome *outcome, Measurement *measurement)
{
    static const MetricId metrics[] = {METRIC_LOST, METRIC_POSSIBLY_LOST, METRIC_ERRORS};
    g_autoptr(GArray) lost_at_iterations = g_array_new(FALSE, FALSE, sizeof(gint64));
    Reading reading = {.measurement = measurement, .lost_at_iterations = lost_at_iterations};
    for (gsize i = 0; i < G_N_ELEMENTS(metrics); i++)
        reading.sites[metrics[i]] = call_sites_new();
    if (read_files(scenario, outcome, &reading)) {
        for (gsize i = 0; i < G_N_ELEMENTS(metrics); i++)
            measurement_set(measurement, metrics[i], reading.totals[metrics[i]],
                            g_steal_pointer(&reading.sites[metrics[i]]));
        measurement->reachable_bytes = reading.reachable_bytes;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(metrics); i++)
        call_sites_free(reading.sites[metrics[i]]);
}

const Instrument instrument_memcheck = {
    .name = "memcheck",
    .summary = "Valgrind's memory checker: lost blocks and memory errors by call site; 10 to 50 times slower.",
    .capture_runs = 2,
    .probe = valgrind_probe,
    .launch = memcheck_launch,
    .collect = memcheck_collect,
};
