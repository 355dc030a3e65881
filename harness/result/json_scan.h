/* Checks JSON text before json-glib parses it. json-glib recurses without a limit, wraps numbers that do not
 * fit, and accepts comments, single quotes and hexadecimal numbers. */
#ifndef HEAPGATE_RESULT_JSON_SCAN_H
#define HEAPGATE_RESULT_JSON_SCAN_H

#include <glib.h>

enum { JSON_SCAN_DEPTH = 32, JSON_SCAN_DIGITS = 18 };

/* TRUE where brackets nest at most JSON_SCAN_DEPTH deep, whole numbers have at most JSON_SCAN_DIGITS digits,
 * and outside of strings there are only characters that JSON can contain. That is necessary, not sufficient:
 * the parser finds other mistakes. name: the file's, for messages. Errors: HEAPGATE_ERROR_FORMAT, "NAME:LINE:
 * expected ..., found ...". */
gboolean json_scan(const char *bytes, gsize length, const char *name, GError **error);

#endif
