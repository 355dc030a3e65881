#include "view_ledger.h"

#include "error.h"
#include "formats/ledger/ledger_notes.h"
#include "formats/ledger/ledger_tally.h"
#include "model/units.h"
#include "scenario/scenario.h"
#include "model/text.h"
#include "report/text/timeline.h"
#include "view.h"

enum { CHART_ROWS = 8 };

static const struct {
    MetricId metric;
    LedgerNumber number;
} rows[] = {
    {METRIC_PEAK, LEDGER_NUMBER_PEAK},
    {METRIC_RETAINED, LEDGER_NUMBER_KEPT},
    {METRIC_MAPPED_PEAK, LEDGER_NUMBER_MAPPED_PEAK},
    {METRIC_MAPPED, LEDGER_NUMBER_MAPPED_KEPT},
    {METRIC_ALLOCATIONS, LEDGER_NUMBER_ALLOCATIONS},
    {METRIC_TEMPORARY, LEDGER_NUMBER_TEMPORARY},
    {METRIC_TOTAL_ALLOCATED, LEDGER_NUMBER_TOTAL},
};

/* The largest amount that is surely below the threshold. */
static gint64 hidden_amount(gint64 whole, double threshold_percent)
{
    return threshold_percent > 0 ? (gint64)(threshold_percent / 100 * (double)whole) - 1 : G_MININT64;
}

/* One figure of the ledger; (transfer full). Its value is the sum over the call sites, but that of a peak is
 * the header's, which is exact: other threads may pass the peak while a site saves what it held. Sites below
 * the threshold get no name, for naming is slow. */
static Figure *figure_of_row(const Ledger *ledger, guint row, double threshold_percent)
{
    g_autoptr(LedgerTally) tally = ledger_tally_new(rows[row].number);
    ledger_tally_add(tally, ledger);
    gint64 sum = ledger_tally_whole(tally), whole = sum;
    if (rows[row].metric == METRIC_PEAK)
        whole = ledger->header.peak_bytes;
    if (rows[row].metric == METRIC_MAPPED_PEAK)
        whole = ledger->header.peak_mapped_bytes;
    CallSites *sites = call_sites_new();
    guint unnamed = ledger_tally_name(tally, hidden_amount(whole, threshold_percent), sites);
    Figure *figure = figure_new(metric_get(rows[row].metric)->title, rows[row].metric, whole, sites);
    figure->unnamed_sites = unnamed;
    figure->unnamed_amount = sum - call_sites_total_bytes(sites);
    return figure;
}

/* How many iterations must be marked to judge growth. */
static guint fewest_iterations(guint warmup)
{
    return MAX(warmup, 1) + SCENARIO_FEWEST_COUNTED;
}

gboolean ledger_knows_growth(const Ledger *ledger, guint warmup)
{
    return ledger_iterations(ledger) >= fewest_iterations(warmup);
}

/* metric: METRIC_GROWTH or METRIC_MAPPED_GROWTH. Returns (transfer full), or NULL where too few iterations
 * were marked. */
static Figure *figure_of_growth(const Ledger *ledger, MetricId metric, guint warmup)
{
    guint32 kind = metric == METRIC_MAPPED_GROWTH ? LEDGER_SITE_MAPPED : LEDGER_SITE_HEAP;
    if (!ledger_knows_growth(ledger, warmup))
        return NULL;
    Growth growth = {.sites = call_sites_new(), .doubtful = call_sites_new()};
    ledger_growth(ledger, kind, MAX(warmup, 1), &growth);
    Figure *figure = figure_new(metric_get(metric)->title, metric, growth.total, growth.sites);
    figure->bound = growth.smallest;
    figure->doubtful = growth.doubtful;
    return figure;
}

gint64 ledger_growth_bytes(const Ledger *ledger, guint warmup)
{
    g_autoptr(Figure) heap = figure_of_growth(ledger, METRIC_GROWTH, warmup);
    g_autoptr(Figure) mapped = figure_of_growth(ledger, METRIC_MAPPED_GROWTH, warmup);
    return heap != NULL && mapped != NULL ? heap->value + mapped->value : 0;
}

/* The figure of a metric; (transfer full), or NULL where the ledger has none, or 0 of memory that the program
 * maps itself. */
static Figure *figure_of(const Ledger *ledger, MetricId metric, guint warmup, double threshold_percent)
{
    g_autoptr(Figure) figure = NULL;
    if (metric == METRIC_GROWTH || metric == METRIC_MAPPED_GROWTH)
        figure = figure_of_growth(ledger, metric, warmup);
    for (guint row = 0; row < G_N_ELEMENTS(rows); row++)
        if (rows[row].metric == metric)
            figure = figure_of_row(ledger, row, threshold_percent);
    if (figure != NULL && metric_get(metric)->of_mapped && figure->value == 0)
        return NULL;
    return g_steal_pointer(&figure);
}

