#include "memcheck_parts.h"

#include <string.h>

static const char header[] = "<?xml", root[] = "<valgrindoutput", closing[] = "</valgrindoutput";

static gboolean bytes_begin(const char *bytes, gsize length, const char *with)
{
    gsize n = strlen(with);
    return length >= n && memcmp(bytes, with, n) == 0;
}

/* Where text is found at or after from; length where it is not. */
static gsize bytes_find(const char *bytes, gsize length, gsize from, const char *text)
{
    const char *at = from < length ? memmem(bytes + from, length - from, text, strlen(text)) : NULL;
    return at != NULL ? (gsize)(at - bytes) : length;
}

static gsize skip_blanks(const char *bytes, gsize length)
{
    gsize at = 0;
    while (at < length && g_ascii_isspace(bytes[at]))
        at++;
    return at;
}

/* "<?xml-stylesheet" is an instruction, and no header. */
static gboolean begins_header(const char *bytes, gsize length)
{
    return bytes_begin(bytes, length, header) && length >= sizeof header &&
           g_ascii_isspace(bytes[sizeof header - 1]);
}

static gsize find_header(const char *bytes, gsize length, gsize from)
{
    gsize at = bytes_find(bytes, length, from, header);
    while (at < length && !begins_header(bytes + at, length - at))
        at = bytes_find(bytes, length, at + 1, header);
    return at;
}

static const struct {
    const char *start, *end;
} asides[MEMCHECK_ASIDES] = {{"<!--", "-->"}, {"<?", "?>"}};

/* The length of a comment or an instruction that begins here; 0 where none does, or it has no end. endless:
 * the kinds that have no end in what follows, to be looked for once only; nullable. */
static gsize aside_length(const char *bytes, gsize length, gboolean *endless)
{
    for (gsize i = 0; i < MEMCHECK_ASIDES; i++) {
        if (!bytes_begin(bytes, length, asides[i].start))
            continue;
        if (endless != NULL && endless[i])
            return 0;
        gsize end = bytes_find(bytes, length, strlen(asides[i].start), asides[i].end);
        if (endless != NULL)
            endless[i] = end == length;
        return end < length ? end + strlen(asides[i].end) : 0;
    }
    return 0;
}

/* Behind blanks, comments and instructions; before a header, which begins a document. */
static gsize skip_asides(const char *bytes, gsize length, gboolean *endless)
{
    gsize at = skip_blanks(bytes, length), aside;
    while (!begins_header(bytes + at, length - at) &&
           (aside = aside_length(bytes + at, length - at, endless)) > 0) {
        at += aside;
        at += skip_blanks(bytes + at, length - at);
    }
    return at;
}

/* Behind all that may stand before a root: a header, and then asides. */
static gsize skip_prolog(const char *bytes, gsize length, gboolean *endless)
{
    gsize at = skip_blanks(bytes, length);
    if (begins_header(bytes + at, length - at))
        at += aside_length(bytes + at, length - at, endless);
    return at + skip_asides(bytes + at, length - at, endless);
}

/* Of the byte order mark that some editors put before a file. */
static gsize mark_length(const char *bytes, gsize length)
{
    return bytes_begin(bytes, length, "\xef\xbb\xbf") ? 3 : 0;
}

void memcheck_parts_init(MemcheckParts *self, const char *bytes, gsize length)
{
    gsize mark = mark_length(bytes, length);
    *self = (MemcheckParts){.bytes = bytes, .length = length, .at = mark, .line = 1, .next_header = mark};
}

/* The end of the part that begins at self->at: behind its closing root, or before the next header. What
 * comments before the root say is neither. */
static gsize part_end(MemcheckParts *self)
{
    gsize start = self->at + skip_prolog(self->bytes + self->at, self->length - self->at, self->endless);
    if (self->next_header < start || self->next_header <= self->at)
        self->next_header = find_header(self->bytes, self->length, MAX(start, self->at + 1));
    gsize end = bytes_find(self->bytes, self->next_header, start, closing);
    if (end == self->next_header)
        return end;
    const char *bracket = memchr(self->bytes + end, '>', self->next_header - end);
    return bracket != NULL ? (gsize)(bracket - self->bytes) + 1 : self->next_header;
}

static gboolean begins_element_of_ours(const char *bytes, gsize length)
{
    static const char *const names[] = {"<status>",       "<error>",        "<errorcounts>",
                                        "<suppcounts>",   "<clientmsg>",    "<fatal_signal>",
                                        "<heap_summary>", "<leak_summary>", "<error_summary>"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (bytes_begin(bytes, length, names[i]))
            return TRUE;
    return FALSE;
}

/* Drops bytes from the part's beginning. */
static void drop(MemcheckPart *part, gsize count)
{
    for (gsize i = 0; i < count; i++)
        part->line += part->bytes[i] == '\n';
    part->bytes += count;
    part->length -= count;
}

/* Is there a root here? A DOCTYPE is refused by this. */
static gboolean begins_root(const char *bytes, gsize length)
{
    if (!bytes_begin(bytes, length, root) || length < sizeof root)
        return FALSE;
    char next = bytes[sizeof root - 1];
    return next == '>' || next == '/' || g_ascii_isspace(next);
}

gboolean memcheck_parts_recognise(const char *bytes, gsize length)
{
    gsize at = mark_length(bytes, length);
    at += skip_prolog(bytes + at, length - at, NULL);
    return begins_root(bytes + at, length - at);
}

static void classify(MemcheckPart *part)
{
    gsize at = skip_prolog(part->bytes, part->length, NULL);
    if (begins_root(part->bytes + at, part->length - at)) {
        drop(part, at);
        part->kind = MEMCHECK_PART_DOCUMENT;
    } else {
        part->kind =
            begins_element_of_ours(part->bytes, part->length) ? MEMCHECK_PART_HEADLESS : MEMCHECK_PART_TEXT;
    }
}

static void part_trim(MemcheckPart *part)
{
    const char *bracket = memrchr(part->bytes, '>', part->length);
    if (bracket != NULL)
        part->length = (gsize)(bracket - part->bytes) + 1;
}

gboolean memcheck_parts_next(MemcheckParts *self, MemcheckPart *part)
{
    while (self->at < self->length) {
        gsize end = part_end(self);
        *part = (MemcheckPart){.bytes = self->bytes + self->at, .length = end - self->at, .line = self->line};
        for (gsize i = self->at; i < end; i++)
            self->line += self->bytes[i] == '\n';
        self->at = end;
        drop(part, skip_blanks(part->bytes, part->length));
        if (skip_asides(part->bytes, part->length, NULL) == part->length)
            continue;
        part->end_line = self->line;
        classify(part);
        if (part->kind != MEMCHECK_PART_TEXT)
            part_trim(part);
        return TRUE;
    }
    return FALSE;
}
