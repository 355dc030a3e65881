#include "passage_of_run.h"

#include <string.h>

#include "report/passage.h"
#include "runner.h"

char *passage_of_run(const Result *result, const char *scenario, const char *instrument)
{
    g_autoptr(Findings) findings = findings_new(result);
    for (guint i = 0; i < findings->all->len; i++) {
        const Finding *finding = g_ptr_array_index(findings->all, i);
        if (strcmp(finding->scenario_name, scenario) == 0 &&
            strcmp(finding->instrument_name, instrument) == 0)
            return passage_of(finding);
    }
    ck_abort_msg("%s, %s: no finding", scenario, instrument);
    return NULL;
}
