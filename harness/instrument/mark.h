/* What a mark looks like on its way from the program to the instrument that reads it. heapgate.h and the
 * Python module write the same without this header, which they cannot include: tests/instrument/test_mark.c
 * holds all of them together. */
#ifndef HEAPGATE_INSTRUMENT_MARK_H
#define HEAPGATE_INSTRUMENT_MARK_H

#include <glib.h>

/* What a program that is watched finds in its environment: the instrument's name, and the folder for marks'
 * files, which is the folder of the instrument's own. */
#define MARK_INSTRUMENT_VARIABLE "HEAPGATE_INSTRUMENT"
#define MARK_FOLDER_VARIABLE     "HEAPGATE_MARKS"

enum { MARK_NAME_SIZE = 64 }; /* bytes of a name, at most: of [A-Za-z0-9_.-] */

/* The name as it stands in files, lines and results: cut to that size, "_" for what it may not hold;
 * (transfer full). */
char *mark_plain_name(const char *name);

/* A mark's file is mark.PID.NANOSECONDS.NAME: the process it is of, CLOCK_MONOTONIC in 20 digits. Sorted by
 * name, the files of a process are in the order in which they were set. */
#define MARK_FILE_PREFIX "mark."
/* The file for a mark that is set now; (transfer full). */
char *mark_file_path(const char *folder, gint64 pid, const char *name);
/* The files in folder, full paths sorted by name; (transfer full), elements char *. pid: of this process
 * alone; 0: of all. */
GPtrArray *mark_files(const char *folder, gint64 pid);
/* What the path says. pid: may be NULL. Returns the name, which points into path; NULL: it is no mark's file.
 */
const char *mark_file_name(const char *path, gint64 *pid);

/* What memcheck counts at a mark, in bytes: the line "heapgate-mark NAME LOST POSSIBLY_LOST REACHABLE
 * SUPPRESSED". */
typedef struct {
    char name[MARK_NAME_SIZE + 1];
    gint64 lost, possibly_lost, reachable, suppressed;
} MarkLine;
/* With the end of the line; (transfer full). */
char *mark_line_format(const MarkLine *self);
/* FALSE: text is another line. */
gboolean mark_line_parse(const char *text, MarkLine *self);

#endif
