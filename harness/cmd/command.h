/* Subcommands: each a row of a const table, each a file in this folder. */
#ifndef HEAPGATE_CMD_COMMAND_H
#define HEAPGATE_CMD_COMMAND_H

#include <glib.h>

typedef struct {
    const char *name;      /* "show" */
    const char *arguments; /* "FILE", as --help shows it */
    const char *summary;   /* one sentence */
    gboolean wraps; /* what follows the first argument is another program's: no option is looked for there */
    /* argv[0] is the command's name; options are the command's own to parse (command_parse). Prints to
     * standard output; returns the exit status. With error set the status is taken from the error instead and
     * main prints the message. */
    int (*run)(int argc, char **argv, GError **error);
} Command;

extern const Command command_run, command_update, command_list, command_show, command_diff, command_report,
    command_mark, command_init, command_doctor, command_exec;

/* The table, NULL at its end; (transfer none). */
const Command *const *commands_all(void);
/* (transfer none) or NULL. */
const Command *command_find(const char *name);

/* Parses a command's options with GOption ("--" respected; --help prints and sets *helped). entries:
 * NULL-ended. What is left of argc/argv are the positional arguments, argv[0] being the command's name still.
 * Errors: HEAPGATE_ERROR_USAGE. */
gboolean command_parse(const Command *self, const GOptionEntry *entries, int *argc, char ***argv,
                       gboolean *helped, GError **error);

#endif
