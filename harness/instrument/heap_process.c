#include "heap_process.h"

#include "heap.h"

static void add_to_process(GArray *processes, const Ledger *ledger)
{
    for (guint i = 0; i < processes->len; i++) {
        HeapProcess *process = &g_array_index(processes, HeapProcess, i);
        if (ledger->process == 0 || process->last->process != ledger->process)
            continue;
        process->last = ledger;
        if (ledger->header.peak_mapped_bytes > process->most_mapped->header.peak_mapped_bytes)
            process->most_mapped = ledger;
        if (ledger->header.peak_bytes > process->highest->header.peak_bytes)
            process->highest = ledger;
        if (ledger_iterations(ledger) > 0 || ledger_iterations(process->marked) == 0)
            process->marked = ledger;
        return;
    }
    HeapProcess fresh = {ledger, ledger, ledger, ledger};
    g_array_append_val(processes, fresh);
}

GPtrArray *heap_programs(const GPtrArray *ledgers)
{
    GPtrArray *programs = g_ptr_array_new();
    for (guint i = 0; i < ledgers->len; i++)
        if (!heap_is_helper(g_ptr_array_index(ledgers, i)))
            g_ptr_array_add(programs, g_ptr_array_index(ledgers, i));
    return programs;
}

GArray *heap_processes(const GPtrArray *programs)
{
    GArray *processes = g_array_new(FALSE, FALSE, sizeof(HeapProcess));
    for (guint i = 0; i < programs->len; i++)
        add_to_process(processes, g_ptr_array_index(programs, i));
    return processes;
}

const Ledger *heap_main_ledger(const GArray *processes, gint64 pid)
{
    const Ledger *found = NULL;
    for (guint i = 0; i < processes->len; i++) {
        const Ledger *last = g_array_index(processes, HeapProcess, i).last;
        if (last->header.pid == pid && !last->header.forked)
            found = last;
    }
    return found;
}

const Ledger *heap_process_ledger(const HeapProcess *process, LedgerNumber number)
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
