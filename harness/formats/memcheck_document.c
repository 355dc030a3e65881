#include "memcheck_document.h"

#include <string.h>

#include "error.h"
#include "formats/allocator.h"
#include "formats/memcheck_leak_check.h"
#include "formats/xml_pull.h"

enum {
    DEEPEST = 32, /* elements further in are nothing we know */
    LONGEST_TEXT = 16 * 1024,
    LONGEST_COMMAND = 64 * 1024,
    MOST_FRAMES = 500,
};

typedef struct {
    gboolean has_unique;
    guint64 unique;
    char *kind, *what;
    gint64 bytes, blocks;
    guint stacks;
} CurrentError;

typedef struct {
    MemcheckDocument *document;
    MemcheckFile *file;
    XmlPull pull;
    const char *path[DEEPEST]; /* names of the open elements, libxml2's */
    guint depth;
    GString *text;    /* of the innermost element */
    GString *command; /* being put together */
    GStringChunk *strings;
    GArray *frames; /* of the current error's first stack */
    Frame frame;
    CurrentError current;
    GHashTable *counts; /* unique -> occurrences, from <errorcounts> */
    guint64 pair_unique;
    gint64 pair_count;
    LeakChecks checks;
    gboolean counting; /* the pass over <errorcounts> alone */
    GError *error;
} Walk;

static void fail(Walk *self, const char *expected)
{
    if (self->error != NULL)
        return;
    g_autofree char *found =
        g_utf8_substring(self->text->str, 0, MIN(g_utf8_strlen(self->text->str, -1), 60));
    g_set_error(&self->error, HEAPGATE_ERROR, HEAPGATE_ERROR_FORMAT,
                "%s:%" G_GUINT64_FORMAT ": expected %s in <%s>, found \"%s\"", self->file->name,
                self->pull.line, expected, self->path[self->depth - 1], found);
}

static gint64 number(Walk *self)
{
    gint64 value = 0;
    if (!leak_check_parse_number(self->text->str, &value))
        fail(self, "a number");
    return value;
}

static guint64 hexadecimal(Walk *self)
{
    char *end = NULL;
    const char *text = self->text->str;
    guint64 value = g_ascii_isxdigit(*text) ? g_ascii_strtoull(text, &end, 16) : 0;
    if (end == NULL || *end != '\0')
        fail(self, "a hexadecimal number");
    return value;
}

/* What is done where an element begins and where it ends; at its end its text is known. */
static void read_protocol(Walk *self)
{
    gint64 protocol = number(self);
    if (self->error == NULL && (protocol < 4 || protocol > 6))
        fail(self, "protocol 4, 5 or 6");
    self->document->protocol = (int)CLAMP(protocol, 0, 6);
}

static void read_tool(Walk *self)
{
    if (strcmp(self->text->str, "memcheck") != 0)
        fail(self, "memcheck");
}

static void read_pid(Walk *self)
{
    self->document->pid = number(self);
}

static void read_parent_pid(Walk *self)
{
    self->document->parent_pid = number(self);
}

static void read_option(Walk *self)
{
    leak_checks_option(&self->checks, self->text->str);
}

static void read_argument(Walk *self)
{
    if (self->command->len + self->text->len > LONGEST_COMMAND)
        return;
    if (self->command->len > 0)
        g_string_append_c(self->command, ' ');
    g_string_append_len(self->command, self->text->str, (gssize)self->text->len);
}

static void begin_leak_check(Walk *self)
{
    g_hash_table_remove_all(self->document->leaks);
    self->file->leak_check++;
}

static void read_state(Walk *self)
{
    if (strcmp(self->text->str, "RUNNING") == 0)
        self->document->running = TRUE;
    if (strcmp(self->text->str, "FINISHED") != 0)
        return;
    self->document->finished = TRUE;
    if (leak_checks_finished(&self->checks))
        begin_leak_check(self);
}

static void read_signal(Walk *self)
{
    if (self->document->fatal_signal == NULL)
        self->document->fatal_signal = g_strdup(self->text->str);
}

static void read_message(Walk *self)
{
    leak_checks_message(&self->checks);
    if (self->file->handler != NULL && self->file->handler->client_message != NULL)
        self->file->handler->client_message(self->text->str, self->file->user_data);
}

static void begin_error(Walk *self)
{
    g_free(self->current.kind);
    g_free(self->current.what);
    self->current = (CurrentError){0};
    g_array_set_size(self->frames, 0);
    g_string_chunk_clear(self->strings);
}

static void begin_stack(Walk *self)
{
    self->current.stacks++;
}

