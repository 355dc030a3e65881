#include "dhat.h"

#include <errno.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "error.h"
#include "dhat_points.h"

enum { DEEPEST = 32, SHOWN = 40, LONGEST_TEXT = 64 * 1024 };

/* Where in the file a value stands. */
typedef enum {
    IN_NOTHING,
    IN_FILE,    /* { */
    IN_POINTS,  /* {"pps":[ */
    IN_POINT,   /* {"pps":[{ */
    IN_FRAMES,  /* {"pps":[{"fs":[ */
    IN_TABLE,   /* {"ftbl":[ */
    IN_UNKNOWN, /* a list or an object that is none of these */
} Place;

typedef enum { TB, TBK, GB, GBK, EB, EBK, N_NUMBERS } Number;
static const char *const number_keys[N_NUMBERS] = {"tb", "tbk", "gb", "gbk", "eb", "ebk"};

typedef struct {
    const char *bytes, *name;
    gsize length;
    DhatNumber number;
    DhatSummary *summary;
    DhatPoints points;
    yajl_handle parser;
    Place places[DEEPEST];
    guint depth;
    char key[32]; /* the last key of a file or a point; longer ones are none of ours */
    gboolean has_version, has_points, has_table;
    gint64 values[N_NUMBERS]; /* of the current point */
    gint64 sums[N_NUMBERS];
    gsize point_at;
    GError *error;
} Reading;

static guint line_at(const Reading *self, gsize offset)
{
    guint line = 1;
    for (gsize i = 0; i < MIN(offset, self->length); i++)
        line += self->bytes[i] == '\n';
    return line;
}

/* Sets the error and says to yajl to stop. found: (transfer none). */
static int refuse(Reading *self, gsize at, const char *expected, const char *found)
{
    if (self->error == NULL)
        g_set_error(&self->error, HEAPGATE_ERROR, HEAPGATE_ERROR_FORMAT, "%s:%u: expected %s, found %s",
                    self->name, line_at(self, at), expected, found);
    return 0;
}

static int refuse_here(Reading *self, const char *expected, const char *found)
{
    return refuse(self, yajl_get_bytes_consumed(self->parser), expected, found);
}

static Place place(const Reading *self)
{
    return self->depth == 0 ? IN_NOTHING : self->places[self->depth - 1];
}

static gboolean key_is(const Reading *self, const char *key)
{
    return strcmp(self->key, key) == 0;
}

/* The keys of a file that must have a value of one kind. */
static const struct {
    Place place;
    const char *key, *expected;
} wanted[] = {
    {IN_FILE, "dhatFileVersion", "the version 2"}, {IN_FILE, "mode", "a mode in quotes"},
    {IN_FILE, "cmd", "a command in quotes"},       {IN_FILE, "pid", "a number"},
    {IN_FILE, "pps", "a list of program points"},  {IN_FILE, "ftbl", "a list of frames"},
    {IN_POINT, "fs", "a list of frame numbers"},   {IN_POINT, "tb", "a number of bytes"},
    {IN_POINT, "tbk", "a number of blocks"},       {IN_POINT, "gb", "a number of bytes"},
    {IN_POINT, "gbk", "a number of blocks"},       {IN_POINT, "eb", "a number of bytes"},
    {IN_POINT, "ebk", "a number of blocks"},
};

/* A value that is not taken: fine where nobody asked for it. */
static int other(Reading *self, const char *found)
{
    Place here = place(self);
    if (here == IN_NOTHING)
        return refuse_here(self, "a DHAT file, an object", found);
    if (here == IN_POINTS)
        return refuse_here(self, "a program point, an object", found);
    if (here == IN_FRAMES)
        return refuse_here(self, "a frame's number", found);
    if (here == IN_TABLE)
        return refuse_here(self, "a frame in quotes", found);
    for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++)
        if (wanted[i].place == here && key_is(self, wanted[i].key))
            return refuse_here(self, wanted[i].expected, found);
    return 1;
}

static int take_null(void *context)
{
    return other(context, "null");
}

static int take_boolean(void *context, int value)
{
    return other(context, value ? "true" : "false");
}

static int take_version(Reading *self, gint64 value, const char *text)
{
    self->has_version = TRUE;
    return value == 2 ? 1 : refuse_here(self, "dhatFileVersion 2", text);
}

static int take_frame_number(Reading *self, gint64 value, const char *text)
{
    if (value < 0 || value > G_MAXINT32)
        return refuse_here(self, "a frame's number", text);
    dhat_points_add_frame(&self->points, (guint32)value);
    return 1;
}

