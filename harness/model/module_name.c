#include "module_name.h"

#include <string.h>

#define DELETED     " (deleted)" /* as the kernel says it in /proc/PID/maps */
#define MEMORY_FILE "/memfd:"

enum {
    CHOSEN_DIGITS = 3, /* more digits in a row are made up */
    HEX_WORD = 8,      /* the shortest hexadecimal word that is made up */
    UUID_LENGTH = 36,
    PYTHON_RANDOM = 8, /* random characters that Python's tempfile appends to "tmp" */
};

typedef enum {
    PLACE_LASTING,
    PLACE_BELOW_TEMPORARY,
    PLACE_TEMPORARY, /* directly in such a folder */
} Place;

/* Where the path lies with regard to one temporary folder. folder: NULL and "/" match nothing. */
static Place place_behind(const char *path, const char *folder)
{
    gsize length = folder != NULL ? strlen(folder) : 0;
    while (length > 0 && folder[length - 1] == '/')
        length--;
    if (length == 0 || strncmp(path, folder, length) != 0 || path[length] != '/')
        return PLACE_LASTING;
    return strchr(path + length + 1, '/') != NULL ? PLACE_BELOW_TEMPORARY : PLACE_TEMPORARY;
}

static Place module_place(const char *path, gboolean deleted)
{
    const char *folders[] = {"/tmp", "/var/tmp", "/dev/shm", g_getenv("TMPDIR")};
    if (g_str_has_prefix(path, MEMORY_FILE) || (g_str_has_prefix(path, "/proc/") && strstr(path, "/fd/")))
        return PLACE_TEMPORARY;
    for (gsize i = 0; i < G_N_ELEMENTS(folders); i++) {
        Place place = place_behind(path, folders[i]);
        if (place != PLACE_LASTING)
            return place;
    }
    return deleted ? PLACE_BELOW_TEMPORARY : PLACE_LASTING;
}

/* The length of a name without ".so" and Python's tags, which the build chose. */
static gsize stem_length(const char *name, gsize length)
{
    static const char *const endings[] = {".so", ".cpython-", ".pypy", ".abi3"};
    gsize stem = length;
    for (gsize i = 0; i < G_N_ELEMENTS(endings); i++) {
        const char *at = g_strstr_len(name, (gssize)stem, endings[i]);
        gsize behind = at != NULL ? (gsize)(at - name) + strlen(endings[i]) : 0;
        if (at != NULL && (i > 0 || behind == length || name[behind] == '.'))
            stem = (gsize)(at - name);
    }
    return stem;
}

/* The length without a version at the end, digits with a dot between them: of "libpython3.12" 9. */
static gsize unversioned_length(const char *stem, gsize length)
{
    gsize at = length;
    gboolean dotted = FALSE;
    for (; at > 0 && (g_ascii_isdigit(stem[at - 1]) || stem[at - 1] == '.'); at--)
        dotted = dotted || stem[at - 1] == '.';
    return dotted ? at : length;
}

static gboolean is_made_up(const char *stem, gsize length)
{
    length = unversioned_length(stem, length);
    for (gsize i = 0; i < length; i++)
        if (g_ascii_isdigit(stem[i]) || g_ascii_isupper(stem[i]))
            return TRUE;
    return length == strlen("tmp") + PYTHON_RANDOM && g_str_has_prefix(stem, "tmp");
}

static gsize word_length(const char *at, const char *end)
{
    const char *begin = at;
    while (at < end && g_ascii_isalnum(*at))
        at++;
    return (gsize)(at - begin);
}

static gsize digits_length(const char *at, const char *end)
{
    const char *begin = at;
    while (at < end && g_ascii_isdigit(*at))
        at++;
    return (gsize)(at - begin);
}

static gboolean is_uuid(const char *at, const char *end)
{
    g_autofree char *text = g_strndup(at, MIN((gsize)(end - at), UUID_LENGTH));
    return g_uuid_string_is_valid(text);
}

static gboolean is_hex_word(const char *word, gsize length)
{
    gsize digits = 0, hex = 0;
    for (gsize i = 0; i < length; i++) {
        digits += g_ascii_isdigit(word[i]);
        hex += g_ascii_isxdigit(word[i]);
    }
    return length >= HEX_WORD && hex == length && digits > 0;
}

/* Is the word a number between separators, and no part of a version? */
static gboolean is_own_number(const char *stem, const char *word, gsize length, const char *end)
{
    if (digits_length(word, word + length) != length || (word > stem && word[-1] == '.'))
        return FALSE;
    const char *behind = word + length;
    return end - behind < 2 || behind[0] != '.' || !g_ascii_isdigit(behind[1]);
}

static void append_word(GString *text, const char *word, gsize length)
{
    const char *end = word + length;
    while (word < end) {
        gsize digits = digits_length(word, end);
        if (digits > CHOSEN_DIGITS)
            g_string_append_c(text, '*');
        else
            g_string_append_len(text, word, (gssize)MAX(digits, 1));
        word += MAX(digits, 1);
    }
}

static void append_chosen(GString *text, const char *stem, gsize length)
{
    const char *end = stem + length;
    for (const char *at = stem; at < end;) {
        gsize word = word_length(at, end);
        gboolean uuid = word == HEX_WORD && is_uuid(at, end);
        if (uuid || is_hex_word(at, word) || (word > 0 && is_own_number(stem, at, word, end)))
            g_string_append_c(text, '*');
        else if (word > 0)
            append_word(text, at, word);
        else
            g_string_append_c(text, *at);
        at += uuid ? UUID_LENGTH : MAX(word, 1);
    }
}

void module_name_append(GString *text, const char *path)
{
    gboolean deleted = g_str_has_suffix(path, DELETED);
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL && slash[1] != '\0' ? slash + 1 : path;
    gsize length = strlen(name) - (deleted ? strlen(DELETED) : 0);
    const char *version = g_strstr_len(name, (gssize)length, ".so.");
    length = version != NULL ? (gsize)(version - name) + strlen(".so") : length;
    gsize stem = stem_length(name, length);
    Place place = module_place(path, deleted);
    if (place == PLACE_TEMPORARY && is_made_up(name, stem)) {
        g_string_append(text, "temporary module");
        return;
    }
    if (place == PLACE_LASTING)
        g_string_append_len(text, name, (gssize)stem);
    else
        append_chosen(text, name, stem);
    g_string_append_len(text, name + stem, (gssize)(length - stem));
}
