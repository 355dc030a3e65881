#include "metric.h"

#include <string.h>

#include "units.h"

/* Arenas that a program makes for itself come in pieces of this order; heaps with a collector of their own
 * come and go in larger ones, at other instants in each run. */
enum { MAPPED_FLOOR = 1024 * 1024, MAPPED_AGREE = 8 * 1024 * 1024, MAPPED_AGREE_PERCENT = 25 };

static const Metric metrics[METRIC_COUNT] = {
    [METRIC_PEAK] = {"peak", "peak", "Most bytes allocated at once.", METRIC_UNIT_BYTES, 5, 64 * 1024, 10,
                     64 * 1024, FALSE, .by_processors = TRUE},
    [METRIC_RETAINED] = {"retained", "retained",
                         "Bytes still allocated at the end mark or, without one, at exit.", METRIC_UNIT_BYTES,
                         0, 0, 10, 64 * 1024, FALSE, .interpreter_floor = 64 * 1024, .by_processors = TRUE},
    [METRIC_GROWTH] =
        {"growth", "growth",
         "Bytes per iteration, after warm-up, that were allocated in an iteration and are still "
         "there at the end.",
         METRIC_UNIT_BYTES_PER_ITERATION, 0, 0, 50, 0, FALSE, .interpreter_percent = 25},
    [METRIC_MAPPED_PEAK] = {"mapped_peak", "mapped peak",
                            "Most bytes that the program itself had mapped at once (mmap and its like).",
                            METRIC_UNIT_BYTES, 10, MAPPED_FLOOR, MAPPED_AGREE_PERCENT, MAPPED_AGREE, FALSE,
                            TRUE, .by_processors = TRUE},
    [METRIC_MAPPED] = {"mapped", "mapped",
                       "Bytes that the program itself mapped, and that are still mapped at the end mark or, "
                       "without one, at exit.",
                       METRIC_UNIT_BYTES, 5, MAPPED_FLOOR, MAPPED_AGREE_PERCENT, MAPPED_AGREE, FALSE, TRUE,
                       .by_processors = TRUE},
    [METRIC_MAPPED_GROWTH] = {"mapped_growth", "mapped growth",
                              "Bytes per iteration, after warm-up, that were mapped in an iteration and are "
                              "still mapped at the end.",
                              METRIC_UNIT_BYTES_PER_ITERATION, 0, 0, MAPPED_AGREE_PERCENT, 256 * 1024, FALSE,
                              TRUE},
    [METRIC_LOST] = {"lost", "lost", "Bytes no pointer leads to any more (definitely and indirectly lost).",
                     METRIC_UNIT_BYTES, 0, 0, 0, 0, FALSE},
    [METRIC_POSSIBLY_LOST] = {"possibly_lost", "possibly lost",
                              "Bytes that only pointers into their middle lead to.", METRIC_UNIT_BYTES, 0, 0,
                              10, 1024, FALSE},
    [METRIC_ERRORS] = {"errors", "errors", "Memory errors other than leaks, by place.", METRIC_UNIT_COUNT, 0,
                       0, 0, 0, FALSE},
    [METRIC_ALLOCATIONS] = {"allocations", "allocations",
                            "How often memory was asked for, by malloc and its like.", METRIC_UNIT_COUNT, 0,
                            0, 10, 100, TRUE, .by_processors = TRUE},
    [METRIC_TEMPORARY] = {"temporary", "temporary allocations",
                          "Allocations that were freed by their thread's next deallocation.",
                          METRIC_UNIT_COUNT, 0, 0, 10, 100, TRUE, .by_processors = TRUE},
    [METRIC_TOTAL_ALLOCATED] = {"total_allocated", "total allocated", "Bytes of all allocations together.",
                                METRIC_UNIT_BYTES, 0, 0, 10, 64 * 1024, TRUE, .by_processors = TRUE},
};

const Metric *metric_get(MetricId id)
{
    return &metrics[id];
}

gboolean metric_is_rate(MetricId id)
{
    return metrics[id].unit == METRIC_UNIT_BYTES_PER_ITERATION;
}

int metric_find(const char *name)
{
    for (int id = 0; id < METRIC_COUNT; id++)
        if (strcmp(metrics[id].name, name) == 0)
            return id;
    return -1;
}

static char *format(MetricId id, gint64 value, gboolean is_signed)
{
    if (metrics[id].unit == METRIC_UNIT_COUNT)
        return units_format_count(value, is_signed);
    char *bytes = is_signed ? units_format_signed_bytes(value) : units_format_bytes(value);
    if (metrics[id].unit == METRIC_UNIT_BYTES)
        return bytes;
    char *rate = g_strconcat(bytes, "/iteration", NULL);
    g_free(bytes);
    return rate;
}

char *metric_format(MetricId id, gint64 value)
{
    return format(id, value, FALSE);
}

char *metric_format_signed(MetricId id, gint64 value)
{
    return format(id, value, TRUE);
}
