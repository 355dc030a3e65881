#include "view.h"

#include <string.h>

#include "report/text/columns.h"
#include "error.h"
#include "formats/valgrind/memcheck.h"
#include "model/units.h"
#include "report/text/stack.h"
#include "model/text.h"

/* The errors of a file by call site. */
typedef struct {
    CallSites *lost; /* definitely lost */
    CallSites *possibly;
    CallSites *reachable;
    CallSites *errors; /* errors that are no leaks; CallSite.bytes counts occurrences */
} MemcheckPass;

/* Indirectly lost blocks are missing: memcheck counts them with the definitely lost block that leads to them.
 */
static const struct {
    const char *kind;
    gsize table; /* offset in MemcheckPass */
} leak_tables[] = {
    {"Leak_DefinitelyLost", G_STRUCT_OFFSET(MemcheckPass, lost)},
    {"Leak_PossiblyLost", G_STRUCT_OFFSET(MemcheckPass, possibly)},
    {"Leak_StillReachable", G_STRUCT_OFFSET(MemcheckPass, reachable)},
};

static gboolean is_leak(const char *kind)
{
    return g_str_has_prefix(kind, "Leak_");
}

/* MemcheckHandler.error; user_data is the MemcheckPass. */
static void add_error(const MemcheckError *error, gpointer user_data)
{
    MemcheckPass *pass = user_data;
    if (!is_leak(error->kind)) {
        call_sites_add(pass->errors, error->frames, error->n_frames, error->count, 0);
        return;
    }
    if (error->superseded)
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(leak_tables); i++)
        if (strcmp(error->kind, leak_tables[i].kind) == 0)
            call_sites_add(G_STRUCT_MEMBER(CallSites *, pass, leak_tables[i].table), error->frames,
                           error->n_frames, error->bytes, error->blocks);
}

static void pass_clear(MemcheckPass *pass)
{
    call_sites_free(pass->lost);
    call_sites_free(pass->possibly);
    call_sites_free(pass->reachable);
    call_sites_free(pass->errors);
}

static gboolean read_file(const char *bytes, gsize length, const char *name, MemcheckPass *pass,
                          MemcheckSummary *summary, GError **error)
{
    static const MemcheckHandler handler = {.error = add_error};
    *pass = (MemcheckPass){.lost = call_sites_new(),
                           .possibly = call_sites_new(),
                           .reachable = call_sites_new(),
                           .errors = call_sites_new()};
    return memcheck_read(bytes, length, name, &handler, pass, summary, error);
}

static void add_kinds(JsonBuilder *builder, const MemcheckSummary *summary)
{
    json_builder_set_member_name(builder, "kinds");
    json_builder_begin_object(builder);
    for (guint i = 0; i < summary->kinds->len; i++) {
        const MemcheckKind *kind = g_ptr_array_index(summary->kinds, i);
        g_autofree char *name = g_utf8_make_valid(kind->kind, -1);
        json_builder_set_member_name(builder, name);
        json_builder_begin_object(builder);
        view_json_number(builder, "count", kind->count);
        view_json_number(builder, "bytes", kind->bytes);
        view_json_number(builder, "blocks", kind->blocks);
        json_builder_end_object(builder);
    }
    json_builder_end_object(builder);
}

static void show_json(const MemcheckSummary *summary, gboolean complete, const char *problem, GString *output)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    view_json_string(builder, "format", "memcheck");
    view_json_number(builder, "protocol", summary->protocol);
    view_json_number(builder, "errors", (gint64)summary->errors);
    add_kinds(builder, summary);
    json_builder_set_member_name(builder, "complete");
    json_builder_add_boolean_value(builder, complete);
    view_json_string(builder, "problem", problem);
    view_json_end(builder, output);
}

static void append_kinds(GString *output, const MemcheckSummary *summary)
{
    g_autoptr(Columns) columns = columns_new("  ", "  ");
    for (guint i = 0; i < summary->kinds->len; i++) {
        const MemcheckKind *kind = g_ptr_array_index(summary->kinds, i);
        g_autofree char *name = text_line(kind->kind);
        g_autofree char *count =
            g_strdup_printf("%" G_GINT64_FORMAT " error%s", kind->count, kind->count == 1 ? "" : "s");
        g_autofree char *size = units_format_bytes(kind->bytes);
        g_autofree char *held = is_leak(kind->kind)
                                    ? g_strdup_printf("%s in %" G_GINT64_FORMAT " blocks", size, kind->blocks)
                                    : NULL;
        columns_begin(columns);
        columns_add(columns, name, NULL);
        columns_add(columns, count, NULL);
        columns_add(columns, held != NULL ? held : "", NULL);
    }
    g_autofree char *text = columns_render(columns);
    g_string_append(output, text);
}

