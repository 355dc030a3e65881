#include "interpreter.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

gboolean interpreter_is_python(const char *name)
{
    g_autofree char *base = g_path_get_basename(name);
    return g_str_has_prefix(base, "python") || g_str_has_prefix(base, "pypy");
}

/* The program that env is to run, "python3" of "/usr/bin/env -S python3 -E"; NULL where there is none. */
static const char *behind_env(char **words)
{
    guint i = 1;
    while (words[i] != NULL && (words[i][0] == '-' || words[i][0] == '\0' || strchr(words[i], '=') != NULL))
        i++;
    return words[i];
}

char *interpreter_line(const char *path)
{
    struct stat info;
    char line[256] = "";
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode))
        return NULL;
    FILE *file = fopen(path, "re");
    gboolean read = file != NULL && fgets(line, sizeof line, file) != NULL;
    if (file != NULL)
        fclose(file);
    if (!read || !g_str_has_prefix(line, "#!"))
        return NULL;
    char *named = g_strdup(g_strstrip(line + 2));
    if (*named == '\0')
        g_clear_pointer(&named, g_free);
    return named;
}

char *interpreter_of(const char *path)
{
    g_autofree char *line = interpreter_line(path);
    if (line == NULL)
        return NULL;
    g_auto(GStrv) words = g_strsplit_set(line, " \t", -1);
    g_autofree char *base = g_path_get_basename(words[0]);
    const char *name = strcmp(base, "env") == 0 ? behind_env(words) : words[0];
    return name != NULL ? g_find_program_in_path(name) : NULL;
}

char *interpreter_python(const char *program)
{
    if (interpreter_is_python(program))
        return g_strdup(program);
    g_autofree char *interpreter = interpreter_of(program);
    return interpreter != NULL && interpreter_is_python(interpreter) ? g_steal_pointer(&interpreter) : NULL;
}

gboolean interpreter_names_python(const char *text)
{
    static const char *const names[] = {"python", "pypy"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        for (const char *at = text; (at = strstr(at, names[i])) != NULL; at++)
            if (at == text || strchr(" \t\n;&|(/\"'`=", at[-1]) != NULL)
                return TRUE;
    return FALSE;
}
