/* An xmlTextReader over a slice of bytes, hardened for hostile files.
 *
 * No network, no DTD, no entities but XML's own five, no XML_PARSE_HUGE (so libxml2's limits on depth and
 * text hold), nothing on stderr. Bytes that no XML file may hold (control characters, invalid UTF-8) are read
 * as '?': Valgrind writes program names and messages as they are. Markup in a thread's name is text: Valgrind
 * (3.19) escapes it nowhere. */
#ifndef HEAPGATE_FORMATS_VALGRIND_XML_PULL_H
#define HEAPGATE_FORMATS_VALGRIND_XML_PULL_H

#include <glib.h>
#include <libxml/xmlreader.h>

typedef struct {
    xmlTextReaderPtr reader;
    const char *prefix; /* read before the bytes */
    gsize prefix_length;
    const char *bytes;
    gsize length;
    gsize at;                   /* bytes handed to libxml2 */
    gsize name_begin, name_end; /* of the thread's name that was met last */
    guint paddings;             /* still to be handed over after them */
    guint64 line_offset;
    guint64 line;   /* of the node last read, as the file counts */
    int error_code; /* libxml2's, of the first error; 0: none */
    guint64 error_line;
    char *error_text; /* one line, without a full stop */
} XmlPull;

/* Starts at bytes, which are line first_line of the file; prefix (nullable) is read before them as if it
 * stood on that line. Borrows bytes. Clear with xml_pull_clear. */
void xml_pull_init(XmlPull *self, const char *bytes, gsize length, guint64 first_line, const char *prefix);
void xml_pull_clear(XmlPull *self);

/* The next node: 1, at the end 0, after an error -1. */
int xml_pull_read(XmlPull *self);

/* TRUE where the error is that the bytes end before the document does. They must not end within a tag or a
 * reference: libxml2 has many names for that. */
gboolean xml_pull_was_cut(const XmlPull *self);

#endif
