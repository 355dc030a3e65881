#include "text.h"

#include <string.h>

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

typedef struct {
    gunichar first, last;
} Range;

/* Besides control characters: marks and overrides of direction, line separators, what XML forbids. */
static const Range harmful[] = {
    {0x061c, 0x061c}, {0x200e, 0x200f}, {0x2028, 0x202e},
    {0x2066, 0x2069}, {0xfff9, 0xfffb}, {0xfffe, 0xffff},
};

static gboolean is_harmful(gunichar c)
{
    if (c < 0x20 || (c >= 0x7f && c < 0xa0))
        return TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS(harmful); i++)
        if (c >= harmful[i].first && c <= harmful[i].last)
            return TRUE;
    return FALSE;
}

static char *clean(const char *text, gboolean one_line)
{
    g_autofree char *valid = g_utf8_make_valid(text != NULL ? text : "", -1);
    GString *out = g_string_sized_new(strlen(valid));
    for (const char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        gboolean blank = c == '\n' || c == '\t';
        if (blank && one_line)
            g_string_append_c(out, ' ');
        else if (!blank && is_harmful(c))
            g_string_append(out, replacement);
        else
            g_string_append_len(out, at, g_utf8_next_char(at) - at);
    }
    return g_string_free(out, FALSE);
}

char *text_line(const char *text)
{
    return clean(text, TRUE);
}

char *text_block(const char *text)
{
    return clean(text, FALSE);
}

/* GitHub's runner skips all of Unicode's white space at the beginning of a line, and may skip characters
 * without a width. */
char *text_defuse(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *out = g_string_sized_new(strlen(valid));
    gboolean begins = TRUE; /* nothing but blanks on this line so far */
    guint hashes = 0;       /* how many '#' stand just before */
    for (const char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        gboolean unseen = g_unichar_iszerowidth(c) || g_unichar_type(c) == G_UNICODE_FORMAT;
        if (c == '[' && hashes >= 2)
            g_string_append_c(out, ' ');
        g_string_append_unichar(out, c);
        if (begins && c == ':')
            g_string_append_c(out, ' ');
        hashes = c == '#' ? hashes + 1 : unseen ? hashes : 0;
        begins = c == '\n' || c == '\r' || (begins && (unseen || g_unichar_isspace(c)));
    }
    return g_string_free(out, FALSE);
}

static guint character_columns(gunichar c)
{
    return g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
}

guint text_columns(const char *line)
{
    guint columns = 0;
    for (const char *at = line; *at != '\0'; at = g_utf8_next_char(at))
        columns += character_columns(g_utf8_get_char(at));
    return columns;
}

/* Combining characters take no column, but are counted as characters: so a name of a million accents is
 * shortened, too. */
char *text_shorten(const char *text, guint columns)
{
    char *line = text_line(text);
    glong length = g_utf8_strlen(line, -1);
    if (text_columns(line) <= columns && length <= 2 * (glong)columns)
        return line;
    glong head = (glong)(columns - 3) * 2 / 3, tail = (glong)(columns - 3) - head;
    head = MIN(head, length / 2);
    tail = MIN(tail, length - head);
    g_autofree char *start = g_utf8_substring(line, 0, head),
                    *end = g_utf8_substring(line, length - tail, length);
    g_free(line);
    return g_strconcat(start, "...", end, NULL);
}

char *text_argument(const char *name)
{
    g_autofree char *line = text_line(name);
    for (const char *at = line; *at != '\0'; at++)
        if (!g_ascii_isalnum(*at) && strchr("_.,/+=:@-", *at) == NULL)
            return g_shell_quote(line);
    return line[0] != '\0' ? g_steal_pointer(&line) : g_strdup("''");
}

const char *text_base_name(const char *path)
{
    const char *slash = path != NULL ? strrchr(path, '/') : NULL;
    return slash != NULL && slash[1] != '\0' ? slash + 1 : path != NULL ? path : "";
}

int text_compare(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

gboolean text_write(const char *text, gsize length, GOutputStream *stream, GError **error)
{
    return g_output_stream_write_all(stream, text, length, NULL, NULL, error);
}
