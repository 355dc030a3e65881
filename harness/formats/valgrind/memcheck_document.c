#include "memcheck_document.h"

#include <string.h>

#include "memcheck_elements.h"

enum { LONGEST_TEXT = 16 * 1024 };

static void end_element(MemcheckWalk *self)
{
    const MemcheckElement *element = memcheck_element_here(self);
    if (element != NULL && element->end != NULL) {
        g_strstrip(self->text->str);
        self->text->len = strlen(self->text->str);
        element->end(self);
    }
    g_string_truncate(self->text, 0);
    self->depth--;
}

static void begin_element(MemcheckWalk *self)
{
    xmlTextReaderPtr reader = self->pull.reader;
    if (self->depth < MEMCHECK_DEEPEST)
        self->path[self->depth] = (const char *)xmlTextReaderConstName(reader);
    self->depth++;
    g_string_truncate(self->text, 0);
    const MemcheckElement *element = memcheck_element_here(self);
    if (element != NULL && element->begin != NULL)
        element->begin(self);
    if (xmlTextReaderIsEmptyElement(reader))
        end_element(self);
}

static void walk_add_text(MemcheckWalk *self)
{
    const char *value = (const char *)xmlTextReaderConstValue(self->pull.reader);
    if (value == NULL || self->text->len >= LONGEST_TEXT)
        return;
    gsize length = strlen(value), room = LONGEST_TEXT - self->text->len;
    if (length > room) {
        const char *end = g_utf8_find_prev_char(value, value + room + 1);
        length = end != NULL ? (gsize)(end - value) : 0;
    }
    g_string_append_len(self->text, value, (gssize)length);
}

static void take_node(MemcheckWalk *self)
{
    switch (xmlTextReaderNodeType(self->pull.reader)) {
    case XML_READER_TYPE_ELEMENT:
        begin_element(self);
        break;
    case XML_READER_TYPE_END_ELEMENT:
        end_element(self);
        break;
    case XML_READER_TYPE_TEXT:
    case XML_READER_TYPE_CDATA:
        walk_add_text(self);
        break;
    default:
        break;
    }
}

static void note_outcome(MemcheckWalk *self, int last)
{
    MemcheckDocument *document = self->document;
    if (last == 0)
        return;
    document->outcome = xml_pull_was_cut(&self->pull) ? MEMCHECK_CUT : MEMCHECK_MALFORMED;
    document->error_line = self->pull.error_line;
    g_free(document->malformed);
    document->malformed = g_strdup(self->pull.error_text != NULL ? self->pull.error_text : "an XML error");
}

static void walk_pass(MemcheckWalk *self, const char *bytes, gsize length, guint64 first_line,
                      gboolean headless)
{
    int last;
    self->depth = 0;
    xml_pull_init(&self->pull, bytes, length, first_line, headless ? "<valgrindoutput>" : NULL);
    while ((last = xml_pull_read(&self->pull)) == 1 && self->error == NULL)
        take_node(self);
    if (!self->counting && self->error == NULL)
        note_outcome(self, last);
    xml_pull_clear(&self->pull);
}

/* Occurrences are written after the errors they belong to: they are read first. */
static void walk_counts(MemcheckWalk *self, const char *bytes, gsize length, guint64 first_line)
{
    static const char mark[] = "<errorcounts>";
    const char *at = memmem(bytes, length, mark, sizeof mark - 1);
    if (at == NULL)
        return;
    guint64 line = first_line;
    for (const char *p = bytes; p < at; p++)
        line += *p == '\n';
    self->counting = TRUE;
    walk_pass(self, at, length - (gsize)(at - bytes), line, TRUE);
    self->counting = FALSE;
}

static void walk_init(MemcheckWalk *self, MemcheckDocument *document, MemcheckFile *file)
{
    *self = (MemcheckWalk){.document = document, .file = file};
    self->text = g_string_new(NULL);
    self->command = g_string_new(NULL);
    self->strings = g_string_chunk_new(4096);
    self->frames = g_array_sized_new(FALSE, FALSE, sizeof(Frame), 64); /* never NULL */
    self->further = g_array_sized_new(FALSE, FALSE, sizeof(Frame), 64);
    self->counts = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
}

static void walk_clear(MemcheckWalk *self)
{
    memcheck_walk_clear_error(self);
    if (self->command->len > 0)
        self->document->command = g_strdup(self->command->str);
    g_string_free(self->text, TRUE);
    g_string_free(self->command, TRUE);
    g_string_chunk_free(self->strings);
    g_array_unref(self->frames);
    g_array_unref(self->further);
    g_hash_table_unref(self->counts);
}

static void document_init(MemcheckDocument *self)
{
    *self = (MemcheckDocument){0};
    self->kinds = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, memcheck_kind_free);
    self->leaks = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, memcheck_kind_free);
}

/* TRUE where leaks may have been checked for more than once: rare enough to read such a document twice. */
static gboolean has_early_leaks(const char *bytes, gsize length)
{
    static const char leak[] = "Leak_", finished[] = "FINISHED";
    const char *end = memmem(bytes, length, finished, sizeof finished - 1);
    return memmem(bytes, end != NULL ? (gsize)(end - bytes) : length, leak, sizeof leak - 1) != NULL;
}

/* The number of the document's last leak check, for the errors before it to be known as superseded. */
static guint find_last_check(const MemcheckFile *file, const char *bytes, gsize length, gboolean headless)
{
    MemcheckFile scratch = {.name = file->name, .leak_check = file->leak_check};
    MemcheckDocument document;
    MemcheckWalk walk;
    document_init(&document);
    walk_init(&walk, &document, &scratch);
    walk_pass(&walk, bytes, length, 1, headless);
    walk_clear(&walk);
    g_clear_error(&walk.error);
    memcheck_document_clear(&document);
    return scratch.leak_check;
}

gboolean memcheck_document_read(MemcheckDocument *self, MemcheckFile *file, const char *bytes, gsize length,
                                guint64 first_line, gboolean headless, GError **error)
{
    document_init(self);
    MemcheckWalk walk;
    walk_init(&walk, self, file);
    walk_counts(&walk, bytes, length, first_line);
    if (walk.error == NULL && file->handler != NULL && has_early_leaks(bytes, length))
        walk.last_check = find_last_check(file, bytes, length, headless);
    if (walk.error == NULL)
        walk_pass(&walk, bytes, length, first_line, headless);
    walk_clear(&walk);
    if (walk.error == NULL)
        return TRUE;
    g_propagate_error(error, walk.error);
    return FALSE;
}

void memcheck_document_clear(MemcheckDocument *self)
{
    g_free(self->malformed);
    g_free(self->command);
    g_free(self->fatal_signal);
    g_clear_pointer(&self->kinds, g_hash_table_unref);
    g_clear_pointer(&self->leaks, g_hash_table_unref);
    *self = (MemcheckDocument){0};
}

void memcheck_kind_free(gpointer data)
{
    MemcheckKind *kind = data;
    g_free(kind->kind);
    g_free(kind);
}

void memcheck_kinds_add(GHashTable *kinds, const char *name, gint64 count, gint64 bytes, gint64 blocks)
{
    MemcheckKind *kind = g_hash_table_lookup(kinds, name);
    if (kind == NULL) {
        kind = g_new0(MemcheckKind, 1);
        kind->kind = g_strdup(name);
        g_hash_table_insert(kinds, kind->kind, kind);
    }
    kind->count += count;
    kind->bytes += bytes;
    kind->blocks += blocks;
}
