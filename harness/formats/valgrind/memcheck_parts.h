/* Cuts a memcheck file into its parts: documents, what forked processes appended, and other text.
 *
 * A part that is cut off is given up to its last '>': what follows that is no use to anyone.
 * Valgrind escapes '<' wherever it quotes a program, so "<?xml" and "</valgrindoutput>" are what they seem,
 * but in a comment before the root, which others may have written. */
#ifndef HEAPGATE_FORMATS_VALGRIND_MEMCHECK_PARTS_H
#define HEAPGATE_FORMATS_VALGRIND_MEMCHECK_PARTS_H

#include <glib.h>

typedef enum {
    MEMCHECK_PART_DOCUMENT, /* begins at "<valgrindoutput" */
    MEMCHECK_PART_HEADLESS, /* elements without their root's beginning: a forked process closed it earlier */
    MEMCHECK_PART_TEXT,     /* anything else but blanks, comments and instructions */
} MemcheckPartKind;

typedef struct {
    MemcheckPartKind kind;
    const char *bytes;
    gsize length;
    guint64 line;     /* of its first byte, from 1 */
    guint64 end_line; /* of its last */
} MemcheckPart;

enum { MEMCHECK_ASIDES = 2 }; /* comments, instructions */

typedef struct {
    const char *bytes;
    gsize length, at;
    guint64 line;
    gsize next_header;                 /* of the next "<?xml ", length where there is none */
    gboolean endless[MEMCHECK_ASIDES]; /* the file has no further end of one */
} MemcheckParts;

void memcheck_parts_init(MemcheckParts *self, const char *bytes, gsize length);
/* FALSE at the end of the file. Parts of blanks, comments and instructions alone are left out. */
gboolean memcheck_parts_next(MemcheckParts *self, MemcheckPart *part);
/* TRUE where the file begins with a document. */
gboolean memcheck_parts_recognise(const char *bytes, gsize length);

#endif
