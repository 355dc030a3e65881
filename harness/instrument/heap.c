/* The heap instrument: the tracer's own books. Exact peak, what is retained and what grows, at nearly native
 * speed. */
#include "heap.h"

#include <string.h>

#include "formats/ledger/ledger_notes.h"
#include "formats/ledger/ledger_tally.h"
#include "heap_mark.h"
#include "heap_socket.h"
#include "instrument.h"
#include "formats/ledger/ledger_python.h"
#include "scenario/interpreter.h"
#include "mark.h"
#include "model/give_back.h"
#include "model/sampling.h"
#include "symbols/symbols.h"

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

/* The programs one process ran, one after the other: it held the memory of each in turn, and ends with the
 * last's. */
typedef struct {
    const Ledger *last, *highest; /* the one with the highest peak */
    const Ledger *most_mapped;
} Process;

static void add_to_process(GArray *processes, const Ledger *ledger)
{
    for (guint i = 0; i < processes->len; i++) {
        Process *process = &g_array_index(processes, Process, i);
        if (ledger->process == 0 || process->last->process != ledger->process)
            continue;
        process->last = ledger;
        if (ledger->header.peak_mapped_bytes > process->most_mapped->header.peak_mapped_bytes)
            process->most_mapped = ledger;
        if (ledger->header.peak_bytes > process->highest->header.peak_bytes)
            process->highest = ledger;
        return;
    }
    Process fresh = {ledger, ledger, ledger};
    g_array_append_val(processes, fresh);
}

/* Those of the scenario's own programs; (transfer container). */
static GPtrArray *programs_of(const GPtrArray *ledgers)
{
    GPtrArray *programs = g_ptr_array_new();
    for (guint i = 0; i < ledgers->len; i++)
        if (!heap_is_helper(g_ptr_array_index(ledgers, i)))
            g_ptr_array_add(programs, g_ptr_array_index(ledgers, i));
    return programs;
}

/* (transfer full), of Process. */
static GArray *processes_of(const GPtrArray *programs)
{
    GArray *processes = g_array_new(FALSE, FALSE, sizeof(Process));
    for (guint i = 0; i < programs->len; i++)
        add_to_process(processes, g_ptr_array_index(programs, i));
    return processes;
}

/* The last program of the scenario's process: a fork of another namespace may have its number. */
static const Ledger *find_main(const GArray *processes, gint64 pid)
{
    const Ledger *found = NULL;
    for (guint i = 0; i < processes->len; i++) {
        const Ledger *last = g_array_index(processes, Process, i).last;
        if (last->header.pid == pid && !last->header.forked)
            found = last;
    }
    return found;
}

/* The scenario says that this program need not be seen. */
static gboolean may_be_blind(const Scenario *scenario, const char *program)
{
    for (GStrv pattern = scenario->heap.blind; *pattern != NULL; pattern++)
        if (g_pattern_match_simple(*pattern, program))
            return TRUE;
    return FALSE;
}

static void set_main(const Scenario *scenario, const LedgerEvidence *evidence, const Ledger *ledger,
                     Measurement *measurement)
{
    g_autofree char *found = g_find_program_in_path(scenario->run[0]);
    const char *path = found != NULL ? found : scenario->run[0];
    g_autofree char *reason = ledger != NULL ? heap_ledger_reason(ledger) : heap_blind_reason(path);
    g_autofree char *program = g_path_get_basename(path);
    if (ledger == NULL && evidence->problem != NULL)
        measurement_set_problem(measurement, "the tracer's books cannot be used: %s", evidence->problem);
    else if (reason != NULL && may_be_blind(scenario, program))
        measurement_add_note(measurement, "%s: the tracer saw nothing, because %s", program, reason);
    else if (reason != NULL)
        measurement_set_problem(measurement, "the tracer saw nothing of %s, because %s", scenario->run[0],
                                reason);
}

/* "static_child" or "static_child (3 processes)"; (transfer full). */
static char *name_blind(const BlindProgram *blind)
{
    return blind->processes > 1 ? g_strdup_printf("%s (%u processes)", blind->program, blind->processes)
                                : g_strdup(blind->program);
}

/* What a scenario would have to name: each program once; (transfer full). */
static char *names_of_blind(const GPtrArray *blind)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; i < blind->len; i++) {
        char *name = ((BlindProgram *)g_ptr_array_index(blind, i))->program;
        if (!g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
            g_ptr_array_add(names, name);
    }
    g_ptr_array_add(names, NULL);
    return g_strjoinv(", ", (GStrv)names->pdata);
}

/* Programs that were not seen: the measurement is broken, never 0 bytes. */
static void set_blind_problem(const Scenario *scenario, const GPtrArray *blind, Measurement *measurement)
{
    if (blind->len == 0)
        return;
    const BlindProgram *first = g_ptr_array_index(blind, 0);
    g_autofree char *program = name_blind(first), *names = names_of_blind(blind);
    g_autofree char *others = g_strdup("");
    if (blind->len > 1) {
        g_free(others);
        others = g_strdup_printf(", and of %u more", blind->len - 1);
    }
    measurement_set_problem(measurement,
                            "the tracer saw nothing of %s, which %s started, because %s%s; if their memory "
                            "does not matter, name them in the scenario: heap: {blind: [%s]}",
                            program, scenario->run[0], first->reason, others, names);
}

