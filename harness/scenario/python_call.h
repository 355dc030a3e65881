/* A scenario's key `python`: a function of unmodified code, called again and again by heapgate's driver
 * (harness/python/heapgate/drive.py).
 *
 *     python: {call: "package.module:function", args: ["orders.json", 3], iterations: 20, warmup: 3}
 *     python: {script: job.py, function: main, interpreter: venv/bin/python}
 */
#ifndef HEAPGATE_SCENARIO_PYTHON_CALL_H
#define HEAPGATE_SCENARIO_PYTHON_CALL_H

#include <glib.h>

#include "yaml_file.h"

typedef struct {
    char *call;              /* "package.module:function", or NULL where script is */
    char *script, *function; /* path as written, and the function's name; or NULL */
    char *interpreter;       /* "python3" where not given */
    char *arguments;         /* a list in JSON */
    gint64 iterations, warmup;
    yaml_node_t *script_node, *interpreter_node; /* where they stand; of the document, or NULL */
} PythonCall;

/* Reads and checks the mapping; what it leaves out gets its default. Errors as in yaml_file.h. The counts are
 * the caller's to check. */
gboolean python_call_read(YamlFile *yaml, yaml_node_t *node, PythonCall *self, GError **error);
void python_call_clear(PythonCall *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PythonCall, python_call_clear)

/* The interpreter, the driver, and what it is to do; a script is named by its base name, under which it will
 * stand in the working folder. (transfer full). */
GStrv python_call_argv(const PythonCall *self);

#endif
