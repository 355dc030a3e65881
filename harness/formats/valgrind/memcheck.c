#include "memcheck.h"

#include <string.h>

#include "error.h"
#include "memcheck_document.h"
#include "memcheck_parts.h"

enum { MOST_DOCUMENTS = 4096, SHOWN = 60 };

/* What is wrong with a file as a whole, gravest first; one sentence is told. */
typedef enum {
    PROBLEM_SHARED,
    PROBLEM_CUT,
    PROBLEM_UNFINISHED,
    PROBLEM_SIGNAL,
    PROBLEM_TEXT,
    PROBLEM_SEVERAL,
    PROBLEM_NONE,
} Problem;

typedef struct {
    MemcheckFile file;
    MemcheckSummary *summary;
    GHashTable *kinds;
    guint documents, headless, damaged, unfinished;
    guint64 shared_line; /* where the second process's part begins */
    guint64 end_line;    /* of the first damaged document */
    char *malformed;     /* what was found there, where it is no cut */
    guint64 text_line;
    char *text; /* the first text that is no XML */
} Reading;

/* The beginning of foreign text, on one line and printable; (transfer full). */
static char *foreign_show(const char *bytes, gsize length)
{
    const char *end = memchr(bytes, '\n', length);
    gsize shown = end != NULL ? (gsize)(end - bytes) : length;
    g_autofree char *valid = g_utf8_make_valid(bytes, (gssize)MIN(shown, SHOWN));
    g_strstrip(valid);
    return g_strescape(valid, NULL);
}

static void merge_kinds(GHashTable *into, GHashTable *from)
{
    GHashTableIter iterator;
    gpointer value;
    g_hash_table_iter_init(&iterator, from);
    while (g_hash_table_iter_next(&iterator, NULL, &value)) {
        const MemcheckKind *kind = value;
        memcheck_kinds_add(into, kind->kind, kind->count, kind->bytes, kind->blocks);
    }
}

static void note_damage(Reading *self, MemcheckDocument *document, guint64 end_line)
{
    if (document->outcome == MEMCHECK_WHOLE)
        return;
    if (self->damaged++ > 0)
        return;
    self->end_line = document->outcome == MEMCHECK_CUT ? end_line : document->error_line;
    if (document->outcome == MEMCHECK_MALFORMED)
        self->malformed = g_steal_pointer(&document->malformed);
}

static void merge(Reading *self, MemcheckDocument *document, const MemcheckPart *part)
{
    MemcheckSummary *summary = self->summary;
    if (self->documents == 1 && self->headless == 0) {
        summary->protocol = document->protocol;
        summary->pid = document->pid;
        summary->parent_pid = document->parent_pid;
        summary->command = g_steal_pointer(&document->command);
        summary->forked = !document->running && document->pid != 0;
    }
    if (summary->fatal_signal == NULL)
        summary->fatal_signal = g_steal_pointer(&document->fatal_signal);
    summary->finished = summary->finished || document->finished;
    summary->errors += document->errors;
    self->unfinished += !document->finished;
    note_damage(self, document, part->end_line);
    merge_kinds(self->kinds, document->kinds);
    merge_kinds(self->kinds, document->leaks);
}

static gboolean read_document(Reading *self, const MemcheckPart *part, GError **error)
{
    gboolean headless = part->kind == MEMCHECK_PART_HEADLESS;
    if (headless)
        self->headless++;
    else
        self->documents++;
    if (self->documents + self->headless == 2)
        self->shared_line = part->line;
    if (self->documents + self->headless > MOST_DOCUMENTS) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_FORMAT,
                    "%s:%" G_GUINT64_FORMAT ": expected at most %d documents in one file, found more",
                    self->file.name, part->line, MOST_DOCUMENTS);
        return FALSE;
    }
    MemcheckDocument document;
    gboolean read = memcheck_document_read(&document, &self->file, part->bytes, part->length, part->line,
                                           headless, error);
    if (read || document.errors > 0)
        merge(self, &document, part);
    memcheck_document_clear(&document);
    return read;
}

static gboolean reading_refuse(const Reading *self, guint64 line, const char *bytes, gsize length,
                               GError **error)
{
    g_autofree char *shown = foreign_show(bytes, length);
    g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_FORMAT,
                "%s:%" G_GUINT64_FORMAT ": expected memcheck's XML, a <valgrindoutput> element, found %s%s%s",
                self->file.name, line, length > 0 ? "\"" : "", length > 0 ? shown : "an empty file",
                length > 0 ? "\"" : "");
    return FALSE;
}

static gboolean read_parts(Reading *self, const char *bytes, gsize length, GError **error)
{
    MemcheckParts parts;
    MemcheckPart part;
    memcheck_parts_init(&parts, bytes, length);
    while (memcheck_parts_next(&parts, &part)) {
        if (self->documents == 0 && part.kind != MEMCHECK_PART_DOCUMENT)
            return reading_refuse(self, part.line, part.bytes, part.length, error);
        if (part.kind != MEMCHECK_PART_TEXT) {
            if (!read_document(self, &part, error))
                return FALSE;
        } else if (self->text == NULL) {
            self->text = foreign_show(part.bytes, part.length);
            self->text_line = part.line;
        }
    }
    return self->documents > 0 || reading_refuse(self, 1, bytes, 0, error);
}

