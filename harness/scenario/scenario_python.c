/* Finds out whether a scenario runs Python. */
#include <stdio.h>

#include "interpreter.h"
#include "scenario.h"

char *scenario_python(const Scenario *self)
{
    g_autofree char *program = g_find_program_in_path(self->run[0]);
    return interpreter_python(program != NULL ? program : self->run[0]);
}

/* Does the beginning of a script name a Python? */
static gboolean file_names_python(const char *path)
{
    enum { BEGINNING = 64 * 1024 };
    g_autofree char *text = g_malloc0(BEGINNING + 1);
    g_autofree char *interpreter = interpreter_of(path);
    FILE *file = interpreter != NULL ? fopen(path, "re") : NULL;
    if (file == NULL)
        return FALSE;
    text[fread(text, 1, BEGINNING, file)] = '\0';
    fclose(file);
    return interpreter_names_python(text);
}

gboolean scenario_runs_python(const Scenario *self)
{
    g_autofree char *python = scenario_python(self);
    if (python != NULL || file_names_python(self->run[0]))
        return TRUE;
    for (GStrv argument = self->run + 1; *argument != NULL; argument++)
        if (interpreter_names_python(*argument))
            return TRUE;
    for (guint i = 0; i < self->files->len; i++)
        if (file_names_python(((const ScenarioFile *)g_ptr_array_index(self->files, i))->path))
            return TRUE;
    return FALSE;
}
