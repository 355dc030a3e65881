#include "view_tree.h"

#include "model/units.h"
#include "model/text.h"

/* A shown node whose children are being read. */
typedef struct {
    gint64 bytes;
    guint children;
    guint indent; /* of the node itself */
    guint64 hidden_places;
    gint64 hidden_bytes;
} Level;

struct ViewTree {
    double threshold_percent;
    GString *output;
    GArray *levels;     /* Level: the path to the last shown node, the root first */
    guint hidden_below; /* nodes deeper than this are below a hidden one; G_MAXUINT: none is hidden */
};

ViewTree *view_tree_new(double threshold_percent, GString *output)
{
    ViewTree *self = g_new0(ViewTree, 1);
    self->threshold_percent = threshold_percent;
    self->output = output;
    self->levels = g_array_new(FALSE, FALSE, sizeof(Level));
    self->hidden_below = G_MAXUINT;
    return self;
}

void view_tree_free(ViewTree *self)
{
    if (self == NULL)
        return;
    g_array_unref(self->levels);
    g_free(self);
}

static Level *level(const ViewTree *self, guint depth)
{
    return &g_array_index(self->levels, Level, depth);
}

static double percent_of(const ViewTree *self, gint64 bytes)
{
    gint64 whole = level(self, 0)->bytes;
    return whole > 0 ? 100.0 * (double)bytes / (double)whole : 0;
}

/* amount: FALSE leaves the two columns empty. */
static void append_line(ViewTree *self, gboolean amount, gint64 bytes, guint indent, const char *text)
{
    if (amount) {
        g_autofree char *size = units_format_bytes(bytes);
        g_string_append_printf(self->output, "  %5.1f %%  %10s  ", percent_of(self, bytes), size);
    } else {
        g_string_append_printf(self->output, "%*s", 23, "");
    }
    g_string_append_printf(self->output, "%*s%s\n", (int)indent * 2, "", text);
}

static guint child_indent(const ViewTree *self, guint depth, gboolean chained)
{
    if (depth <= 1)
        return 0;
    return level(self, depth - 1)->indent + (chained ? 0 : 1);
}

/* Closes the levels from this depth on, the deepest first, and appends their sums of hidden nodes. */
static void close_levels(ViewTree *self, guint depth)
{
    while (self->levels->len > depth) {
        const Level *closed = level(self, self->levels->len - 1);
        if (closed->hidden_bytes > 0) {
            g_autofree char *text =
                g_strdup_printf("in %" G_GUINT64_FORMAT " place%s below the threshold", closed->hidden_places,
                                closed->hidden_places == 1 ? "" : "s");
            append_line(self, TRUE, closed->hidden_bytes, child_indent(self, self->levels->len, FALSE), text);
        }
        g_array_set_size(self->levels, self->levels->len - 1);
    }
}

/* How many places a node stands for, by massif's label "in 3 places, ..."; 1 for any other. */
static guint64 places_of(const MassifNode *node)
{
    guint64 places = 0;
    for (gsize i = 3; node->below_threshold && i < node->label_length && g_ascii_isdigit(node->label[i]); i++)
        if (places < G_MAXUINT32)
            places = places * 10 + (guint64)(node->label[i] - '0');
    return MAX(places, 1);
}

static void show_node(ViewTree *self, const MassifNode *node)
{
    const Level *parent = level(self, node->depth - 1);
    gboolean chained = node->depth > 1 && parent->children == 1;
    Level own = {node->bytes, node->children, child_indent(self, node->depth, chained), 0, 0};
    g_autoptr(GString) function = g_string_new(NULL), place = g_string_new(NULL);
    frame_describe(&node->frame, function, place);
    if (place->len > 0)
        g_string_append_printf(function, " (%s)", place->str);
    g_autofree char *text = text_line(function->str);
    append_line(self, !chained || node->bytes != parent->bytes, node->bytes, own.indent, text);
    g_array_append_val(self->levels, own);
}

gboolean view_tree_visit(const MassifNode *node, gpointer user_data)
{
    ViewTree *self = user_data;
    if (node->depth > self->hidden_below)
        return TRUE;
    self->hidden_below = G_MAXUINT;
    close_levels(self, node->depth);
    if (node->depth == 0) {
        Level root = {node->bytes, node->children, 0, 0, 0};
        g_array_append_val(self->levels, root);
        return TRUE;
    }
    if (node->below_threshold || percent_of(self, node->bytes) < self->threshold_percent) {
        level(self, node->depth - 1)->hidden_places += places_of(node);
        level(self, node->depth - 1)->hidden_bytes += node->bytes;
        self->hidden_below = node->depth;
        return TRUE;
    }
    show_node(self, node);
    return TRUE;
}

void view_tree_end(ViewTree *self)
{
    close_levels(self, 0);
}
