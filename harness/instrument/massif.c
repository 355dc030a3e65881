/* The massif instrument: exact peak, what is retained and what grows, by call site. */
#include <string.h>

#include "error.h"
#include "mark.h"
#include "massif_file.h"
#include "model/growth.h"
#include "valgrind.h"
#include "valgrind_mark.h"

enum { MARKS_LIMIT = 100000, TIMELINE_POINTS = 100 };

/* The marks of pools, compiled as C and as C++, are not who asks for memory. */
static void add_pool_marks(Launch *launch)
{
    static const char *const marks[] = {
        "heapgate_request_",
        "heapgate_request_(unsigned long, unsigned long, unsigned long, unsigned long, unsigned long)",
        "heapgate_block_taken",
        "heapgate_block_taken(void const*, unsigned long)",
        "heapgate_block_resized",
        "heapgate_block_resized(void const*, unsigned long, unsigned long)",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(marks); i++)
        launch_add(launch, "--alloc-fn=%s", marks[i]);
}

static void massif_launch(const Scenario *scenario, const char *program, const char *output, Launch *launch)
{
    valgrind_launch("massif", output, launch);
    /* Exact peaks, whole trees; blocks are counted as asked for, without massif's guess at the allocator's
     * own. */
    launch_add(launch, "--peak-inaccuracy=0.0");
    launch_add(launch, "--threshold=0");
    launch_add(launch, "--depth=" VALGRIND_DEPTH);
    launch_add(launch, "--heap-admin=0");
    launch_add(launch, "--detailed-freq=1000000");
    launch_add(launch, "--max-snapshots=%d", TIMELINE_POINTS);
    launch_add(launch, "--log-file=%s/massif.%%p.log", output);
    launch_add(launch, "--massif-out-file=%s/massif.%%p.out", output);
    add_pool_marks(launch);
    /* The tree of what is there at exit, in massif's format: bytes, then blocks. */
    launch_add(launch, "--xtree-memory=allocs");
    launch_add(launch, "--xtree-memory-file=%s/massif.%%p.exit.ms", output);
    valgrind_launch_program(scenario, program, launch);
}

/* A snapshot of all that is allocated. */
static gboolean mark_process(const char *folder, gint64 pid, const char *name, GError **error)
{
    g_autofree char *path = mark_file_path(folder, pid, name), *text = NULL;
    const char *monitor[] = {"detailed_snapshot", path, NULL};
    if (!valgrind_monitor(folder, pid, monitor, &text, error))
        return FALSE;
    if (g_file_test(path, G_FILE_TEST_EXISTS))
        return TRUE;
    g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN, "mark: massif wrote no snapshot to %s", path);
    return FALSE;
}

static gboolean massif_mark(const char *folder, const char *name, GError **error)
{
    return valgrind_mark_processes(folder, name, mark_process, error);
}

static void keep_timeline(const MassifSnapshot *snapshot, gpointer user_data)
{
    Measurement *measurement = user_data;
    TimelinePoint point = {snapshot->time, snapshot->heap_bytes, 0};
    if (measurement->timeline->len < 10 * TIMELINE_POINTS)
        g_array_append_val(measurement->timeline, point);
}

/* One process: its peak so far and what it retains, and the tables that say where. */
typedef struct {
    gint64 pid;
    gint64 peak_bytes, retained_bytes;
    CallSites *peak, *retained;
    gboolean has_end;
    GPtrArray *iterations; /* CallSites at the end of each */
    char *command;
} Process;

static Process *process_new(gint64 pid)
{
    Process *self = g_new0(Process, 1);
    self->pid = pid;
    self->peak = call_sites_new();
    self->retained = call_sites_new();
    self->iterations = g_ptr_array_new_with_free_func((GDestroyNotify)call_sites_free);
    return self;
}

static void process_free(gpointer data)
{
    Process *self = data;
    call_sites_free(self->peak);
    call_sites_free(self->retained);
    g_ptr_array_unref(self->iterations);
    g_free(self->command);
    g_free(self);
}

