/* Reader of DHAT's JSON (dhatFileVersion 2; modes "heap", "copy", "ad-hoc" of Valgrind's DHAT, "rust-heap"
 * and "rust-ad-hoc" of Rust's dhat crate).
 *
 * Bytes in, model out; opens nothing; built on yajl, streaming, so that a file cut off gives what it had.
 * Source of the format: dhat/dh_main.c's description of its output, Valgrind 3.19. */
#ifndef HEAPGATE_FORMATS_VALGRIND_DHAT_H
#define HEAPGATE_FORMATS_VALGRIND_DHAT_H

#include <glib.h>

#include "dhat_points.h"
#include "model/call_site.h"

/* What was counted: whole blocks, or events as they went by. */
typedef enum { DHAT_OF_BLOCKS, DHAT_OF_COPIES, DHAT_OF_UNITS } DhatKind;

typedef struct {
    char *mode;
    char *command;
    gint64 pid;
    DhatAmount sums[DHAT_NUMBERS]; /* over all program points */
    DhatPoints points;
} DhatFile;

/* Reads a file. self: filled also on HEAPGATE_ERROR_TRUNCATED; clear with dhat_file_clear in any case.
 * Errors: HEAPGATE_ERROR_FORMAT "NAME:LINE: expected ..., found ..."; HEAPGATE_ERROR_TRUNCATED where cut off.
 */
gboolean dhat_file_read(DhatFile *self, const char *bytes, gsize length, const char *name, GError **error);
void dhat_file_clear(DhatFile *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DhatFile, dhat_file_clear)

/* By the mode. Only of blocks are there a peak and an end. */
DhatKind dhat_file_kind(const DhatFile *self);

gboolean dhat_recognise(const char *bytes, gsize length);

#endif
