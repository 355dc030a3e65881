/* The `heapgate` module for Python, where programs that are driven by it find it. */
#ifndef HEAPGATE_RUN_PYTHON_PACKAGE_H
#define HEAPGATE_RUN_PYTHON_PACKAGE_H

#include <glib.h>

/* The variables by which an interpreter finds the module and writes nothing beside it: "NAME=value",
 * (transfer full). Errors: HEAPGATE_ERROR_BROKEN where heapgate is not installed whole. */
GStrv python_package_environment(GError **error);

#endif
