#include "stacks.h"

#include <string.h>

#include "model/text.h"

/* Appends a frame's name. Semicolons separate frames, so those in the name become colons. */
static void append_frame(GString *output, const Frame *frame)
{
    g_autoptr(GString) function = g_string_new(NULL), place = g_string_new(NULL);
    frame_describe(frame, function, place);
    if (frame->function == NULL && place->len > 0)
        g_string_append_printf(function, " (%s)", place->str);
    g_autofree char *line = text_line(function->str);
    g_strdelimit(line, ";", ':');
    g_string_append(output, line);
}

void stacks_fold(const Figure *figure, GString *output)
{
    call_sites_sort(figure->sites);
    for (guint i = 0; i < call_sites_count(figure->sites); i++) {
        const CallSite *site = call_sites_get(figure->sites, i);
        if (site->bytes == 0)
            continue;
        for (guint f = site->n_frames; f-- > 0;) {
            append_frame(output, &site->frames[f]);
            if (f > 0)
                g_string_append_c(output, ';');
        }
        if (site->n_frames == 0)
            g_string_append(output, "(unknown)");
        g_string_append_printf(output, " %" G_GINT64_FORMAT "\n", site->bytes);
    }
}

/* Encodes Protocol Buffers, as far as profile.proto needs it. Source:
 * https://protobuf.dev/programming-guides/encoding/ */
enum { WIRE_VARINT = 0, WIRE_BYTES = 2 };

static void put_varint(GByteArray *out, guint64 value)
{
    do {
        guint8 byte = (guint8)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
        g_byte_array_append(out, &byte, 1);
        value >>= 7;
    } while (value != 0);
}

static void put_number(GByteArray *out, guint field, guint64 value)
{
    put_varint(out, field << 3 | WIRE_VARINT);
    put_varint(out, value);
}

static void put_bytes(GByteArray *out, guint field, const void *data, gsize length)
{
    put_varint(out, field << 3 | WIRE_BYTES);
    put_varint(out, length);
    g_byte_array_append(out, data, (guint)length);
}

/* Appends a message as a field of another one, and empties it. */
static void put_message(GByteArray *out, guint field, GByteArray *message)
{
    put_bytes(out, field, message->data, message->len);
    g_byte_array_set_size(message, 0);
}

/* Numbers of fields of the message Profile. */
enum { SAMPLE_TYPE = 1, SAMPLE = 2, LOCATION = 4, FUNCTION = 5, STRING_TABLE = 6 };

typedef struct {
    GByteArray *out;
    GHashTable *strings;   /* text -> index + 1 */
    GPtrArray *texts;      /* the texts by index, owned */
    GHashTable *functions; /* "FUNCTION\nFILE" -> id */
    GHashTable *locations; /* "FUNCTION\nFILE\nLINE" -> id */
} Profile;

static guint64 string_of(Profile *self, const char *text)
{
    gpointer known = g_hash_table_lookup(self->strings, text);
    if (known == NULL) {
        char *own = g_strdup(text);
        g_ptr_array_add(self->texts, own);
        known = GUINT_TO_POINTER(self->texts->len);
        g_hash_table_insert(self->strings, own, known);
    }
    return GPOINTER_TO_UINT(known) - 1;
}

static guint64 function_of(Profile *self, const char *name, const char *file)
{
    g_autofree char *key = g_strjoin("\n", name, file, NULL);
    guint64 id = GPOINTER_TO_UINT(g_hash_table_lookup(self->functions, key));
    if (id != 0)
        return id;
    g_autoptr(GByteArray) message = g_byte_array_new();
    id = g_hash_table_size(self->functions) + 1;
    put_number(message, 1, id);
    put_number(message, 2,
               string_of(self, name)); /* no system_name: pprof would cut off template arguments */
    put_number(message, 4, string_of(self, file));
    put_message(self->out, FUNCTION, message);
    g_hash_table_insert(self->functions, g_steal_pointer(&key), GUINT_TO_POINTER((guint)id));
    return id;
}

