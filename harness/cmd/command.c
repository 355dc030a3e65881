#include "command.h"

#include <string.h>

#include "error.h"

static const Command *const commands[] = {
    &command_run,    &command_update, &command_exec, &command_list,   &command_show, &command_diff,
    &command_report, &command_mark,   &command_init, &command_doctor, NULL,
};

const Command *const *commands_all(void)
{
    return commands;
}

const Command *command_find(const char *name)
{
    for (const Command *const *command = commands; *command != NULL; command++)
        if (strcmp((*command)->name, name) == 0)
            return *command;
    return NULL;
}

gboolean command_parse(const Command *self, const GOptionEntry *entries, int *argc, char ***argv,
                       gboolean *helped, GError **error)
{
    g_autoptr(GOptionContext) context = g_option_context_new(self->arguments);
    gboolean help = FALSE;
    const GOptionEntry help_entries[] = {
        {"help", 'h', 0, G_OPTION_ARG_NONE, &help, "Show this help", NULL},
        {NULL},
    };
    g_autofree char *program = g_strdup_printf("heapgate %s", self->name);
    const char *saved = g_get_prgname();
    g_set_prgname(program);
    g_option_context_set_summary(context, self->summary);
    g_option_context_set_strict_posix(context, self->wraps);
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_add_main_entries(context, help_entries, NULL);
    g_autoptr(GError) wrong = NULL;
    gboolean parsed = g_option_context_parse(context, argc, argv, &wrong);
    if (parsed && help) {
        g_autofree char *text = g_option_context_get_help(context, FALSE, NULL);
        g_print("%s", text);
    }
    g_set_prgname(saved);
    *helped = help;
    if (!parsed) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE, "%s: %s; see heapgate %s --help", self->name,
                    wrong->message, self->name);
        return FALSE;
    }
    /* GOption leaves the "--" that ended the options in place. */
    if (*argc > 1 && strcmp((*argv)[1], "--") == 0) {
        for (int i = 1; i < *argc; i++)
            (*argv)[i] = (*argv)[i + 1];
        (*argc)--;
    }
    return TRUE;
}
