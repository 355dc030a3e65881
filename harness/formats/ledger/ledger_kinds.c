#include "ledger_kinds.h"

#include <string.h>

#include "formats/allocator.h"
#include "ledger_python.h"
#include "ledger_sites.h"
#include "model/frame_kind.h"

static const char *string_at(const Ledger *self, guint32 offset)
{
    return offset != 0 ? self->strings->str + offset : NULL;
}

/* Without its kind. */
static Frame item_frame(const Ledger *self, const LedgerItem *item)
{
    Frame frame = {0};
    if (item->number < self->names->len) {
        const LedgerName *name = &g_array_index(self->names, LedgerName, item->number);
        frame = (Frame){string_at(self, name->function), string_at(self, name->file),
                        string_at(self, name->object), name->line, FRAME_OTHER};
    } else if (item->number - self->names->len < self->modules->len) {
        frame.object = g_array_index(self->modules, LedgerModule, item->number - self->names->len).path;
    }
    if (item->is_main)
        frame.function = "main";
    return frame;
}

/* The C++ allocation functions and the marks of pools ask for memory on behalf of whoever calls them. The
 * tracer's own frames are none of the program's. */
static gboolean speaks_for_others(const Frame *frame)
{
    return (frame->function != NULL &&
            (allocator_is_new(frame->function) || allocator_is_mark(frame->function))) ||
           (frame->object != NULL && g_str_has_suffix(frame->object, "/libheapgate.so"));
}

static gboolean is_below_main(const Frame *frame)
{
    static const char *const names[] = {"__libc_start_call_main",    "__libc_start_main",
                                        "__libc_start_main_impl",    "__libc_start_main_alias_1",
                                        "__libc_start_main_alias_2", "_start"};
    if (frame->function == NULL || frame->function[0] != '_')
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (strcmp(frame->function, names[i]) == 0)
            return TRUE;
    return FALSE;
}

static guint16 traits_of(const Frame *frame, FrameKind kind)
{
    gboolean nameless = frame->function == NULL || g_str_has_prefix(frame->function, "???");
    return (speaks_for_others(frame) ? LEDGER_KIND_FOR_OTHERS : 0) |
           (is_below_main(frame) ? LEDGER_KIND_BELOW_MAIN : 0) | (nameless ? LEDGER_KIND_NAMELESS : 0) |
           (kind == FRAME_INTERPRETER && python_is_interface(frame->function) ? LEDGER_KIND_INTERFACE : 0) |
           (frame_is_untold(frame) ? LEDGER_KIND_UNTOLD : 0);
}

/* MD5 is good at telling texts apart; nobody is kept from anything by it. */
static LedgerText mark_of(const char *text)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_MD5);
    LedgerText mark = {0};
    gsize size = sizeof mark;
    g_checksum_update(checksum, (const guchar *)text, -1);
    g_checksum_get_digest(checksum, (guint8 *)&mark, &size);
    return mark;
}

/* While kinds are worked out. */
typedef struct {
    const Ledger *ledger;
    GHashTable *same;  /* identity of a frame -> its number */
    GHashTable *known; /* LedgerName, whatever its line -> LedgerKind of the first such, which is not moved */
} Naming;

static LedgerKind name_kind(Naming *self, const LedgerItem *item)
{
    Frame frame = item_frame(self->ledger, item);
    g_autofree char *text = call_site_key(&frame, 1);
    char *identity = frame_identity(&frame);
    guint32 same = GPOINTER_TO_UINT(g_hash_table_lookup(self->same, identity));
    if (same == 0)
        same = g_hash_table_size(self->same) + 1;
    g_hash_table_replace(self->same, identity, GUINT_TO_POINTER(same));
    FrameKind kind = frame_kind_of(&frame);
    return (LedgerKind){mark_of(text), same, traits_of(&frame, kind), (guint16)kind};
}

static guint name_hash(gconstpointer data)
{
    const LedgerName *name = data;
    return (name->function * UINT32_C(0x9e3779b1) + name->file) * UINT32_C(0x9e3779b1) + name->object;
}

