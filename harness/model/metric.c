#include "metric.h"

#include <string.h>

#include "units.h"

/* Allocators map arenas of about a MiB. Heaps with a garbage collector map and unmap larger pieces, at other
 * instants in each run. */
enum { MAPPED_FLOOR = 1024 * 1024, MAPPED_AGREE = 8 * 1024 * 1024, MAPPED_AGREE_PERCENT = 25 };

static const char *const by_tracer[] = {"heap", NULL},
                         *const by_tracer_and_massif[] = {"heap", "massif", NULL},
                         *const by_memcheck[] = {"memcheck", NULL},
                         *const by_all[] = {"heap", "massif", "memcheck", NULL}, *const by_none[] = {NULL};

static const Metric metrics[] = {
    [METRIC_PEAK] = {.id = METRIC_PEAK,
                     .name = "peak",
                     .title = "peak",
                     .summary = "Most bytes allocated at once.",
                     .change = "%s %s at the peak",
                     .rank = 8,
                     .unit = METRIC_UNIT_BYTES,
                     .instruments = by_tracer_and_massif,
                     .objects = "peak_objects",
                     .space = "peak_space",
                     .default_percent = 5,
                     .default_floor = 64 * 1024,
                     .agree_percent = 10,
                     .agree_floor = 64 * 1024,
                     .by_processors = TRUE},
    [METRIC_RETAINED] = {.id = METRIC_RETAINED,
                         .name = "retained",
                         .title = "retained",
                         .summary = "Bytes still allocated at the end mark or, without one, at exit.",
                         .change = "%s %s still allocated at the end",
                         .rank = 5,
                         .unit = METRIC_UNIT_BYTES,
                         .instruments = by_tracer_and_massif,
                         .objects = "inuse_objects",
                         .space = "inuse_space",
                         .agree_percent = 10,
                         .agree_floor = 64 * 1024,
                         .interpreter_floor = 64 * 1024,
                         .by_processors = TRUE},
    [METRIC_GROWTH] =
        {.id = METRIC_GROWTH,
         .name = "growth",
         .title = "growth",
         .summary = "Bytes per iteration, after warm-up, that were allocated in an iteration and are still "
                    "there at the end.",
         .change = "%s %s in every iteration after warm-up",
         .rank = 2,
         .unit = METRIC_UNIT_BYTES_PER_ITERATION,
         .instruments = by_all,
         .objects = NULL,
         .space = "growth_space",
         .agree_percent = 50,
         .interpreter_percent = 25},
    [METRIC_MAPPED_PEAK] = {.id = METRIC_MAPPED_PEAK,
                            .name = "mapped_peak",
                            .title = "mapped peak",
                            .summary =
                                "Most bytes that the program itself had mapped at once (mmap and its like).",
                            .change = "%s %s mapped at once",
                            .rank = 9,
                            .unit = METRIC_UNIT_BYTES,
                            .instruments = by_tracer,
                            .objects = "mapped_peak_objects",
                            .space = "mapped_peak_space",
                            .default_percent = 10,
                            .default_floor = MAPPED_FLOOR,
                            .agree_percent = MAPPED_AGREE_PERCENT,
                            .agree_floor = MAPPED_AGREE,
                            .of_mapped = TRUE,
                            .by_processors = TRUE},
    [METRIC_MAPPED] =
        {.id = METRIC_MAPPED,
         .name = "mapped",
         .title = "mapped",
         .summary = "Bytes that the program itself mapped, and that are still mapped at the end mark or, "
                    "without one, at exit.",
         .change = "%s %s still mapped at the end",
         .rank = 7,
         .unit = METRIC_UNIT_BYTES,
         .instruments = by_tracer,
         .objects = "mapped_objects",
         .space = "mapped_space",
         .default_percent = 5,
         .default_floor = MAPPED_FLOOR,
         .agree_percent = MAPPED_AGREE_PERCENT,
         .agree_floor = MAPPED_AGREE,
         .of_mapped = TRUE,
         .by_processors = TRUE},
    [METRIC_MAPPED_GROWTH] =
        {.id = METRIC_MAPPED_GROWTH,
         .name = "mapped_growth",
         .title = "mapped growth",
         .summary = "Bytes per iteration, after warm-up, that were mapped in an iteration and are "
                    "still mapped at the end.",
         .change = "%s %s mapped in every iteration after warm-up",
         .rank = 4,
         .unit = METRIC_UNIT_BYTES_PER_ITERATION,
         .instruments = by_tracer,
         .objects = NULL,
         .space = "mapped_growth_space",
         .agree_percent = MAPPED_AGREE_PERCENT,
         .agree_floor = 256 * 1024,
         .of_mapped = TRUE},
    [METRIC_LOST] = {.id = METRIC_LOST,
                     .name = "lost",
                     .title = "lost",
                     .summary = "Bytes no pointer leads to any more (definitely and indirectly lost).",
                     .change = "%s %s lost",
                     .rank = 3,
                     .unit = METRIC_UNIT_BYTES,
                     .instruments = by_memcheck,
                     .objects = "lost_objects",
                     .space = "lost_space",
                     .flips_with = "possibly_lost",
                     .gathers = TRUE},
    [METRIC_POSSIBLY_LOST] = {.id = METRIC_POSSIBLY_LOST,
                              .name = "possibly_lost",
                              .title = "possibly lost",
                              .summary = "Bytes that only pointers into their middle lead to.",
                              .change = "%s %s possibly lost",
                              .rank = 6,
                              .unit = METRIC_UNIT_BYTES,
                              .instruments = by_memcheck,
                              .objects = "possibly_lost_objects",
                              .space = "possibly_lost_space",
                              .agree_percent = 10,
                              .agree_floor = 1024,
                              .flips_with = "lost"},
    [METRIC_ERRORS] = {.id = METRIC_ERRORS,
                       .name = "errors",
                       .title = "errors",
                       .summary = "Memory errors other than leaks, by place.",
                       .change = "memory errors: %s %s",
                       .rank = 1,
                       .unit = METRIC_UNIT_COUNT,
                       .instruments = by_memcheck,
                       .objects = "errors",
                       .space = NULL},
    [METRIC_ALLOCATIONS] = {.id = METRIC_ALLOCATIONS,
                            .name = "allocations",
                            .title = "allocations",
                            .summary = "How often memory was asked for, by malloc and its like.",
                            .change = "%s %s allocations",
                            .rank = 10,
                            .unit = METRIC_UNIT_COUNT,
                            .instruments = by_tracer,
                            .objects = NULL,
                            .space = NULL,
                            .agree_percent = 10,
                            .agree_floor = 100,
                            .passes_through = TRUE,
                            .by_processors = TRUE},
    [METRIC_TEMPORARY] = {.id = METRIC_TEMPORARY,
                          .name = "temporary",
                          .title = "temporary allocations",
                          .summary = "Allocations that were freed by their thread's next deallocation.",
                          .change = "%s %s temporary allocations",
                          .rank = 12,
                          .unit = METRIC_UNIT_COUNT,
                          .instruments = by_tracer,
                          .objects = "temporary_objects",
                          .space = NULL,
                          .agree_percent = 10,
                          .agree_floor = 100,
                          .passes_through = TRUE,
                          .by_processors = TRUE},
    [METRIC_TOTAL_ALLOCATED] = {.id = METRIC_TOTAL_ALLOCATED,
                                .name = "total_allocated",
                                .title = "total allocated",
                                .summary = "Bytes of all allocations together.",
                                .change = "%s %s allocated in all",
                                .rank = 11,
                                .unit = METRIC_UNIT_BYTES,
                                .instruments = by_tracer,
                                .objects = "alloc_objects",
                                .space = "alloc_space",
                                .agree_percent = 10,
                                .agree_floor = 64 * 1024,
                                .passes_through = TRUE,
                                .by_processors = TRUE},
    {.name = NULL},
};

