#include "view_ledger.h"

#include "chart.h"
#include "error.h"
#include "formats/ledger_sites.h"
#include "measure/units.h"
#include "text.h"
#include "view.h"

enum { CHART_COLUMNS = 64, CHART_ROWS = 10 };

typedef struct {
    guint64 bytes, blocks, temporary;
} Totals;

static Totals totals_of(const Ledger *ledger)
{
    Totals totals = {0};
    for (guint i = 1; i < ledger->sites->len; i++) {
        const LedgerSiteCounts *site = &g_array_index(ledger->sites, LedgerSiteCounts, i);
        totals.bytes += site->total_bytes;
        totals.blocks += site->total_blocks;
        totals.temporary += site->temporary_blocks;
    }
    return totals;
}

/* Any number fits: a ledger may hold the largest. */
static gint64 signed_of(guint64 number)
{
    return (gint64)MIN(number, (guint64)G_MAXINT64);
}

void ledger_append_figures(const Ledger *ledger, GString *output)
{
    Totals totals = totals_of(ledger);
    g_autofree char *peak = units_format_bytes(ledger->header.peak_bytes);
    g_autofree char *kept = units_format_bytes(ledger->kept_bytes);
    g_autofree char *all = units_format_bytes(signed_of(totals.bytes));
    g_string_append_printf(output,
                           "peak %s, retained %s in %" G_GINT64_FORMAT
                           " blocks%s; allocated %s in %" G_GUINT64_FORMAT " blocks, %" G_GUINT64_FORMAT
                           " of them temporary",
                           peak, kept, ledger->kept_blocks, ledger->at_end_mark ? " at the end mark" : "",
                           all, totals.blocks, totals.temporary);
}

static void append_number(const Ledger *ledger, LedgerNumber number, const char *title, gint64 whole,
                          double threshold_percent, GString *output)
{
    g_autoptr(CallSites) sites = call_sites_new();
    ledger_add_sites(ledger, number, sites);
    if (call_sites_count(sites) == 0)
        return;
    g_autofree char *bytes = units_format_bytes(whole);
    g_string_append_printf(output, "\n%s %s, by call site:\n", title, bytes);
    view_sites(output, sites, whole, threshold_percent);
}

void ledger_append_sites(const Ledger *ledger, double threshold_percent, GString *output)
{
    append_number(ledger, LEDGER_NUMBER_PEAK, "peak", ledger->header.peak_bytes, threshold_percent, output);
    append_number(ledger, LEDGER_NUMBER_KEPT, "retained", ledger->kept_bytes, threshold_percent, output);
}

static void append_chart(const Ledger *ledger, GString *output)
{
    if (ledger->samples->len < 2)
        return;
    g_autoptr(Chart) chart = chart_new();
    for (guint i = 0; i < ledger->samples->len; i++) {
        const LedgerSample *sample = &g_array_index(ledger->samples, LedgerSample, i);
        chart_add(chart, (double)sample->time_ms, sample->heap_bytes);
    }
    g_string_append_c(output, '\n');
    chart_render(chart, CHART_COLUMNS, CHART_ROWS, "ms", output);
}

static void show_text(const Ledger *ledger, double threshold_percent, GString *output)
{
    g_autofree char *command = ledger_command(ledger), *line = text_line(command);
    g_autoptr(GPtrArray) notes = ledger_notes(ledger);
    g_string_append_printf(output, "ledger  %s\n  process %u%s%s\n  ", line, ledger->header.pid,
                           ledger->header.forked ? ", forked" : "",
                           ledger->header.ended_ns == 0 ? ", killed or still running" : "");
    ledger_append_figures(ledger, output);
    g_string_append_c(output, '\n');
    for (guint i = 0; i < notes->len; i++)
        g_string_append_printf(output, "  note: %s\n", (const char *)g_ptr_array_index(notes, i));
    append_chart(ledger, output);
    ledger_append_sites(ledger, threshold_percent, output);
}

static void show_json(const Ledger *ledger, GString *output)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autofree char *command = ledger_command(ledger);
    Totals totals = totals_of(ledger);
    json_builder_begin_object(builder);
    view_json_string(builder, "format", "ledger");
    view_json_string(builder, "command", command);
    view_json_number(builder, "pid", ledger->header.pid);
    view_json_number(builder, "peak_bytes", ledger->header.peak_bytes);
    view_json_number(builder, "retained_bytes", ledger->kept_bytes);
    view_json_number(builder, "retained_blocks", ledger->kept_blocks);
    view_json_number(builder, "total_bytes", signed_of(totals.bytes));
    view_json_number(builder, "total_blocks", signed_of(totals.blocks));
    view_json_number(builder, "temporary_blocks", signed_of(totals.temporary));
    view_json_number(builder, "truncated_stacks", signed_of(ledger->header.truncated_stacks));
    view_json_end(builder, output);
}

static gboolean show(const char *bytes, gsize length, const char *name, const ViewOptions *options,
                     GString *output, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autoptr(Ledger) ledger = ledger_load(bytes, length, name, &problem);
    if (ledger == NULL) {
        /* Nothing of it was read, so there is nothing to show. */
        problem->code = HEAPGATE_ERROR_FORMAT;
        g_propagate_error(error, g_steal_pointer(&problem));
        return FALSE;
    }
    if (options->json)
        show_json(ledger, output);
    else
        show_text(ledger, options->threshold_percent, output);
    return TRUE;
}

static gboolean figures(const char *bytes, gsize length, const char *name, GPtrArray *all, GError **error)
{
    g_autoptr(Ledger) ledger = ledger_load(bytes, length, name, error);
    if (ledger == NULL)
        return FALSE;
    CallSites *peak = call_sites_new(), *kept = call_sites_new();
    ledger_add_sites(ledger, LEDGER_NUMBER_PEAK, peak);
    ledger_add_sites(ledger, LEDGER_NUMBER_KEPT, kept);
    g_ptr_array_add(all,
                    figure_new(metric_get(METRIC_PEAK)->title, METRIC_PEAK, ledger->header.peak_bytes, peak));
    g_ptr_array_add(
        all, figure_new(metric_get(METRIC_RETAINED)->title, METRIC_RETAINED, ledger->kept_bytes, kept));
    return TRUE;
}

const View view_ledger = {
    .name = "ledger",
    .looks = "a saved ledger (\"HGSaved1\")",
    .recognise = ledger_recognise,
    .show = show,
    .figures = figures,
};
