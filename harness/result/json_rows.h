/* Formats JSON so that people can read it and diffs are small: an object or array that contains no other is
 * one line, and everything else is indented. So large tables take one line for each row. json-glib writes the
 * lines. */
#ifndef HEAPGATE_RESULT_JSON_ROWS_H
#define HEAPGATE_RESULT_JSON_ROWS_H

#include <json-glib/json-glib.h>

/* The text of a tree, ending in a newline; (transfer full). Recurses once for each level of the tree. */
GString *json_rows(JsonNode *root);

#endif
