/* Where to point at: a file that exists in the project, for annotations and whoever marks lines. */
#ifndef HEAPGATE_REPORT_PLACE_H
#define HEAPGATE_REPORT_PLACE_H

#include "model/call_site.h"

typedef struct Places Places;

/* root: the project's folder, absolute; NULL, or a folder that is not here: nothing can be looked up, and
 * places are as they were compiled. (transfer full). */
Places *places_new(const char *root);
void places_free(Places *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Places, places_free)

/* The innermost frame whose source lies in the project: its file, relative to the project's folder, and line
 * (0: not known). Compilers name sources by the folder that they ran in ("../src/app.c"), Valgrind by the
 * last part alone: such a name is looked for among the project's files, and counts where exactly one of them
 * fits. (transfer full), or NULL. */
char *places_find(Places *self, const Frame *frames, guint n_frames, guint *line);

#endif
