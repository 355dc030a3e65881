/* heapgate show FILE: a foreign file, recognised by its content, as a tree or as one JSON object. */
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "error.h"
#include "input.h"
#include "report/view.h"

static int show_file(const char *path, const ViewOptions *options, GError **error)
{
    g_auto(Input) input = {0};
    if (!input_open(&input, path, error))
        return EXIT_FAILURE;
    const View *view = view_recognise(input.bytes, input.length, input.name, error);
    if (view == NULL)
        return EXIT_FAILURE;
    g_autoptr(GString) output = g_string_new(NULL);
    g_autoptr(GError) problem = NULL;
    view->show(input.bytes, input.length, input.name, options, output, &problem);
    if (view_is_readable(problem))
        fwrite(output->str, 1, output->len, stdout);
    if (problem == NULL)
        return EXIT_SUCCESS;
    g_propagate_error(error, g_steal_pointer(&problem));
    return EXIT_FAILURE;
}

static int run(int argc, char **argv, GError **error)
{
    ViewOptions options = {.threshold_percent = 1.0};
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print one JSON object", NULL},
        {"threshold", 0, 0, G_OPTION_ARG_DOUBLE, &options.threshold_percent,
         "Sum up what holds less than this share of the whole (1)", "PERCENT"},
        {NULL},
    };
    gboolean helped = FALSE;
    if (!command_parse(&command_show, entries, &argc, &argv, &helped, error))
        return EXIT_FAILURE;
    if (helped)
        return EXIT_SUCCESS;
    if (argc != 2) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE,
                    "show: expected one file, found %d; see heapgate show --help", argc - 1);
        return EXIT_FAILURE;
    }
    if (!(options.threshold_percent >= 0 && options.threshold_percent <= 100)) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE,
                    "show: expected a threshold from 0 to 100, found %g", options.threshold_percent);
        return EXIT_FAILURE;
    }
    return show_file(argv[1], &options, error);
}

const Command command_show = {
    .name = "show",
    .arguments = "FILE",
    .summary = "Read a massif, memcheck XML or DHAT file and print it as a tree.",
    .run = run,
};
