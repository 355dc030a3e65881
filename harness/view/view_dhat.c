#include "view.h"

#include <string.h>

#include "formats/valgrind/dhat.h"
#include "model/text.h"
#include "model/units.h"

/* The figures of DHAT's modes. The first one of the file's mode is shown by call site. */
static const struct {
    DhatKind kind;
    DhatNumber number;
    MetricId metric;
    const char *title, *key; /* in the text and in JSON */
} rows[] = {
    {DHAT_OF_BLOCKS, DHAT_PEAK, METRIC_PEAK, "peak", "peak_bytes"},
    {DHAT_OF_BLOCKS, DHAT_END, METRIC_RETAINED, "end", "end_bytes"},
    {DHAT_OF_BLOCKS, DHAT_TOTAL, METRIC_TOTAL_ALLOCATED, "total", "total_bytes"},
    {DHAT_OF_COPIES, DHAT_TOTAL, METRIC_COPIED, "copied", "total_bytes"},
    {DHAT_OF_UNITS, DHAT_TOTAL, METRIC_UNITS, "units", "total_units"},
};

/* One figure of the file; (transfer full). */
static Figure *figure_of_row(DhatFile *file, guint row)
{
    CallSites *sites = call_sites_new();
    dhat_points_add_to(&file->points, rows[row].number, sites);
    MetricId metric = rows[row].metric;
    return figure_new(metric_get(metric)->title, metric, file->sums[rows[row].number].bytes, sites);
}

static void show_json(const DhatFile *file, gboolean complete, GString *output)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    view_json_string(builder, "format", "dhat");
    view_json_string(builder, "mode", file->mode);
    view_json_number(builder, "program_points", file->points.points->len);
    for (guint row = 0; row < G_N_ELEMENTS(rows); row++)
        if (rows[row].kind == dhat_file_kind(file))
            view_json_number(builder, rows[row].key, file->sums[rows[row].number].bytes);
    if (!complete) {
        json_builder_set_member_name(builder, "complete");
        json_builder_add_boolean_value(builder, FALSE);
    }
    view_json_end(builder, output);
}

/* "  units    28 in 8 events" and a newline. */
static void append_sum(GString *output, const DhatFile *file, guint row)
{
    const DhatAmount *sum = &file->sums[rows[row].number];
    const char *piece = metric_get(rows[row].metric)->piece;
    g_autofree char *amount = metric_format(rows[row].metric, sum->bytes);
    g_autofree char *count = units_format_count(sum->blocks, FALSE);
    g_string_append_printf(output, "  %-8s %s in %s %s%s\n", rows[row].title, amount, count,
                           piece != NULL ? piece : "block", sum->blocks == 1 ? "" : "s");
}

static void show_text(DhatFile *file, double threshold_percent, GString *output)
{
    g_autofree char *command = text_line(file->command), *mode = text_line(file->mode);
    g_string_append_printf(output, "dhat  %s\n  %-8s %s, %u program point%s\n", command, "mode", mode,
                           file->points.points->len, file->points.points->len == 1 ? "" : "s");
    g_autoptr(Figure) first = NULL;
    for (guint row = 0; row < G_N_ELEMENTS(rows); row++) {
        if (rows[row].kind != dhat_file_kind(file))
            continue;
        append_sum(output, file, row);
        if (first == NULL)
            first = figure_of_row(file, row);
    }
    g_string_append_printf(output, "\n%s, by call site:\n", first->subject);
    view_figure(output, first, threshold_percent);
}

static gboolean show_dhat(const char *bytes, gsize length, const char *name, const ViewOptions *options,
                          GString *output, GError **error)
{
    g_auto(DhatFile) file = {0};
    g_autoptr(GError) problem = NULL;
    dhat_file_read(&file, bytes, length, name, &problem);
    if (view_is_readable(problem) && options->json)
        show_json(&file, problem == NULL, output);
    else if (view_is_readable(problem))
        show_text(&file, options->threshold_percent, output);
    if (problem == NULL)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&problem));
    return FALSE;
}

static gboolean figures_of_dhat(const char *bytes, gsize length, const char *name, GPtrArray *all,
                                GError **error)
{
    g_auto(DhatFile) file = {0};
    if (!dhat_file_read(&file, bytes, length, name, error))
        return FALSE;
    for (guint row = 0; row < G_N_ELEMENTS(rows); row++)
        if (rows[row].kind == dhat_file_kind(&file))
            g_ptr_array_add(all, figure_of_row(&file, row));
    return TRUE;
}

const View view_dhat = {
    .name = "dhat",
    .looks = "DHAT JSON (\"{\")",
    .recognise = dhat_recognise,
    .show = show_dhat,
    .figures = figures_of_dhat,
};
