/* A stack as a person reads it: one frame a row, function and place in columns, without what is of no use. */
#ifndef HEAPGATE_REPORT_TEXT_STACK_H
#define HEAPGATE_REPORT_TEXT_STACK_H

#include "columns.h"
#include "model/call_site.h"

enum { STACK_FRAMES = 8 }; /* rows of one stack, the one that says how many were cut out included */

/* Adds the rows of one stack to columns of three: amount, function, place.
 * amount: in the first row; note: below it ("was 1.00 MiB"), may be NULL; key: stands for a stack without
 * frames. Allocators' own frames are left out, runs of frames without a symbol are one row, the middle of a
 * long stack is cut; the program's own code stays rather than its libraries'. Adds at most
 * STACK_FRAMES rows, at least one. */
void stack_add(Columns *columns, const char *amount, const char *note, const char *key, const Frame *frames,
               guint n_frames);
/* The same with every frame of the program: nothing is cut out. Returns TRUE where stack_add leaves some of
 * them out. */
gboolean stack_add_whole(Columns *columns, const char *amount, const char *note, const char *key,
                         const Frame *frames, guint n_frames);
/* One row: the frame that matters most, and a remark behind it. */
void stack_add_short(Columns *columns, const char *amount, const char *remark, const char *key,
                     const Frame *frames, guint n_frames);
/* "copy_attribute (roundtrip.c:112), called by edit_document (roundtrip.c:141)"; (transfer full). */
char *stack_describe(const char *key, const Frame *frames, guint n_frames);

#endif
