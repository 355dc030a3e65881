/* Private to the massif reader: the line scanner and the tree walker that massif.c and massif_tree.c share.
 *
 * A line is a view into the caller's bytes: nothing is copied, nothing is allocated, whatever the file says.
 */
#ifndef HEAPGATE_FORMATS_VALGRIND_MASSIF_LINES_H
#define HEAPGATE_FORMATS_VALGRIND_MASSIF_LINES_H

#include <string.h>

#include "massif.h"

/* Deeper trees are refused: massif's own --depth is 30 by default, and its limit is 200. */
enum { MASSIF_MAX_DEPTH = 1024 };

typedef struct {
    const char *begin, *next, *end;
    const char *checked; /* no NUL before here */
    const char *name;
    guint number;     /* of the current line, from 1 */
    const char *text; /* the current line, without its end */
    gsize length;
    gboolean whole; /* the line had its newline; only the last can lack it */
    gboolean ended; /* there was no further line */
} MassifLines;

void massif_lines_init(MassifLines *self, const char *bytes, gsize length, const char *name);
/* Refuses NUL bytes in the window that holds the next line; widens self->checked. */
gboolean massif_lines_check(MassifLines *self, const char *until, GError **error);

/* "NAME:LINE: expected EXPECTED, found "..."": HEAPGATE_ERROR_TRUNCATED where the file ended or the line was
 * cut off, HEAPGATE_ERROR_FORMAT else. Always FALSE. */
gboolean massif_lines_refuse(const MassifLines *self, GError **error, const char *expected, ...)
    G_GNUC_PRINTF(3, 4);
/* As above, but always HEAPGATE_ERROR_FORMAT. */
gboolean massif_lines_refuse_format(const MassifLines *self, GError **error, const char *expected, ...)
    G_GNUC_PRINTF(3, 4);

/* The next line. TRUE also at the end of the file, with self->ended. FALSE for a NUL byte. */
static inline gboolean massif_lines_next(MassifLines *self, GError **error)
{
    self->number++;
    self->text = self->next;
    self->length = 0;
    if (G_UNLIKELY(self->next >= self->end)) {
        self->ended = TRUE;
        return TRUE;
    }
    const char *newline = memchr(self->next, '\n', self->end - self->next);
    const char *stop = newline != NULL ? newline : self->end;
    self->whole = newline != NULL;
    self->next = newline != NULL ? newline + 1 : self->end;
    self->length = stop - self->text;
    if (G_UNLIKELY(stop > self->checked) && !massif_lines_check(self, stop, error))
        return FALSE;
    if (self->length > 0 && stop[-1] == '\r')
        self->length--;
    return TRUE;
}

/* Reads digits at *at, stopping at limit; FALSE where there is none or the number does not fit. */
static inline gboolean massif_digits(const char **at, const char *limit, gint64 *value)
{
    const char *p = *at;
    guint64 sum = 0;
    while (p < limit && (guchar)(*p - '0') <= 9) {
        guint digit = (guint)(*p - '0');
        if (G_LIKELY(p - *at < 18)) /* cannot overflow */
            sum = sum * 10 + digit;
        else if (__builtin_mul_overflow(sum, 10u, &sum) || __builtin_add_overflow(sum, digit, &sum) ||
                 sum > G_MAXINT64)
            return FALSE;
        p++;
    }
    if (p == *at)
        return FALSE;
    *at = p;
    *value = (gint64)sum;
    return TRUE;
}

/* One node as the walker sees it. */
typedef struct {
    guint depth;
    guint children;
    gint64 bytes;
    gboolean below_threshold;
    const char *label; /* into the file's bytes */
    gsize label_length;
} MassifBranch;
/* Returns FALSE to stop the walk. */
typedef gboolean (*MassifBranchFunc)(const MassifBranch *branch, gpointer user_data);

/* Walks the tree whose first line is the next one and checks all of it, or until func (nullable) stops it. */
gboolean massif_tree_walk(MassifLines *lines, MassifBranchFunc func, gpointer user_data, GError **error);

#endif
