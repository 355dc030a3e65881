#include "stack.h"

#include <string.h>

#include "model/frame_kind.h"
#include "model/text.h"

enum {
    FUNCTION_COLUMNS = 60,
    PLACE_COLUMNS = 48,
    OUTERMOST = 2, /* how many of the outermost frames stay before the program's own native ones */
};

typedef struct {
    char *function;
    char *place;
    guint frames; /* how many frames the line stands for */
    FrameKind kind;
} Line;

static void line_clear(gpointer data)
{
    Line *line = data;
    g_free(line->function);
    g_free(line->place);
}

guint stack_first_useful(const Frame *frames, guint n_frames)
{
    guint first = 0;
    while (first < n_frames && frames[first].kind == FRAME_ALLOCATOR)
        first++;
    return first < n_frames ? first : 0;
}

static Line line_of(const Frame *frame)
{
    g_autoptr(GString) function = g_string_new(NULL), place = g_string_new(NULL);
    frame_describe(frame, function, place);
    return (Line){text_shorten(function->str, FUNCTION_COLUMNS), text_shorten(place->str, PLACE_COLUMNS), 1,
                  frame->kind};
}

/* Adds a line. Neighbouring frames without a symbol in one module share a line: nothing tells them apart. */
static void add_frame(GArray *lines, const Frame *frame)
{
    Line line = line_of(frame);
    Line *last = lines->len > 0 ? &g_array_index(lines, Line, lines->len - 1) : NULL;
    gboolean nameless = frame->function == NULL || g_str_has_prefix(frame->function, "???");
    if (nameless && last != NULL && g_str_has_prefix(last->function, "???") &&
        strcmp(last->place, line.place) == 0) {
        g_free(last->function);
        last->frames++;
        last->function = g_strdup_printf("??? (%u frames without a symbol)", last->frames);
        line_clear(&line);
        return;
    }
    g_array_append_val(lines, line);
}

/* How many rows the kept lines take, with one for each gap. */
static guint rows_of(const gboolean *kept, guint count)
{
    guint rows = 0;
    for (guint i = 0; i < count; i++)
        rows += kept[i] || (i > 0 && kept[i - 1]);
    return rows;
}

/* Keeps a line if the rows then still fit. */
static void keep_line(gboolean *kept, guint count, guint line)
{
    gboolean before = kept[line];
    kept[line] = TRUE;
    if (rows_of(kept, count) > STACK_FRAMES)
        kept[line] = before;
}

/* Which lines of a long stack stay, in this order of preference: the innermost and the outermost one, the
 * program's own Python, the OUTERMOST ones, the program's other code, then all from the inside on. (transfer
 * full). */
static gboolean *choose_lines(const GArray *lines)
{
    gboolean *kept = g_new0(gboolean, lines->len);
    keep_line(kept, lines->len, 0);
    keep_line(kept, lines->len, lines->len - 1);
    for (guint i = 0; i < lines->len; i++)
        if (g_array_index(lines, Line, i).kind == FRAME_OWN_PYTHON)
            keep_line(kept, lines->len, i);
    for (guint i = 1; i < OUTERMOST; i++)
        keep_line(kept, lines->len, lines->len - 1 - i);
    for (guint i = 0; i < lines->len; i++)
        if (frame_kind_is_own(g_array_index(lines, Line, i).kind))
            keep_line(kept, lines->len, i);
    for (guint i = 1; i < lines->len; i++)
        keep_line(kept, lines->len, i);
    return kept;
}

/* Replaces the lines that do not stay by "... N more". */
static void cut_middle(GArray *lines)
{
    if (lines->len <= STACK_FRAMES)
        return;
    g_autofree gboolean *kept = choose_lines(lines);
    for (guint end = lines->len; end > 0; end--) {
        guint begin = end, cut = 0;
        for (; begin > 0 && !kept[begin - 1]; begin--)
            cut += g_array_index(lines, Line, begin - 1).frames;
        if (begin == end)
            continue;
        g_array_remove_range(lines, begin + 1, end - begin - 1);
        Line *line = &g_array_index(lines, Line, begin);
        line_clear(line);
        *line = (Line){g_strdup_printf("... %u more", cut), g_strdup(""), cut, FRAME_OTHER};
        end = begin + 1;
    }
}

