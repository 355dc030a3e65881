/* Which interpreter runs a program, as far as its files say before it runs. */
#ifndef HEAPGATE_SCENARIO_INTERPRETER_H
#define HEAPGATE_SCENARIO_INTERPRETER_H

#include <glib.h>

/* Is a program of this name, or at this path, a Python? */
gboolean interpreter_is_python(const char *name);
/* What the first line of a script names, to the end of that line as far as the kernel reads it: "/bin/sh -e"
 * for
 * "#! /bin/sh -e"; NULL where it is none. path: of a file. (transfer full). */
char *interpreter_line(const char *path);
/* The interpreter that the first line of a script names, "/usr/bin/python3" for "#! /usr/bin/env python3";
 * NULL where it is no script, or its interpreter is not there. path: of a file. (transfer full). */
char *interpreter_of(const char *path);
/* The Python that runs this program: itself, by its name, or its interpreter. program: a path. (transfer
 * full) or NULL. */
char *interpreter_python(const char *program);
/* Does a shell's text name a Python? It may start one, or become it. */
gboolean interpreter_names_python(const char *text);

#endif
