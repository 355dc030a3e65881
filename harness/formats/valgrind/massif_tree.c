#include "massif_lines.h"

#include <stdlib.h>

static const char TREE_NODE[] = "a tree node (\"nCHILDREN: BYTES LABEL\")";

/* Blanks to compare indentation with in one go; zero-initialised C has no shorter way to say it. */
#define BLANKS_16  "                "
#define BLANKS_128 BLANKS_16 BLANKS_16 BLANKS_16 BLANKS_16 BLANKS_16 BLANKS_16 BLANKS_16 BLANKS_16
static const char blanks[MASSIF_MAX_DEPTH + 1] =
    BLANKS_128 BLANKS_128 BLANKS_128 BLANKS_128 BLANKS_128 BLANKS_128 BLANKS_128 BLANKS_128;

/* "in 3 places, all below massif's threshold (1.00%)", "in 1 place, below ...": no frame of its own. */
static gboolean is_below_threshold(const char *label, const char *end)
{
    gint64 places;
    if (end - label < 3 || memcmp(label, "in ", 3) != 0)
        return FALSE;
    const char *at = label + 3;
    return massif_digits(&at, end, &places) && end - at >= 6 && memcmp(at, " place", 6) == 0;
}

static gboolean refuse_node(const MassifLines *lines, guint depth, GError **error)
{
    if (depth == 0)
        return massif_lines_refuse(lines, error, "%s, the root of the heap tree", TREE_NODE);
    return massif_lines_refuse(lines, error, "%s indented by %u, for its parent has more children", TREE_NODE,
                               depth);
}

/* Reads the next line as a node of this depth. */
static inline gboolean read_branch(MassifLines *lines, guint depth, MassifBranch *branch, GError **error)
{
    if (!massif_lines_next(lines, error))
        return FALSE;
    const char *at = lines->text, *end = at + lines->length;
    gint64 children;
    if (G_UNLIKELY(lines->length <= depth || !lines->whole || memcmp(at, blanks, depth) != 0 ||
                   at[depth] != 'n'))
        return refuse_node(lines, depth, error);
    at += depth + 1;
    if (!massif_digits(&at, end, &children) || children > G_MAXUINT32 || end - at < 2 || at[0] != ':' ||
        at[1] != ' ')
        return massif_lines_refuse(lines, error, "%s with a number of children", TREE_NODE);
    at += 2;
    if (!massif_digits(&at, end, &branch->bytes) || end - at < 2 || at[0] != ' ')
        return massif_lines_refuse(lines, error, "%s with a number of bytes below 2^63 and a label",
                                   TREE_NODE);
    branch->depth = depth;
    branch->children = (guint)children;
    branch->label = at + 1;
    branch->label_length = end - branch->label;
    branch->below_threshold = branch->label[0] == 'i' && is_below_threshold(branch->label, end);
    if (G_UNLIKELY(branch->below_threshold && children > 0))
        return massif_lines_refuse(lines, error, "no children below massif's threshold (\"n0:\")");
    return TRUE;
}

gboolean massif_tree_walk(MassifLines *lines, MassifBranchFunc func, gpointer user_data, GError **error)
{
    struct {
        guint children; /* still to come */
        gint64 bytes;   /* not yet given to a child */
    } open[MASSIF_MAX_DEPTH];
    guint depth = 0;
    do {
        MassifBranch branch;
        if (!read_branch(lines, depth, &branch, error))
            return FALSE;
        if (depth > 0) {
            open[depth - 1].children--;
            open[depth - 1].bytes -= branch.bytes;
            if (G_UNLIKELY(open[depth - 1].bytes < 0))
                return massif_lines_refuse_format(lines, error,
                                                  "at most %" G_GINT64_FORMAT " more bytes below the parent",
                                                  open[depth - 1].bytes + branch.bytes);
        }
        if (func != NULL && !func(&branch, user_data))
            return TRUE;
        if (branch.children > 0) {
            if (G_UNLIKELY(depth == MASSIF_MAX_DEPTH - 1))
                return massif_lines_refuse_format(lines, error, "a heap tree less than %d deep",
                                                  MASSIF_MAX_DEPTH);
            open[depth].children = branch.children;
            open[depth].bytes = branch.bytes;
            depth++;
        } else {
            while (depth > 0 && open[depth - 1].children == 0)
                depth--;
        }
    } while (depth > 0);
    return TRUE;
}

/* Cuts "(PLACE)" off the label's end. Returns where PLACE begins, or NULL where there is none; text ends in
 * ')'. */
static char *label_find_place(char *text, gsize length)
{
    if (length < 4 || text[length - 1] != ')')
        return NULL;
    for (char *open = text + length - 2; open > text; open--)
        if (open[0] == '(' && open[-1] == ' ')
            return open;
    return NULL;
}

/* "file.c:12": cuts the line number off. FALSE where there is none. */
static gboolean cut_line(char *place, guint *line)
{
    char *colon = strrchr(place, ':');
    if (colon == NULL || colon[1] == '\0' || strspn(colon + 1, "0123456789") != strlen(colon + 1))
        return FALSE;
    guint64 number = g_ascii_strtoull(colon + 1, NULL, 10);
    *line = number <= G_MAXUINT ? (guint)number : 0;
    *colon = '\0';
    return TRUE;
}

/* Takes what stands between the last parentheses as the frame's place. FALSE where it is none: a part of the
 * name. */
static gboolean parse_place(char *place, Frame *frame)
{
    if (g_str_has_prefix(place, "in ")) {
        frame->object = place + 3;
        return TRUE;
    }
    if (cut_line(place, &frame->line)) {
        frame->file = strcmp(place, "???") != 0 ? place : NULL;
        return TRUE;
    }
    frame->object = strchr(place, '/') != NULL ? place : NULL;
    return frame->object != NULL;
}

