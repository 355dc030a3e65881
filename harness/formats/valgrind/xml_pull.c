#include "xml_pull.h"

#include <string.h>

/* xmlTextReader's line numbers end here without help. */
enum { FEW_LINES = 60000 };

/* Read after the bytes: libxml2 drops what lies in the block in which it meets the end of a cut file, and
 * gives the end of an element only when something follows. These instructions are what it drops. */
static const char padding[] = "<?end?>";
enum { PADDING_LENGTH = sizeof padding - 1, PADDINGS = 256 };

/* The length of the character at text, 0 where XML may not hold it. */
static gsize character_length(const char *text, gsize remaining)
{
    guchar c = (guchar)*text;
    if (c < 0x80)
        return c >= 0x20 || c == '\t' || c == '\n' || c == '\r' ? 1 : 0;
    gunichar u = g_utf8_get_char_validated(text, (gssize)MIN(remaining, 6));
    return u > 0x10ffff || u == 0xfffe || u == 0xffff ? 0 : (gsize)g_utf8_skip[c];
}

static int give_prefix(XmlPull *self, char *buffer, gsize room)
{
    gsize given = MIN(room, self->prefix_length);
    memcpy(buffer, self->prefix, given);
    self->prefix += given;
    self->prefix_length -= given;
    return (int)given;
}

static int give_padding(XmlPull *self, char *buffer, gsize room)
{
    if (self->paddings == 0 || room < PADDING_LENGTH)
        return 0;
    self->paddings--;
    memcpy(buffer, padding, PADDING_LENGTH);
    return PADDING_LENGTH;
}

/* Looks for a thread's name that begins here. A process gives it, so it may hold a line's end, and most of
 * the tag that ends it. */
static void note_thread_name(XmlPull *self)
{
    static const char begin[] = "<threadname>", end[] = "</threadname>";
    enum { BEGIN = sizeof begin - 1, END = sizeof end - 1, LONGEST = 15 };
    const char *text = self->bytes + self->at;
    gsize remaining = self->length - self->at;
    if (self->at < self->name_end || remaining < BEGIN || memcmp(text, begin, BEGIN) != 0)
        return;
    self->name_begin = self->name_end = self->at + BEGIN;
    for (gsize length = 0; length <= LONGEST && BEGIN + length + END <= remaining; length++)
        if (memcmp(text + BEGIN + length, end, END) == 0)
            self->name_end = self->name_begin + length;
}

static gboolean is_entity(const char *text, gsize remaining)
{
    static const char *const entities[] = {"&lt;", "&gt;", "&amp;", "&quot;", "&apos;"};
    for (gsize i = 0; i < G_N_ELEMENTS(entities); i++)
        if (remaining >= strlen(entities[i]) && memcmp(text, entities[i], strlen(entities[i])) == 0)
            return TRUE;
    return FALSE;
}

/* What stands for the character in a thread's name; NULL: itself. */
static const char *escape_in_name(const XmlPull *self)
{
    const char *text = self->bytes + self->at;
    if (self->at < self->name_begin || self->at >= self->name_end)
        return NULL;
    switch (*text) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return is_entity(text, self->name_end - self->at) ? NULL : "&amp;";
    default:
        return NULL;
    }
}

/* What stands for the character at hand, and its length; returns how many bytes the character has. */
static gsize next_character(XmlPull *self, const char **given, gsize *given_length)
{
    note_thread_name(self);
    gsize length = character_length(self->bytes + self->at, self->length - self->at);
    *given = length > 0 ? escape_in_name(self) : "?";
    if (*given != NULL) {
        *given_length = strlen(*given);
        return 1;
    }
    *given = self->bytes + self->at;
    *given_length = length;
    return length;
}

