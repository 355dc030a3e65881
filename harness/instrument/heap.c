/* The heap instrument: the tracer's own books. Exact peak, what is retained and what grows, at nearly native
 * speed. */
#include "heap.h"

#include "formats/ledger/ledger_python.h"
#include "heap_coverage.h"
#include "heap_figures.h"
#include "heap_keep.h"
#include "heap_mark.h"
#include "heap_process.h"
#include "heap_socket.h"
#include "installed.h"
#include "instrument.h"
#include "mark.h"
#include "model/give_back.h"
#include "scenario/interpreter.h"
#include "symbols/symbols.h"

char *heap_library(GError **error)
{
    return installed_find("the tracer's library", "libheapgate.so", "../lib/heapgate/libheapgate.so", error);
}

static gboolean heap_probe(GError **error)
{
    g_autofree char *library = heap_library(error);
    return library != NULL;
}

static void heap_launch(const Scenario *scenario, const char *program, const char *output, Launch *launch)
{
    g_autofree char *library = heap_library(NULL);
    g_ptr_array_add(launch->argv, g_strdup(program));
    for (GStrv argument = scenario->run + 1; *argument != NULL; argument++)
        g_ptr_array_add(launch->argv, g_strdup(*argument));
    launch->ledger_socket = heap_socket_address(output);
    char *env[] = {
        g_strdup_printf("LD_PRELOAD=%s", library != NULL ? library : ""),
        g_strdup_printf(LEDGER_SOCKET_VARIABLE "=%s", launch->ledger_socket),
        g_strdup(MARK_INSTRUMENT_VARIABLE "=heap"),
        g_strdup_printf(MARK_FOLDER_VARIABLE "=%s", output),
        scenario->heap.sample_bytes > 0
            ? g_strdup_printf(LEDGER_SAMPLE_VARIABLE "=%" G_GINT64_FORMAT, scenario->heap.sample_bytes)
            : NULL,
        NULL,
    };
    launch->env = g_memdup2(env, sizeof env);
}

static void set_timeline(const GArray *samples, Measurement *measurement)
{
    if (samples == NULL || samples->len == 0)
        return;
    measurement->time_unit = g_strdup("ms");
    for (guint i = 0; i < samples->len; i++) {
        const LedgerSample *sample = &g_array_index(samples, LedgerSample, i);
        TimelinePoint point = {(double)sample->time_ms, sample->heap_bytes, sample->rss_bytes};
        g_array_append_val(measurement->timeline, point);
    }
}

/* Sampled figures are of another kind than exact ones. */
static void set_tool(const Ledger *ledger, Measurement *measurement)
{
    if (ledger == NULL || ledger->header.sample_bytes == 0)
        return;
    g_free(measurement->tool);
    measurement->sample_bytes = (gint64)MIN(ledger->header.sample_bytes, (guint64)HEAP_LARGEST_SAMPLE);
    measurement->tool = g_strdup_printf("%s, sampled every %" G_GUINT64_FORMAT " bytes",
                                        instrument_heap.settings, ledger->header.sample_bytes);
}

/* The program's own interpreter, or that of a process which a shell started for it. */
static void set_python(const Scenario *scenario, const Ledger *main_ledger, const GPtrArray *programs,
                       Measurement *measurement)
{
    g_autofree char *program = main_ledger != NULL ? ledger_program(main_ledger) : NULL;
    if (program != NULL && interpreter_is_python(program))
        measurement->python = ledger_python_name(&main_ledger->header);
    if (!scenario_runs_python(scenario))
        return;
    for (guint i = 0; measurement->python == NULL && i < programs->len; i++)
        measurement->python = ledger_python_name(&((const Ledger *)g_ptr_array_index(programs, i))->header);
}

/* Names, and files by where they lie in the project, not by where they were linked for this run. */
static void name_program(Symbols *symbols, const Scenario *scenario, const Outcome *outcome, Ledger *ledger)
{
    symbols_name_ledger(symbols, ledger);
    for (guint i = 0; i < scenario->files->len && outcome->work != NULL; i++) {
        const ScenarioFile *file = g_ptr_array_index(scenario->files, i);
        g_autofree char *base = g_path_get_basename(file->path);
        g_autofree char *linked = g_build_filename(outcome->work, base, NULL);
        ledger_move_files(ledger, linked, file->path);
    }
}

/* Debug information of a large program is a hundred megabytes: one run at a time, and it is given back before
 * anything is added up. */
static void name_programs(const Scenario *scenario, const Outcome *outcome, const GPtrArray *programs)
{
    static GMutex one_at_a_time;
    g_mutex_lock(&one_at_a_time);
    Symbols *symbols = symbols_new(SYMBOLS_ALL);
    for (guint i = 0; i < programs->len; i++)
        name_program(symbols, scenario, outcome, g_ptr_array_index(programs, i));
    symbols_free(symbols);
    give_back_memory();
    g_mutex_unlock(&one_at_a_time);
}

static void heap_collect(const Scenario *scenario, const Outcome *outcome, Measurement *measurement)
{
    const LedgerEvidence *evidence = outcome->evidence;
    g_autoptr(GPtrArray) programs = heap_programs(evidence->ledgers);
    g_autoptr(GArray) processes = heap_processes(programs);
    const Ledger *main_ledger = heap_main_ledger(processes, outcome->pid);
    set_tool(main_ledger, measurement);
    set_python(scenario, main_ledger, programs, measurement);
    heap_cover(scenario, evidence, programs, main_ledger, measurement);
    if (measurement->problem != NULL)
        return;
    name_programs(scenario, outcome, programs);
    heap_keep_ledgers(programs, outcome->output, measurement);
    heap_measure(scenario, programs, processes, measurement);
    set_timeline(evidence->samples, measurement);
    if (measurement_value(measurement, METRIC_PEAK) == 0 &&
        measurement_value(measurement, METRIC_MAPPED_PEAK) == 0)
        measurement_set_problem(
            measurement,
            "the tracer saw nothing of %s, because it allocated nothing by malloc and its "
            "like and mapped nothing by mmap",
            scenario->run[0]);
}

const Instrument instrument_heap = {
    .name = "heap",
    .summary = "heapgate's own tracer: exact peak, retained and growth by call site, at nearly native speed.",
    .capture_runs = 3,
    .settings = G_STRINGIFY(LEDGER_KEY_FRAMES) " frames",
    .probe = heap_probe,
    .launch = heap_launch,
    .mark = heap_mark,
    .collect = heap_collect,
};
