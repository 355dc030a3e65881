/* Reader of massif.out files (Valgrind's massif, its xtree reports named *.ms, heaptrack's massif export).
 *
 * Bytes in, model out; opens nothing. Memory does not grow with the number of snapshots: a summary is kept,
 * and the tree of one snapshot is read when asked for. Source of the format: what Valgrind 3.19's massif
 * writes; see docs/formats.md. */
#ifndef HEAPGATE_FORMATS_VALGRIND_MASSIF_H
#define HEAPGATE_FORMATS_VALGRIND_MASSIF_H

#include <glib.h>

#include "model/call_site.h"

typedef enum { MASSIF_TREE_EMPTY, MASSIF_TREE_DETAILED, MASSIF_TREE_PEAK } MassifTree;

typedef struct {
    guint64 index; /* as numbered in the file */
    double time;   /* in the file's time_unit */
    gint64 heap_bytes, extra_bytes, stacks_bytes;
    MassifTree tree;
    gsize tree_offset; /* of the tree's first line in the file's bytes */
    guint tree_line;   /* its line number, from 1 */
} MassifSnapshot;

typedef struct {
    char *description; /* "desc:" */
    char *command;     /* "cmd:" */
    char *time_unit;   /* "i", "ms", "B", "s" */
    guint64 snapshots;
    guint64 detailed; /* snapshots with a tree, the peak included */
    gboolean has_peak_marker;
    MassifSnapshot peak_marker; /* the snapshot massif marked; not always the maximum */
    MassifSnapshot max;         /* largest heap + extra + stacks; the first of equals */
    MassifSnapshot
        max_heap; /* largest heap_bytes; the first of equals, one with a tree preferred among equals */
    MassifSnapshot last;
} MassifSummary;

/* Called for each snapshot in file order (for charts). */
typedef void (*MassifSnapshotFunc)(const MassifSnapshot *snapshot, gpointer user_data);

/* Reads a whole file, checking every line of it, trees included.
 * bytes: (transfer none), length bytes, need not end in NUL. name: for messages. each: may be NULL.
 * summary: filled with what was read, also on HEAPGATE_ERROR_TRUNCATED; clear with massif_summary_clear.
 * Errors: HEAPGATE_ERROR_FORMAT "NAME:LINE: expected ..., found ..." where the file is no massif file or
 * damaged; HEAPGATE_ERROR_TRUNCATED where it ends in the middle of something. */
gboolean massif_read(const char *bytes, gsize length, const char *name, MassifSnapshotFunc each,
                     gpointer user_data, MassifSummary *summary, GError **error);
void massif_summary_clear(MassifSummary *self);

/* One node of a heap tree, in the order of the file. */
typedef struct {
    guint depth; /* 0: the root */
    guint children;
    gint64 bytes;
    gboolean below_threshold; /* "in 3 places, all below massif's threshold": no frame */
    Frame frame;              /* valid during the call; function NULL for "???" and for the root */
    const char *label;        /* the whole label as written, not NUL-terminated */
    gsize label_length;
} MassifNode;
/* Returns FALSE to stop early. */
typedef gboolean (*MassifNodeFunc)(const MassifNode *node, gpointer user_data);

/* Visits the tree of one snapshot (tree_offset and tree_line as massif_read gave them). Errors as
 * massif_read. */
gboolean massif_read_tree(const char *bytes, gsize length, const char *name, const MassifSnapshot *snapshot,
                          MassifNodeFunc func, gpointer user_data, GError **error);

/* Which count of a call site a tree's numbers are added to. */
typedef enum { MASSIF_ADD_BYTES, MASSIF_ADD_BLOCKS } MassifAdd;

/* Adds every stack of the snapshot's tree to sites: a node's own share is its bytes less those of its
 * children. What massif summed up below its threshold goes to its parent's stack. Errors as massif_read. */
gboolean massif_read_call_sites(const char *bytes, gsize length, const char *name,
                                const MassifSnapshot *snapshot, MassifAdd add, CallSites *sites,
                                GError **error);

/* TRUE where the bytes begin as a massif file does (another tool's "desc:"/"cmd:" file is not one). */
gboolean massif_recognise(const char *bytes, gsize length);

#endif
