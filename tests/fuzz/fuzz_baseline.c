/* The baseline reader on any bytes. What it accepts can be written, and what is written reads as the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "gate/baseline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(gboolean holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Baseline) baseline = baseline_parse((const char *)data, size, "x.yaml", NULL, &error);
    check((baseline != NULL) == (error == NULL));
    if (baseline == NULL) {
        check(error->domain == HEAPGATE_ERROR);
        return 0;
    }
    g_autofree char *text = baseline_format(baseline);
    check(text != NULL);
    g_autoptr(Baseline) again = baseline_parse(text, strlen(text), "x.yaml", NULL, &error);
    check(again != NULL);
    g_autofree char *same = baseline_format(again);
    check(strcmp(text, same) == 0);
    return 0;
}
