#include "instrument.h"

#include "model/text.h"

#include <string.h>

static const Instrument *const instruments[] = {&instrument_heap, &instrument_massif, &instrument_memcheck,
                                                NULL};

const Instrument *const *instruments_all(void)
{
    return instruments;
}

const Instrument *instrument_find(const char *name)
{
    for (const Instrument *const *instrument = instruments; *instrument != NULL; instrument++)
        if (strcmp((*instrument)->name, name) == 0)
            return *instrument;
    return NULL;
}

char *instruments_names(void)
{
    GString *names = g_string_new(NULL);
    for (const Instrument *const *instrument = instruments; *instrument != NULL; instrument++)
        g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "", (*instrument)->name);
    return g_string_free(names, FALSE);
}

guint instrument_count_iterations(const Scenario *scenario, guint marked, Measurement *measurement)
{
    guint before = MAX((guint)scenario->warmup, 1);
    if (marked > measurement->iterations + measurement->warmup) {
        measurement->warmup = MIN(marked, before);
        measurement->iterations = marked - measurement->warmup;
    }
    return marked >= before + SCENARIO_FEWEST_COUNTED ? before : 0;
}

GPtrArray *instrument_files(const char *folder, const char *prefix, const char *suffix)
{
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) names = g_dir_open(folder, 0, NULL);
    if (names == NULL)
        return paths;
    for (const char *name = g_dir_read_name(names); name != NULL; name = g_dir_read_name(names))
        if (g_str_has_prefix(name, prefix) && g_str_has_suffix(name, suffix))
            g_ptr_array_add(paths, g_build_filename(folder, name, NULL));
    g_ptr_array_sort(paths, text_compare);
    return paths;
}

gint64 instrument_file_pid(const char *path, const char *prefix)
{
    g_autofree char *base = g_path_get_basename(path);
    return g_str_has_prefix(base, prefix) ? g_ascii_strtoll(base + strlen(prefix), NULL, 10) : 0;
}
