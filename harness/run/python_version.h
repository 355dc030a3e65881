/* Which Python a program is, asked before it is measured: its name may be a shim. */
#ifndef HEAPGATE_RUN_PYTHON_VERSION_H
#define HEAPGATE_RUN_PYTHON_VERSION_H

#include <gio/gio.h>

#include "workplace.h"

/* "CPython 3.11.2"; "unknown" where it does not answer in 20 seconds; NULL where the scenario's program is no
 * Python. It runs under supervision, in the workplace. (transfer full). */
char *python_version_ask(const Scenario *scenario, const Workplace *place, GCancellable *cancellable);

#endif
