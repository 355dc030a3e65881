/* heapgate diff A B: what grew and what shrank between two files, by call site. */
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "error.h"
#include "input.h"
#include "output.h"
#include "view/difference.h"
#include "result/result_json.h"
#include "view/view.h"

enum { DEFAULT_TOP = 20 };

typedef struct {
    gboolean json;
    int top;
    const char *size; /* --max-size; NULL: not given */
} DiffOptions;

/* Takes the figures of a measurement over; its baseline plays no part. */
static void take_measurement(GPtrArray *figures, const char *scenario, Measurement *measurement)
{
    while (measurement->figures->len > 0) {
        Figure *figure = g_ptr_array_steal_index(measurement->figures, 0);
        figure->subject = g_strdup_printf("%s, %s: %s", scenario, measurement->instrument,
                                          metric_get(figure->metric)->title);
        g_ptr_array_add(figures, figure);
    }
}

static void take_result(GPtrArray *figures, Result *result)
{
    for (guint s = 0; s < result->scenarios->len; s++) {
        ScenarioResult *scenario = g_ptr_array_index(result->scenarios, s);
        for (guint i = 0; i < scenario->instruments->len; i++) {
            InstrumentResult *instrument = g_ptr_array_index(scenario->instruments, i);
            take_measurement(figures, scenario->name, instrument->measurement);
        }
    }
}

static gboolean result_figures(const Input *input, GPtrArray *figures, GError **error)
{
    g_autoptr(Result) result = result_json_read(input->bytes, input->length, input->name, error);
    if (result == NULL)
        return FALSE;
    take_result(figures, result);
    return TRUE;
}

/* The figures of a file and what kind it is; (transfer full) or NULL. */
static GPtrArray *read_figures(const char *path, const char *size, const char **kind, GError **error)
{
    g_auto(Input) input = {0};
    if (!input_open(&input, path, size, error))
        return NULL;
    g_autoptr(GPtrArray) figures = figures_new();
    if (result_json_recognise(input.bytes, input.length)) {
        *kind = "result";
        return result_figures(&input, figures, error) ? g_steal_pointer(&figures) : NULL;
    }
    const View *view = view_recognise(input.bytes, input.length, input.name, error);
    if (view == NULL || !view->figures(input.bytes, input.length, input.name, figures, error))
        return NULL;
    *kind = view->name;
    return g_steal_pointer(&figures);
}

static int diff_files(const char *before, const char *after, const DiffOptions *options, GError **error)
{
    const char *before_kind = NULL, *after_kind = NULL;
    g_autoptr(GPtrArray) was = read_figures(before, options->size, &before_kind, error);
    g_autoptr(GPtrArray) is = was != NULL ? read_figures(after, options->size, &after_kind, error) : NULL;
    if (is == NULL)
        return EXIT_FAILURE;
    if (g_strcmp0(before_kind, after_kind) != 0) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE,
                    "diff: expected two files of one kind, found %s in %s and %s in %s", before_kind, before,
                    after_kind, after);
        return EXIT_FAILURE;
    }
    g_autoptr(GPtrArray) differences = differences_new(was, is);
    g_autoptr(GString) output = g_string_new(NULL);
    (options->json ? differences_show_json : differences_show_text)(differences, before, after,
                                                                    (guint)options->top, output);
    return output_write_view(output, options->json, error) ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run_diff(int argc, char **argv, GError **error)
{
    g_autofree char *size = NULL;
    DiffOptions options = {.top = DEFAULT_TOP};
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print one JSON object", NULL},
        {"top", 0, 0, G_OPTION_ARG_INT, &options.top, "Call sites shown for each figure (20)", "N"},
        input_size_entry(&size),
        {NULL},
    };
    gboolean helped = FALSE;
    if (!command_parse(&command_diff, entries, &argc, &argv, &helped, error))
        return EXIT_FAILURE;
    if (helped)
        return EXIT_SUCCESS;
    if (argc != 3 || options.top < 0) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE, "%s; see heapgate diff --help",
                    options.top < 0 ? "diff: expected --top of 0 or more" : "diff: expected two files");
        return EXIT_FAILURE;
    }
    options.size = size;
    return diff_files(argv[1], argv[2], &options, error);
}

const Command command_diff = {
    .name = "diff",
    .arguments = "A B",
    .summary = "Show what grew and what shrank between two files, by call site.",
    .run = run_diff,
};