void ledger_append_figures(const Ledger *ledger, GString *output)
{
    g_autofree char *peak = metric_format(METRIC_PEAK, ledger->header.peak_bytes);
    g_autofree char *kept = metric_format(METRIC_RETAINED, ledger->kept_bytes);
    g_autofree char *blocks = units_format_count(ledger->kept_blocks, FALSE);
    g_autofree char *total =
        metric_format(METRIC_TOTAL_ALLOCATED, ledger_add_sites(ledger, LEDGER_NUMBER_TOTAL, NULL));
    g_autofree char *count =
        metric_format(METRIC_ALLOCATIONS, ledger_add_sites(ledger, LEDGER_NUMBER_ALLOCATIONS, NULL));
    g_autofree char *temporary =
        metric_format(METRIC_TEMPORARY, ledger_add_sites(ledger, LEDGER_NUMBER_TEMPORARY, NULL));
    g_string_append_printf(output,
                           "peak %s, retained %s in %s blocks%s; allocated %s in %s allocations, %s of them "
                           "temporary",
                           peak, kept, blocks, ledger->at_end_mark ? " at the end mark" : "", total, count,
                           temporary);
}

static void append_growth(const Ledger *ledger, guint warmup, GString *output)
{
    guint marked = ledger_iterations(ledger);
    g_autoptr(Figure) growth = figure_of_growth(ledger, METRIC_GROWTH, warmup);
    if (growth == NULL && marked > 0)
        g_string_append_printf(output, "  growth is not known: %u iteration%s marked, %u are needed\n",
                               marked, marked == 1 ? " was" : "s were", fewest_iterations(warmup));
    if (growth == NULL)
        return;
    g_autofree char *value = metric_format(METRIC_GROWTH, growth->value);
    g_autofree char *sees = metric_format(METRIC_GROWTH, growth->bound);
    g_string_append_printf(output, "  growth %s over %u iterations after %u of warm-up; sees leaks from %s\n",
                           value, marked - MAX(warmup, 1), MAX(warmup, 1), sees);
}

static void append_mapped(const Ledger *ledger, guint warmup, GString *output)
{
    if (ledger->header.peak_mapped_bytes == 0)
        return;
    g_autoptr(Figure) growth = figure_of_growth(ledger, METRIC_MAPPED_GROWTH, warmup);
    g_autofree char *most = units_format_bytes(ledger->header.peak_mapped_bytes);
    g_autofree char *end = units_format_bytes(ledger->kept_mapped_bytes);
    g_autofree char *rate = growth != NULL ? metric_format(METRIC_MAPPED_GROWTH, growth->value) : NULL;
    g_string_append_printf(
        output, "  mapped by the program itself, besides the heap: at most %s, %s at the end%s%s\n", most,
        end, rate != NULL ? ", growth " : "", rate != NULL ? rate : "");
}

static void append_files(const Ledger *ledger, GString *output)
{
    if (ledger->header.peak_file_bytes == 0)
        return;
    g_autofree char *most = units_format_bytes(ledger->header.peak_file_bytes);
    g_autofree char *end = units_format_bytes(ledger->header.file_bytes);
    g_string_append_printf(output, "  files mapped, shared or only read: at most %s, %s when it ended\n",
                           most, end);
}

void ledger_append_details(const Ledger *ledger, guint warmup, GString *output)
{
    append_growth(ledger, warmup, output);
    append_mapped(ledger, warmup, output);
    append_files(ledger, output);
}

static void append_figure(const Figure *figure, double threshold_percent, GString *output)
{
    if (call_sites_count(figure->sites) + figure->unnamed_sites == 0)
        return;
    g_autofree char *value = metric_format(figure->metric, figure->value);
    g_string_append_printf(output, "\n%s %s, by call site:\n", figure->subject, value);
    view_figure(output, figure, threshold_percent);
}

/* Appends all figures with their call sites. passed: those of metrics that pass through, too. */
static void append_all(const Ledger *ledger, gboolean passed, guint warmup, double threshold_percent,
                       GString *output)
{
    for (const Metric *metric = metrics_all(); metric->name != NULL; metric++) {
        if (metric->passes_through > passed)
            continue;
        g_autoptr(Figure) figure = figure_of(ledger, metric->id, warmup, threshold_percent);
        if (figure != NULL)
            append_figure(figure, threshold_percent, output);
    }
}

void ledger_append_sites(const Ledger *ledger, guint warmup, double threshold_percent, GString *output)
{
    append_all(ledger, FALSE, warmup, threshold_percent, output);
}

