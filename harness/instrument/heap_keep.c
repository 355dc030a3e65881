#include "heap_keep.h"

#include "formats/ledger/ledger_file.h"

static int by_peak(gconstpointer a, gconstpointer b)
{
    const Ledger *one = *(const Ledger *const *)a, *two = *(const Ledger *const *)b;
    guint64 peak = one->header.peak_bytes, other = two->header.peak_bytes;
    return peak > other ? -1 : peak < other;
}

static gboolean keep_ledger(const Ledger *ledger, const char *folder, GError **error)
{
    for (guint number = 1;; number++) {
        g_autofree char *name = ledger_file_name(ledger, number),
                        *path = g_build_filename(folder, name, NULL);
        if (!g_file_test(path, G_FILE_TEST_EXISTS))
            return ledger_write(ledger, path, error);
    }
}

void heap_keep_ledgers(const GPtrArray *programs, const char *folder, Measurement *measurement)
{
    g_autoptr(GPtrArray) largest = g_ptr_array_copy((GPtrArray *)programs, NULL, NULL);
    g_autoptr(GError) error = NULL;
    g_ptr_array_sort(largest, by_peak);
    for (guint i = 0; i < MIN(largest->len, HEAP_KEPT_LEDGERS) && error == NULL; i++)
        keep_ledger(g_ptr_array_index(largest, i), folder, &error);
    if (error != NULL)
        measurement_add_note(measurement, "the ledgers of this run are not kept: %s", error->message);
}
