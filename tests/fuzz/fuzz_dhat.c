/* Fuzzes the DHAT reader: of a whole file call sites add up to what the file says. */
#include <stdint.h>

#include "formats/valgrind/dhat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_auto(DhatFile) file;
    g_autoptr(GError) error = NULL;
    dhat_recognise((const char *)data, size);
    gboolean good = dhat_file_read(&file, (const char *)data, size, "x", &error);
    g_assert(good == (error == NULL));
    for (int number = 0; number < DHAT_NUMBERS; number++) {
        g_autoptr(CallSites) sites = call_sites_new();
        dhat_points_add_to(&file.points, (DhatNumber)number, sites);
        g_assert(!good || call_sites_total_bytes(sites) == file.sums[number].bytes);
        call_sites_sort(sites);
    }
    return 0;
}