static void append_chart(const Ledger *ledger, GString *output)
{
    if (ledger->samples->len < 2)
        return;
    g_autoptr(GArray) points = g_array_new(FALSE, FALSE, sizeof(TimelinePoint));
    for (guint i = 0; i < ledger->samples->len; i++) {
        const LedgerSample *sample = &g_array_index(ledger->samples, LedgerSample, i);
        TimelinePoint point = {(double)sample->time_ms, sample->heap_bytes, sample->rss_bytes};
        g_array_append_val(points, point);
    }
    g_string_append_c(output, '\n');
    timeline_draw(points, "ms", CHART_ROWS, output);
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
    ledger_append_details(ledger, SCENARIO_DEFAULT_WARMUP, output);
    for (guint i = 0; i < notes->len; i++)
        g_string_append_printf(output, "  note: %s\n",
                               ((const LedgerNote *)g_ptr_array_index(notes, i))->text);
    append_chart(ledger, output);
    append_all(ledger, TRUE, SCENARIO_DEFAULT_WARMUP, threshold_percent, output);
}

static void add_json_sites(JsonBuilder *builder, const Figure *figure, double threshold_percent)
{
    call_sites_sort(figure->sites);
    json_builder_set_member_name(builder, "call_sites");
    json_builder_begin_array(builder);
    for (guint i = 0; i < call_sites_count(figure->sites); i++) {
        const CallSite *site = call_sites_get(figure->sites, i);
        if ((double)site->bytes * 100 < threshold_percent * (double)figure->value)
            break;
        json_builder_begin_object(builder);
        view_json_string(builder, "key", site->key);
        view_json_number(builder, "value", site->bytes);
        if (site->blocks > 0)
            view_json_number(builder, "blocks", site->blocks);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void add_json_figures(JsonBuilder *builder, const Ledger *ledger, double threshold_percent)
{
    json_builder_set_member_name(builder, "metrics");
    json_builder_begin_object(builder);
    for (const Metric *metric = metrics_all(); metric->name != NULL; metric++) {
        g_autoptr(Figure) figure = figure_of(ledger, metric->id, SCENARIO_DEFAULT_WARMUP, threshold_percent);
        if (figure == NULL)
            continue;
        json_builder_set_member_name(builder, metric->name);
        json_builder_begin_object(builder);
        view_json_number(builder, "value", figure->value);
        add_json_sites(builder, figure, threshold_percent);
        json_builder_end_object(builder);
    }
    json_builder_end_object(builder);
}

static void show_json(const Ledger *ledger, double threshold_percent, GString *output)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autofree char *command = ledger_command(ledger);
    json_builder_begin_object(builder);
    view_json_string(builder, "format", "ledger");
    view_json_string(builder, "command", command);
    view_json_number(builder, "pid", ledger->header.pid);
    view_json_number(builder, "iterations", ledger_iterations(ledger));
    view_json_number(builder, "retained_blocks", ledger->kept_blocks);
    view_json_number(builder, "mapped_bytes", ledger->kept_mapped_bytes);
    view_json_number(builder, "peak_mapped_bytes", ledger->header.peak_mapped_bytes);
    view_json_number(builder, "file_bytes", ledger->header.file_bytes);
    view_json_number(builder, "peak_file_bytes", ledger->header.peak_file_bytes);
    view_json_number(builder, "truncated_stacks",
                     (gint64)MIN(ledger->header.truncated_stacks, (guint64)G_MAXINT64));
    add_json_figures(builder, ledger, threshold_percent);
    view_json_end(builder, output);
}

static gboolean show_ledger(const char *bytes, gsize length, const char *name, const ViewOptions *options,
                            GString *output, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autoptr(Ledger) ledger = ledger_load(bytes, length, name, &problem);
    if (ledger == NULL) {
        /* Not HEAPGATE_ERROR_TRUNCATED: there is nothing that could be shown. */
        problem->code = HEAPGATE_ERROR_FORMAT;
        g_propagate_error(error, g_steal_pointer(&problem));
        return FALSE;
    }
    if (options->json)
        show_json(ledger, options->threshold_percent, output);
    else
        show_text(ledger, options->threshold_percent, output);
    return TRUE;
}

static gboolean figures_of_ledger(const char *bytes, gsize length, const char *name, GPtrArray *all,
                                  GError **error)
{
    g_autoptr(Ledger) ledger = ledger_load(bytes, length, name, error);
    if (ledger == NULL)
        return FALSE;
    for (const Metric *metric = metrics_all(); metric->name != NULL; metric++) {
        Figure *figure = figure_of(ledger, metric->id, SCENARIO_DEFAULT_WARMUP, 0);
        if (figure != NULL)
            g_ptr_array_add(all, figure);
    }
    return TRUE;
}

const View view_ledger = {
    .name = "ledger",
    .looks = "a saved ledger (\"HGSaved1\")",
    .recognise = ledger_recognise,
    .show = show_ledger,
    .figures = figures_of_ledger,
};
