#include "dhat.h"

#include <string.h>

#include "dhat_walk.h"
#include "error.h"

/* A program point's keys, and what they are of. */
static const struct {
    const char *key;
    DhatNumber number;
    gboolean blocks;
} number_keys[] = {
    {"tb", DHAT_TOTAL, FALSE}, {"tbk", DHAT_TOTAL, TRUE}, {"gb", DHAT_PEAK, FALSE},
    {"gbk", DHAT_PEAK, TRUE},  {"eb", DHAT_END, FALSE},   {"ebk", DHAT_END, TRUE},
};

typedef struct {
    DhatFile *file;
    gboolean has_version, has_points, has_table;
    DhatAmount amounts[DHAT_NUMBERS]; /* of the current point */
    gsize point_at;
} Reading;

static gboolean place_take_key(DhatWalk *walk)
{
    const Reading *self = walk->user_data;
    gboolean early = !self->has_version && !dhat_walk_key_is(walk, "dhatFileVersion");
    return early ? dhat_walk_refuse(walk, "dhatFileVersion first", "another key") : TRUE;
}

static gboolean take_file_number(DhatWalk *walk, gint64 value, const char *text)
{
    Reading *self = walk->user_data;
    if (dhat_walk_key_is(walk, "dhatFileVersion")) {
        self->has_version = TRUE;
        return value == 2 ? TRUE : dhat_walk_refuse(walk, "dhatFileVersion 2", text);
    }
    if (!dhat_walk_key_is(walk, "pid"))
        return dhat_walk_pass(walk, text);
    self->file->pid = value;
    return TRUE;
}

static gboolean take_point_number(DhatWalk *walk, gint64 value, const char *text)
{
    Reading *self = walk->user_data;
    for (gsize i = 0; i < G_N_ELEMENTS(number_keys); i++) {
        if (!dhat_walk_key_is(walk, number_keys[i].key))
            continue;
        if (value < 0)
            return dhat_walk_refuse(walk, "a number that is not negative", text);
        DhatAmount *amount = &self->amounts[number_keys[i].number];
        *(number_keys[i].blocks ? &amount->blocks : &amount->bytes) = value;
        return TRUE;
    }
    return dhat_walk_pass(walk, text);
}

static gboolean take_frame_number(DhatWalk *walk, gint64 value, const char *text)
{
    Reading *self = walk->user_data;
    if (value < 0 || value > G_MAXINT32)
        return dhat_walk_refuse(walk, "a frame's number", text);
    dhat_points_add_frame(&self->file->points, (guint32)value);
    return TRUE;
}

static gboolean place_take_integer(DhatWalk *walk, gint64 value, const char *text)
{
    switch (dhat_walk_place(walk)) {
    case DHAT_IN_FRAMES:
        return take_frame_number(walk, value, text);
    case DHAT_IN_POINT:
        return take_point_number(walk, value, text);
    case DHAT_IN_FILE:
        return take_file_number(walk, value, text);
    default:
        return dhat_walk_pass(walk, text);
    }
}

static gboolean place_take_string(DhatWalk *walk, char *value)
{
    DhatFile *file = ((Reading *)walk->user_data)->file;
    gboolean in_file = dhat_walk_place(walk) == DHAT_IN_FILE;
    char **field = in_file && dhat_walk_key_is(walk, "mode")  ? &file->mode
                   : in_file && dhat_walk_key_is(walk, "cmd") ? &file->command
                                                              : NULL;
    if (dhat_walk_place(walk) == DHAT_IN_TABLE) {
        dhat_points_add_label(&file->points, value);
        return TRUE;
    }
    if (field == NULL) {
        g_free(value);
        return dhat_walk_pass(walk, "a string");
    }
    g_free(*field);
    *field = value;
    return TRUE;
}

static gboolean place_begin(DhatWalk *walk, DhatPlace place)
{
    Reading *self = walk->user_data;
    self->has_points = self->has_points || place == DHAT_IN_POINTS;
    self->has_table = self->has_table || place == DHAT_IN_TABLE;
    if (place != DHAT_IN_POINT)
        return TRUE;
    memset(self->amounts, 0, sizeof self->amounts);
    self->point_at = dhat_walk_at(walk);
    return TRUE;
}

static gboolean place_end(DhatWalk *walk, DhatPlace place)
{
    Reading *self = walk->user_data;
    if (place != DHAT_IN_POINT)
        return TRUE;
    for (int i = 0; i < DHAT_NUMBERS; i++) {
        DhatAmount *sum = &self->file->sums[i], *more = &self->amounts[i];
        if (__builtin_add_overflow(sum->bytes, more->bytes, &sum->bytes) ||
            __builtin_add_overflow(sum->blocks, more->blocks, &sum->blocks))
            return dhat_walk_refuse(walk, "sums below 2^63", "more");
    }
    dhat_points_add(&self->file->points, self->amounts, self->point_at);
    return TRUE;
}

static const DhatVisitor visitor = {
    .key = place_take_key,
    .begin = place_begin,
    .end = place_end,
    .integer = place_take_integer,
    .string = place_take_string,
};

static void refuse_cut(DhatWalk *walk)
{
    const Reading *self = walk->user_data;
    if (!self->has_version) {
        dhat_walk_refuse_at(walk, walk->length, "a DHAT file, an object with dhatFileVersion",
                            "the end of the file");
        return;
    }
    g_set_error(
        &walk->error, HEAPGATE_ERROR, HEAPGATE_ERROR_TRUNCATED,
        "%s:%u: expected the rest of a DHAT file, found its end: Valgrind was killed, or the disk is full",
        walk->name, dhat_walk_line(walk, walk->length));
}

static void dhat_check_whole(DhatWalk *walk)
{
    const Reading *self = walk->user_data;
    const DhatPoints *points = &self->file->points;
    guint32 index = 0;
    gsize stray = dhat_points_find_stray(points, &index);
    if (!self->has_version || !self->has_points || !self->has_table || self->file->mode == NULL) {
        dhat_walk_refuse_at(walk, walk->length, "dhatFileVersion, mode, pps and ftbl",
                            "a file without one of them");
    } else if (stray != G_MAXSIZE) {
        g_autofree char *found = g_strdup_printf("%u of %u", index, points->labels->len);
        dhat_walk_refuse_at(walk, stray, "a frame number within the frame table", found);
    }
}

gboolean dhat_file_read(DhatFile *self, const char *bytes, gsize length, const char *name, GError **error)
{
    *self = (DhatFile){0};
    dhat_points_init(&self->points);
    Reading reading = {.file = self};
    DhatWalk walk = {
        .bytes = bytes, .name = name, .length = length, .visitor = &visitor, .user_data = &reading};
    if (dhat_walk_run(&walk))
        dhat_check_whole(&walk);
    else if (walk.error == NULL)
        refuse_cut(&walk);
    if (walk.error == NULL)
        return TRUE;
    g_propagate_error(error, walk.error);
    return FALSE;
}

void dhat_file_clear(DhatFile *self)
{
    g_free(self->mode);
    g_free(self->command);
    dhat_points_clear(&self->points);
    *self = (DhatFile){0};
}

DhatKind dhat_file_kind(const DhatFile *self)
{
    const char *mode = self->mode != NULL ? self->mode : "";
    return strcmp(mode, "copy") == 0          ? DHAT_OF_COPIES
           : g_str_has_suffix(mode, "ad-hoc") ? DHAT_OF_UNITS
                                              : DHAT_OF_BLOCKS;
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