static Problem problem_of(const Reading *self)
{
    guint several = self->documents + self->headless;
    if (several > 1 && (self->damaged > 0 || self->headless > 0))
        return PROBLEM_SHARED;
    if (self->damaged > 0)
        return PROBLEM_CUT;
    if (self->unfinished > 0)
        return PROBLEM_UNFINISHED;
    if (self->summary->fatal_signal != NULL)
        return PROBLEM_SIGNAL;
    if (self->text != NULL)
        return PROBLEM_TEXT;
    return several > 1 ? PROBLEM_SEVERAL : PROBLEM_NONE;
}

/* The sentence; (transfer full). */
static char *problem_tell(const Reading *self, Problem problem)
{
    const char *name = self->file.name;
    switch (problem) {
    case PROBLEM_SHARED:
        return g_strdup_printf("%s:%" G_GUINT64_FORMAT
                               ": expected one process's output, found another's mixed "
                               "with it: give each its own file with %%p in --xml-file",
                               name, self->shared_line);
    case PROBLEM_CUT:
        return g_strdup_printf("%s:%" G_GUINT64_FORMAT
                               ": expected </valgrindoutput>, found the end of the file: "
                               "Valgrind was killed, or the disk is full",
                               name, self->end_line);
    case PROBLEM_UNFINISHED:
        return g_strdup_printf("%s: expected <state>FINISHED</state>, found none: the program did not run to "
                               "its end under Valgrind",
                               name);
    case PROBLEM_SIGNAL:
        return g_strdup_printf("the program was killed by %s", self->summary->fatal_signal);
    case PROBLEM_TEXT:
        return g_strdup_printf("%s:%" G_GUINT64_FORMAT
                               ": expected the end of the file after </valgrindoutput>, "
                               "found \"%s\", which was not read",
                               name, self->text_line, self->text);
    case PROBLEM_SEVERAL:
        return g_strdup_printf("%u processes wrote to this file, one after another", self->documents);
    case PROBLEM_NONE:
        break;
    }
    return NULL;
}

static int by_name(gconstpointer a, gconstpointer b)
{
    const MemcheckKind *one = *(const MemcheckKind *const *)a, *two = *(const MemcheckKind *const *)b;
    return strcmp(one->kind, two->kind);
}

static void hand_over_kinds(Reading *self)
{
    GHashTableIter iterator;
    gpointer value;
    g_hash_table_iter_init(&iterator, self->kinds);
    while (g_hash_table_iter_next(&iterator, NULL, &value)) {
        g_ptr_array_add(self->summary->kinds, value);
        g_hash_table_iter_steal(&iterator);
    }
    g_ptr_array_sort(self->summary->kinds, by_name);
}

/* The verdict on a file whose values were all readable. */
static gboolean reading_judge(Reading *self, GError **error)
{
    Problem problem = problem_of(self);
    if (problem == PROBLEM_CUT && self->malformed != NULL) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_FORMAT,
                    "%s:%" G_GUINT64_FORMAT ": expected well-formed XML, found %s", self->file.name,
                    self->end_line, self->malformed);
        return FALSE;
    }
    self->summary->problem = problem_tell(self, problem);
    self->summary->complete = problem > PROBLEM_UNFINISHED;
    if (self->summary->complete)
        return TRUE;
    g_set_error_literal(error, HEAPGATE_ERROR, HEAPGATE_ERROR_TRUNCATED, self->summary->problem);
    return FALSE;
}

gboolean memcheck_read(const char *bytes, gsize length, const char *name, const MemcheckHandler *handler,
                       gpointer user_data, MemcheckSummary *summary, GError **error)
{
    *summary = (MemcheckSummary){.kinds = g_ptr_array_new_with_free_func(memcheck_kind_free)};
    Reading reading = {.file = {.name = name, .handler = handler, .user_data = user_data},
                       .summary = summary};
    reading.kinds = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, memcheck_kind_free);
    /* An empty file may be mapped as NULL. */
    gboolean good = read_parts(&reading, length > 0 ? bytes : "", length, error);
    summary->last_leak_check = reading.file.leak_check;
    hand_over_kinds(&reading);
    good = good && reading_judge(&reading, error);
    g_hash_table_unref(reading.kinds);
    g_free(reading.malformed);
    g_free(reading.text);
    return good;
}

void memcheck_summary_clear(MemcheckSummary *self)
{
    g_free(self->command);
    g_free(self->problem);
    g_free(self->fatal_signal);
    g_clear_pointer(&self->kinds, g_ptr_array_unref);
    *self = (MemcheckSummary){0};
}

gboolean memcheck_recognise(const char *bytes, gsize length)
{
    return memcheck_parts_recognise(bytes, length);
}
