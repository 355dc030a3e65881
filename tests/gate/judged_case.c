#include "judged_case.h"

#include "runner.h"

static Environment *environment_new(void)
{
    const Environment environment = {
        .platform = "debian-12-x86_64", .architecture = "x86_64", .libc = "glibc 2.36"};
    return environment_copy(&environment);
}

Case case_new(void)
{
    Case self = {.baseline = baseline_new("order-entry"), .environment = environment_new()};
    self.base = baseline_instrument_new("massif");
    self.base->tool = g_strdup("Valgrind 3.19.0, 24 frames");
    g_ptr_array_add(self.baseline->instruments, self.base);
    environment_free(self.baseline->environment);
    self.baseline->environment = environment_new();
    self.measurement = measurement_new("massif");
    self.measurement->tool = g_strdup("Valgrind 3.19.0, 24 frames");
    allow_init(&self.allow);
    for (const Metric *metric = metrics_all(); metric->name != NULL; metric++)
        if (metric->passes_through)
            allow_say(&self.allow, metric->id)->is_stated = TRUE;
    return self;
}

void case_set_base(Case *self, MetricId id, gint64 value, gint64 spread)
{
    BaselineFigure *figure = baseline_figure_new(id);
    figure->value = value;
    figure->spread = spread;
    baseline_instrument_put(self->base, figure);
}

InstrumentResult *case_judge(Case *self)
{
    const Reference reference = {self->baseline, self->elsewhere, self->environment, &self->allow};
    InstrumentResult *result = compare(&reference, self->measurement);
    baseline_free(self->baseline);
    environment_free(self->environment);
    allow_clear(&self->allow);
    return result;
}

const Comparison *result_comparison(const InstrumentResult *result, MetricId id)
{
    const Comparison *comparison = instrument_result_find(result, id);
    ck_assert_msg(comparison != NULL, "no comparison of %s", metric_get(id)->name);
    return comparison;
}

void result_check(const InstrumentResult *result, Verdict expected)
{
    ck_assert_msg(result->verdict == expected, "expected %s, found %s", verdict_name(expected),
                  verdict_name(result->verdict));
}

void add_site(CallSites *sites, const char *stack, gint64 bytes, gint64 blocks)
{
    g_auto(GStrv) functions = g_strsplit(stack, " ", -1);
    Frame frames[16];
    guint n = 0;
    for (; functions[n] != NULL && n < G_N_ELEMENTS(frames); n++)
        frames[n] = (Frame){.function = functions[n], .file = "work.c", .line = 10 + n};
    call_sites_add(sites, frames, n, bytes, blocks);
}

char *site_key(const char *stack)
{
    g_autoptr(CallSites) sites = call_sites_new();
    add_site(sites, stack, 1, 1);
    return g_strdup(call_sites_get(sites, 0)->key);
}
