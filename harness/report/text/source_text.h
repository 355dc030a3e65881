/* The lines of a source file, found below one folder and nowhere else: its path may come from a file that
 * somebody sent. */
#ifndef HEAPGATE_REPORT_TEXT_SOURCE_TEXT_H
#define HEAPGATE_REPORT_TEXT_SOURCE_TEXT_H

#include <glib.h>

typedef struct SourceText SourceText;

/* path: as the program knew it, perhaps on another machine: the longest end of it that names a regular file
 * below the folder counts. NULL where there is none, or where it is larger than 16 MiB. (transfer full). */
SourceText *source_text_open(const char *folder, const char *path);
void source_text_free(SourceText *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SourceText, source_text_free)

/* The line of this number, from 1; "" where there is none, or self is NULL. As it is in the file: not made
 * harmless. (transfer none). */
const char *source_text_line(const SourceText *self, guint number);

#endif
