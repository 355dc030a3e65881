/* heapgate mark: a mark from a shell script, in the processes that are being watched. */
#include "command.h"
#include "error.h"
#include "instrument/instrument.h"
#include "instrument/mark.h"

static int command_mark_run(int argc, char **argv, GError **error)
{
    gboolean helped = FALSE;
    const GOptionEntry entries[] = {{NULL}};
    if (!command_parse(&command_mark, entries, &argc, &argv, &helped, error) || helped)
        return 0;
    if (argc != 2 || *argv[1] == '\0') {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE,
                    "mark: expected one name, such as opened or end");
        return 0;
    }
    const char *watching = g_getenv(MARK_INSTRUMENT_VARIABLE);
    const Instrument *instrument = watching != NULL ? instrument_find(watching) : NULL;
    g_autofree char *name = mark_plain_name(argv[1]);
    /* Outside a run there is nothing to mark, and scripts must work there too. */
    if (instrument != NULL)
        instrument->mark(g_getenv(MARK_FOLDER_VARIABLE), name, error);
    return 0;
}

const Command command_mark = {
    .name = "mark",
    .arguments = "NAME",
    .summary = "Mark an instant from a shell script (iteration, end, or a name of yours).",
    .run = command_mark_run,
};
