#include "call_site.h"

#include <stdint.h>
#include <string.h>

#include "module_name.h"
#include "text.h"

enum { LONGEST_PERIOD = 3 };

/* The length of a function's name without what a compiler appends when it splits or clones it. */
static gsize plain_length(const char *function)
{
    static const char *const suffixes[] = {".constprop.", ".isra.", ".part.", ".cold", ".lto_priv.", NULL};
    gsize length = strlen(function);
    /* Nearly no function has a dot, and this is called for each frame of each stack. */
    if (memchr(function, '.', length) == NULL)
        return length;
    for (const char *const *suffix = suffixes; *suffix != NULL; suffix++) {
        const char *at = strstr(function, *suffix);
        if (at != NULL && at != function)
            length = MIN(length, (gsize)(at - function));
    }
    return length;
}

static void key_append_frame(GString *key, const Frame *frame)
{
    if (frame->function != NULL)
        g_string_append_len(key, frame->function, plain_length(frame->function));
    else
        g_string_append(key, FRAME_UNKNOWN);
    if (frame->file == NULL && frame->object == NULL)
        return;
    g_string_append(key, " (");
    if (frame->file != NULL)
        g_string_append(key, text_base_name(frame->file));
    else
        module_name_append(key, frame->object);
    g_string_append_c(key, ')');
}

gboolean frame_is_untold(const Frame *frame)
{
    return g_strcmp0(frame->function, "(below main)") == 0;
}

char *frame_key(const Frame *frame)
{
    GString *key = g_string_sized_new(64);
    key_append_frame(key, frame);
    char *text = g_string_free(key, FALSE);
    if (g_utf8_validate(text, -1, NULL))
        return text;
    /* YAML and JSON take UTF-8 alone, and a key must be the same when it is read again. */
    char *valid = g_utf8_make_valid(text, -1);
    g_free(text);
    return valid;
}

char *frame_identity(const Frame *frame)
{
    const char *function = frame->function != NULL ? frame->function : "";
    const char *file = frame->file != NULL ? text_base_name(frame->file) : NULL;
    g_autoptr(GString) object = g_string_new(NULL);
    if (file == NULL && frame->object != NULL)
        module_name_append(object, frame->object);
    return g_strdup_printf("%d%d%d%.*s\n%s\n%s", frame->function != NULL, file != NULL,
                           file == NULL && frame->object != NULL, (int)plain_length(function), function,
                           file != NULL ? file : "", object->str);
}

static guint frame_text_hash(const char *text)
{
    return text != NULL ? g_str_hash(text) : 0;
}

guint frame_hash(gconstpointer data)
{
    const Frame *frame = data;
    guint texts = (frame_text_hash(frame->function) * 31 + frame_text_hash(frame->file)) * 31 +
                  frame_text_hash(frame->object);
    return texts * 31 + frame->line;
}

gboolean frame_equal(gconstpointer a, gconstpointer b)
{
    const Frame *one = a, *two = b;
    return one->line == two->line && g_strcmp0(one->function, two->function) == 0 &&
           g_strcmp0(one->file, two->file) == 0 && g_strcmp0(one->object, two->object) == 0;
}

gboolean frame_same(gconstpointer a, gconstpointer b)
{
    const Frame *one = a, *two = b;
    return one->function == two->function && one->file == two->file && one->object == two->object &&
           one->line == two->line;
}

guint call_site_repeats(const guint32 *identities, guint length)
{
    for (guint period = 1; period <= LONGEST_PERIOD && 2 * period <= length; period++) {
        gboolean repeated = TRUE;
        for (guint i = 0; i < period && repeated; i++)
            repeated = identities[length - 1 - i] == identities[length - 1 - i - period];
        if (repeated)
            return period;
    }
    return 0;
}

char *call_site_key(const Frame *frames, guint n_frames)
{
    g_autoptr(CallSites) sites = call_sites_new();
    call_sites_add(sites, frames, n_frames, 0, 0);
    return g_strdup(call_sites_get(sites, 0)->key);
}

void frame_describe(const Frame *frame, GString *function, GString *place)
{
    g_string_append(function, frame->function != NULL ? frame->function : FRAME_UNKNOWN);
    const char *where = frame->file != NULL ? frame->file : frame->object;
    if (where != NULL)
        g_string_append(place, text_base_name(where));
    if (frame->file != NULL && frame->line > 0)
        g_string_append_printf(place, ":%u", frame->line);
}
