#include "dhat_walk.h"

#include <errno.h>
#include <string.h>

#include "error.h"

enum { SHOWN = 40, LONGEST_TEXT = 64 * 1024 };

guint dhat_walk_line(const DhatWalk *self, gsize at)
{
    guint line = 1;
    for (gsize i = 0; i < MIN(at, self->length); i++)
        line += self->bytes[i] == '\n';
    return line;
}

gsize dhat_walk_at(const DhatWalk *self)
{
    return yajl_get_bytes_consumed(self->parser);
}

gboolean dhat_walk_refuse_at(DhatWalk *self, gsize at, const char *expected, const char *found)
{
    if (self->error == NULL)
        g_set_error(&self->error, HEAPGATE_ERROR, HEAPGATE_ERROR_FORMAT, "%s:%u: expected %s, found %s",
                    self->name, dhat_walk_line(self, at), expected, found);
    return FALSE;
}

gboolean dhat_walk_refuse(DhatWalk *self, const char *expected, const char *found)
{
    return dhat_walk_refuse_at(self, dhat_walk_at(self), expected, found);
}

DhatPlace dhat_walk_place(const DhatWalk *self)
{
    return self->depth == 0 ? DHAT_IN_NOTHING : self->places[self->depth - 1];
}

gboolean dhat_walk_key_is(const DhatWalk *self, const char *key)
{
    return strcmp(self->key, key) == 0;
}

/* The values that must be of one kind; key: NULL is whatever stands in that place. */
static const struct {
    DhatPlace place;
    const char *key, *expected;
} wanted[] = {
    {DHAT_IN_NOTHING, NULL, "a DHAT file, an object"},  {DHAT_IN_POINTS, NULL, "a program point, an object"},
    {DHAT_IN_FRAMES, NULL, "a frame's number"},         {DHAT_IN_TABLE, NULL, "a frame in quotes"},
    {DHAT_IN_FILE, "dhatFileVersion", "the version 2"}, {DHAT_IN_FILE, "mode", "a mode in quotes"},
    {DHAT_IN_FILE, "cmd", "a command in quotes"},       {DHAT_IN_FILE, "pid", "a number"},
    {DHAT_IN_FILE, "pps", "a list of program points"},  {DHAT_IN_FILE, "ftbl", "a list of frames"},
    {DHAT_IN_POINT, "fs", "a list of frame numbers"},   {DHAT_IN_POINT, "tb", "a number of bytes"},
    {DHAT_IN_POINT, "tbk", "a number of blocks"},       {DHAT_IN_POINT, "gb", "a number of bytes"},
    {DHAT_IN_POINT, "gbk", "a number of blocks"},       {DHAT_IN_POINT, "eb", "a number of bytes"},
    {DHAT_IN_POINT, "ebk", "a number of blocks"},
};

gboolean dhat_walk_pass(DhatWalk *self, const char *found)
{
    DhatPlace here = dhat_walk_place(self);
    for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++)
        if (wanted[i].place == here && (wanted[i].key == NULL || dhat_walk_key_is(self, wanted[i].key)))
            return dhat_walk_refuse(self, wanted[i].expected, found);
    return TRUE;
}

/* ---- yajl's callbacks: 0 stops it ---- */

static int walk_take_null(void *context)
{
    return dhat_walk_pass(context, "null");
}

static int walk_take_boolean(void *context, int value)
{
    return dhat_walk_pass(context, value ? "true" : "false");
}

/* Keeps as much of a text without a terminator as fits. g_strlcpy would not do: it looks for the text's end.
 */
static void text_keep(char *into, size_t size, const void *text, size_t length)
{
    size_t kept = MIN(length, size - 1);
    memcpy(into, text, kept);
    into[kept] = '\0';
}

static int walk_take_number(void *context, const char *text, size_t length)
{
    DhatWalk *self = context;
    char number[SHOWN];
    text_keep(number, sizeof number, text, length);
    char *end = NULL;
    errno = 0;
    gint64 value = g_ascii_strtoll(number, &end, 10);
    if (*end != '\0' || errno != 0 || length >= sizeof number)
        return dhat_walk_pass(self, number);
    return self->visitor->integer(self, value, number);
}

