#include "frame_label.h"

#include <string.h>

/* Skips "0x109390: ". */
static char *skip_address(char *label)
{
    if (!g_str_has_prefix(label, "0x"))
        return label;
    char *at = label + 2;
    while (g_ascii_isxdigit(*at))
        at++;
    return g_str_has_prefix(at, ": ") ? at + 2 : label;
}

/* The " (" that the label's last parenthesis closes, NULL where there is none: paths and names may hold
 * others. */
static char *label_place(char *label)
{
    gsize length = strlen(label);
    if (length < 3 || label[length - 1] != ')')
        return NULL;
    int depth = 0;
    for (char *at = label + length - 1; at > label; at--) {
        depth += *at == ')' ? 1 : *at == '(' ? -1 : 0;
        if (depth == 0)
            return at[-1] == ' ' ? at - 1 : NULL;
    }
    return NULL;
}

/* Cuts ":6" off the end. FALSE where there is none, or nothing before it. */
static gboolean cut_number(char *text, guint *number)
{
    char *colon = strrchr(text, ':');
    if (colon == NULL || colon == text || !g_ascii_isdigit(colon[1]))
        return FALSE;
    char *end = NULL;
    guint64 value = g_ascii_strtoull(colon + 1, &end, 10);
    if (*end != '\0')
        return FALSE;
    *colon = '\0';
    *number = (guint)MIN(value, G_MAXINT32);
    return TRUE;
}

/* "t.c:6", or with a column, as Rust's dhat crate writes it: "src/main.rs:4:47". */
static gboolean split_line(char *place, Frame *frame)
{
    guint last, before;
    if (!cut_number(place, &last))
        return FALSE;
    frame->line = cut_number(place, &before) ? before : last;
    frame->file = place;
    return TRUE;
}

static void split_place(char *label, Frame *frame)
{
    char *place = label_place(label);
    if (place == NULL)
        return;
    char *closing = place + strlen(place) - 1;
    *closing = '\0';
    if (g_str_has_prefix(place, " (in ")) {
        frame->object = place + strlen(" (in ");
    } else if (!split_line(place + strlen(" ("), frame)) {
        *closing = ')';
        return;
    }
    *place = '\0';
}

void frame_label_split(char *label, Frame *frame)
{
    *frame = (Frame){0};
    char *name = skip_address(label);
    split_place(name, frame);
    if (strcmp(name, "???") != 0 && *name != '\0')
        frame->function = name;
}
