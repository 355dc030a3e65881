/* Lays JSON out so that a person can read it and a diff of it is small, without a line for each number of a
 * large table: an object or array that holds no other stands on one line. json-glib writes what is on a line.
 */
#ifndef HEAPGATE_RESULT_JSON_ROWS_H
#define HEAPGATE_RESULT_JSON_ROWS_H

#include <json-glib/json-glib.h>

/* The text of a tree, with a newline at its end; (transfer full). It recurses as deep as the tree is. */
GString *json_rows(JsonNode *root);

#endif