static gboolean name_equal(gconstpointer a, gconstpointer b)
{
    const LedgerName *one = a, *two = b;
    return one->function == two->function && one->file == two->file && one->object == two->object;
}

/* A function has many lines. */
static LedgerKind kind_of_name(Naming *self, LedgerKind *kinds, guint number)
{
    LedgerName *name = &g_array_index(self->ledger->names, LedgerName, number);
    const LedgerKind *known = g_hash_table_lookup(self->known, name);
    if (known == NULL) {
        kinds[number] = name_kind(self, &(LedgerItem){number, FALSE});
        g_hash_table_insert(self->known, name, &kinds[number]);
        known = &kinds[number];
    }
    return *known;
}

static void fill_kinds(const Ledger *ledger, LedgerKinds *self)
{
    guint count = ledger->names->len + ledger->modules->len + 1;
    g_autoptr(GHashTable) same = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) known = g_hash_table_new(name_hash, name_equal);
    Naming naming = {ledger, same, known};
    self->kinds = g_new0(LedgerKind, count);
    self->mains = g_new0(LedgerKind, count);
    for (guint i = 0; i < count; i++) {
        self->kinds[i] = i < ledger->names->len ? kind_of_name(&naming, self->kinds, i)
                                                : name_kind(&naming, &(LedgerItem){i, FALSE});
        if ((self->kinds[i].traits & LEDGER_KIND_NAMELESS) != 0)
            self->mains[i] = name_kind(&naming, &(LedgerItem){i, TRUE});
    }
}

static void fill_items(const Ledger *ledger, LedgerKinds *self)
{
    self->items = g_new0(guint32, ledger->places->len + 1);
    self->counts = g_new0(guint32, ledger->places->len + 1);
    for (guint i = 0; i < ledger->places->len; i++) {
        const LedgerPlace *place = &g_array_index(ledger->places, LedgerPlace, i);
        guint32 module = place->module > 0 ? place->module - 1 : ledger->modules->len;
        guint32 name = place->name > 0 ? place->name - 1 : ledger->names->len + module;
        self->items[i] = name;
        self->counts[i] = 1;
        while (place->name > 0 && name + self->counts[i] < ledger->names->len &&
               self->counts[i] < LEDGER_DEEPEST &&
               g_array_index(ledger->names, LedgerName, name + self->counts[i] - 1).more)
            self->counts[i]++;
    }
}

/* A caller comes before its callee. */
static void fill_python(const Ledger *ledger, LedgerKinds *self)
{
    self->python = g_new0(guint8, ledger->nodes->len / 8 + 1);
    for (guint i = 1; i < ledger->nodes->len; i++) {
        guint32 caller = g_array_index(ledger->nodes, LedgerStack, i).caller;
        if (ledger_kinds_python(self, caller) ||
            ledger_frame_is(ledger_place_of(ledger, i)->address, LEDGER_FRAME_PYTHON))
            self->python[i / 8] |= (guint8)(1 << i % 8);
    }
}

const LedgerKinds *ledger_kinds(const Ledger *self)
{
    if (self->kinds != NULL)
        return self->kinds;
    LedgerKinds *kinds = g_new0(LedgerKinds, 1);
    fill_kinds(self, kinds);
    fill_items(self, kinds);
    fill_python(self, kinds);
    ((Ledger *)self)->kinds = kinds; /* what is remembered is no part of its value */
    return kinds;
}

Frame ledger_item_frame(const Ledger *self, const LedgerItem *item)
{
    const LedgerKinds *kinds = ledger_kinds(self);
    Frame frame = item_frame(self, item);
    frame.kind = (item->is_main ? kinds->mains : kinds->kinds)[item->number].frame;
    return frame;
}

void ledger_kinds_free(LedgerKinds *self)
{
    if (self == NULL)
        return;
    g_free(self->kinds);
    g_free(self->mains);
    g_free(self->items);
    g_free(self->counts);
    g_free(self->python);
    g_free(self);
}
