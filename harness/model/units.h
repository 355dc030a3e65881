/* Sizes, times and shares as people write and read them. */
#ifndef HEAPGATE_MODEL_UNITS_H
#define HEAPGATE_MODEL_UNITS_H

#include <glib.h>

/* Reads a size: "0 B", "48 B", "64 KiB", "1.5 MiB", "2 GiB", "512" (bytes). Anything else, a negative size
 * and one that does not fit into gint64 are errors (HEAPGATE_ERROR_CONFIG); the message quotes the text. */
gboolean units_parse_bytes(const char *text, gint64 *bytes, GError **error);
/* Reads a duration: "120 s", "2 min", "1 h", "500 ms". Errors as above; a number without a unit is one. */
gboolean units_parse_duration(const char *text, gint64 *microseconds, GError **error);

/* "0 B", "48 B", "1.92 MiB": three significant figures above one KiB; (transfer full). */
char *units_format_bytes(gint64 bytes);
/* With a sign: "+48 B", "-1.5 KiB", "0 B"; (transfer full). */
char *units_format_signed_bytes(gint64 bytes);
/* "1,204"; with_sign: "+1,204", "-3", "0"; (transfer full). */
char *units_format_count(gint64 count, gboolean with_sign);
/* "85 ms", "1.2 s", "2 min 5 s"; (transfer full). */
char *units_format_duration(gint64 microseconds);
/* The change from base to now: "+0.0 %", "-12.5 %", or "" where base is 0; (transfer full). */
char *units_format_change(gint64 base, gint64 now);

#endif