/* Takes the label apart in place: "0x1234: function (file.c:12)", "... (in /object)", "0x1234: ???".
 * heaptrack's export writes the object without "in". Names hold blanks, parentheses, '#' and '@', so this
 * goes by the ends. */
static void frame_parse(char *text, gsize length, Frame *frame)
{
    *frame = (Frame){0};
    if (length > 2 && text[0] == '0' && text[1] == 'x') {
        gsize hex = 2 + strspn(text + 2, "0123456789abcdefABCDEF");
        if (hex > 2 && text[hex] == ':' && text[hex + 1] == ' ') {
            text += hex + 2;
            length -= hex + 2;
        }
    }
    char *open = label_find_place(text, length);
    /* An object's path may hold parentheses: "(in /memfd:x (deleted))". */
    char *in = g_strstr_len(text, length, " (in /");
    if (in != NULL && length > 0 && text[length - 1] == ')')
        open = in + 1;
    if (open != NULL) {
        text[length - 1] = '\0';
        if (parse_place(open + 1, frame))
            open[-1] = '\0';
        else
            text[length - 1] = ')';
    }
    frame->function = text[0] == '\0' || strcmp(text, "???") == 0 ? NULL : text;
}

/* Copies the label into text and takes the copy apart. The frame points into text. */
static void branch_frame(const MassifBranch *branch, GString *text, Frame *frame)
{
    g_string_truncate(text, 0);
    g_string_append_len(text, branch->label, branch->label_length);
    frame_parse(text->str, text->len, frame);
}

static gboolean snapshot_lines(MassifLines *lines, const char *bytes, gsize length, const char *name,
                               const MassifSnapshot *snapshot, GError **error)
{
    massif_lines_init(lines, bytes, length, name);
    if (snapshot->tree == MASSIF_TREE_EMPTY || snapshot->tree_offset > length) {
        lines->ended = TRUE;
        lines->number = snapshot->tree_line;
        return massif_lines_refuse_format(lines, error, "a snapshot with a heap tree");
    }
    lines->next = lines->checked = bytes + snapshot->tree_offset;
    lines->number = snapshot->tree_line > 0 ? snapshot->tree_line - 1 : 0;
    return TRUE;
}

typedef struct {
    GString *text;
    MassifNodeFunc func;
    gpointer user_data;
} NodeVisit;

static gboolean visit_node(const MassifBranch *branch, gpointer user_data)
{
    NodeVisit *visit = user_data;
    MassifNode node = {.depth = branch->depth,
                       .children = branch->children,
                       .bytes = branch->bytes,
                       .below_threshold = branch->below_threshold,
                       .label = branch->label,
                       .label_length = branch->label_length};
    if (branch->depth > 0 && !branch->below_threshold)
        branch_frame(branch, visit->text, &node.frame);
    return visit->func(&node, visit->user_data);
}

gboolean massif_read_tree(const char *bytes, gsize length, const char *name, const MassifSnapshot *snapshot,
                          MassifNodeFunc func, gpointer user_data, GError **error)
{
    MassifLines lines;
    if (!snapshot_lines(&lines, bytes, length, name, snapshot, error))
        return FALSE;
    g_autoptr(GString) text = g_string_new(NULL);
    NodeVisit visit = {text, func, user_data};
    return massif_tree_walk(&lines, visit_node, &visit, error);
}

/* A node whose children are being read: what it holds itself shows once they are all known. */
typedef struct {
    GString *text; /* the frame's strings; kept for the next node at this depth */
    gint64 own;
} OpenNode;

typedef struct {
    OpenNode nodes[MASSIF_MAX_DEPTH];
    Frame frames[MASSIF_MAX_DEPTH]; /* frames[0] is at depth 1: the innermost */
    guint depth;                    /* nodes open */
    MassifAdd add;
    CallSites *sites;
} SiteVisit;

static void close_node(SiteVisit *visit)
{
    visit->depth--;
    gint64 own = visit->nodes[visit->depth].own;
    if (own == 0)
        return;
    call_sites_add(visit->sites, visit->frames, visit->depth, visit->add == MASSIF_ADD_BYTES ? own : 0,
                   visit->add == MASSIF_ADD_BLOCKS ? own : 0);
}

static gboolean visit_site(const MassifBranch *branch, gpointer user_data)
{
    SiteVisit *visit = user_data;
    while (visit->depth > branch->depth)
        close_node(visit);
    if (branch->below_threshold)
        return TRUE; /* stays with the parent */
    if (branch->depth > 0)
        visit->nodes[branch->depth - 1].own -= branch->bytes;
    OpenNode *node = &visit->nodes[branch->depth];
    if (node->text == NULL)
        node->text = g_string_new(NULL);
    node->own = branch->bytes;
    if (branch->depth > 0)
        branch_frame(branch, node->text, &visit->frames[branch->depth - 1]);
    visit->depth = branch->depth + 1;
    return TRUE;
}

gboolean massif_read_call_sites(const char *bytes, gsize length, const char *name,
                                const MassifSnapshot *snapshot, MassifAdd add, CallSites *sites,
                                GError **error)
{
    MassifLines lines;
    if (!snapshot_lines(&lines, bytes, length, name, snapshot, error))
        return FALSE;
    g_autofree SiteVisit *visit = g_new0(SiteVisit, 1);
    visit->add = add;
    visit->sites = sites;
    gboolean read = massif_tree_walk(&lines, visit_site, visit, error);
    while (read && visit->depth > 0)
        close_node(visit);
    for (guint i = 0; i < MASSIF_MAX_DEPTH && visit->nodes[i].text != NULL; i++)
        g_string_free(visit->nodes[i].text, TRUE);
    return read;
}
