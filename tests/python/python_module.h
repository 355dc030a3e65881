/* The Python module's tests, run as their users would. */
#ifndef HEAPGATE_TESTS_PYTHON_PYTHON_MODULE_H
#define HEAPGATE_TESTS_PYTHON_PYTHON_MODULE_H

#include <glib.h>

/* Runs a script of tests/python/ with the module on its path; the test fails where it does. What it printed,
 * (transfer full). */
char *python_output(const char *interpreter, const char *script);

#endif
