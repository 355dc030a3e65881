#include "view.h"

#include <string.h>

#include "report/text/chart.h"
#include "error.h"
#include "formats/valgrind/massif.h"
#include "model/units.h"
#include "model/text.h"
#include "view_tree.h"

enum { CHART_COLUMNS = 64, CHART_ROWS = 10 };

/* What one pass over the snapshots collects. */
typedef struct {
    Chart *chart;
    MassifSnapshot first;
    MassifSnapshot best; /* of those with a tree the one with most heap bytes, or the peak marker as large */
    gboolean has_first, has_best;
} MassifPass;

static gint64 total_bytes(const MassifSnapshot *snapshot)
{
    return snapshot->heap_bytes + snapshot->extra_bytes + snapshot->stacks_bytes;
}

/* A MassifSnapshotFunc; user_data is the MassifPass. */
static void add_snapshot(const MassifSnapshot *snapshot, gpointer user_data)
{
    MassifPass *pass = user_data;
    if (pass->chart != NULL)
        chart_add(pass->chart, snapshot->time, total_bytes(snapshot));
    if (!pass->has_first)
        pass->first = *snapshot;
    pass->has_first = TRUE;
    if (snapshot->tree == MASSIF_TREE_EMPTY)
        return;
    gboolean better = snapshot->heap_bytes > pass->best.heap_bytes ||
                      (snapshot->heap_bytes == pass->best.heap_bytes && snapshot->tree == MASSIF_TREE_PEAK);
    if (!pass->has_best || better)
        pass->best = *snapshot;
    pass->has_best = TRUE;
}

/* Is the file an xtree report of Valgrind (*.ms)? Its snapshots are no instants, but several counts of the
 * same stacks; the first one is the bytes that are allocated. */
static gboolean is_xtree(const MassifSummary *summary)
{
    return summary->description != NULL && g_str_has_prefix(summary->description, "xtree.");
}

static void add_instant(JsonBuilder *builder, const char *key, gboolean any, const MassifSnapshot *snapshot)
{
    json_builder_set_member_name(builder, key);
    if (!any) {
        json_builder_add_null_value(builder);
        return;
    }
    json_builder_begin_object(builder);
    view_json_number(builder, "snapshot", (gint64)snapshot->index);
    view_json_number(builder, "total_bytes", total_bytes(snapshot));
    json_builder_end_object(builder);
}

static void add_peak_marker(JsonBuilder *builder, const MassifSummary *summary)
{
    json_builder_set_member_name(builder, "peak_marker");
    if (!summary->has_peak_marker) {
        json_builder_add_null_value(builder);
        return;
    }
    json_builder_begin_object(builder);
    view_json_number(builder, "snapshot", (gint64)summary->peak_marker.index);
    view_json_number(builder, "heap_bytes", summary->peak_marker.heap_bytes);
    view_json_number(builder, "extra_bytes", summary->peak_marker.extra_bytes);
    view_json_number(builder, "stacks_bytes", summary->peak_marker.stacks_bytes);
    json_builder_end_object(builder);
}

static void show_json(const MassifSummary *summary, gboolean complete, GString *output)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    view_json_string(builder, "format", "massif");
    view_json_string(builder, "command", summary->command);
    view_json_string(builder, "time_unit", summary->time_unit);
    view_json_number(builder, "snapshots", (gint64)summary->snapshots);
    view_json_number(builder, "detailed", (gint64)summary->detailed);
    add_peak_marker(builder, summary);
    add_instant(builder, "max", summary->snapshots > 0, &summary->max);
    add_instant(builder, "last", summary->snapshots > 0, &summary->last);
    if (!complete) {
        json_builder_set_member_name(builder, "complete");
        json_builder_add_boolean_value(builder, FALSE);
    }
    view_json_end(builder, output);
}

static void append_instant(GString *output, const char *title, const MassifSnapshot *snapshot,
                           const char *remark)
{
    g_autofree char *total = units_format_bytes(total_bytes(snapshot));
    g_autofree char *heap = units_format_bytes(snapshot->heap_bytes);
    g_autofree char *extra = units_format_bytes(snapshot->extra_bytes);
    g_autofree char *stacks = units_format_bytes(snapshot->stacks_bytes);
    g_string_append_printf(output,
                           "  %-10s %s at snapshot %" G_GUINT64_FORMAT ": heap %s, extra %s, stacks %s%s\n",
                           title, total, snapshot->index, heap, extra, stacks, remark);
}

