#include "difference.h"

#include <string.h>

#include "report/text/columns.h"
#include "model/units.h"
#include "report/text/stack.h"
#include "model/text.h"
#include "view.h"

static void figure_difference_free(gpointer data)
{
    FigureDifference *self = data;
    g_ptr_array_unref(self->sites);
    g_free(self);
}

static const Figure *figure_of(const FigureDifference *self)
{
    return self->after != NULL ? self->after : self->before;
}

static gint64 value_of(const Figure *figure)
{
    return figure != NULL ? figure->value : 0;
}

static void add_site(GPtrArray *deltas, const CallSite *shown, const CallSite *before, const CallSite *after)
{
    gint64 was = before != NULL ? before->bytes : 0, is = after != NULL ? after->bytes : 0;
    gint64 blocks = (after != NULL ? after->blocks : 0) - (before != NULL ? before->blocks : 0);
    if (was != is)
        g_ptr_array_add(deltas, site_delta_new(shown->key, shown->frames, shown->n_frames, was, is, blocks));
}

/* Adds what differs at the sites of `own`, a file's, from those of `other`. Sites that both files have are
 * added by the call for the later file. */
static void add_sites(GPtrArray *deltas, const CallSites *own, const CallSites *other, gboolean own_is_after)
{
    for (guint i = 0; own != NULL && i < call_sites_count(own); i++) {
        const CallSite *site = call_sites_get(own, i);
        const CallSite *like = other != NULL ? call_sites_find(other, site->key) : NULL;
        if (own_is_after)
            add_site(deltas, site, like, site);
        else if (like == NULL)
            add_site(deltas, site, site, NULL);
    }
}

static int by_size_of_delta(gconstpointer a, gconstpointer b)
{
    const SiteDelta *one = *(const SiteDelta *const *)a, *two = *(const SiteDelta *const *)b;
    guint64 x = (guint64)ABS(one->delta_bytes), y = (guint64)ABS(two->delta_bytes);
    if (x != y)
        return x > y ? -1 : 1;
    return strcmp(one->key, two->key);
}

static FigureDifference *difference_new(const Figure *before, const Figure *after)
{
    FigureDifference *self = g_new0(FigureDifference, 1);
    self->before = before;
    self->after = after;
    self->delta = value_of(after) - value_of(before);
    self->sites = g_ptr_array_new_with_free_func((GDestroyNotify)site_delta_free);
    const CallSites *was = before != NULL ? before->sites : NULL, *is = after != NULL ? after->sites : NULL;
    /* A figure without call sites does not mean that the other file's are gone. */
    self->comparable = (before == NULL || was != NULL) && (after == NULL || is != NULL);
    if (self->comparable) {
        add_sites(self->sites, is, was, TRUE);
        add_sites(self->sites, was, is, FALSE);
    }
    g_ptr_array_sort(self->sites, by_size_of_delta);
    return self;
}

GPtrArray *differences_new(const GPtrArray *before, const GPtrArray *after)
{
    GPtrArray *all = g_ptr_array_new_with_free_func(figure_difference_free);
    for (guint i = 0; i < after->len; i++) {
        const Figure *figure = g_ptr_array_index(after, i);
        g_ptr_array_add(all, difference_new(figure_find(before, figure->subject), figure));
    }
    for (guint i = 0; i < before->len; i++) {
        const Figure *figure = g_ptr_array_index(before, i);
        if (figure_find(after, figure->subject) == NULL)
            g_ptr_array_add(all, difference_new(figure, NULL));
    }
    return all;
}

/* "peak: 2.10 MiB, was 1.92 MiB: +184 KiB (+9.4 %)" */
static void append_total(GString *output, const FigureDifference *self)
{
    const Figure *figure = figure_of(self);
    g_autofree char *name = text_line(figure->subject);
    g_autofree char *was = metric_format(figure->metric, value_of(self->before));
    g_autofree char *is = metric_format(figure->metric, value_of(self->after));
    g_autofree char *delta = metric_format_signed(figure->metric, self->delta);
    g_autofree char *percent = units_format_change(value_of(self->before), value_of(self->after));
    g_string_append_printf(output, "\n%s: %s, was %s: %s", name, self->after != NULL ? is : "not there",
                           self->before != NULL ? was : "not there", self->delta != 0 ? delta : "no change");
    if (self->delta != 0 && percent[0] != '\0')
        g_string_append_printf(output, " (%s)", percent);
    g_string_append_c(output, '\n');
}

