/* Finds out which interpreter runs a program, from its files, before it runs. */
#ifndef HEAPGATE_SCENARIO_INTERPRETER_H
#define HEAPGATE_SCENARIO_INTERPRETER_H

#include <glib.h>

/* Is this the name, or the path, of a Python? */
gboolean interpreter_is_python(const char *name);
/* The interpreter line of a script without "#!": "/bin/sh -e" for "#! /bin/sh -e". At most as much of it as
 * the kernel reads (execve(2): 255 bytes). path: the script's. (transfer full), or NULL where the file is no
 * script. */
char *interpreter_line(const char *path);
/* The interpreter of a script: "/usr/bin/python3" for "#! /usr/bin/env python3". path: the script's.
 * (transfer full), or NULL where the file is no script or its interpreter does not exist. */
char *interpreter_of(const char *path);
/* The Python that runs this program: the program itself, or its interpreter. program: a path. (transfer
 * full), or NULL where it is none. */
char *interpreter_python(const char *program);
/* Does a shell command or a script contain the name of a Python as a word? Then it may run one. */
gboolean interpreter_names_python(const char *text);

#endif
