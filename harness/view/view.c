#include "view.h"

#include "report/text/columns.h"
#include "error.h"
#include "model/units.h"
#include "report/text/stack.h"
#include "model/text.h"

enum { FOUND_SHOWN = 40 };

static const View *const views[] = {&view_massif, &view_memcheck, &view_dhat, &view_ledger, NULL};

const View *const *views_all(void)
{
    return views;
}

/* The beginning of the file's first line, quoted for a message; (transfer full). */
static char *describe_start(const char *bytes, gsize length)
{
    if (length == 0)
        return g_strdup("an empty file");
    gsize shown = 0;
    while (shown < length && shown < FOUND_SHOWN && bytes[shown] != '\n' && bytes[shown] != '\r' &&
           bytes[shown] != '\0')
        shown++;
    if (shown == 0)
        return g_strdup(bytes[0] == '\0' ? "a NUL byte" : "an empty line");
    g_autofree char *start = g_strndup(bytes, shown), *escaped = g_strescape(start, "\"");
    return g_strdup_printf("\"%s\"", escaped);
}

const View *view_recognise(const char *bytes, gsize length, const char *name, GError **error)
{
    g_autoptr(GString) expected = g_string_new(NULL);
    for (const View *const *view = views; *view != NULL; view++) {
        if ((*view)->recognise(bytes, length))
            return *view;
        g_string_append_printf(expected, "%s%s",
                               view == views     ? ""
                               : view[1] == NULL ? " or "
                                                 : ", ",
                               (*view)->looks);
    }
    /* A massif file that is damaged in its first lines: its reader says in which. */
    if (length >= 5 && memcmp(bytes, "desc:", 5) == 0)
        return &view_massif;
    g_autofree char *found = describe_start(bytes, length);
    g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_FORMAT, "%s:1: expected %s, found %s", name,
                expected->str, found);
    return NULL;
}

void view_json_string(JsonBuilder *builder, const char *key, const char *text)
{
    json_builder_set_member_name(builder, key);
    if (text == NULL) {
        json_builder_add_null_value(builder);
        return;
    }
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    json_builder_add_string_value(builder, valid);
}

void view_json_number(JsonBuilder *builder, const char *key, gint64 number)
{
    json_builder_set_member_name(builder, key);
    json_builder_add_int_value(builder, number);
}

void view_json_end(JsonBuilder *builder, GString *output)
{
    json_builder_end_object(builder);
    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    g_autofree char *text = json_to_string(root, FALSE);
    g_string_append(output, text);
    g_string_append_c(output, '\n');
}

gboolean view_is_readable(const GError *error)
{
    return error == NULL || g_error_matches(error, HEAPGATE_ERROR, HEAPGATE_ERROR_TRUNCATED);
}

static void add_rest(Columns *columns, MetricId metric, guint count, gint64 bytes, double threshold_percent)
{
    if (count == 0)
        return;
    g_autofree char *amount = metric_format(metric, bytes);
    g_autofree char *rest =
        g_strdup_printf("in %u call site%s below %g %%", count, count == 1 ? "" : "s", threshold_percent);
    columns_begin(columns);
    columns_add(columns, amount, NULL);
    columns_add(columns, rest, NULL);
}

static void add_site(Columns *columns, MetricId metric, const CallSite *site, double percent)
{
    g_autofree char *bytes = metric_format(metric, site->bytes);
    g_autofree char *amount = g_strdup_printf("%5.1f %%  %s", percent, bytes);
    g_autofree char *blocks = units_format_count(site->blocks, FALSE);
    const char *piece = metric_get(metric)->piece != NULL ? metric_get(metric)->piece : "block";
    g_autofree char *note =
        site->blocks > 0 ? g_strdup_printf("in %s %s%s", blocks, piece, site->blocks == 1 ? "" : "s") : NULL;
    stack_add(columns, amount, note, site->key, site->frames, site->n_frames);
}

void view_figure(GString *output, const Figure *figure, double threshold_percent)
{
    CallSites *sites = figure->sites;
    call_sites_sort(sites);
    g_autoptr(Columns) columns = columns_new("  ", "  ");
    guint hidden = figure->unnamed_sites;
    gint64 hidden_bytes = figure->unnamed_amount;
    for (guint i = 0; i < call_sites_count(sites); i++) {
        gint64 bytes = call_sites_bytes(sites, i);
        double percent = figure->value > 0 ? 100.0 * (double)bytes / (double)figure->value : 0;
        if (percent >= threshold_percent) {
            add_site(columns, figure->metric, call_sites_get(sites, i), percent);
            continue;
        }
        hidden++;
        hidden_bytes += bytes;
    }
    add_rest(columns, figure->metric, hidden, hidden_bytes, threshold_percent);
    g_autofree char *text = columns_render(columns);
    g_string_append(output, text);
}

void view_sites(GString *output, MetricId metric, CallSites *sites, gint64 whole, double threshold_percent)
{
    const Figure figure = {.metric = metric, .value = whole, .sites = sites};
    view_figure(output, &figure, threshold_percent);
}