static int take_point_number(Reading *self, gint64 value, const char *text)
{
    for (int i = 0; i < N_NUMBERS; i++) {
        if (!key_is(self, number_keys[i]))
            continue;
        if (value < 0)
            return refuse_here(self, "a number that is not negative", text);
        self->values[i] = value;
    }
    return key_is(self, "fs") ? other(self, text) : 1;
}

static int take_integer(Reading *self, gint64 value, const char *text)
{
    switch (place(self)) {
    case IN_FRAMES:
        return take_frame_number(self, value, text);
    case IN_POINT:
        return take_point_number(self, value, text);
    case IN_FILE:
        if (key_is(self, "dhatFileVersion"))
            return take_version(self, value, text);
        if (key_is(self, "pid")) {
            self->summary->pid = value;
            return 1;
        }
        return other(self, text);
    default:
        return other(self, text);
    }
}

/* Keeps as much of a text without a terminator as fits. g_strlcpy would not do: it looks for the text's end.
 */
static void keep(char *into, size_t size, const void *text, size_t length)
{
    size_t kept = MIN(length, size - 1);
    memcpy(into, text, kept);
    into[kept] = '\0';
}

static int take_number(void *context, const char *text, size_t length)
{
    char number[SHOWN];
    keep(number, sizeof number, text, length);
    char *end = NULL;
    errno = 0;
    gint64 value = g_ascii_strtoll(number, &end, 10);
    if (*end != '\0' || errno != 0 || length >= sizeof number)
        return other(context, number);
    return take_integer(context, value, number);
}

static char *copy(const unsigned char *text, size_t length)
{
    return g_utf8_make_valid((const char *)text, (gssize)MIN(length, LONGEST_TEXT));
}

static void replace(char **field, char *value)
{
    g_free(*field);
    *field = value;
}

static int take_string(void *context, const unsigned char *text, size_t length)
{
    Reading *self = context;
    Place here = place(self);
    g_autofree char *value = copy(text, length);
    if (here == IN_TABLE) {
        dhat_points_add_label(&self->points, g_steal_pointer(&value));
        return 1;
    }
    if (here == IN_FILE && (key_is(self, "mode") || key_is(self, "cmd"))) {
        replace(key_is(self, "mode") ? &self->summary->mode : &self->summary->command,
                g_steal_pointer(&value));
        return 1;
    }
    return other(self, "a string");
}

static int take_key(void *context, const unsigned char *text, size_t length)
{
    Reading *self = context;
    Place here = place(self);
    if (here != IN_FILE && here != IN_POINT)
        return 1;
    self->key[0] = '\0';
    if (length < sizeof self->key)
        keep(self->key, sizeof self->key, text, length);
    if (here == IN_FILE && !self->has_version && !key_is(self, "dhatFileVersion"))
        return refuse_here(self, "dhatFileVersion first", "another key");
    return 1;
}

/* Which place a list or an object that begins here is. */
static Place place_within(const Reading *self, gboolean list)
{
    switch (place(self)) {
    case IN_NOTHING:
        return list ? IN_NOTHING : IN_FILE;
    case IN_FILE:
        return list && key_is(self, "pps") ? IN_POINTS : list && key_is(self, "ftbl") ? IN_TABLE : IN_UNKNOWN;
    case IN_POINTS:
        return list ? IN_NOTHING : IN_POINT;
    case IN_POINT:
        return list && key_is(self, "fs") ? IN_FRAMES : IN_UNKNOWN;
    default:
        return IN_UNKNOWN;
    }
}

static int begin(Reading *self, gboolean list)
{
    Place within = place_within(self, list);
    if (within == IN_NOTHING || within == IN_UNKNOWN) {
        if (!other(self, list ? "a list" : "an object"))
            return 0;
    }
    if (self->depth == DEEPEST)
        return refuse_here(self, "lists and objects at most 32 deep", "more");
    if (within == IN_POINT) {
        memset(self->values, 0, sizeof self->values);
        self->point_at = yajl_get_bytes_consumed(self->parser);
    }
    self->has_points = self->has_points || within == IN_POINTS;
    self->has_table = self->has_table || within == IN_TABLE;
    self->places[self->depth++] = within;
    self->key[0] = '\0';
    return 1;
}

static int begin_object(void *context)
{
    return begin(context, FALSE);
}

static int begin_list(void *context)
{
    return begin(context, TRUE);
}

static int end_point(Reading *self)
{
    static const Number bytes[] = {TB, GB, EB};
    for (int i = 0; i < N_NUMBERS; i++)
        if (__builtin_add_overflow(self->sums[i], self->values[i], &self->sums[i]))
            return refuse_here(self, "sums below 2^63", "more");
    Number number = bytes[self->number];
    dhat_points_add(&self->points, self->values[number], self->values[number + 1], self->point_at);
    self->summary->program_points++;
    return 1;
}

