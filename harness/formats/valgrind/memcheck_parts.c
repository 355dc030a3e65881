#include "memcheck_parts.h"

#include <string.h>

static const char header[] = "<?xml", root[] = "<valgrindoutput", closing[] = "</valgrindoutput";

static gboolean begins(const char *bytes, gsize length, const char *with)
{
    gsize n = strlen(with);
    return length >= n && memcmp(bytes, with, n) == 0;
}

/* Where text is found at or after from; length where it is not. */
static gsize find(const char *bytes, gsize length, gsize from, const char *text)
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

void memcheck_parts_init(MemcheckParts *self, const char *bytes, gsize length)
{
    gsize mark = begins(bytes, length, "\xef\xbb\xbf") ? 3 : 0;
    *self = (MemcheckParts){.bytes = bytes, .length = length, .at = mark, .line = 1, .next_header = mark};
}

/* The end of the part that begins at self->at: behind its closing root, or before the next header. */
static gsize part_end(MemcheckParts *self)
{
    if (self->next_header <= self->at)
        self->next_header = find(self->bytes, self->length, self->at + 1, header);
    gsize end = find(self->bytes, self->next_header, self->at, closing);
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
        if (begins(bytes, length, names[i]))
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

/* Where a document's root begins in the part; its length where it has none. A DOCTYPE is refused by this. */
static gsize root_at(const MemcheckPart *part)
{
    gsize at = 0;
    if (begins(part->bytes, part->length, header)) {
        at = find(part->bytes, part->length, 0, "?>");
        at = MIN(at + 2, part->length);
        at += skip_blanks(part->bytes + at, part->length - at);
    }
    gsize name_end = at + sizeof root - 1;
    if (!begins(part->bytes + at, part->length - at, root) || name_end >= part->length)
        return part->length;
    char next = part->bytes[name_end];
    return next == '>' || next == '/' || g_ascii_isspace(next) ? at : part->length;
}

static void classify(MemcheckPart *part)
{
    gsize at = root_at(part);
    if (at < part->length) {
        drop(part, at);
        part->kind = MEMCHECK_PART_DOCUMENT;
    } else {
        part->kind =
            begins_element_of_ours(part->bytes, part->length) ? MEMCHECK_PART_HEADLESS : MEMCHECK_PART_TEXT;
    }
}

static void trim(MemcheckPart *part)
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
        if (part->length == 0)
            continue;
        part->end_line = self->line;
        classify(part);
        if (part->kind != MEMCHECK_PART_TEXT)
            trim(part);
        return TRUE;
    }
    return FALSE;
}