static void append_leaks(GString *output, const char *title, CallSites *sites, double threshold_percent)
{
    if (call_sites_count(sites) == 0)
        return;
    gint64 total = call_sites_total_bytes(sites);
    g_autofree char *size = units_format_bytes(total);
    g_string_append_printf(output, "\n%s: %s\n", title, size);
    view_sites(output, METRIC_LOST, sites, total, threshold_percent);
}

static void append_errors(GString *output, CallSites *sites)
{
    if (call_sites_count(sites) == 0)
        return;
    call_sites_sort(sites);
    g_autoptr(Columns) columns = columns_new("  ", "  ");
    for (guint i = 0; i < call_sites_count(sites); i++) {
        const CallSite *site = call_sites_get(sites, i);
        g_autofree char *times = g_strdup_printf("%" G_GINT64_FORMAT " x", site->bytes);
        stack_add(columns, times, NULL, site->key, site->frames, site->n_frames);
    }
    g_autofree char *text = columns_render(columns);
    g_string_append_printf(output, "\nother errors:\n%s", text);
}

static void show_text(const MemcheckSummary *summary, const char *problem, const MemcheckPass *pass,
                      double threshold_percent, GString *output)
{
    g_autofree char *command = text_line(summary->command != NULL ? summary->command : "(command unknown)");
    g_string_append_printf(output, "memcheck  %s\n", command);
    if (problem != NULL) {
        g_autofree char *line = text_line(problem);
        g_string_append_printf(output, "  problem: %s\n", line);
    }
    append_kinds(output, summary);
    if (summary->kinds->len == 0)
        g_string_append(output, "  no errors\n");
    append_leaks(output, "definitely lost, with what is lost indirectly", pass->lost, threshold_percent);
    append_leaks(output, "possibly lost", pass->possibly, threshold_percent);
    append_leaks(output, "still reachable", pass->reachable, threshold_percent);
    append_errors(output, pass->errors);
}

static gboolean show_memcheck(const char *bytes, gsize length, const char *name, const ViewOptions *options,
                              GString *output, GError **error)
{
    MemcheckSummary summary = {0};
    MemcheckPass pass;
    g_autoptr(GError) cut = NULL;
    read_file(bytes, length, name, &pass, &summary, &cut);
    gboolean shown = view_is_readable(cut) && summary.kinds != NULL;
    const char *problem = summary.problem != NULL ? summary.problem : cut != NULL ? cut->message : NULL;
    if (shown && options->json)
        show_json(&summary, cut == NULL && summary.complete, problem, output);
    else if (shown)
        show_text(&summary, problem, &pass, options->threshold_percent, output);
    pass_clear(&pass);
    memcheck_summary_clear(&summary);
    if (cut == NULL)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&cut));
    return FALSE;
}

static void add_figure(GPtrArray *figures, MetricId metric, CallSites **sites)
{
    gint64 value = call_sites_total_bytes(*sites);
    g_ptr_array_add(figures, figure_new(metric_get(metric)->title, metric, value, g_steal_pointer(sites)));
}

static gboolean figures_of_memcheck(const char *bytes, gsize length, const char *name, GPtrArray *all,
                                    GError **error)
{
    MemcheckSummary summary = {0};
    MemcheckPass pass;
    gboolean read = read_file(bytes, length, name, &pass, &summary, error);
    if (read) {
        add_figure(all, METRIC_LOST, &pass.lost);
        add_figure(all, METRIC_POSSIBLY_LOST, &pass.possibly);
        add_figure(all, METRIC_ERRORS, &pass.errors);
    }
    pass_clear(&pass);
    memcheck_summary_clear(&summary);
    return read;
}

const View view_memcheck = {
    .name = "memcheck",
    .looks = "memcheck XML (\"<?xml\")",
    .recognise = memcheck_recognise,
    .show = show_memcheck,
    .figures = figures_of_memcheck,
};
