#include <string.h>

#include "object.h"

static gint by_start(gconstpointer a, gconstpointer b)
{
    const Stretch *one = a, *two = b;
    if (one->start != two->start)
        return one->start < two->start ? -1 : 1;
    return one->value < two->value ? -1 : one->value > two->value;
}

void stretches_sort(GArray *stretches)
{
    g_array_sort(stretches, by_start);
}

const Stretch *stretches_find(const GArray *stretches, guint64 address)
{
    guint low = 0, high = stretches->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (g_array_index(stretches, Stretch, middle).start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    const Stretch *found = low > 0 ? &g_array_index(stretches, Stretch, low - 1) : NULL;
    return found != NULL && address < found->end ? found : NULL;
}

/* Orders two names of one function; the one that people write comes first: without a version, with fewer
 * underscores, shorter. */
static gint compare_names(const char *one, const char *two)
{
    gboolean one_version = strchr(one, '@') != NULL, two_version = strchr(two, '@') != NULL;
    if (one_version != two_version)
        return one_version ? 1 : -1;
    gsize one_bars = strspn(one, "_"), two_bars = strspn(two, "_");
    gboolean mangled = g_str_has_prefix(one, "_Z") || g_str_has_prefix(two, "_Z");
    if (!mangled && one_bars != two_bars)
        return one_bars < two_bars ? -1 : 1;
    gsize one_length = strlen(one), two_length = strlen(two);
    if (one_length != two_length)
        return one_length < two_length ? -1 : 1;
    return strcmp(one, two);
}

static gboolean is_function(const GElf_Sym *symbol, GElf_Word section, const char *name)
{
    int type = GELF_ST_TYPE(symbol->st_info);
    return (type == STT_FUNC || type == STT_GNU_IFUNC) && section != SHN_UNDEF && section != SHN_ABS &&
           name != NULL && *name != '\0';
}

/* Sorts the symbols and merges those with the same address. A symbol without a size ends where the next one
 * starts. */
static void symbol_table_finish(SymbolTable *self)
{
    stretches_sort(self->stretches);
    guint used = 0;
    for (guint i = 0; i < self->stretches->len; i++) {
        Stretch one = g_array_index(self->stretches, Stretch, i);
        Stretch *last = used > 0 ? &g_array_index(self->stretches, Stretch, used - 1) : NULL;
        if (last == NULL || last->start != one.start) {
            if (last != NULL && last->end == last->start)
                last->end = one.start;
            g_array_index(self->stretches, Stretch, used++) = one;
            continue;
        }
        last->end = MAX(last->end, one.end);
        if (compare_names(g_ptr_array_index(self->names, one.value),
                          g_ptr_array_index(self->names, last->value)) < 0)
            last->value = one.value;
    }
    g_array_set_size(self->stretches, used);
}

SymbolTable *symbol_table_new(Dwfl_Module *module)
{
    SymbolTable *self = g_new0(SymbolTable, 1);
    self->stretches = g_array_new(FALSE, FALSE, sizeof(Stretch));
    self->names = g_ptr_array_new();
    int count = dwfl_module_getsymtab(module);
    for (int i = 1; i < count; i++) {
        GElf_Sym symbol;
        GElf_Addr address = 0;
        GElf_Word section = SHN_UNDEF;
        const char *name = dwfl_module_getsym_info(module, i, &symbol, &address, &section, NULL, NULL);
        if (!is_function(&symbol, section, name))
            continue;
        Stretch stretch = {address, address + symbol.st_size, self->names->len};
        g_array_append_val(self->stretches, stretch);
        g_ptr_array_add(self->names, (gpointer)name);
    }
    symbol_table_finish(self);
    return self;
}

void symbol_table_free(SymbolTable *self)
{
    if (self == NULL)
        return;
    g_array_unref(self->stretches);
    g_ptr_array_unref(self->names);
    g_free(self);
}

const char *symbol_table_find(const SymbolTable *self, guint64 address)
{
    const Stretch *found = stretches_find(self->stretches, address);
    return found != NULL ? g_ptr_array_index(self->names, found->value) : NULL;
}
