/* A heap tree as a person reads it: percent and bytes, then the frame; a caller is indented only where
 * several callers part, and a chain of single callers reads downwards.
 *
 * Takes nodes one at a time, in the order of the file: memory does not grow with the tree. */
#ifndef HEAPGATE_VIEW_VIEW_TREE_H
#define HEAPGATE_VIEW_VIEW_TREE_H

#include "formats/valgrind/massif.h"

typedef struct ViewTree ViewTree;

/* threshold_percent: of the root's bytes; what is below is summed up. output: (transfer none), appended to.
 */
ViewTree *view_tree_new(double threshold_percent, GString *output);
void view_tree_free(ViewTree *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ViewTree, view_tree_free)

/* A MassifNodeFunc; user_data is the ViewTree. */
gboolean view_tree_visit(const MassifNode *node, gpointer user_data);
/* Behind the last node. */
void view_tree_end(ViewTree *self);

#endif
