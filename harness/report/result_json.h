/* reports/result.json: the whole result, versioned, written and read in this one room. */
#ifndef HEAPGATE_REPORT_RESULT_JSON_H
#define HEAPGATE_REPORT_RESULT_JSON_H

#include <gio/gio.h>

#include "gate/result.h"

#define RESULT_JSON_VERSION 3

/* Reads what report_json wrote; (transfer full). The bytes are hostile input.
 * Errors: HEAPGATE_ERROR_FORMAT "NAME: expected ..., found ...", with the line where it is known. */
Result *result_json_read(const char *bytes, gsize length, const char *name, GError **error);

/* TRUE where the bytes begin as a result does. */
gboolean result_json_recognise(const char *bytes, gsize length);

#endif
