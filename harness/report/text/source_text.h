/* The lines of a source file. It is looked for below one folder only, because its path may come from an
 * untrusted file. */
#ifndef HEAPGATE_REPORT_TEXT_SOURCE_TEXT_H
#define HEAPGATE_REPORT_TEXT_SOURCE_TEXT_H

#include <glib.h>

typedef struct SourceText SourceText;

/* Reads a source file below the folder. path: as debug information names it, perhaps of another machine; its
 * longest tail that names a regular file below the folder is used. Returns (transfer full), or NULL where
 * there is none or it is larger than 16 MiB. */
SourceText *source_text_open(const char *folder, const char *path);
void source_text_free(SourceText *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SourceText, source_text_free)

/* The line with this number, from 1, as it stands in the file, not made harmless; "" where there is none or
 * self is NULL. (transfer none). */
const char *source_text_line(const SourceText *self, guint number);

#endif