/* first: the first snapshot. */
static void append_summary(GString *output, const MassifSummary *summary, const MassifSnapshot *first)
{
    g_autofree char *command = text_line(summary->command), *options = text_line(summary->description);
    g_string_append_printf(output, "massif  %s\n", command);
    g_string_append_printf(output, "  %-10s %s\n", "options", options);
    g_string_append_printf(output, "  %-10s %" G_GUINT64_FORMAT ", %" G_GUINT64_FORMAT " with a tree\n",
                           "snapshots", summary->snapshots, summary->detailed);
    if (summary->snapshots == 0)
        return;
    if (is_xtree(summary)) {
        append_instant(output, "allocated", first, "");
        return;
    }
    gboolean at_max = summary->has_peak_marker && summary->peak_marker.index == summary->max.index;
    append_instant(output, "maximum", &summary->max, at_max ? ", massif's peak" : "");
    if (summary->has_peak_marker && !at_max)
        append_instant(output, "marked", &summary->peak_marker, ", massif's peak, which is not the maximum");
    append_instant(output, "end", &summary->last, "");
}

static gboolean append_tree(const char *bytes, gsize length, const char *name, const MassifSnapshot *snapshot,
                            double threshold_percent, GString *output, GError **error)
{
    g_autofree char *heap = units_format_bytes(snapshot->heap_bytes);
    g_string_append_printf(output,
                           "\n%s of heap at snapshot %" G_GUINT64_FORMAT ", by call site, callers below:\n",
                           heap, snapshot->index);
    g_autoptr(ViewTree) tree = view_tree_new(threshold_percent, output);
    if (!massif_read_tree(bytes, length, name, snapshot, view_tree_visit, tree, error))
        return FALSE;
    view_tree_end(tree);
    return TRUE;
}

static gboolean show_text(const char *bytes, gsize length, const char *name, const ViewOptions *options,
                          const MassifSummary *summary, const MassifPass *pass, GString *output,
                          GError **error)
{
    append_summary(output, summary, &pass->first);
    const MassifSnapshot *tree = is_xtree(summary) ? &pass->first : &pass->best;
    if (!is_xtree(summary)) {
        g_autofree char *unit = text_line(summary->time_unit);
        g_string_append_c(output, '\n');
        chart_render(pass->chart, CHART_COLUMNS, CHART_ROWS, unit, output);
    }
    if (tree->tree == MASSIF_TREE_EMPTY) {
        g_string_append(output, "\nno snapshot has a tree\n");
        return TRUE;
    }
    return append_tree(bytes, length, name, tree, options->threshold_percent, output, error);
}

static gboolean show_massif(const char *bytes, gsize length, const char *name, const ViewOptions *options,
                            GString *output, GError **error)
{
    MassifSummary summary;
    g_autoptr(Chart) chart = chart_new();
    MassifPass pass = {.chart = chart};
    g_autoptr(GError) problem = NULL;
    massif_read(bytes, length, name, add_snapshot, &pass, &summary, &problem);
    gboolean shown = view_is_readable(problem);
    if (shown && options->json)
        show_json(&summary, problem == NULL, output);
    else if (shown)
        shown = show_text(bytes, length, name, options, &summary, &pass, output,
                          problem == NULL ? &problem : NULL);
    massif_summary_clear(&summary);
    if (problem == NULL)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&problem));
    return FALSE;
}

/* Reads the call sites of a snapshot: *sites is (transfer full), or NULL where it has no tree. FALSE with the
 * reader's error. */
static gboolean read_sites(const char *bytes, gsize length, const char *name, const MassifSnapshot *snapshot,
                           CallSites **sites, GError **error)
{
    *sites = NULL;
    if (snapshot->tree == MASSIF_TREE_EMPTY)
        return TRUE;
    g_autoptr(CallSites) read = call_sites_new();
    if (!massif_read_call_sites(bytes, length, name, snapshot, MASSIF_ADD_BYTES, read, error))
        return FALSE;
    *sites = g_steal_pointer(&read);
    return TRUE;
}

static gboolean add_figure(GPtrArray *figures, MetricId metric, const char *bytes, gsize length,
                           const char *name, const MassifSnapshot *total, const MassifSnapshot *tree,
                           GError **error)
{
    CallSites *sites;
    if (!read_sites(bytes, length, name, tree, &sites, error))
        return FALSE;
    g_ptr_array_add(figures, figure_new(metric_get(metric)->title, metric, total->heap_bytes, sites));
    return TRUE;
}

/* Heap bytes without extra bytes and stacks: the call sites' sum. An xtree report has retained bytes only. */
static gboolean figures_of_massif(const char *bytes, gsize length, const char *name, GPtrArray *all,
                                  GError **error)
{
    MassifSummary summary;
    MassifPass pass = {0};
    gboolean read = massif_read(bytes, length, name, add_snapshot, &pass, &summary, error);
    gboolean xtree = is_xtree(&summary);
    const MassifSnapshot *end = xtree ? &pass.first : &summary.last;
    if (read && !xtree)
        read = add_figure(all, METRIC_PEAK, bytes, length, name, &summary.max_heap, &pass.best, error);
    if (read)
        read = add_figure(all, METRIC_RETAINED, bytes, length, name, end, end, error);
    massif_summary_clear(&summary);
    return read;
}

const View view_massif = {
    .name = "massif",
    .looks = "a massif file (\"desc:\")",
    .recognise = massif_recognise,
    .show = show_massif,
    .figures = figures_of_massif,
};
