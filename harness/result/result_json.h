/* Writes and reads reports/result.json: the whole result, with a format name and a version. */
#ifndef HEAPGATE_RESULT_RESULT_JSON_H
#define HEAPGATE_RESULT_RESULT_JSON_H

#include <gio/gio.h>

#include "result.h"

#define RESULT_JSON_VERSION 4

/* Writes the result. FALSE with the stream's error. */
gboolean result_json_write(const Result *result, GOutputStream *stream, GError **error);

/* Reads a result; (transfer full). The bytes are untrusted. name: the file's, for messages. Errors:
 * HEAPGATE_ERROR_FORMAT, "NAME: expected ..., found ...", with the line where it is known. */
Result *result_json_read(const char *bytes, gsize length, const char *name, GError **error);

/* Do the bytes begin like a result? */
gboolean result_json_recognise(const char *bytes, gsize length);

#endif
