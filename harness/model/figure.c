#include "figure.h"

Figure *figure_new(const char *subject, MetricId metric, gint64 value, CallSites *sites)
{
    Figure *self = g_new0(Figure, 1);
    self->subject = g_strdup(subject);
    self->metric = metric;
    self->value = value;
    self->sites = sites;
    return self;
}

void figure_free(Figure *self)
{
    if (self == NULL)
        return;
    g_free(self->subject);
    call_sites_free(self->sites);
    call_sites_free(self->doubtful);
    call_sites_free(self->moved);
    g_free(self);
}

GPtrArray *figures_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)figure_free);
}

Figure *figure_find(const GPtrArray *figures, const char *subject)
{
    for (guint i = 0; i < figures->len; i++) {
        Figure *figure = g_ptr_array_index(figures, i);
        if (g_strcmp0(figure->subject, subject) == 0)
            return figure;
    }
    return NULL;
}

Figure *figure_find_metric(const GPtrArray *figures, int metric)
{
    for (guint i = 0; i < figures->len; i++) {
        Figure *figure = g_ptr_array_index(figures, i);
        if ((int)figure->metric == metric)
            return figure;
    }
    return NULL;
}

void figures_put(GPtrArray *figures, Figure *figure)
{
    guint at = 0;
    while (at < figures->len && ((const Figure *)g_ptr_array_index(figures, at))->metric < figure->metric)
        at++;
    if (at < figures->len && ((const Figure *)g_ptr_array_index(figures, at))->metric == figure->metric)
        g_ptr_array_remove_index(figures, at);
    g_ptr_array_insert(figures, (gint)at, figure);
}
