/* Reader of DHAT's JSON (dhatFileVersion 2; modes "heap", "rust-heap", "copy", "ad-hoc").
 *
 * Bytes in, model out; opens nothing; built on yajl, streaming, so that a file cut off gives what it had.
 * Source of the format: dhat/dh_main.c's description of its output, Valgrind 3.19. */
#ifndef HEAPGATE_FORMATS_VALGRIND_DHAT_H
#define HEAPGATE_FORMATS_VALGRIND_DHAT_H

#include <glib.h>

#include "model/call_site.h"

typedef struct {
    char *mode;
    char *command;
    gint64 pid;
    guint64 program_points;
    gint64 total_bytes; /* sum of tb */
    gint64 total_blocks;
    gint64 peak_bytes; /* sum of gb: at the global maximum */
    gint64 end_bytes;  /* sum of eb: at exit */
} DhatSummary;

/* Which of a program point's numbers become a call site's bytes and blocks. */
typedef enum { DHAT_TOTAL, DHAT_PEAK, DHAT_END } DhatNumber;

/* Reads a file. sites: (nullable) gets the chosen number of every program point (the frame table follows the
 * program points in the file: points are kept as indices until it is read).
 * summary: filled also on HEAPGATE_ERROR_TRUNCATED.
 * Errors: HEAPGATE_ERROR_FORMAT "NAME:LINE: expected ..., found ..."; HEAPGATE_ERROR_TRUNCATED where cut off.
 */
gboolean dhat_read(const char *bytes, gsize length, const char *name, DhatNumber number, CallSites *sites,
                   DhatSummary *summary, GError **error);
void dhat_summary_clear(DhatSummary *self);

gboolean dhat_recognise(const char *bytes, gsize length);

#endif
