/* Walks a JSON tree and takes out what is expected to be there. The first thing that is not becomes the
 * error, named by its path ("scenarios[0].instruments[1].verdict"); from then on every accessor gives nothing
 * (0, NULL, FALSE), so that callers need to look at the error only at the end and wherever they would use
 * what they got. */
#ifndef HEAPGATE_RESULT_JSON_WALK_H
#define HEAPGATE_RESULT_JSON_WALK_H

#include <json-glib/json-glib.h>

typedef struct {
    const char *name; /* of the file */
    gpointer context; /* the caller's own: what elements refer to */
    GString *path;
    GError *error;
} JsonWalk;

void json_walk_init(JsonWalk *self, const char *name);
void json_walk_clear(JsonWalk *self);
gboolean json_walk_failed(const JsonWalk *self);
/* Fails at the member: `NAME: expected "PATH.MEMBER" to be EXPECTED, found FOUND`. member: NULL: the path
 * itself. */
void json_walk_fail(JsonWalk *self, const char *member, const char *expected, const char *found);

/* Go down to a member or an element and up again; at: what json_walk_down... returned. */
gsize json_walk_down(JsonWalk *self, const char *member);
gsize json_walk_down_index(JsonWalk *self, guint index);
void json_walk_up(JsonWalk *self, gsize at);

/* The node as an object or array: (transfer none) or NULL. */
JsonObject *json_walk_as_object(JsonWalk *self, JsonNode *node);
JsonArray *json_walk_as_array(JsonWalk *self, JsonNode *node);
gint64 json_walk_as_int(JsonWalk *self, JsonNode *node, gint64 least, gint64 most);
double json_walk_as_number(JsonWalk *self, JsonNode *node);

/* Members. A member that is missing is an error. object: NULL gives nothing. */
JsonNode *json_walk_member(JsonWalk *self, JsonObject *object, const char *member);
gboolean json_walk_is_null(JsonWalk *self, JsonObject *object, const char *member);
JsonObject *json_walk_object(JsonWalk *self, JsonObject *object, const char *member);
JsonArray *json_walk_array(JsonWalk *self, JsonObject *object, const char *member);
const char *json_walk_string(JsonWalk *self, JsonObject *object, const char *member);
const char *json_walk_nullable(JsonWalk *self, JsonObject *object, const char *member);
gint64 json_walk_int(JsonWalk *self, JsonObject *object, const char *member, gint64 least, gint64 most);

#endif
