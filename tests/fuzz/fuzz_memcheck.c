/* Fuzzes the memcheck reader; what it gives is added up as an instrument would. */
#include <stdint.h>

#include "formats/valgrind/memcheck.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_error(const MemcheckError *error, gpointer user_data)
{
    call_sites_add(user_data, error->frames, error->n_frames, error->bytes, error->blocks);
}

static void take_message(const char *text, gpointer user_data)
{
    (void)user_data;
    g_assert(g_utf8_validate(text, -1, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const MemcheckHandler handler = {add_error, take_message};
    g_autoptr(CallSites) sites = call_sites_new();
    MemcheckSummary summary;
    g_autoptr(GError) error = NULL;
    memcheck_recognise((const char *)data, size);
    gboolean good = memcheck_read((const char *)data, size, "x", &handler, sites, &summary, &error);
    g_assert(good == (error == NULL));
    g_assert(!good || summary.complete);
    memcheck_summary_clear(&summary);
    return 0;
}
