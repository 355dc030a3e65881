/* Reads a massif file and prints what the reader itself came to: snapshots, seconds, and the process's
 * anonymous memory (heap and stack) before and after, in KiB. The mapped file is the kernel's, and not
 * counted.
 *
 * usage: massif-memory FILE */
#include <stdio.h>
#include <stdlib.h>

#include "formats/valgrind/massif.h"

static long anonymous_kib(void)
{
    g_autofree char *status = NULL;
    if (!g_file_get_contents("/proc/self/status", &status, NULL, NULL))
        return -1;
    const char *line = strstr(status, "RssAnon:");
    return line != NULL ? strtol(line + strlen("RssAnon:"), NULL, 10) : -1;
}

int main(int argc, char **argv)
{
    g_autoptr(GMappedFile) map = argc == 2 ? g_mapped_file_new(argv[1], FALSE, NULL) : NULL;
    if (map == NULL) {
        fprintf(stderr, "usage: massif-memory FILE\n");
        return 2;
    }
    MassifSummary summary;
    g_autoptr(GError) error = NULL;
    long before = anonymous_kib();
    gint64 start = g_get_monotonic_time();
    massif_read(g_mapped_file_get_contents(map), g_mapped_file_get_length(map), argv[1], NULL, NULL, &summary,
                &error);
    gint64 taken = g_get_monotonic_time() - start;
    long after = anonymous_kib();
    if (error != NULL)
        fprintf(stderr, "%s\n", error->message);
    printf("%9" G_GUINT64_FORMAT " snapshots  %6.3f s in massif_read  %6ld KiB before  %6ld KiB after\n",
           summary.snapshots, (double)taken / 1e6, before, after);
    massif_summary_clear(&summary);
    return error != NULL;
}
