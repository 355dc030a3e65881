#include "allow_defaults.h"

#include "runner.h"

void check_allow_defaults(const Allow *allow)
{
    Allow defaults;
    allow_init(&defaults);
    ck_assert_uint_eq(allow->metrics->len, 0);
    ck_assert_mem_eq(&allow->call_site, &defaults.call_site, sizeof defaults.call_site);
    allow_clear(&defaults);
    for (const Metric *metric = metrics_all(); metric->name != NULL; metric++) {
        ck_assert_double_eq(allow_allowance(allow, metric->id).percent, metric->default_percent);
        ck_assert_int_eq(allow_allowance(allow, metric->id).floor, metric->default_floor);
    }
}
