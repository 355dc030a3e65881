/* Shows a heap tree: percent and bytes, then the frame. Callers are indented only where there are several; a
 * chain of single callers goes straight down.
 *
 * Nodes are added one at a time, in the order of the file, and only the path to the last one is kept. */
#ifndef HEAPGATE_VIEW_VIEW_TREE_H
#define HEAPGATE_VIEW_VIEW_TREE_H

#include "formats/valgrind/massif.h"

typedef struct ViewTree ViewTree;

/* threshold_percent: of the root's bytes; nodes below it are summed up. output: (transfer none); the tree is
 * appended to it. Returns (transfer full). */
ViewTree *view_tree_new(double threshold_percent, GString *output);
void view_tree_free(ViewTree *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ViewTree, view_tree_free)

/* Adds a node. A MassifNodeFunc; user_data is the ViewTree. */
gboolean view_tree_visit(const MassifNode *node, gpointer user_data);
/* To be called after the last node. */
void view_tree_end(ViewTree *self);

#endif