/* The lines of a stack, at least one; (transfer full), of Line. */
static GArray *lines_of(const char *key, const Frame *frames, guint n_frames)
{
    GArray *lines = g_array_new(FALSE, FALSE, sizeof(Line));
    g_array_set_clear_func(lines, line_clear);
    for (guint i = stack_first_useful(frames, n_frames); i < n_frames; i++)
        add_frame(lines, &frames[i]);
    if (lines->len == 0) {
        Line line = {text_shorten(key, FUNCTION_COLUMNS + PLACE_COLUMNS), g_strdup(""), 1};
        g_array_append_val(lines, line);
    }
    return lines;
}

static void add_row(Columns *columns, const char *amount, const char *indent, const Line *line,
                    const char *remark)
{
    g_autofree char *function = g_strconcat(indent, line->function, NULL);
    g_autofree char *place =
        g_strconcat(line->place, remark[0] != '\0' && line->place[0] != '\0' ? "   " : "", remark, NULL);
    columns_begin(columns);
    columns_add(columns, amount, NULL);
    columns_add(columns, function, NULL);
    columns_add(columns, place, NULL);
}

static void add_lines(Columns *columns, const char *amount, const char *note, const GArray *lines)
{
    for (guint i = 0; i < lines->len; i++)
        add_row(columns,
                i == 0                   ? amount
                : i == 1 && note != NULL ? note
                                         : "",
                i == 0 ? "" : "  ", &g_array_index(lines, Line, i), "");
    if (lines->len == 1 && note != NULL) {
        columns_begin(columns);
        columns_add(columns, note, NULL);
        columns_add(columns, "", NULL);
    }
}

void stack_add(Columns *columns, const char *amount, const char *note, const char *key, const Frame *frames,
               guint n_frames)
{
    g_autoptr(GArray) lines = lines_of(key, frames, n_frames);
    cut_middle(lines);
    add_lines(columns, amount, note, lines);
}

gboolean stack_add_whole(Columns *columns, const char *amount, const char *note, const char *key,
                         const Frame *frames, guint n_frames)
{
    g_autoptr(GArray) lines = lines_of(key, frames, n_frames);
    add_lines(columns, amount, note, lines);
    return lines->len > STACK_FRAMES;
}

/* The innermost line of the program's own Python; where there is none, `otherwise`. */
static guint own_line(const GArray *lines, guint otherwise)
{
    for (guint i = 0; i < lines->len; i++)
        if (g_array_index(lines, Line, i).kind == FRAME_OWN_PYTHON)
            return i;
    return otherwise;
}

void stack_add_short(Columns *columns, const char *amount, const char *remark, const char *key,
                     const Frame *frames, guint n_frames)
{
    g_autoptr(GArray) lines = lines_of(key, frames, n_frames);
    add_row(columns, amount, "", &g_array_index(lines, Line, own_line(lines, 0)), remark);
}

static void append_frame_text(const Line *line, const char *before, GString *text)
{
    g_string_append_printf(text, "%s%s", before, line->function);
    if (line->place[0] != '\0')
        g_string_append_printf(text, " (%s)", line->place);
}

char *stack_describe(const char *key, const Frame *frames, guint n_frames)
{
    g_autoptr(GArray) lines = lines_of(key, frames, n_frames);
    GString *text = g_string_new(NULL);
    guint caller = own_line(lines, 1);
    append_frame_text(&g_array_index(lines, Line, 0), "", text);
    caller = MAX(caller, 1);
    if (caller < lines->len)
        append_frame_text(&g_array_index(lines, Line, caller), ", called by ", text);
    return g_string_free(text, FALSE);
}