/* libxml2's read callback. */
static int give(void *context, char *buffer, int room)
{
    XmlPull *self = context;
    gsize given = 0, size = (gsize)room;
    if (self->prefix_length > 0)
        return give_prefix(self, buffer, size);
    while (given < size && self->at < self->length) {
        const char *text;
        gsize text_length, length = next_character(self, &text, &text_length);
        if (text_length > size - given)
            break;
        memcpy(buffer + given, text, text_length);
        given += text_length;
        self->at += length;
    }
    return given > 0 ? (int)given : give_padding(self, buffer, size);
}

/* What an error handler gets: libxml2 2.12 declares it const, and gcc 14 insists on it. */
#if LIBXML_VERSION >= 21200
typedef const xmlError *HandledError;
#else
typedef xmlError *HandledError;
#endif

static char *pull_describe(const XmlPull *self, HandledError error)
{
    if (error->code == XML_ERR_TAG_NAME_MISMATCH && error->str1 != NULL && error->str2 != NULL)
        return g_strdup_printf("</%s> for the <%s> of line %" G_GUINT64_FORMAT, error->str2, error->str1,
                               (guint64)MAX(error->int1, 0) + self->line_offset);
    return g_utf8_make_valid(error->message != NULL ? error->message : "an XML error", -1);
}

static void note_error(void *user_data, HandledError error)
{
    XmlPull *self = user_data;
    if (self->error_code != 0 || error == NULL || error->level < XML_ERR_ERROR)
        return;
    self->error_code = error->code;
    self->error_line = error->line > 0 ? (guint64)error->line + self->line_offset : 0;
    self->error_text = pull_describe(self, error);
    g_strdelimit(self->error_text, "\r\n", ' ');
    g_strchomp(self->error_text);
}

void xml_pull_init(XmlPull *self, const char *bytes, gsize length, guint64 first_line, const char *prefix)
{
    *self = (XmlPull){
        .bytes = bytes,
        .length = length,
        .prefix = prefix,
        .prefix_length = prefix != NULL ? strlen(prefix) : 0,
        .line_offset = first_line - 1,
        .line = first_line,
        .paddings = PADDINGS,
    };
    self->reader = xmlReaderForIO(give, NULL, self, NULL, "UTF-8",
                                  XML_PARSE_NONET | XML_PARSE_BIG_LINES | XML_PARSE_COMPACT);
    if (self->reader != NULL)
        xmlTextReaderSetStructuredErrorHandler(self->reader, note_error, self);
}

void xml_pull_clear(XmlPull *self)
{
    if (self->reader != NULL)
        xmlFreeTextReader(self->reader);
    g_free(self->error_text);
    *self = (XmlPull){0};
}

/* A node's line; libxml2 keeps 16 bits of it but for text, and its parser runs a little ahead. */
static void note_line(XmlPull *self)
{
    xmlNodePtr node = xmlTextReaderCurrentNode(self->reader);
    if (node == NULL)
        return;
    long line = node->type == XML_TEXT_NODE || node->line < FEW_LINES ? xmlGetLineNo(node) : 0;
    if (line > 0)
        self->line = MAX(self->line, (guint64)line + self->line_offset);
}

int xml_pull_read(XmlPull *self)
{
    int result = self->reader != NULL ? xmlTextReaderRead(self->reader) : -1;
    if (result == 1)
        note_line(self);
    else if (result < 0 && self->error_line == 0)
        self->error_line = self->line;
    return result;
}

gboolean xml_pull_was_cut(const XmlPull *self)
{
    static const int codes[] = {XML_ERR_DOCUMENT_END,         XML_ERR_TAG_NOT_FINISHED,
                                XML_ERR_DOCUMENT_EMPTY,       XML_ERR_CDATA_NOT_FINISHED,
                                XML_ERR_COMMENT_NOT_FINISHED, XML_ERR_PI_NOT_FINISHED};
    for (gsize i = 0; i < G_N_ELEMENTS(codes); i++)
        if (self->error_code == codes[i])
            return self->at == self->length;
    return FALSE;
}