static void append_sites(GString *output, const FigureDifference *self, guint top)
{
    MetricId metric = figure_of(self)->metric;
    g_autoptr(Columns) columns = columns_new("  ", "  ");
    gint64 rest = 0;
    for (guint i = 0; i < self->sites->len; i++) {
        const SiteDelta *site = g_ptr_array_index(self->sites, i);
        if (i >= top) {
            rest += site->delta_bytes;
            continue;
        }
        g_autofree char *delta = metric_format_signed(metric, site->delta_bytes);
        g_autofree char *was = metric_format(metric, site->base_bytes);
        g_autofree char *note = site->base_bytes == 0 ? g_strdup("new") : g_strdup_printf("was %s", was);
        stack_add(columns, delta, note, site->key, site->frames, site->n_frames);
    }
    if (self->sites->len > top) {
        g_autofree char *delta = metric_format_signed(metric, rest);
        g_autofree char *more = g_strdup_printf("in %u more call sites", self->sites->len - top);
        columns_begin(columns);
        columns_add(columns, delta, NULL);
        columns_add(columns, more, NULL);
    }
    g_autofree char *text = columns_render(columns);
    g_string_append(output, text);
}

void differences_show_text(const GPtrArray *differences, const char *before, const char *after, guint top,
                           GString *output)
{
    g_autofree char *from = text_line(before), *to = text_line(after);
    g_string_append_printf(output, "%s -> %s\n", from, to);
    for (guint i = 0; i < differences->len; i++) {
        const FigureDifference *self = g_ptr_array_index(differences, i);
        append_total(output, self);
        if (!self->comparable && self->delta != 0)
            g_string_append(output, "  no call sites to compare: not both files have them for this figure\n");
        append_sites(output, self, top);
    }
    if (differences->len == 0)
        g_string_append(output, "\nneither file measured anything\n");
}

static void add_json_frame(JsonBuilder *builder, const Frame *frame)
{
    json_builder_begin_object(builder);
    view_json_string(builder, "function", frame->function);
    view_json_string(builder, "file", frame->file);
    view_json_number(builder, "line", frame->line);
    view_json_string(builder, "object", frame->object);
    json_builder_end_object(builder);
}

static void add_json_site(JsonBuilder *builder, const SiteDelta *site)
{
    json_builder_begin_object(builder);
    view_json_string(builder, "key", site->key);
    view_json_number(builder, "before", site->base_bytes);
    view_json_number(builder, "after", site->now_bytes);
    view_json_number(builder, "delta", site->delta_bytes);
    json_builder_set_member_name(builder, "frames");
    json_builder_begin_array(builder);
    for (guint i = 0; i < site->n_frames; i++)
        add_json_frame(builder, &site->frames[i]);
    json_builder_end_array(builder);
    json_builder_end_object(builder);
}

static void add_json_value(JsonBuilder *builder, const char *key, const Figure *figure)
{
    json_builder_set_member_name(builder, key);
    if (figure != NULL)
        json_builder_add_int_value(builder, figure->value);
    else
        json_builder_add_null_value(builder);
}

static void add_json_figure(JsonBuilder *builder, const FigureDifference *self, guint top)
{
    json_builder_begin_object(builder);
    view_json_string(builder, "name", figure_of(self)->subject);
    view_json_string(builder, "metric", metric_get(figure_of(self)->metric)->name);
    add_json_value(builder, "before", self->before);
    add_json_value(builder, "after", self->after);
    view_json_number(builder, "delta", self->delta);
    json_builder_set_member_name(builder, "comparable_sites");
    json_builder_add_boolean_value(builder, self->comparable);
    view_json_number(builder, "sites_that_differ", self->sites->len);
    json_builder_set_member_name(builder, "sites");
    json_builder_begin_array(builder);
    for (guint i = 0; i < MIN(top, self->sites->len); i++)
        add_json_site(builder, g_ptr_array_index(self->sites, i));
    json_builder_end_array(builder);
    json_builder_end_object(builder);
}

void differences_show_json(const GPtrArray *differences, const char *before, const char *after, guint top,
                           GString *output)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    view_json_string(builder, "format", "diff");
    view_json_string(builder, "before", before);
    view_json_string(builder, "after", after);
    json_builder_set_member_name(builder, "figures");
    json_builder_begin_array(builder);
    for (guint i = 0; i < differences->len; i++)
        add_json_figure(builder, g_ptr_array_index(differences, i), top);
    json_builder_end_array(builder);
    view_json_end(builder, output);
}
