#include "outcome.h"

#include "explain.h"
#include "model/text.h"

gboolean outcome_fails(Verdict verdict)
{
    return verdict_exit_status(verdict) != 0;
}

static void add_row(GArray *rows, const ScenarioResult *scenario, const InstrumentResult *instrument,
                    Verdict verdict)
{
    OutcomeRow row = {scenario, instrument, verdict};
    g_array_append_val(rows, row);
}

static void add_scenario(GArray *rows, const ScenarioResult *scenario)
{
    Verdict worst = VERDICT_PASS;
    for (guint i = 0; i < scenario->instruments->len; i++) {
        const InstrumentResult *instrument = g_ptr_array_index(scenario->instruments, i);
        add_row(rows, scenario, instrument, instrument->verdict);
        worst = MAX(worst, instrument->verdict);
    }
    if (scenario->instruments->len == 0)
        add_row(rows, scenario, NULL, MAX(scenario->verdict, VERDICT_BROKEN));
    else if (scenario->verdict > worst && outcome_fails(scenario->verdict))
        add_row(rows, scenario, NULL, scenario->verdict);
}

GArray *outcome_rows(const Result *result)
{
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(OutcomeRow));
    for (guint s = 0; s < result->scenarios->len; s++)
        add_scenario(rows, g_ptr_array_index(result->scenarios, s));
    if (rows->len == 0)
        add_row(rows, NULL, NULL, VERDICT_BROKEN);
    return rows;
}

/* By how much the allowance is exceeded, over all metrics. */
static double excess(const OutcomeRow *row)
{
    double sum = 0;
    for (guint i = 0; row->instrument != NULL && i < row->instrument->comparisons->len; i++) {
        const Comparison *comparison = g_ptr_array_index(row->instrument->comparisons, i);
        if (comparison->verdict == VERDICT_REGRESSED)
            sum += MAX(0, (double)comparison->now - (double)comparison->limit);
    }
    return sum;
}

typedef struct {
    OutcomeRow row;
    double excess;
    guint place;
} Ranked;

static int by_rank(gconstpointer a, gconstpointer b)
{
    const Ranked *one = a, *two = b;
    if (one->row.verdict != two->row.verdict)
        return one->row.verdict > two->row.verdict ? -1 : 1;
    if (one->excess != two->excess)
        return one->excess > two->excess ? -1 : 1;
    return one->place < two->place ? -1 : 1;
}

void outcome_sort(GArray *rows)
{
    g_autoptr(GArray) ranked = g_array_sized_new(FALSE, FALSE, sizeof(Ranked), rows->len);
    for (guint i = 0; i < rows->len; i++) {
        const OutcomeRow *row = &g_array_index(rows, OutcomeRow, i);
        Ranked entry = {*row, excess(row), i};
        g_array_append_val(ranked, entry);
    }
    g_array_sort(ranked, by_rank);
    for (guint i = 0; i < rows->len; i++)
        g_array_index(rows, OutcomeRow, i) = g_array_index(ranked, Ranked, i).row;
}

Verdict outcome_scenario_verdict(const ScenarioResult *scenario)
{
    Verdict worst =
        scenario->instruments->len > 0 ? scenario->verdict : MAX(scenario->verdict, VERDICT_BROKEN);
    for (guint i = 0; i < scenario->instruments->len; i++)
        worst = MAX(worst, ((const InstrumentResult *)g_ptr_array_index(scenario->instruments, i))->verdict);
    return worst;
}

void outcome_count(const Result *result, guint counts[VERDICT_COUNT])
{
    for (int verdict = 0; verdict < VERDICT_COUNT; verdict++)
        counts[verdict] = 0;
    for (guint s = 0; s < result->scenarios->len; s++)
        counts[outcome_scenario_verdict(g_ptr_array_index(result->scenarios, s))]++;
}

Verdict outcome_verdict(const Result *result)
{
    Verdict worst = result->scenarios->len > 0 ? result->verdict : MAX(result->verdict, VERDICT_BROKEN);
    for (guint s = 0; s < result->scenarios->len; s++)
        worst = MAX(worst, outcome_scenario_verdict(g_ptr_array_index(result->scenarios, s)));
    return worst;
}

char *outcome_sentence(const Result *result)
{
    guint all = result->scenarios->len, failed = 0, counts[VERDICT_COUNT];
    if (all == 0)
        return g_strdup("no scenario ran: nothing was measured");
    outcome_count(result, counts);
    g_autoptr(GString) text = g_string_new(NULL);
    for (int verdict = VERDICT_COUNT - 1; verdict >= 0; verdict--) {
        if (!outcome_fails(verdict) || counts[verdict] == 0)
            continue;
        if (failed == 0)
            g_string_append_printf(text, "%u of %u scenario%s", counts[verdict], all, all == 1 ? "" : "s");
        else
            g_string_append_printf(text, ", %u", counts[verdict]);
        g_string_append_printf(text, " %s", verdict_name(verdict));
        failed += counts[verdict];
    }
    if (failed == 0) {
        g_string_append_printf(text, all == 1 ? "%u scenario passes" : "%u scenarios pass", all);
        if (counts[VERDICT_IMPROVED] > 0)
            g_string_append_printf(text, ", %u improved", counts[VERDICT_IMPROVED]);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

char *outcome_scenario_name(const OutcomeRow *row)
{
    if (row->scenario == NULL)
        return g_strdup("(no scenario)");
    g_autofree char *name = text_shorten(row->scenario->name, 100);
    return name[0] != '\0' ? g_steal_pointer(&name) : g_strdup("(unnamed)");
}

char *outcome_instrument_name(const OutcomeRow *row)
{
    return row->instrument != NULL ? text_shorten(row->instrument->instrument, 40) : g_strdup("");
}

char *outcome_title(const OutcomeRow *row)
{
    g_autofree char *scenario = outcome_scenario_name(row), *instrument = outcome_instrument_name(row);
    return g_strconcat(scenario, instrument[0] != '\0' ? ", " : "", instrument, NULL);
}

char *outcome_headline(const OutcomeRow *row)
{
    if (row->instrument != NULL)
        return explain_headline(row->instrument);
    if (row->scenario == NULL)
        return g_strdup("no scenario ran: nothing was measured");
    if (row->scenario->instruments->len == 0)
        return g_strdup("no instrument measured it");
    return g_strdup_printf("%s as a whole, though no instrument is", verdict_name(row->verdict));
}

char *outcome_passage(const OutcomeRow *row)
{
    if (row->instrument != NULL)
        return explain_instrument(row->scenario, row->instrument);
    g_autofree char *title = outcome_title(row), *headline = outcome_headline(row);
    return g_strdup_printf(
        "%s: %s\n  a run that saw nothing never passes; which scenarios there are:  heapgate list\n", title,
        headline);
}
