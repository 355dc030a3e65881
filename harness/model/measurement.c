#include "measurement.h"

static void mark_free(gpointer data)
{
    Mark *mark = data;
    g_free(mark->name);
    g_free(mark);
}

static void measured_process_free(gpointer data)
{
    MeasuredProcess *process = data;
    g_free(process->command);
    g_free(process);
}

Measurement *measurement_new(const char *instrument)
{
    Measurement *self = g_new0(Measurement, 1);
    self->instrument = g_strdup(instrument);
    self->figures = figures_new();
    self->marks = g_ptr_array_new_with_free_func(mark_free);
    self->processes = g_ptr_array_new_with_free_func(measured_process_free);
    self->notes = g_ptr_array_new_with_free_func(g_free);
    self->details = g_ptr_array_new_with_free_func(g_free);
    self->timeline = g_array_new(FALSE, FALSE, sizeof(TimelinePoint));
    return self;
}

void measurement_free(Measurement *self)
{
    if (self == NULL)
        return;
    g_free(self->instrument);
    g_free(self->tool);
    g_free(self->python);
    g_free(self->problem);
    g_ptr_array_unref(self->figures);
    g_ptr_array_unref(self->marks);
    g_ptr_array_unref(self->processes);
    g_ptr_array_unref(self->notes);
    g_ptr_array_unref(self->details);
    g_free(self->time_unit);
    g_array_unref(self->timeline);
    g_free(self);
}

Figure *measurement_find(const Measurement *self, MetricId id)
{
    return figure_find_metric(self->figures, (int)id);
}

gint64 measurement_value(const Measurement *self, MetricId id)
{
    const Figure *figure = measurement_find(self, id);
    return figure != NULL ? figure->value : 0;
}

Figure *measurement_set(Measurement *self, MetricId id, gint64 value, CallSites *sites)
{
    Figure *figure = figure_new(NULL, id, value, sites);
    figures_put(self->figures, figure);
    if (sites != NULL)
        call_sites_sort(sites);
    return figure;
}

void measurement_set_growth(Measurement *self, Growth *growth)
{
    g_autoptr(CallSites) sites = g_steal_pointer(&growth->sites);
    g_autoptr(CallSites) doubtful = g_steal_pointer(&growth->doubtful);
    g_autoptr(CallSites) moved = g_steal_pointer(&growth->moved);
    if (growth->smallest == 0)
        return;
    Figure *figure = measurement_set(self, METRIC_GROWTH, growth->total, g_steal_pointer(&sites));
    figure->bound = growth->smallest;
    figure->doubtful = g_steal_pointer(&doubtful);
    figure->moved = g_steal_pointer(&moved);
    call_sites_sort(figure->doubtful);
    if (figure->moved != NULL)
        call_sites_sort(figure->moved);
}

void measurement_set_problem(Measurement *self, const char *format, ...)
{
    if (self->problem != NULL)
        return;
    va_list arguments;
    va_start(arguments, format);
    self->problem = g_strdup_vprintf(format, arguments);
    va_end(arguments);
}

void measurement_add_note(Measurement *self, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_ptr_array_add(self->notes, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

void measurement_add_detail(Measurement *self, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_ptr_array_add(self->details, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

void measurement_add_mark(Measurement *self, const char *name, gint64 bytes)
{
    Mark *mark = g_new0(Mark, 1);
    mark->name = g_strdup(name);
    mark->bytes = bytes;
    g_ptr_array_add(self->marks, mark);
}

void measurement_add_process(Measurement *self, gint64 pid, const char *command, gint64 peak_bytes,
                             gint64 retained_bytes)
{
    MeasuredProcess *process = g_new0(MeasuredProcess, 1);
    process->pid = pid;
    process->command = g_strdup(command);
    process->peak_bytes = peak_bytes;
    process->retained_bytes = retained_bytes;
    g_ptr_array_add(self->processes, process);
}
