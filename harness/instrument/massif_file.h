/* Files in massif's format that a run left behind: massif's own, its marks, and the exit trees of either
 * tool. */
#ifndef HEAPGATE_INSTRUMENT_MASSIF_FILE_H
#define HEAPGATE_INSTRUMENT_MASSIF_FILE_H

#include "formats/valgrind/massif.h"
#include "model/measurement.h"

/* One file, mapped, and what it holds. */
typedef struct {
    char *path;
    GMappedFile *mapped;
    const char *bytes;
    gsize length;
    MassifSummary summary;
} MassifFile;

/* Reads a file; each: may be NULL, see massif_read. Returns (transfer full), or NULL once the measurement's
 * problem says what is wrong with the file. */
MassifFile *massif_file_open(const char *path, MassifSnapshotFunc each, gpointer user_data,
                             Measurement *measurement);
void massif_file_free(MassifFile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MassifFile, massif_file_free)

/* Adds a snapshot's tree, where it has one, to sites. FALSE once the measurement's problem says why not. */
gboolean massif_file_add_tree(const MassifFile *self, const MassifSnapshot *snapshot, MassifAdd add,
                              CallSites *sites, Measurement *measurement);

/* The rows of an exit tree (--xtree-memory), in the order Valgrind writes them: snapshots of one file. */
enum { XTREE_LIVE_BYTES, XTREE_LIVE_BLOCKS, XTREE_ROWS };
/* A MassifSnapshotFunc that keeps those rows; user_data: MassifSnapshot[XTREE_ROWS], cleared. */
void massif_file_keep_rows(const MassifSnapshot *snapshot, gpointer user_data);

#endif
