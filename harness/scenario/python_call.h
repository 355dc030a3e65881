/* A scenario's key `python`: a function that heapgate's driver (harness/python/heapgate/drive.py) calls in
 * each iteration. The function's code needs no change.
 *
 *     python: {call: "package.module:function", args: ["orders.json", 3], iterations: 20, warmup: 3}
 *     python: {script: job.py, function: main, interpreter: venv/bin/python}
 */
#ifndef HEAPGATE_SCENARIO_PYTHON_CALL_H
#define HEAPGATE_SCENARIO_PYTHON_CALL_H

#include <glib.h>

#include "yaml_file.h"

typedef struct {
    char *call;              /* "package.module:function"; NULL where there is a script */
    char *script, *function; /* the script's path, as written, and the function's name; or both NULL */
    char *interpreter;       /* "python3" where the file does not say */
    char *arguments;         /* a JSON array; NULL: none */
    gint64 iterations;       /* warm-up included */
    gint64 warmup;
    yaml_node_t *script_node, *interpreter_node; /* owned by the YamlFile; NULL where the file does not say */
} PythonCall;

/* Reads the mapping. self: has the defaults of iterations and warmup, whose values the caller checks. Errors:
 * HEAPGATE_ERROR_CONFIG. */
gboolean python_call_read(YamlFile *yaml, yaml_node_t *node, PythonCall *self, GError **error);
void python_call_clear(PythonCall *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PythonCall, python_call_clear)

/* The command: the interpreter, the driver, and what it is to call; (transfer full). A script is named by its
 * base name, which it has in the working folder. */
GStrv python_call_argv(const PythonCall *self);

#endif
