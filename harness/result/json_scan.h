/* A look at JSON text before json-glib gets it: json-glib recurses without a limit, wraps numbers that do not
 * fit, and takes comments, single quotes and hexadecimal numbers for JSON. */
#ifndef HEAPGATE_RESULT_JSON_SCAN_H
#define HEAPGATE_RESULT_JSON_SCAN_H

#include <glib.h>

enum { JSON_SCAN_DEPTH = 32, JSON_SCAN_DIGITS = 18 };

/* TRUE where brackets nest at most JSON_SCAN_DEPTH deep, whole numbers have at most JSON_SCAN_DIGITS digits
 * and nothing but JSON's own characters stands outside strings. It does not say that the text is JSON.
 * Errors: HEAPGATE_ERROR_FORMAT, "NAME:LINE: expected ..., found ...". */
gboolean json_scan(const char *bytes, gsize length, const char *name, GError **error);

#endif
