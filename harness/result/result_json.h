/* reports/result.json: the whole result, versioned, written and read in this one room. */
#ifndef HEAPGATE_RESULT_RESULT_JSON_H
#define HEAPGATE_RESULT_RESULT_JSON_H

#include <gio/gio.h>

#include "result.h"

#define RESULT_JSON_VERSION 4

/* Writes the whole result. FALSE with error where the stream fails. */
gboolean result_json_write(const Result *result, GOutputStream *stream, GError **error);

/* Reads what result_json_write wrote; (transfer full). The bytes are hostile input.
 * Errors: HEAPGATE_ERROR_FORMAT "NAME: expected ..., found ...", with the line where it is known. */
Result *result_json_read(const char *bytes, gsize length, const char *name, GError **error);

/* TRUE where the bytes begin as a result does. */
gboolean result_json_recognise(const char *bytes, gsize length);

#endif