static const Metric foreign[] = {
    {.id = METRIC_COPIED,
     .name = "copied",
     .title = "copied",
     .summary = "Bytes copied by memcpy, strcpy and their like.",
     .change = "%s %s copied",
     .unit = METRIC_UNIT_BYTES,
     .instruments = by_none,
     .objects = "copied_objects",
     .space = "copied_space",
     .passes_through = TRUE},
    {.id = METRIC_UNITS,
     .name = "units",
     .title = "units",
     .summary = "What a program counted by DHAT_AD_HOC_EVENT and its like.",
     .change = "%s %s units",
     .unit = METRIC_UNIT_COUNT,
     .instruments = by_none,
     .objects = "units",
     .space = NULL,
     .piece = "event",
     .passes_through = TRUE},
};

const Metric *metric_get(MetricId id)
{
    return id < METRIC_COPIED ? &metrics[id] : &foreign[id - METRIC_COPIED];
}

const Metric *metrics_all(void)
{
    return metrics;
}

gboolean metric_is_measured_by(MetricId id, const char *instrument)
{
    return g_strv_contains(metric_get(id)->instruments, instrument);
}

gboolean metric_is_rate(MetricId id)
{
    return metric_get(id)->unit == METRIC_UNIT_BYTES_PER_ITERATION;
}

int metric_find(const char *name)
{
    for (const Metric *metric = metrics; metric->name != NULL; metric++)
        if (strcmp(metric->name, name) == 0)
            return (int)metric->id;
    return -1;
}

static char *metric_format_with(MetricId id, gint64 value, gboolean is_signed)
{
    MetricUnit unit = metric_get(id)->unit;
    if (unit == METRIC_UNIT_COUNT)
        return units_format_count(value, is_signed);
    char *bytes = is_signed ? units_format_signed_bytes(value) : units_format_bytes(value);
    if (unit == METRIC_UNIT_BYTES)
        return bytes;
    char *rate = g_strconcat(bytes, "/iteration", NULL);
    g_free(bytes);
    return rate;
}

char *metric_format(MetricId id, gint64 value)
{
    return metric_format_with(id, value, FALSE);
}

char *metric_format_signed(MetricId id, gint64 value)
{
    return metric_format_with(id, value, TRUE);
}