static int end(void *context)
{
    Reading *self = context;
    Place ended = place(self);
    self->depth--;
    self->key[0] = '\0';
    return ended == IN_POINT ? end_point(self) : 1;
}

static const yajl_callbacks callbacks = {
    .yajl_null = take_null,
    .yajl_boolean = take_boolean,
    .yajl_number = take_number,
    .yajl_string = take_string,
    .yajl_start_map = begin_object,
    .yajl_map_key = take_key,
    .yajl_end_map = end,
    .yajl_start_array = begin_list,
    .yajl_end_array = end,
};

/* yajl's words for what is wrong, without its first ones and in one line. */
static void refuse_json(Reading *self)
{
    unsigned char *text = yajl_get_error(self->parser, 0, NULL, 0);
    g_autofree char *found = g_strdelimit(g_utf8_make_valid((const char *)text, -1), "\r\n", ' ');
    yajl_free_error(self->parser, text);
    g_strstrip(found);
    refuse_here(self, "well-formed JSON", found);
}

static void cut_off(Reading *self)
{
    if (!self->has_version) {
        refuse(self, self->length, "a DHAT file, an object with dhatFileVersion", "the end of the file");
        return;
    }
    g_set_error(
        &self->error, HEAPGATE_ERROR, HEAPGATE_ERROR_TRUNCATED,
        "%s:%u: expected the rest of a DHAT file, found its end: Valgrind was killed, or the disk is full",
        self->name, line_at(self, self->length));
}

static void parse(Reading *self)
{
    self->parser = yajl_alloc(&callbacks, NULL, self);
    /* Valgrind writes names as they are; they are made valid when they are copied. */
    yajl_config(self->parser, yajl_dont_validate_strings, 1);
    yajl_status status = yajl_parse(self->parser, (const unsigned char *)self->bytes, self->length);
    if (status == yajl_status_error && self->error == NULL)
        refuse_json(self);
    if (status == yajl_status_ok && yajl_complete_parse(self->parser) != yajl_status_ok &&
        self->error == NULL)
        cut_off(self);
    yajl_free(self->parser);
}

static void check_whole(Reading *self)
{
    guint32 index = 0;
    gsize stray = dhat_points_find_stray(&self->points, &index);
    if (!self->has_version || !self->has_points || !self->has_table || self->summary->mode == NULL) {
        refuse(self, self->length, "dhatFileVersion, mode, pps and ftbl", "a file without one of them");
    } else if (stray != G_MAXSIZE) {
        g_autofree char *found = g_strdup_printf("%u of %u", index, self->points.labels->len);
        refuse(self, stray, "a frame number within the frame table", found);
    }
}

static void finish(Reading *self, CallSites *sites)
{
    DhatSummary *summary = self->summary;
    summary->total_bytes = self->sums[TB];
    summary->total_blocks = self->sums[TBK];
    summary->peak_bytes = self->sums[GB];
    summary->end_bytes = self->sums[EB];
    if (sites != NULL && (self->error == NULL || self->error->code == HEAPGATE_ERROR_TRUNCATED))
        dhat_points_add_to(&self->points, sites);
}

gboolean dhat_read(const char *bytes, gsize length, const char *name, DhatNumber number, CallSites *sites,
                   DhatSummary *summary, GError **error)
{
    *summary = (DhatSummary){0};
    /* An empty file may be mapped as NULL. */
    Reading reading = {.bytes = length > 0 ? bytes : "",
                       .name = name,
                       .length = length,
                       .number = number,
                       .summary = summary};
    dhat_points_init(&reading.points);
    parse(&reading);
    if (reading.error == NULL)
        check_whole(&reading);
    finish(&reading, sites);
    dhat_points_clear(&reading.points);
    if (reading.error == NULL)
        return TRUE;
    g_propagate_error(error, reading.error);
    return FALSE;
}

void dhat_summary_clear(DhatSummary *self)
{
    g_free(self->mode);
    g_free(self->command);
    *self = (DhatSummary){0};
}

/* The version comes first in every file DHAT writes. */
gboolean dhat_recognise(const char *bytes, gsize length)
{
    static const char key[] = "\"dhatFileVersion\"";
    gsize at = 0;
    while (at < length && g_ascii_isspace(bytes[at]))
        at++;
    if (at == length || bytes[at] != '{')
        return FALSE;
    for (at++; at < length && g_ascii_isspace(bytes[at]); at++)
        ;
    return length - at >= sizeof key - 1 && memcmp(bytes + at, key, sizeof key - 1) == 0;
}