static guint64 location_of(Profile *self, const Frame *frame)
{
    const char *place = frame->file != NULL ? frame->file : frame->object != NULL ? frame->object : "";
    g_autofree char *name = text_line(frame->function != NULL ? frame->function : "???");
    g_autofree char *file = text_line(place);
    g_autofree char *key = g_strdup_printf("%s\n%s\n%u", name, file, frame->line);
    guint64 id = GPOINTER_TO_UINT(g_hash_table_lookup(self->locations, key));
    if (id != 0)
        return id;
    g_autoptr(GByteArray) message = g_byte_array_new(), line = g_byte_array_new();
    id = g_hash_table_size(self->locations) + 1;
    put_number(line, 1, function_of(self, name, file));
    put_number(line, 2, frame->line);
    put_number(message, 1, id);
    put_message(message, 4, line);
    put_message(self->out, LOCATION, message);
    g_hash_table_insert(self->locations, g_steal_pointer(&key), GUINT_TO_POINTER((guint)id));
    return id;
}

/* The figures in reverse order. */
static const Figure *figure_in_order(const GPtrArray *figures, guint index)
{
    return g_ptr_array_index(figures, figures->len - 1 - index);
}

/* Appends a value for each sample type; those of other figures are 0. */
static void put_values(GByteArray *packed, const CallSite *site, const Figure *own, const GPtrArray *figures)
{
    for (guint i = 0; i < figures->len; i++) {
        const Figure *figure = figure_in_order(figures, i);
        gint64 count = metric_get(figure->metric)->unit == METRIC_UNIT_COUNT ? site->bytes : site->blocks;
        if (metric_get(figure->metric)->objects != NULL)
            put_varint(packed, figure == own ? (guint64)count : 0);
        if (metric_get(figure->metric)->space != NULL)
            put_varint(packed, figure == own ? (guint64)site->bytes : 0);
    }
}

static void put_sample(Profile *self, const CallSite *site, const Figure *own, const GPtrArray *figures)
{
    static const Frame unknown = {.function = "(unknown)"};
    g_autoptr(GByteArray) message = g_byte_array_new(), packed = g_byte_array_new();
    if (site->bytes == 0 && site->blocks == 0)
        return;
    if (site->n_frames == 0)
        put_varint(packed, location_of(self, &unknown));
    for (guint f = 0; f < site->n_frames; f++)
        put_varint(packed, location_of(self, &site->frames[f]));
    put_message(message, 1, packed);
    put_values(packed, site, own, figures);
    put_message(message, 2, packed);
    put_message(self->out, SAMPLE, message);
}

static void put_type(Profile *self, const char *name, const char *unit)
{
    g_autoptr(GByteArray) message = g_byte_array_new();
    if (name == NULL)
        return;
    put_number(message, 1, string_of(self, name));
    put_number(message, 2, string_of(self, unit));
    put_message(self->out, SAMPLE_TYPE, message);
}

static void put_figure(Profile *self, const Figure *figure, const GPtrArray *figures)
{
    const char *objects = metric_get(figure->metric)->objects, *space = metric_get(figure->metric)->space;
    put_type(self, objects, "count");
    put_type(self, space, "bytes");
    for (guint s = 0; (objects != NULL || space != NULL) && s < call_sites_count(figure->sites); s++)
        put_sample(self, call_sites_get(figure->sites, s), figure, figures);
}

GByteArray *stacks_pprof(const GPtrArray *figures)
{
    Profile self = {
        .out = g_byte_array_new(),
        .strings = g_hash_table_new(g_str_hash, g_str_equal),
        .texts = g_ptr_array_new_with_free_func(g_free),
        .functions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .locations = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
    };
    string_of(&self, ""); /* string_table[0] must be "" */
    for (guint i = 0; i < figures->len; i++)
        put_figure(&self, figure_in_order(figures, i), figures);
    for (guint i = 0; i < self.texts->len; i++) {
        const char *text = g_ptr_array_index(self.texts, i);
        put_bytes(self.out, STRING_TABLE, text, strlen(text));
    }
    g_hash_table_unref(self.strings);
    g_ptr_array_unref(self.texts);
    g_hash_table_unref(self.functions);
    g_hash_table_unref(self.locations);
    return self.out;
}