/* Valgrind writes names as they are. */
static int walk_take_string(void *context, const unsigned char *text, size_t length)
{
    DhatWalk *self = context;
    char *value = g_utf8_make_valid((const char *)text, (gssize)MIN(length, LONGEST_TEXT));
    return self->visitor->string(self, value);
}

static int walk_take_key(void *context, const unsigned char *text, size_t length)
{
    DhatWalk *self = context;
    DhatPlace here = dhat_walk_place(self);
    if (here != DHAT_IN_FILE && here != DHAT_IN_POINT)
        return 1;
    self->key[0] = '\0';
    if (length < sizeof self->key)
        text_keep(self->key, sizeof self->key, text, length);
    return self->visitor->key(self);
}

/* Which place a list or an object that begins here is. */
static DhatPlace place_within(const DhatWalk *self, gboolean list)
{
    switch (dhat_walk_place(self)) {
    case DHAT_IN_NOTHING:
        return list ? DHAT_IN_NOTHING : DHAT_IN_FILE;
    case DHAT_IN_FILE:
        return list && dhat_walk_key_is(self, "pps")    ? DHAT_IN_POINTS
               : list && dhat_walk_key_is(self, "ftbl") ? DHAT_IN_TABLE
                                                        : DHAT_IN_UNKNOWN;
    case DHAT_IN_POINTS:
        return list ? DHAT_IN_NOTHING : DHAT_IN_POINT;
    case DHAT_IN_POINT:
        return list && dhat_walk_key_is(self, "fs") ? DHAT_IN_FRAMES : DHAT_IN_UNKNOWN;
    default:
        return DHAT_IN_UNKNOWN;
    }
}

static int walk_begin(DhatWalk *self, gboolean list)
{
    DhatPlace within = place_within(self, list);
    if (within == DHAT_IN_NOTHING || within == DHAT_IN_UNKNOWN) {
        if (!dhat_walk_pass(self, list ? "a list" : "an object"))
            return 0;
    }
    if (self->depth == DHAT_DEEPEST)
        return dhat_walk_refuse(self, "lists and objects at most 32 deep", "more");
    self->places[self->depth++] = within;
    self->key[0] = '\0';
    return self->visitor->begin(self, within);
}

static int walk_begin_object(void *context)
{
    return walk_begin(context, FALSE);
}

static int walk_begin_list(void *context)
{
    return walk_begin(context, TRUE);
}

static int walk_end(void *context)
{
    DhatWalk *self = context;
    DhatPlace ended = dhat_walk_place(self);
    self->depth--;
    self->key[0] = '\0';
    return self->visitor->end(self, ended);
}

static const yajl_callbacks callbacks = {
    .yajl_null = walk_take_null,
    .yajl_boolean = walk_take_boolean,
    .yajl_number = walk_take_number,
    .yajl_string = walk_take_string,
    .yajl_start_map = walk_begin_object,
    .yajl_map_key = walk_take_key,
    .yajl_end_map = walk_end,
    .yajl_start_array = walk_begin_list,
    .yajl_end_array = walk_end,
};

/* yajl's words for what is wrong, without its first ones and in one line. */
static void refuse_json(DhatWalk *self)
{
    unsigned char *text = yajl_get_error(self->parser, 0, NULL, 0);
    g_autofree char *found = g_strdelimit(g_utf8_make_valid((const char *)text, -1), "\r\n", ' ');
    yajl_free_error(self->parser, text);
    g_strstrip(found);
    dhat_walk_refuse(self, "well-formed JSON", found);
}

gboolean dhat_walk_run(DhatWalk *self)
{
    /* An empty file may be mapped as NULL. */
    self->bytes = self->length > 0 ? self->bytes : "";
    self->parser = yajl_alloc(&callbacks, NULL, self);
    yajl_config(self->parser, yajl_dont_validate_strings, 1);
    yajl_status status = yajl_parse(self->parser, (const unsigned char *)self->bytes, self->length);
    if (status == yajl_status_error)
        refuse_json(self); /* unless a visitor refused it */
    if (status == yajl_status_ok)
        status = yajl_complete_parse(self->parser);
    yajl_free(self->parser);
    return status == yajl_status_ok;
}