static void begin_frame(Walk *self)
{
    self->frame = (Frame){0};
}

static gboolean in_first_stack(const Walk *self)
{
    return self->current.stacks == 1 && self->depth >= 4 && strcmp(self->path[1], "error") == 0 &&
           strcmp(self->path[2], "stack") == 0 && self->frames->len < MOST_FRAMES;
}

static const char *keep(Walk *self)
{
    return in_first_stack(self) && self->text->len > 0
               ? g_string_chunk_insert_const(self->strings, self->text->str)
               : NULL;
}

static void read_function(Walk *self)
{
    self->frame.function = keep(self);
}

static void read_file(Walk *self)
{
    self->frame.file = keep(self);
}

static void read_object(Walk *self)
{
    self->frame.object = keep(self);
}

static void read_line(Walk *self)
{
    self->frame.line = (guint)MIN(number(self), G_MAXINT32);
}

static void end_frame(Walk *self)
{
    if (in_first_stack(self))
        g_array_append_val(self->frames, self->frame);
}

static void read_unique(Walk *self)
{
    self->current.unique = hexadecimal(self);
    self->current.has_unique = TRUE;
}

static void read_kind(Walk *self)
{
    if (self->current.kind == NULL && self->text->len > 0)
        self->current.kind = g_strdup(self->text->str);
}

static void read_what(Walk *self)
{
    if (self->current.what == NULL && self->text->len > 0)
        self->current.what = g_strdup(self->text->str);
}

static void read_leaked_bytes(Walk *self)
{
    self->current.bytes = number(self);
}

static void read_leaked_blocks(Walk *self)
{
    self->current.blocks = number(self);
}

static void read_pair_count(Walk *self)
{
    self->pair_count = number(self);
}

static void read_pair_unique(Walk *self)
{
    self->pair_unique = hexadecimal(self);
}

static void begin_pair(Walk *self)
{
    self->pair_count = 0;
    self->pair_unique = 0;
}

static void end_pair(Walk *self)
{
    /* Later counts replace earlier ones: they may be written more than once. */
    if (self->counting)
        g_hash_table_insert(self->counts, g_memdup2(&self->pair_unique, sizeof self->pair_unique),
                            g_memdup2(&self->pair_count, sizeof self->pair_count));
}

static gint64 count_of(const Walk *self)
{
    const gint64 *count =
        self->current.has_unique ? g_hash_table_lookup(self->counts, &self->current.unique) : NULL;
    return count != NULL && *count > 0 ? *count : 1;
}

static void count_error(Walk *self, MemcheckError *error)
{
    MemcheckFile *file = self->file;
    if (__builtin_add_overflow(file->bytes, error->bytes, &file->bytes) ||
        __builtin_add_overflow(file->blocks, error->blocks, &file->blocks) ||
        __builtin_add_overflow(file->count, error->count, &file->count)) {
        fail(self, "sums below 2^63");
        return;
    }
    self->document->errors++;
    gboolean leak = g_str_has_prefix(error->kind, "Leak_");
    if (leak &&
        leak_checks_is_new(&self->checks, error->what, self->current.has_unique, self->current.unique))
        begin_leak_check(self);
    error->leak_check = leak ? self->file->leak_check : 0;
    memcheck_kinds_add(leak ? self->document->leaks : self->document->kinds, error->kind, 1, error->bytes,
                       error->blocks);
}

static void end_error(Walk *self)
{
    guint own = allocator_count_frames((const Frame *)self->frames->data, self->frames->len);
    MemcheckError error = {
        .kind = self->current.kind != NULL ? self->current.kind : "(none)",
        .what = self->current.what,
        .bytes = self->current.bytes,
        .blocks = self->current.blocks,
        .count = count_of(self),
        .frames = (const Frame *)self->frames->data + own,
        .n_frames = self->frames->len - own,
    };
    count_error(self, &error);
    if (self->error == NULL && self->file->handler != NULL && self->file->handler->error != NULL)
        self->file->handler->error(&error, self->file->user_data);
}

typedef struct {
    const char *parent, *name;
    void (*begin)(Walk *self);
    void (*end)(Walk *self);
} Element;

