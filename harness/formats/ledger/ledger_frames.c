#include "ledger_frames.h"

#include <string.h>

#include "ledger_keys.h"

void ledger_forget_keys(Ledger *self)
{
    g_clear_pointer(&self->kinds, ledger_kinds_free);
    g_clear_pointer(&self->keys, ledger_keys_free);
}

/* What is being gathered of one stack. */
typedef struct {
    const Ledger *ledger;
    const LedgerKinds *kinds;
    const LedgerStack *nodes;
    gboolean python; /* there are frames of Python: of the interpreter's, the innermost of its interface says
                        all */
    gboolean drops;  /* its own functions, which are noise, and have other names in each build */
    guint at_most;
    LedgerItem *items;
    guint length;
} Gathering;

static inline guint32 traits_at(const Gathering *self, guint index)
{
    return self->kinds->kinds[self->items[index].number].traits;
}

static inline void add_item(Gathering *self, guint32 number)
{
    const LedgerKind *kind = &self->kinds->kinds[number];
    gboolean inner = self->python && self->length > 0;
    if (self->drops && kind->frame == FRAME_INTERPRETER &&
        (inner || (kind->traits & LEDGER_KIND_INTERFACE) == 0))
        return;
    self->items[self->length++] = (LedgerItem){.number = number};
}

/* All that a place stands for. */
static inline void add_place(Gathering *self, guint32 place)
{
    guint32 first = self->kinds->items[place], count = self->kinds->counts[place];
    for (guint32 i = 0; i < count && self->length < self->at_most; i++)
        add_item(self, first + i);
}

/* Is this item of the same program or library as what is below main, and without a name? */
static gboolean is_nameless_of(const Gathering *self, guint index, const char *object)
{
    Frame frame = {0};
    if ((traits_at(self, index) & LEDGER_KIND_NAMELESS) != 0)
        frame = ledger_item_frame(self->ledger, &self->items[index]);
    return frame.object != NULL && g_strcmp0(frame.object, object) == 0;
}

/* Cuts a stack at the item that is below main. Of a stripped C library the function in between, which calls
 * main, has no name. What is left at the outer end is main, though a stripped program does not say so. */
static void cut_below_main(Gathering *self, guint below)
{
    const char *object = ledger_item_frame(self->ledger, &self->items[below]).object;
    self->length = below;
    while (self->length > 1 && is_nameless_of(self, self->length - 1, object))
        self->length--;
    if (self->length > 0 && (traits_at(self, self->length - 1) & LEDGER_KIND_NAMELESS) != 0)
        self->items[self->length - 1].is_main = TRUE;
}

static void gathering_trim(Gathering *self)
{
    guint drop = 0;
    while (drop < self->length && (traits_at(self, drop) & LEDGER_KIND_FOR_OTHERS) != 0)
        drop++;
    self->length -= drop;
    if (drop > 0)
        memmove(self->items, self->items + drop, self->length * sizeof *self->items);
    for (guint i = 0; i < self->length; i++)
        if ((traits_at(self, i) & LEDGER_KIND_BELOW_MAIN) != 0) {
            cut_below_main(self, i);
            return;
        }
}

static void gather_from(Gathering *self, guint32 node)
{
    for (guint depth = 0; node != 0 && depth < LEDGER_DEEPEST && self->length < self->at_most; depth++) {
        add_place(self, self->nodes[node].place);
        node = self->nodes[node].caller; /* before its callee in the table */
    }
    gathering_trim(self);
}

guint ledger_items(const Ledger *self, guint32 node, guint at_most, LedgerItem *items)
{
    if (node >= self->nodes->len)
        return 0;
    Gathering gathering = {
        .ledger = self,
        .kinds = ledger_kinds(self),
        .nodes = (const LedgerStack *)(const void *)self->nodes->data,
        .python = ledger_kinds_python(ledger_kinds(self), node),
        .drops = self->header.python_state == LEDGER_PYTHON_ON,
        .at_most = MIN(at_most, LEDGER_DEEPEST),
        .items = items,
    };
    gather_from(&gathering, node);
    if (gathering.length == 0) {
        gathering.drops = FALSE; /* better a name that does not last than none */
        gather_from(&gathering, node);
    }
    return gathering.length;
}

void ledger_add_frames(const Ledger *self, guint32 node, guint at_most, GArray *frames)
{
    LedgerItem items[LEDGER_DEEPEST];
    guint length = ledger_items(self, node, at_most, items);
    for (guint i = 0; i < length; i++) {
        Frame frame = ledger_item_frame(self, &items[i]);
        g_array_append_val(frames, frame);
    }
}

void ledger_move_files(Ledger *self, const char *from, const char *to)
{
    g_autoptr(GHashTable) moved = g_hash_table_new(NULL, NULL); /* offset -> offset */
    gsize length = strlen(from);
    for (guint i = 0; i < self->names->len; i++) {
        LedgerName *name = &g_array_index(self->names, LedgerName, i);
        const char *file = self->strings->str + name->file;
        if (name->file == 0 || strncmp(file, from, length) != 0 ||
            (file[length] != '\0' && file[length] != '/'))
            continue;
        gpointer known = g_hash_table_lookup(moved, GUINT_TO_POINTER(name->file));
        if (known == NULL) {
            g_autofree char *real = g_strconcat(to, file + length, NULL);
            known = GUINT_TO_POINTER((guint)self->strings->len);
            g_string_append_len(self->strings, real, (gssize)strlen(real) + 1);
            g_hash_table_insert(moved, GUINT_TO_POINTER(name->file), known);
        }
        name->file = GPOINTER_TO_UINT(known);
    }
    ledger_forget_keys(self);
}
