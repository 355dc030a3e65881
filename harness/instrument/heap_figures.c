#include "heap_figures.h"

#include "formats/ledger/ledger_tally.h"
#include "heap_process.h"
#include "instrument.h"
#include "model/sampling.h"

static void add_marks(const Ledger *ledger, Measurement *measurement)
{
    for (guint i = 0; i < ledger->marks->len; i++) {
        const LedgerMark *mark = &g_array_index(ledger->marks, LedgerMark, i);
        g_autofree char *name = g_strndup(mark->name, sizeof mark->name);
        measurement_add_mark(measurement, name, mark->live_bytes);
    }
}

static void add_process(const Ledger *ledger, Measurement *measurement)
{
    g_autofree char *command = ledger_command(ledger);
    measurement_add_process(measurement, ledger->header.pid, command, ledger->header.peak_bytes,
                            ledger->kept_bytes);
}

/* A result has the call sites that hold the most, and all that hold more than one may add: no other can have
 * grown by too much. A large program has hundreds of thousands of small ones. (transfer full). */
static CallSites *held_sites(LedgerNumber number, const Allowance *allowance, const GArray *processes)
{
    enum { MOST = 4096 };
    g_autoptr(LedgerTally) tally = ledger_tally_new(number);
    for (guint i = 0; i < processes->len; i++)
        ledger_tally_add(tally, heap_process_ledger(&g_array_index(processes, HeapProcess, i), number));
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
        const HeapProcess *process = &g_array_index(processes, HeapProcess, i);
        peak_bytes += process->highest->header.peak_bytes;
        retained_bytes += process->last->kept_bytes;
        add_marks(process->marked, measurement);
        if (process->last != process->marked)
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
        const HeapProcess *process = &g_array_index(processes, HeapProcess, i);
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

/* Growth of every process that marked iterations, though it has become another program since. */
static void set_growth(const Scenario *scenario, const GArray *processes, Measurement *measurement)
{
    Growth growth = {call_sites_new(), call_sites_new(), 0, 0, call_sites_new()},
           mapped = {call_sites_new(), call_sites_new(), 0, 0};
    for (guint i = 0; i < processes->len; i++) {
        const Ledger *ledger = g_array_index(processes, HeapProcess, i).marked;
        guint before = instrument_count_iterations(scenario, ledger_iterations(ledger), measurement);
        if (before == 0)
            continue;
        ledger_growth(ledger, LEDGER_SITE_MAPPED, before, &mapped);
        ledger_growth(ledger, LEDGER_SITE_HEAP, before, &growth);
    }
    if (growth.smallest > 0 && measurement->sample_bytes > 0)
        growth.smallest += sampling_noise(measurement->sample_bytes / MAX(measurement->iterations, 1) + 1, 0);
    measurement_set_growth(measurement, &growth);
    if (measurement_find(measurement, METRIC_GROWTH) != NULL)
        measurement_set(measurement, METRIC_MAPPED_GROWTH, mapped.total, g_steal_pointer(&mapped.sites));
    call_sites_free(mapped.sites);
    call_sites_free(mapped.doubtful);
}

void heap_measure(const Scenario *scenario, const GPtrArray *programs, const GArray *processes,
                  Measurement *measurement)
{
    set_growth(scenario, processes, measurement);
    set_held(scenario, processes, measurement);
    set_mapped(scenario, processes, measurement);
    set_passed(programs, measurement);
}