static const Element elements[] = {
    {"frame", "fn", NULL, read_function},
    {"frame", "obj", NULL, read_object},
    {"frame", "file", NULL, read_file},
    {"frame", "line", NULL, read_line},
    {"stack", "frame", begin_frame, end_frame},
    {"error", "stack", begin_stack, NULL},
    {"error", "unique", NULL, read_unique},
    {"error", "kind", NULL, read_kind},
    {"error", "what", NULL, read_what},
    {"xwhat", "text", NULL, read_what},
    {"xwhat", "leakedbytes", NULL, read_leaked_bytes},
    {"xwhat", "leakedblocks", NULL, read_leaked_blocks},
    {"valgrindoutput", "error", begin_error, end_error},
    {"clientmsg", "text", NULL, read_message},
    {"status", "state", NULL, read_state},
    {"fatal_signal", "signame", NULL, read_signal},
    {"argv", "exe", NULL, read_argument},
    {"argv", "arg", NULL, read_argument},
    {"vargv", "arg", NULL, read_option},
    {"valgrindoutput", "protocolversion", NULL, read_protocol},
    {"valgrindoutput", "protocoltool", NULL, read_tool},
    {"valgrindoutput", "pid", NULL, read_pid},
    {"valgrindoutput", "ppid", NULL, read_parent_pid},
};

static const Element count_elements[] = {
    {"errorcounts", "pair", begin_pair, end_pair},
    {"pair", "count", NULL, read_pair_count},
    {"pair", "unique", NULL, read_pair_unique},
};

/* The row of the innermost open element, or NULL. */
static const Element *element_here(const Walk *self)
{
    if (self->depth < 2 || self->depth > DEEPEST)
        return NULL;
    const char *parent = self->path[self->depth - 2], *name = self->path[self->depth - 1];
    const Element *rows = self->counting ? count_elements : elements;
    gsize n = self->counting ? G_N_ELEMENTS(count_elements) : G_N_ELEMENTS(elements);
    for (gsize i = 0; i < n; i++)
        if (strcmp(rows[i].name, name) == 0 && strcmp(rows[i].parent, parent) == 0)
            return &rows[i];
    return NULL;
}

static void end_element(Walk *self)
{
    const Element *element = element_here(self);
    if (element != NULL && element->end != NULL) {
        g_strstrip(self->text->str);
        self->text->len = strlen(self->text->str);
        element->end(self);
    }
    g_string_truncate(self->text, 0);
    self->depth--;
}

static void begin_element(Walk *self)
{
    xmlTextReaderPtr reader = self->pull.reader;
    if (self->depth < DEEPEST)
        self->path[self->depth] = (const char *)xmlTextReaderConstName(reader);
    self->depth++;
    g_string_truncate(self->text, 0);
    const Element *element = element_here(self);
    if (element != NULL && element->begin != NULL)
        element->begin(self);
    if (xmlTextReaderIsEmptyElement(reader))
        end_element(self);
}

static void add_text(Walk *self)
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

static void take_node(Walk *self)
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
        add_text(self);
        break;
    default:
        break;
    }
}

static void note_outcome(Walk *self, int last)
{
    MemcheckDocument *document = self->document;
    if (last == 0)
        return;
    document->outcome = xml_pull_was_cut(&self->pull) ? MEMCHECK_CUT : MEMCHECK_MALFORMED;
    document->error_line = self->pull.error_line;
    g_free(document->malformed);
    document->malformed = g_strdup(self->pull.error_text != NULL ? self->pull.error_text : "an XML error");
}

static void walk_pass(Walk *self, const char *bytes, gsize length, guint64 first_line, gboolean headless)
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
static void walk_counts(Walk *self, const char *bytes, gsize length, guint64 first_line)
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

static void walk_init(Walk *self, MemcheckDocument *document, MemcheckFile *file)
{
    *self = (Walk){.document = document, .file = file};
    self->text = g_string_new(NULL);
    self->command = g_string_new(NULL);
    self->strings = g_string_chunk_new(4096);
    self->frames = g_array_new(FALSE, FALSE, sizeof(Frame));
    self->counts = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
}

static void walk_clear(Walk *self)
{
    begin_error(self);
    if (self->command->len > 0)
        self->document->command = g_strdup(self->command->str);
    g_string_free(self->text, TRUE);
    g_string_free(self->command, TRUE);
    g_string_chunk_free(self->strings);
    g_array_unref(self->frames);
    g_hash_table_unref(self->counts);
}

gboolean memcheck_document_read(MemcheckDocument *self, MemcheckFile *file, const char *bytes, gsize length,
                                guint64 first_line, gboolean headless, GError **error)
{
    *self = (MemcheckDocument){.error_line = first_line};
    self->kinds = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, memcheck_kind_free);
    self->leaks = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, memcheck_kind_free);
    Walk walk;
    walk_init(&walk, self, file);
    walk_counts(&walk, bytes, length, first_line);
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
