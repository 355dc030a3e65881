#include "view.h"

#include <string.h>

#include "formats/valgrind/dhat.h"
#include "model/units.h"
#include "model/text.h"

static void show_json(const DhatSummary *summary, gboolean complete, GString *output)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    view_json_string(builder, "format", "dhat");
    view_json_string(builder, "mode", summary->mode);
    view_json_number(builder, "program_points", (gint64)summary->program_points);
    view_json_number(builder, "total_bytes", summary->total_bytes);
    view_json_number(builder, "peak_bytes", summary->peak_bytes);
    view_json_number(builder, "end_bytes", summary->end_bytes);
    if (!complete) {
        json_builder_set_member_name(builder, "complete");
        json_builder_add_boolean_value(builder, FALSE);
    }
    view_json_end(builder, output);
}

/* Only the heap modes follow blocks: the others count events, and have neither peak nor end. */
static gboolean follows_blocks(const DhatSummary *summary)
{
    return summary->mode == NULL || g_str_has_suffix(summary->mode, "heap");
}

static void append_bytes(GString *output, const char *title, gint64 bytes)
{
    g_autofree char *size = units_format_bytes(bytes);
    g_string_append_printf(output, "  %-8s %s\n", title, size);
}

static void show_text(const DhatSummary *summary, CallSites *sites, double threshold_percent, GString *output)
{
    g_autofree char *command = text_line(summary->command), *mode = text_line(summary->mode);
    gboolean blocks = follows_blocks(summary);
    g_string_append_printf(output, "dhat  %s\n  %-8s %s, %" G_GUINT64_FORMAT " program points\n", command,
                           "mode", mode, summary->program_points);
    append_bytes(output, "total", summary->total_bytes);
    if (blocks) {
        append_bytes(output, "peak", summary->peak_bytes);
        append_bytes(output, "end", summary->end_bytes);
    }
    g_string_append_printf(output, "\n%s, by call site:\n", blocks ? "peak" : "total");
    view_sites(output, blocks ? METRIC_PEAK : METRIC_TOTAL_ALLOCATED, sites,
               blocks ? summary->peak_bytes : summary->total_bytes, threshold_percent);
}

static gboolean show(const char *bytes, gsize length, const char *name, const ViewOptions *options,
                     GString *output, GError **error)
{
    DhatSummary summary = {0};
    g_autoptr(CallSites) sites = call_sites_new();
    g_autoptr(GError) problem = NULL;
    dhat_read(bytes, length, name, DHAT_PEAK, sites, &summary, &problem);
    if (problem == NULL && !follows_blocks(&summary) && !options->json) {
        dhat_summary_clear(&summary);
        g_clear_pointer(&sites, call_sites_free);
        sites = call_sites_new();
        dhat_read(bytes, length, name, DHAT_TOTAL, sites, &summary, &problem);
    }
    if (view_is_readable(problem)) {
        if (options->json)
            show_json(&summary, problem == NULL, output);
        else
            show_text(&summary, sites, options->threshold_percent, output);
    }
    dhat_summary_clear(&summary);
    if (problem == NULL)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&problem));
    return FALSE;
}

static gboolean figures(const char *bytes, gsize length, const char *name, GPtrArray *all, GError **error)
{
    static const struct {
        DhatNumber number;
        MetricId metric;
    } rows[] = {{DHAT_PEAK, METRIC_PEAK}, {DHAT_END, METRIC_RETAINED}};
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        DhatSummary summary = {0};
        g_autoptr(CallSites) sites = call_sites_new();
        gboolean read = dhat_read(bytes, length, name, rows[i].number, sites, &summary, error);
        dhat_summary_clear(&summary);
        if (!read)
            return FALSE;
        gint64 value = call_sites_total_bytes(sites);
        g_ptr_array_add(all, figure_new(metric_get(rows[i].metric)->title, rows[i].metric, value,
                                        g_steal_pointer(&sites)));
    }
    return TRUE;
}

const View view_dhat = {
    .name = "dhat",
    .looks = "DHAT JSON (\"{\")",
    .recognise = dhat_recognise,
    .show = show,
    .figures = figures,
};
