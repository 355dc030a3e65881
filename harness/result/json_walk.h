/* Walks a JSON tree and reads what is expected to be there. The first mismatch becomes the error, named by
 * its path ("scenarios[0].instruments[1].verdict"). After an error every function returns nothing (0, NULL),
 * so that callers check for it only at the end, and before they use what would be missing. */
#ifndef HEAPGATE_RESULT_JSON_WALK_H
#define HEAPGATE_RESULT_JSON_WALK_H

#include <json-glib/json-glib.h>

typedef struct {
    const char *name; /* the file's, for messages; (transfer none) */
    gpointer context; /* the caller's */
    GString *path;    /* of the node that is being read */
    GError *error;    /* the first one; NULL: none yet */
} JsonWalk;

void json_walk_init(JsonWalk *self, const char *name);
void json_walk_clear(JsonWalk *self);
/* Has there been an error? */
gboolean json_walk_failed(const JsonWalk *self);
/* Sets the error unless there is one: `NAME: expected "PATH.MEMBER" to be EXPECTED, found FOUND`
 * (HEAPGATE_ERROR_FORMAT). member: NULL: the path itself. */
void json_walk_fail(JsonWalk *self, const char *member, const char *expected, const char *found);

/* Append a member or an element to the path, and remove it again. at: what json_walk_down or
 * json_walk_down_index returned. */
gsize json_walk_down(JsonWalk *self, const char *member);
gsize json_walk_down_index(JsonWalk *self, guint index);
void json_walk_up(JsonWalk *self, gsize at);

/* The node as what it is expected to be; anything else is an error. All pointers are (transfer none) or NULL.
 * Numbers outside least..most are errors. */
JsonObject *json_walk_as_object(JsonWalk *self, JsonNode *node);
JsonArray *json_walk_as_array(JsonWalk *self, JsonNode *node);
const char *json_walk_as_string(JsonWalk *self, JsonNode *node);
gint64 json_walk_as_int(JsonWalk *self, JsonNode *node, gint64 least, gint64 most);
double json_walk_as_number(JsonWalk *self, JsonNode *node);

/* A member of an object as what it is expected to be. A missing member is an error. object: NULL: returns
 * nothing. All pointers are (transfer none). */
JsonNode *json_walk_member(JsonWalk *self, JsonObject *object, const char *member);
/* Is the member null? TRUE after an error, too. */
gboolean json_walk_is_null(JsonWalk *self, JsonObject *object, const char *member);
JsonObject *json_walk_object(JsonWalk *self, JsonObject *object, const char *member);
JsonArray *json_walk_array(JsonWalk *self, JsonObject *object, const char *member);
const char *json_walk_string(JsonWalk *self, JsonObject *object, const char *member);
/* A text, or NULL where the member is null. */
const char *json_walk_nullable(JsonWalk *self, JsonObject *object, const char *member);
gint64 json_walk_int(JsonWalk *self, JsonObject *object, const char *member, gint64 least, gint64 most);

/* Reads one element of an array. target: the caller's. */
typedef void (*JsonWalkElement)(JsonWalk *self, JsonNode *element, gpointer target);
/* Reads the elements of a member that is an array, in order, up to the first error. */
void json_walk_each(JsonWalk *self, JsonObject *object, const char *member, JsonWalkElement read,
                    gpointer target);

#endif
