/* What the memcheck reader keeps while it walks a document, and what it does at each element. */
#ifndef HEAPGATE_FORMATS_VALGRIND_MEMCHECK_ELEMENTS_H
#define HEAPGATE_FORMATS_VALGRIND_MEMCHECK_ELEMENTS_H

#include "memcheck_document.h"
#include "memcheck_leak_check.h"
#include "xml_pull.h"

enum { MEMCHECK_DEEPEST = 32 /* elements further in are nothing we know */ };

typedef struct {
    gboolean has_unique;
    guint64 unique;
    char *kind, *what;
    gint64 bytes, blocks;
    guint stacks;
    const char *origin; /* what the next stack is of; NULL: of nothing that is kept */
    MemcheckRelation relation;
    MemcheckOrigin origins[MEMCHECK_ORIGINS];
    guint n_origins;
} MemcheckCurrentError;

typedef struct {
    MemcheckDocument *document;
    MemcheckFile *file;
    XmlPull pull;
    const char *path[MEMCHECK_DEEPEST]; /* names of the open elements, libxml2's */
    guint depth;
    GString *text;    /* of the innermost element */
    GString *command; /* being put together */
    GStringChunk *strings;
    GArray *frames,
        *further; /* of the current error's first stack; of the one that is read, if it is another */
    Frame frame;
    MemcheckCurrentError current;
    GHashTable *counts; /* unique -> occurrences, from <errorcounts> */
    guint64 pair_unique;
    gint64 pair_count;
    LeakChecks checks;
    guint last_check;  /* the number of the document's last leak check, where there are several; else 0 */
    gboolean counting; /* the pass over <errorcounts> alone */
    GError *error;
} MemcheckWalk;

/* An element that means something. begin is called where it begins, end where it ends: then walk->text is its
 * text, trimmed. Either may be NULL. Both set walk->error where a value is not what it must be. */
typedef struct {
    const char *parent, *name;
    void (*begin)(MemcheckWalk *walk);
    void (*end)(MemcheckWalk *walk);
} MemcheckElement;

/* The row of the innermost open element; NULL where it means nothing. */
const MemcheckElement *memcheck_element_here(const MemcheckWalk *walk);

/* Forgets the error that is being read. */
void memcheck_walk_clear_error(MemcheckWalk *self);

#endif
