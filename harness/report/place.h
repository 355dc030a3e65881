/* Finds the place of a finding: a source file of the project, as annotations need it. */
#ifndef HEAPGATE_REPORT_PLACE_H
#define HEAPGATE_REPORT_PLACE_H

#include "model/call_site.h"

typedef struct Places Places;

/* root: the project's folder, absolute. If it is NULL or does not exist here, files cannot be looked up, and
 * places are named as the compiler named them. Returns (transfer full). */
Places *places_new(const char *root);
void places_free(Places *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Places, places_free)

/* The source file of the innermost frame whose source lies in the project, relative to the project's folder,
 * and its line in *line (0: not known). Compilers name sources relative to the folder they ran in
 * ("../src/app.c"), and Valgrind by base name: such a name is looked up among the project's files, and it
 * counts if exactly one of them has it. Returns (transfer full), or NULL. */
char *places_find(Places *self, const Frame *frames, guint n_frames, guint *line);

#endif
