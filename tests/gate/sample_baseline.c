#include "sample_baseline.h"

#include <string.h>

#include "runner.h"

enum { MIB = 1024 * 1024 };

BaselineFigure *baseline_set(BaselineInstrument *instrument, MetricId id, gint64 value, gint64 spread)
{
    BaselineFigure *figure = baseline_figure_new(id);
    figure->value = value;
    figure->spread = spread;
    baseline_instrument_put(instrument, figure);
    return figure;
}

Baseline *sample_baseline(void)
{
    Baseline *self = baseline_new("order-entry");
    const Environment environment = {.platform = "debian-12-x86_64",
                                     .architecture = "x86_64",
                                     .libc = "glibc 2.36",
                                     .python = "CPython 3.11.2"};
    environment_free(self->environment);
    self->environment = environment_copy(&environment);
    self->captured_at = g_strdup("2025-03-01T12:00:00Z");
    self->commit = g_strdup("0123456789abcdef");
    self->reason = g_strdup("first capture");
    BaselineInstrument *memcheck = baseline_instrument_new("memcheck"),
                       *massif = baseline_instrument_new("massif");
    g_ptr_array_add(self->instruments, memcheck);
    g_ptr_array_add(self->instruments, massif);
    massif->tool = g_strdup("Valgrind 3.19.0, 24 frames");
    massif->runs = 3;
    massif->duration_us = 1234000;
    memcheck->runs = 2;
    baseline_set(memcheck, METRIC_LOST, 0, 0);
    baseline_set(massif, METRIC_RETAINED, 48, 0);
    BaselineFigure *peak = baseline_set(massif, METRIC_PEAK, 10 * MIB, 17);
    peak->highest = 10 * MIB + 10;
    peak->cutoff_bytes = 4096;
    peak->slack = site_sizes_new();
    site_sizes_add(peak->slack, site_sizes_hash("copy (edit.c) < main (main.c)"), 27);
    peak->others = site_sizes_new();
    for (gint64 i = 1; i <= 6; i++)
        site_sizes_add(peak->others, (guint64)(i * 7) << 32 | 0xab, 4096 + i);
    peak->sites = call_sites_new();
    call_sites_add_key(peak->sites, "copy (edit.c) < main (main.c)", 4 * MIB, 0);
    call_sites_add_key(peak->sites,
                       "std::vector<int, std::allocator<int> >::push_back(int const&) (v.h) < ??? (libx.so)",
                       6 * MIB, 12);
    return self;
}

Baseline *baseline_parse_well(const char *text)
{
    g_autoptr(GError) error = NULL;
    Baseline *self = baseline_parse(text, strlen(text), "b.yaml", NULL, &error);
    ck_assert_msg(self != NULL, "%s\n%s", error != NULL ? error->message : "no error", text);
    return self;
}

Baseline *baseline_round_trip(const Baseline *self)
{
    g_autofree char *once = baseline_format(self);
    Baseline *copy = baseline_parse_well(once);
    g_autofree char *again = baseline_format(copy);
    ck_assert_str_eq(once, again);
    return copy;
}
