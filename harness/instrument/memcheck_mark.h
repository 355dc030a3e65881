/* Marks from outside, under memcheck. */
#ifndef HEAPGATE_INSTRUMENT_MEMCHECK_MARK_H
#define HEAPGATE_INSTRUMENT_MEMCHECK_MARK_H

#include <glib.h>

/* Leaves the mark's line (mark.h) in a mark's file for each process. An Instrument.mark. */
gboolean memcheck_mark(const char *folder, const char *name, GError **error);

/* Did this process become `heapgate mark`? A shell's child that did is watched no more, and what memcheck had
 * begun to write of it has no end, which must not count as a document that was cut off. */
gboolean memcheck_is_marker(const char *folder, gint64 pid);

#endif
