/* One document of a memcheck file: the part of the reader behind memcheck.h that knows the elements.
 *
 * A file holds one document, or several where processes shared it. */
#ifndef HEAPGATE_FORMATS_VALGRIND_MEMCHECK_DOCUMENT_H
#define HEAPGATE_FORMATS_VALGRIND_MEMCHECK_DOCUMENT_H

#include "memcheck.h"

/* What is the same for all documents of a file. */
typedef struct {
    const char *name; /* of the file, for messages */
    const MemcheckHandler *handler;
    gpointer user_data;
    guint leak_check;            /* the last one's number */
    gint64 bytes, blocks, count; /* given so far: their sums must not overflow in who adds them up */
} MemcheckFile;

typedef enum { MEMCHECK_WHOLE, MEMCHECK_CUT, MEMCHECK_MALFORMED } MemcheckOutcome;

typedef struct {
    MemcheckOutcome outcome;
    guint64 error_line; /* where it is cut or malformed */
    char *malformed;    /* what was found there */
    int protocol;
    gint64 pid, parent_pid;
    gboolean running; /* <state>RUNNING: a forked process never says so */
    gboolean finished;
    char *command;
    char *fatal_signal;
    guint64 errors;
    GHashTable *kinds; /* name -> MemcheckKind: errors that are no leaks */
    GHashTable *leaks; /* the same of the last leak check */
} MemcheckDocument;

/* Reads one document: bytes begin at "<valgrindoutput", or, headless, after it.
 * document: filled in any case, clear with memcheck_document_clear. FALSE with HEAPGATE_ERROR_FORMAT where a
 * value is not what it must be; bad XML is an outcome, for the caller to judge. */
gboolean memcheck_document_read(MemcheckDocument *self, MemcheckFile *file, const char *bytes, gsize length,
                                guint64 first_line, gboolean headless, GError **error);
void memcheck_document_clear(MemcheckDocument *self);

void memcheck_kind_free(gpointer kind);
/* Adds to the kind of that name in a table of MemcheckKind, making it where it is new. */
void memcheck_kinds_add(GHashTable *kinds, const char *name, gint64 count, gint64 bytes, gint64 blocks);

#endif