/* Everything that ran and was not seen: what the scenario names is noted, the rest breaks the measurement. */
static void set_blind(const Scenario *scenario, const LedgerEvidence *evidence, const Ledger *main_ledger,
                      Measurement *measurement)
{
    set_main(scenario, evidence, main_ledger, measurement);
    g_autoptr(GPtrArray) blind = heap_blind_programs(evidence->ledgers, main_ledger, evidence->unseen);
    for (guint i = blind->len; i-- > 0;) {
        const BlindProgram *one = g_ptr_array_index(blind, i);
        if (!may_be_blind(scenario, one->program))
            continue;
        g_autofree char *program = name_blind(one);
        measurement_add_note(measurement, "%s: the tracer saw nothing, because %s", program, one->reason);
        g_ptr_array_remove_index(blind, i);
    }
    set_blind_problem(scenario, blind, measurement);
}

static void add_marks(const Ledger *ledger, Measurement *measurement)
{
    for (guint i = 0; i < ledger->marks->len; i++) {
        const LedgerMark *mark = &g_array_index(ledger->marks, LedgerMark, i);
        g_autofree char *name = g_strndup(mark->name, sizeof mark->name);
        measurement_add_mark(measurement, name, mark->live_bytes);
    }
}

/* What is broken is broken, unless the scenario says that the program need not be seen. */
static void add_note(const Scenario *scenario, const char *program, const LedgerNote *note,
                     Measurement *measurement)
{
    if (note->severity == LEDGER_NOTE_DETAIL)
        measurement_add_detail(measurement, "%s: %s", program, note->text);
    else if (note->severity == LEDGER_NOTE_PLAIN || may_be_blind(scenario, program))
        measurement_add_note(measurement, "%s: %s", program, note->text);
    else
        measurement_set_problem(measurement, "the tracer's books of %s are not whole: %s", program,
                                note->text);
}

/* Of every program, also of one that its process left for another. */
static void add_notes(const Scenario *scenario, const GPtrArray *programs, Measurement *measurement)
{
    for (guint i = 0; i < programs->len; i++) {
        const Ledger *ledger = g_ptr_array_index(programs, i);
        g_autoptr(GPtrArray) notes = ledger_notes(ledger);
        g_autofree char *program = ledger_program(ledger);
        for (guint n = 0; n < notes->len; n++)
            add_note(scenario, program, g_ptr_array_index(notes, n), measurement);
    }
}

static void add_process(const Ledger *ledger, Measurement *measurement)
{
    g_autofree char *command = ledger_command(ledger);
    measurement_add_process(measurement, ledger->header.pid, command, ledger->header.peak_bytes,
                            ledger->kept_bytes);
}

/* Of the programs that a process ran, the one that the number is of. */
static const Ledger *ledger_of(const Process *process, LedgerNumber number)
{
    switch (number) {
    case LEDGER_NUMBER_PEAK:
        return process->highest;
    case LEDGER_NUMBER_MAPPED_PEAK:
        return process->most_mapped;
    default:
        return process->last;
    }
}

/* A result has the call sites that hold the most, and all that hold more than one may add: no other can have
 * grown by too much. A large program has hundreds of thousands of small ones. (transfer full). */
static CallSites *held_sites(LedgerNumber number, const Allowance *allowance, const GArray *processes)
{
    enum { MOST = 4096 };
    g_autoptr(LedgerTally) tally = ledger_tally_new(number);
    for (guint i = 0; i < processes->len; i++)
        ledger_tally_add(tally, ledger_of(&g_array_index(processes, Process, i), number));
    CallSites *sites = call_sites_new();
    gint64 least = MIN(ledger_tally_rank(tally, MOST), allowance_of(allowance, 0));
    if (ledger_tally_name(tally, least, sites) > 0)
        call_sites_set_cutoff(sites, MAX(least, 0));
    return sites;
}

/* What is held, and when it was most. */
static void set_held(const Scenario *scenario, const GArray *processes, Measurement *measurement)
{
    gint64 peak_bytes = 0, retained_bytes = 0;
    for (guint i = 0; i < processes->len; i++) {
        const Process *process = &g_array_index(processes, Process, i);
        peak_bytes += process->highest->header.peak_bytes;
        retained_bytes += process->last->kept_bytes;
        add_marks(process->last, measurement);
        add_process(process->last, measurement);
    }
    const Allowance *allowance = &scenario->allow.call_site;
    measurement_set(measurement, METRIC_PEAK, peak_bytes,
                    held_sites(LEDGER_NUMBER_PEAK, allowance, processes));
    measurement_set(measurement, METRIC_RETAINED, retained_bytes,
                    held_sites(LEDGER_NUMBER_KEPT, allowance, processes));
}

