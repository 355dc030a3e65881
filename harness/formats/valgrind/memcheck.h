/* Reader of memcheck's XML (--xml=yes), protocols 4 to 6.
 *
 * Bytes in, model out; opens nothing; built on xmlTextReader (no network, no entities, no DTD). Streams:
 * memory does not grow with the number of errors but by what the caller keeps. Source of the format:
 * docs/internals/xml-output-protocol*.txt of Valgrind, and files it writes. */
#ifndef HEAPGATE_FORMATS_VALGRIND_MEMCHECK_H
#define HEAPGATE_FORMATS_VALGRIND_MEMCHECK_H

#include <glib.h>

#include "model/call_site.h"

/* Where the block that an error is about came from or went: the innermost frame that is no allocator's. */
typedef struct {
    const char *what; /* "freed by", "allocated by", "created by" */
    Frame frame;
} MemcheckOrigin;
enum { MEMCHECK_ORIGINS = 4 };

/* How an address lies to a block. */
typedef enum {
    MEMCHECK_RELATION_NONE,
    MEMCHECK_AFTER_FREE,
    MEMCHECK_BEHIND,
    MEMCHECK_BEFORE
} MemcheckRelation;

typedef struct {
    const char *kind;    /* "Leak_DefinitelyLost", "InvalidRead", ...; "(none)" where the file gives none */
    const char *what;    /* the error's own words; NULL where it has none */
    gint64 bytes;        /* leaks; else 0 */
    gint64 blocks;       /* leaks; else 0 */
    guint leak_check;    /* leaks: which check found it, from 1, counted over the file; else 0 */
    gboolean superseded; /* a leak of an earlier check: a later one repeats it, or found it gone */
    gint64 count;        /* occurrences, from <errorcounts> where given, else 1 */
    const Frame *frames; /* the first stack, innermost first, the allocator's own frames (malloc, operator new
                            in vgpreload) left out */
    guint n_frames;
    MemcheckRelation relation;
    MemcheckOrigin origins[MEMCHECK_ORIGINS]; /* in the file's order */
    guint n_origins;
} MemcheckError;

typedef struct {
    char *kind;
    gint64 count; /* errors of this kind */
    gint64 bytes;
    gint64 blocks;
} MemcheckKind;

typedef struct {
    int protocol; /* 0 where the file does not say */
    gint64 pid;
    gint64 parent_pid;
    gboolean
        forked; /* the file of a process that was forked and did not exec: it also holds what it inherited */
    char *command;         /* program and arguments, joined by blanks; NULL where unknown */
    guint64 errors;        /* error elements */
    GPtrArray *kinds;      /* MemcheckKind, by name */
    guint last_leak_check; /* the one that kinds counts: the last that wrote anything, or that of the exit */
    gboolean finished;     /* <state>FINISHED</state> was seen */
    gboolean complete;     /* every document in the file is whole and finished */
    char *problem;         /* NULL, or a sentence: cut off, forks sharing one file, a fatal signal, ... */
    char *fatal_signal;    /* "SIGSEGV" or NULL */
} MemcheckSummary;

typedef struct {
    /* Either may be NULL. What they are given is valid during the call only. */
    void (*error)(const MemcheckError *error, gpointer user_data);
    void (*client_message)(const char *text, gpointer user_data); /* <clientmsg>'s text, trimmed */
} MemcheckHandler;

/* Reads a file. Error elements after several leak checks (client requests) repeat the same loss records with
 * cumulative figures: all are given to the handler, in order, with the number of their check and whether
 * a later one supersedes it; summary.kinds counts leak kinds from the last leak
 * check only, and other kinds from the whole file.
 * bytes: (transfer none). name: for messages. summary: filled also on HEAPGATE_ERROR_TRUNCATED.
 * Errors: HEAPGATE_ERROR_FORMAT "NAME:LINE: expected ..., found ..." where it is no memcheck XML or damaged
 * beyond use; HEAPGATE_ERROR_TRUNCATED where it was cut off, never FINISHED, or mixed by forks. */
gboolean memcheck_read(const char *bytes, gsize length, const char *name, const MemcheckHandler *handler,
                       gpointer user_data, MemcheckSummary *summary, GError **error);
void memcheck_summary_clear(MemcheckSummary *self);

gboolean memcheck_recognise(const char *bytes, gsize length);

#endif
