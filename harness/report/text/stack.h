/* Shows a stack: one frame to a row, function and place in columns, without frames that say nothing. */
#ifndef HEAPGATE_REPORT_TEXT_STACK_H
#define HEAPGATE_REPORT_TEXT_STACK_H

#include "columns.h"
#include "model/call_site.h"

enum { STACK_FRAMES = 8 }; /* the most rows of one stack, with the one that says how many were left out */

/* The innermost frame that is no allocator's; 0 where all are. */
guint stack_first_useful(const Frame *frames, guint n_frames);

/* Adds the rows of one stack to `columns`, which has three: amount, function, place. Frames of allocators are
 * left out; several frames without a symbol in a row are one row; of a long stack the middle is left out, but
 * the program's own frames rather stay than its libraries'. Adds 1 to STACK_FRAMES rows. amount: stands in
 * the first row. note: stands below it ("was 1.00 MiB"); may be NULL. key: shown where there are no frames.
 * frames: innermost first. */
void stack_add(Columns *columns, const char *amount, const char *note, const char *key, const Frame *frames,
               guint n_frames);
/* The same with all frames but allocators'. Returns whether stack_add would leave some of them out. */
gboolean stack_add_whole(Columns *columns, const char *amount, const char *note, const char *key,
                         const Frame *frames, guint n_frames);
/* Adds one row: the frame that matters most, with a remark behind its place. */
void stack_add_short(Columns *columns, const char *amount, const char *remark, const char *key,
                     const Frame *frames, guint n_frames);
/* "copy_attribute (roundtrip.c:112), called by edit_document (roundtrip.c:141)"; (transfer full). */
char *stack_describe(const char *key, const Frame *frames, guint n_frames);

#endif