static gboolean replace_sites(const MassifFile *file, const MassifSnapshot *snapshot, CallSites **sites,
                              Measurement *measurement)
{
    call_sites_free(*sites);
    *sites = call_sites_new();
    return massif_file_add_tree(file, snapshot, MASSIF_ADD_BYTES, *sites, measurement);
}

/* The snapshot massif marked is exact; a later one counts only where it is higher (nothing was freed after
 * it). */
static gboolean raise_peak(Process *self, const MassifFile *file, const MassifSnapshot *snapshot,
                           Measurement *measurement)
{
    if (snapshot->heap_bytes <= self->peak_bytes)
        return TRUE;
    self->peak_bytes = snapshot->heap_bytes;
    return snapshot->tree == MASSIF_TREE_EMPTY || replace_sites(file, snapshot, &self->peak, measurement);
}

static gboolean read_snapshots(Process *self, const char *path, gboolean is_main, Measurement *measurement)
{
    g_autoptr(MassifFile) file =
        massif_file_open(path, is_main ? keep_timeline : NULL, measurement, measurement);
    if (file == NULL)
        return FALSE;
    const MassifSummary *summary = &file->summary;
    self->command = g_strdup(summary->command);
    self->retained_bytes = summary->last.heap_bytes;
    if (is_main)
        measurement->time_unit =
            g_strdup(strcmp(summary->time_unit, "i") == 0 ? "instructions" : summary->time_unit);
    if (summary->has_peak_marker && !raise_peak(self, file, &summary->peak_marker, measurement))
        return FALSE;
    return raise_peak(self, file, summary->has_peak_marker ? &summary->last : &summary->max_heap,
                      measurement);
}

static gboolean read_exit(Process *self, const char *output, Measurement *measurement)
{
    g_autofree char *name = g_strdup_printf("massif.%" G_GINT64_FORMAT ".exit.ms", self->pid);
    g_autofree char *path = g_build_filename(output, name, NULL);
    MassifSnapshot rows[XTREE_ROWS] = {0};
    g_autoptr(MassifFile) file = massif_file_open(path, massif_file_keep_rows, rows, measurement);
    if (file == NULL)
        return FALSE;
    if (rows[XTREE_LIVE_BLOCKS].index != XTREE_LIVE_BLOCKS) {
        measurement_set_problem(
            measurement,
            "what Valgrind wrote cannot be used: %s: expected bytes and blocks, found one of them; "
            "was the run cut short, or is the disk full?",
            name);
        return FALSE;
    }
    self->retained_bytes = rows[XTREE_LIVE_BYTES].heap_bytes;
    return raise_peak(self, file, &rows[XTREE_LIVE_BYTES], measurement) &&
           massif_file_add_tree(file, &rows[XTREE_LIVE_BYTES], MASSIF_ADD_BYTES, self->retained,
                                measurement) &&
           massif_file_add_tree(file, &rows[XTREE_LIVE_BLOCKS], MASSIF_ADD_BLOCKS, self->retained,
                                measurement);
}

static gboolean read_mark(Process *self, const char *path, const char *name, Measurement *measurement)
{
    g_autoptr(MassifFile) file = massif_file_open(path, NULL, NULL, measurement);
    if (file == NULL)
        return FALSE;
    const MassifSnapshot *snapshot = &file->summary.last;
    measurement_add_mark(measurement, name, snapshot->heap_bytes);
    if (!raise_peak(self, file, snapshot, measurement))
        return FALSE;
    if (strcmp(name, "end") == 0) {
        self->has_end = TRUE;
        self->retained_bytes = snapshot->heap_bytes;
        return replace_sites(file, snapshot, &self->retained, measurement);
    }
    if (strcmp(name, "iteration") != 0)
        return TRUE;
    CallSites *sites = call_sites_new();
    g_ptr_array_add(self->iterations, sites);
    return massif_file_add_tree(file, snapshot, MASSIF_ADD_BYTES, sites, measurement);
}