/* What the programs map themselves. */
static void set_mapped(const Scenario *scenario, const GArray *processes, Measurement *measurement)
{
    gint64 peak_bytes = 0, mapped_bytes = 0;
    for (guint i = 0; i < processes->len; i++) {
        const Process *process = &g_array_index(processes, Process, i);
        peak_bytes += process->most_mapped->header.peak_mapped_bytes;
        mapped_bytes += process->last->kept_mapped_bytes;
    }
    const Allowance at_peak = allow_allowance(&scenario->allow, METRIC_MAPPED_PEAK);
    const Allowance at_end = allow_allowance(&scenario->allow, METRIC_MAPPED);
    measurement_set(measurement, METRIC_MAPPED_PEAK, peak_bytes,
                    held_sites(LEDGER_NUMBER_MAPPED_PEAK, &at_peak, processes));
    measurement_set(measurement, METRIC_MAPPED, mapped_bytes,
                    held_sites(LEDGER_NUMBER_MAPPED_KEPT, &at_end, processes));
}

/* What went through: of every program, also of one that its process left for another. Of its call sites a
 * result keeps those with a thousandth of the whole; a program has many that were passed once, and no
 * baseline lists them. */
static void set_passed(const GPtrArray *programs, Measurement *measurement)
{
    static const struct {
        MetricId metric;
        LedgerNumber number;
    } rows[] = {
        {METRIC_ALLOCATIONS, LEDGER_NUMBER_ALLOCATIONS},
        {METRIC_TEMPORARY, LEDGER_NUMBER_TEMPORARY},
        {METRIC_TOTAL_ALLOCATED, LEDGER_NUMBER_TOTAL},
    };
    enum { SHARE = 1000 };
    for (gsize row = 0; row < G_N_ELEMENTS(rows); row++) {
        /* How often something was sampled says nothing of how often it was done. */
        if (measurement->sample_bytes > 0 && metric_get(rows[row].metric)->unit == METRIC_UNIT_COUNT)
            continue;
        g_autoptr(LedgerTally) tally = ledger_tally_new(rows[row].number);
        g_autoptr(CallSites) sites = call_sites_new();
        for (guint i = 0; i < programs->len; i++)
            ledger_tally_add(tally, g_ptr_array_index(programs, i));
        gint64 whole = ledger_tally_whole(tally);
        ledger_tally_name(tally, whole / SHARE - 1, sites);
        measurement_set(measurement, rows[row].metric, whole, g_steal_pointer(&sites));
    }
}

/* Growth of every process that marked iterations; the counts are those of the one that marked most. */
static void set_growth(const Scenario *scenario, const GArray *processes, Measurement *measurement)
{
    Growth growth = {call_sites_new(), call_sites_new(), 0, 0},
           mapped = {call_sites_new(), call_sites_new(), 0, 0};
    guint before = MAX((guint)scenario->warmup, 1), marked = 0;
    for (guint i = 0; i < processes->len; i++) {
        const Ledger *ledger = g_array_index(processes, Process, i).last;
        guint iterations = ledger_iterations(ledger);
        marked = MAX(marked, iterations);
        if (iterations < before + SCENARIO_FEWEST_COUNTED)
            continue;
        ledger_growth(ledger, LEDGER_SITE_MAPPED, before, &mapped);
        ledger_growth(ledger, LEDGER_SITE_HEAP, before, &growth);
    }
    measurement->warmup = MIN(marked, before);
    measurement->iterations = marked - measurement->warmup;
    if (growth.smallest > 0 && measurement->sample_bytes > 0)
        growth.smallest += sampling_noise(measurement->sample_bytes / MAX(measurement->iterations, 1) + 1, 0);
    measurement_set_growth(measurement, &growth);
    if (measurement_find(measurement, METRIC_GROWTH) != NULL)
        measurement_set(measurement, METRIC_MAPPED_GROWTH, mapped.total, g_steal_pointer(&mapped.sites));
    call_sites_free(mapped.sites);
    call_sites_free(mapped.doubtful);
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
    g_autoptr(GPtrArray) programs = programs_of(evidence->ledgers);
    g_autoptr(GArray) processes = processes_of(programs);
    const Ledger *main_ledger = find_main(processes, outcome->pid);
    set_tool(main_ledger, measurement);
    set_python(scenario, main_ledger, programs, measurement);
    set_blind(scenario, evidence, main_ledger, measurement);
    if (evidence->problem != NULL)
        measurement_set_problem(measurement, "the tracer's books cannot be used: %s", evidence->problem);
    add_notes(scenario, programs, measurement);
    if (measurement->problem != NULL)
        return;
    name_programs(scenario, outcome, programs);
    set_growth(scenario, processes, measurement);
    set_held(scenario, processes, measurement);
    set_mapped(scenario, processes, measurement);
    set_passed(programs, measurement);
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
