/* heapgate show FILE: a foreign file, recognised by its content, as a tree or as one JSON object. */
#include <gio/gio.h>
#include <gio/gunixoutputstream.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "error.h"
#include "formats/ledger/ledger.h"
#include "output.h"
#include "show.h"
#include "view/lines.h"
#include "view/stacks.h"

int show_file(const Input *input, const ViewOptions *options, GError **error)
{
    const View *view = view_recognise(input->bytes, input->length, input->name, error);
    if (view == NULL)
        return EXIT_FAILURE;
    g_autoptr(GString) output = g_string_new(NULL);
    g_autoptr(GError) problem = NULL;
    view->show(input->bytes, input->length, input->name, options, output, &problem);
    if (view_is_readable(problem) && !output_write_view(output, options->json, error))
        return EXIT_FAILURE;
    if (problem == NULL)
        return EXIT_SUCCESS;
    g_propagate_error(error, g_steal_pointer(&problem));
    return EXIT_FAILURE;
}

/* The figures of a file that say where their bytes are; (transfer full) or NULL. */
static GPtrArray *read_figures(const Input *input, GError **error)
{
    const View *view = view_recognise(input->bytes, input->length, input->name, error);
    g_autoptr(GPtrArray) figures = figures_new();
    if (view == NULL || !view->figures(input->bytes, input->length, input->name, figures, error))
        return NULL;
    for (guint i = figures->len; i-- > 0;)
        if (((Figure *)g_ptr_array_index(figures, i))->sites == NULL)
            g_ptr_array_remove_index(figures, i);
    if (figures->len > 0)
        return g_steal_pointer(&figures);
    g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE, "show: %s names no call sites", input->name);
    return NULL;
}

/* "peak, retained"; (transfer full). */
static char *metrics_of(const GPtrArray *figures)
{
    GString *names = g_string_new(NULL);
    for (guint i = 0; i < figures->len; i++)
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "",
                               metric_get(((const Figure *)g_ptr_array_index(figures, i))->metric)->name);
    return g_string_free(names, FALSE);
}

/* The first of the metric of this name, which may be one of foreign files; (transfer none) or NULL. */
static const Figure *find_by_name(const GPtrArray *figures, const char *metric)
{
    for (guint i = 0; i < figures->len; i++) {
        const Figure *figure = g_ptr_array_index(figures, i);
        if (strcmp(metric_get(figure->metric)->name, metric) == 0)
            return figure;
    }
    return NULL;
}

static int fold_file(const Input *input, const char *metric, GError **error)
{
    g_autoptr(GPtrArray) figures = read_figures(input, error);
    if (figures == NULL)
        return EXIT_FAILURE;
    const Figure *figure = metric != NULL ? find_by_name(figures, metric) : g_ptr_array_index(figures, 0);
    if (figure == NULL) {
        g_autofree char *names = metrics_of(figures);
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE, "show: %s has no metric \"%s\"; it has %s",
                    input->name, metric, names);
        return EXIT_FAILURE;
    }
    g_autoptr(GString) output = g_string_new(NULL);
    stacks_fold(figure, output);
    return output_write(output->str, error) ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int write_pprof(const Input *input, GError **error)
{
    if (isatty(STDOUT_FILENO)) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE,
                    "show: --pprof writes a binary file; redirect it, for example to profile.pb.gz");
        return EXIT_FAILURE;
    }
    g_autoptr(GPtrArray) figures = read_figures(input, error);
    if (figures == NULL)
        return EXIT_FAILURE;
    g_autoptr(GByteArray) profile = stacks_pprof(figures);
    g_autoptr(GOutputStream) plain = g_unix_output_stream_new(STDOUT_FILENO, FALSE);
    g_autoptr(GConverter) gzip = G_CONVERTER(g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, -1));
    g_autoptr(GOutputStream) stream = g_converter_output_stream_new(plain, gzip);
    gboolean written = g_output_stream_write_all(stream, profile->data, profile->len, NULL, NULL, error) &&
                       g_output_stream_close(stream, NULL, error);
    return written ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* source: the folder of the source files; NULL is the current one. */
static int show_lines(const Input *input, const char *pattern, const char *source, gboolean json,
                      GError **error)
{
    g_autoptr(Ledger) ledger = ledger_load(input->bytes, input->length, input->name, error);
    if (ledger == NULL)
        return EXIT_FAILURE;
    g_autoptr(GString) output = g_string_new(NULL);
    if (lines_append(ledger, pattern, source != NULL ? source : ".", json, output) == 0) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE,
                    "show: nothing was allocated in a function that fits \"%s\" in %s", pattern, input->name);
        return EXIT_FAILURE;
    }
    return output_write_view(output, json, error) ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run_show(int argc, char **argv, GError **error)
{
    ViewOptions options = {.threshold_percent = VIEW_DEFAULT_THRESHOLD};
    gboolean folded = FALSE, pprof = FALSE;
    g_autofree char *metric = NULL, *lines = NULL, *source = NULL, *size = NULL;
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print one JSON object", NULL},
        {"threshold", 0, 0, G_OPTION_ARG_DOUBLE, &options.threshold_percent,
         "Sum up what holds less than this share of the whole (1)", "PERCENT"},
        {"folded", 0, 0, G_OPTION_ARG_NONE, &folded, "Print folded stacks, for flame graph tools", NULL},
        {"metric", 0, 0, G_OPTION_ARG_STRING, &metric,
         "With --folded: of this metric, for example retained or allocations (peak)", "NAME"},
        {"pprof", 0, 0, G_OPTION_ARG_NONE, &pprof, "Write pprof's format to standard output", NULL},
        {"lines", 0, 0, G_OPTION_ARG_STRING, &lines,
         "Of a ledger: what each line of the functions of this name allocated (* and ? may be in it)",
         "PATTERN"},
        {"source", 0, 0, G_OPTION_ARG_FILENAME, &source,
         "With --lines: where the source files are (the current folder)", "FOLDER"},
        input_size_entry(&size),
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
    if (metric != NULL && !folded) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE,
                    "show: --metric chooses whose stacks --folded prints; give both, or neither");
        return EXIT_FAILURE;
    }
    g_auto(Input) input = {0};
    if (!input_open(&input, argv[1], size, error))
        return EXIT_FAILURE;
    if (lines != NULL)
        return show_lines(&input, lines, source, options.json, error);
    if (folded)
        return fold_file(&input, metric, error);
    return pprof ? write_pprof(&input, error) : show_file(&input, &options, error);
}

const Command command_show = {
    .name = "show",
    .arguments = "FILE",
    .summary = "Read a ledger, massif, memcheck XML or DHAT file and print it as a tree.",
    .run = run_show,
};