static gboolean read_marks(GPtrArray *processes, const char *output, Measurement *measurement)
{
    g_autoptr(GPtrArray) paths = mark_files(output, 0);
    for (guint i = 0; i < paths->len && i < MARKS_LIMIT; i++) {
        const char *path = g_ptr_array_index(paths, i);
        gint64 pid = 0;
        const char *name = mark_file_name(path, &pid);
        for (guint p = 0; name != NULL && p < processes->len; p++) {
            Process *process = g_ptr_array_index(processes, p);
            if (process->pid == pid && !read_mark(process, path, name, measurement))
                return FALSE;
        }
    }
    return TRUE;
}

static gboolean read_process(GPtrArray *processes, const char *path, const Outcome *outcome,
                             Measurement *measurement)
{
    Process *process = process_new(instrument_file_pid(path, "massif."));
    g_ptr_array_add(processes, process);
    return read_snapshots(process, path, process->pid == outcome->pid, measurement) &&
           read_exit(process, outcome->output, measurement);
}

/* Growth of every process that marked iterations. */
static void set_growth(const Scenario *scenario, const GPtrArray *processes, Measurement *measurement)
{
    Growth growth = {call_sites_new(), call_sites_new(), 0, 0, call_sites_new()};
    for (guint i = 0; i < processes->len; i++) {
        const Process *process = g_ptr_array_index(processes, i);
        guint before = instrument_count_iterations(scenario, process->iterations->len, measurement);
        if (before == 0)
            continue;
        g_autoptr(GPtrArray) counted = g_ptr_array_new();
        for (guint t = before - 1; t < process->iterations->len; t++)
            g_ptr_array_add(counted, g_ptr_array_index(process->iterations, t));
        growth_of_call_sites(counted, &growth);
    }
    measurement_set_growth(measurement, &growth);
}

static void set_totals(const GPtrArray *processes, Measurement *measurement)
{
    g_autoptr(CallSites) peak = call_sites_new(), retained = call_sites_new();
    gint64 peak_bytes = 0, retained_bytes = 0;
    for (guint i = 0; i < processes->len; i++) {
        const Process *process = g_ptr_array_index(processes, i);
        peak_bytes += process->peak_bytes;
        retained_bytes += process->retained_bytes;
        call_sites_add_all(peak, process->peak);
        call_sites_add_all(retained, process->retained);
        measurement_add_process(measurement, process->pid, process->command, process->peak_bytes,
                                process->retained_bytes);
    }
    measurement_set(measurement, METRIC_PEAK, peak_bytes, g_steal_pointer(&peak));
    measurement_set(measurement, METRIC_RETAINED, retained_bytes, g_steal_pointer(&retained));
}

static void massif_collect(const Scenario *scenario, const Outcome *outcome, Measurement *measurement)
{
    g_autoptr(GPtrArray) processes = g_ptr_array_new_with_free_func(process_free);
    g_autoptr(GPtrArray) paths = instrument_files(outcome->output, "massif.", ".out");
    gboolean has_main = FALSE;
    for (guint i = 0; i < paths->len; i++) {
        const char *path = g_ptr_array_index(paths, i);
        has_main = has_main || instrument_file_pid(path, "massif.") == outcome->pid;
        if (!read_process(processes, path, outcome, measurement))
            return;
    }
    if (!has_main) {
        valgrind_missing(scenario, outcome, "massif", measurement);
        return;
    }
    if (!read_marks(processes, outcome->output, measurement))
        return;
    set_growth(scenario, processes, measurement);
    set_totals(processes, measurement);
    if (measurement_value(measurement, METRIC_PEAK) == 0)
        valgrind_blind("massif", measurement);
}

const Instrument instrument_massif = {
    .name = "massif",
    .summary =
        "Valgrind's heap profiler: exact peak, retained and growth by call site; 10 to 50 times slower.",
    .capture_runs = 3,
    .by_valgrind = TRUE,
    .settings = VALGRIND_DEPTH " frames",
    .probe = valgrind_probe,
    .launch = massif_launch,
    .mark = massif_mark,
    .collect = massif_collect,
};
