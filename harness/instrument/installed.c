#include "installed.h"

#include "error.h"

char *installed_find(const char *what, const char *built, const char *installed, GError **error)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = self != NULL ? g_path_get_dirname(self) : g_strdup(".");
    g_autofree char *first = g_build_filename(folder, built, NULL);
    g_autofree char *second = g_build_filename(folder, installed, NULL);
    const char *places[] = {first, second};
    for (gsize i = 0; i < G_N_ELEMENTS(places); i++)
        if (g_file_test(places[i], G_FILE_TEST_EXISTS))
            return g_canonicalize_filename(places[i], "/");
    g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN,
                "%s is neither %s nor %s; build or install heapgate whole (make, make install)", what, first,
                second);
    return NULL;
}
