/* The shape of a DHAT file: which value stands where. JSON is checked here, by yajl; what a value means is
 * the visitor's affair (dhat.c). */
#ifndef HEAPGATE_FORMATS_VALGRIND_DHAT_WALK_H
#define HEAPGATE_FORMATS_VALGRIND_DHAT_WALK_H

#include <glib.h>
#include <yajl/yajl_parse.h>

/* Where a value stands. */
typedef enum {
    DHAT_IN_NOTHING,
    DHAT_IN_FILE,    /* { */
    DHAT_IN_POINTS,  /* {"pps":[ */
    DHAT_IN_POINT,   /* {"pps":[{ */
    DHAT_IN_FRAMES,  /* {"pps":[{"fs":[ */
    DHAT_IN_TABLE,   /* {"ftbl":[ */
    DHAT_IN_UNKNOWN, /* a list or an object that is none of these */
} DhatPlace;

enum { DHAT_DEEPEST = 32, DHAT_LONGEST_KEY = 32 };

typedef struct DhatWalk DhatWalk;

/* What is told of a file, in its order. Each returns TRUE to go on; FALSE only after dhat_walk_refuse. */
typedef struct {
    gboolean (*key)(DhatWalk *walk); /* of the file or a point: dhat_walk_key_is */
    gboolean (*begin)(DhatWalk *walk, DhatPlace place);
    gboolean (*end)(DhatWalk *walk, DhatPlace place);
    /* text: as it stands in the file, for messages. */
    gboolean (*integer)(DhatWalk *walk, gint64 value, const char *text);
    /* value: valid UTF-8, (transfer full). */
    gboolean (*string)(DhatWalk *walk, char *value);
} DhatVisitor;

struct DhatWalk {
    const char *bytes, *name;
    gsize length;
    const DhatVisitor *visitor;
    gpointer user_data; /* the visitor's */
    yajl_handle parser;
    DhatPlace places[DHAT_DEEPEST];
    guint depth;
    char key[DHAT_LONGEST_KEY]; /* the last one of a file or a point; longer ones are none of ours: "" */
    GError *error;              /* the first one */
};

/* Goes through the file. bytes, name: borrowed. FALSE: `error` is set, or the file was cut off and it is not.
 */
gboolean dhat_walk_run(DhatWalk *self);

/* For visitors. Where the current value stands; is its key this one? */
DhatPlace dhat_walk_place(const DhatWalk *self);
gboolean dhat_walk_key_is(const DhatWalk *self, const char *key);
/* How far the file is read, in bytes, and which line that is. */
gsize dhat_walk_at(const DhatWalk *self);
guint dhat_walk_line(const DhatWalk *self, gsize at);
/* Sets the error, "NAME:LINE: expected ..., found ...", unless there is one, for this place or the one that
 * is read now. Always FALSE. */
gboolean dhat_walk_refuse_at(DhatWalk *self, gsize at, const char *expected, const char *found);
gboolean dhat_walk_refuse(DhatWalk *self, const char *expected, const char *found);
/* A value that the visitor does not take: an error where a value of another kind must stand, else TRUE. */
gboolean dhat_walk_pass(DhatWalk *self, const char *found);

#endif
