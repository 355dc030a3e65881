#include "heap_coverage.h"

#include <string.h>

#include "formats/ledger/ledger_notes.h"
#include "heap.h"

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

void heap_cover(const Scenario *scenario, const LedgerEvidence *evidence, const GPtrArray *programs,
                const Ledger *main_ledger, Measurement *measurement)
{
    set_blind(scenario, evidence, main_ledger, measurement);
    if (evidence->problem != NULL)
        measurement_set_problem(measurement, "the tracer's books cannot be used: %s", evidence->problem);
    add_notes(scenario, programs, measurement);
}
