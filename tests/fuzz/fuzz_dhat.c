/* Fuzzes the DHAT reader. The size chooses the number that call sites get. */
#include <stdint.h>

#include "formats/valgrind/dhat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(CallSites) sites = call_sites_new();
    DhatSummary summary;
    g_autoptr(GError) error = NULL;
    dhat_recognise((const char *)data, size);
    gboolean good = dhat_read((const char *)data, size, "x", (DhatNumber)(size % 3), sites, &summary, &error);
    g_assert(good == (error == NULL));
    call_sites_sort(sites);
    dhat_summary_clear(&summary);
    return 0;
}
