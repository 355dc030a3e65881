/* Finds the functions that an address lies in, by debug information (DWARF). It is made for many addresses:
 * the functions of a compilation unit are sorted once, whereas libdw's own search walks all of them each
 * time. */
#include <dwarf.h>
#include <elfutils/libdw.h>

#include "object.h"

enum { DEEPEST_SCOPE = 64, DEEPEST_NAMESPACE = 32 };

struct DebugInfo {
    Dwarf *dwarf;
    Dwarf_Addr bias;
    GArray *units; /* Stretch; value: offset of the unit's DIE; NULL until first needed */
    /* Offset of a unit's DIE -> GArray of Stretch; value: offset of the function's DIE. */
    GHashTable *functions;
};

DebugInfo *debug_info_new(Dwfl_Module *module)
{
    Dwarf_Addr bias = 0;
    Dwarf *dwarf = dwfl_module_getdwarf(module, &bias);
    if (dwarf == NULL)
        return NULL;
    DebugInfo *self = g_new0(DebugInfo, 1);
    self->dwarf = dwarf;
    self->bias = bias;
    self->functions =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, (GDestroyNotify)g_array_unref);
    return self;
}

void debug_info_free(DebugInfo *self)
{
    if (self == NULL)
        return;
    g_clear_pointer(&self->units, g_array_unref);
    g_hash_table_unref(self->functions);
    g_free(self);
}

static void add_ranges(Dwarf_Die *die, GArray *stretches)
{
    Dwarf_Addr base = 0, start = 0, end = 0;
    for (ptrdiff_t at = 0; (at = dwarf_ranges(die, at, &base, &start, &end)) > 0;) {
        Stretch stretch = {start, end, dwarf_dieoffset(die)};
        if (end > start)
            g_array_append_val(stretches, stretch);
    }
}

/* All units by their own ranges, for files without an address table (.debug_aranges), as clang writes them.
 */
static const GArray *units_of(DebugInfo *self)
{
    if (self->units != NULL)
        return self->units;
    self->units = g_array_new(FALSE, FALSE, sizeof(Stretch));
    Dwarf_CU *unit = NULL;
    Dwarf_Die die;
    while (dwarf_get_units(self->dwarf, unit, &unit, NULL, NULL, &die, NULL) == 0)
        add_ranges(&die, self->units);
    stretches_sort(self->units);
    return self->units;
}

static gboolean find_unit(DebugInfo *self, Dwarf_Addr address, Dwarf_Die *unit)
{
    if (dwarf_addrdie(self->dwarf, address, unit) != NULL)
        return TRUE;
    const Stretch *found = stretches_find(units_of(self), address);
    return found != NULL && dwarf_offdie(self->dwarf, found->value, unit) != NULL;
}

/* May functions be defined inside of a DIE with this tag? types: those inside of types are wanted. */
static gboolean holds_functions(int tag, gboolean types)
{
    switch (tag) {
    case DW_TAG_namespace:
    case DW_TAG_module:
        return TRUE;
    case DW_TAG_structure_type:
    case DW_TAG_class_type:
    case DW_TAG_union_type:
    case DW_TAG_enumeration_type:
        return types;
    default:
        return FALSE;
    }
}

static void collect_functions(Dwarf_Die *parent, gboolean types, guint depth, GArray *functions)
{
    Dwarf_Die die;
    if (depth > DEEPEST_NAMESPACE || dwarf_child(parent, &die) != 0)
        return;
    do {
        int tag = dwarf_tag(&die);
        if (tag == DW_TAG_subprogram)
            add_ranges(&die, functions);
        else if (holds_functions(tag, types))
            collect_functions(&die, types, depth + 1, functions);
    } while (dwarf_siblingof(&die, &die) == 0);
}

static gboolean is_c(Dwarf_Die *unit)
{
    switch (dwarf_srclang(unit)) {
    case DW_LANG_C:
    case DW_LANG_C89:
    case DW_LANG_C99:
    case DW_LANG_C11:
        return TRUE;
    default:
        return FALSE;
    }
}

static const GArray *functions_of(DebugInfo *self, Dwarf_Die *unit)
{
    gint64 offset = (gint64)dwarf_dieoffset(unit);
    GArray *functions = g_hash_table_lookup(self->functions, &offset);
    if (functions != NULL)
        return functions;
    functions = g_array_new(FALSE, FALSE, sizeof(Stretch));
    collect_functions(unit, !is_c(unit), 0, functions);
    stretches_sort(functions);
    g_hash_table_insert(self->functions, g_memdup2(&offset, sizeof offset), functions);
    return functions;
}

/* Finds the scope directly inside of `die` that contains the address; FALSE where none does. */
static gboolean next_scope(Dwarf_Die *die, Dwarf_Addr address, Dwarf_Die *inner)
{
    if (dwarf_child(die, inner) != 0)
        return FALSE;
    do {
        int tag = dwarf_tag(inner);
        if ((tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block || tag == DW_TAG_try_block ||
             tag == DW_TAG_catch_block) &&
            dwarf_haspc(inner, address) == 1)
            return TRUE;
    } while (dwarf_siblingof(inner, inner) == 0);
    return FALSE;
}

/* Writes the function and the functions that were inlined into it at the address, outermost first, to scopes.
 * Returns how many, at most DEEPEST_SCOPE. */
static guint scopes_of(Dwarf_Die function, Dwarf_Addr address, Dwarf_Die *scopes)
{
    guint count = 0;
    scopes[count++] = function;
    Dwarf_Die at = function, inner;
    for (guint depth = 0; depth < DEEPEST_SCOPE && count < DEEPEST_SCOPE && next_scope(&at, address, &inner);
         depth++) {
        if (dwarf_tag(&inner) == DW_TAG_inlined_subroutine)
            scopes[count++] = inner;
        at = inner;
    }
    return count;
}

static const char *name_of(Dwarf_Die *die)
{
    static const unsigned names[] = {DW_AT_linkage_name, DW_AT_MIPS_linkage_name, DW_AT_name};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        Dwarf_Attribute attribute;
        const char *name = dwarf_formstring(dwarf_attr_integrate(die, names[i], &attribute));
        if (name != NULL)
            return name;
    }
    return NULL;
}

/* The place where an inlined function was called. */
static void call_place(Dwarf_Die *die, const char **file, guint *line)
{
    Dwarf_Attribute attribute;
    Dwarf_Word index = 0, number = 0;
    Dwarf_Die unit;
    Dwarf_Files *files = NULL;
    gsize count = 0;
    *file = NULL;
    *line = 0;
    if (dwarf_formudata(dwarf_attr(die, DW_AT_call_file, &attribute), &index) == 0 &&
        dwarf_diecu(die, &unit, NULL, NULL) != NULL && dwarf_getsrcfiles(&unit, &files, &count) == 0 &&
        index < count)
        *file = dwarf_filesrc(files, index, NULL, NULL);
    if (dwarf_formudata(dwarf_attr(die, DW_AT_call_line, &attribute), &number) == 0)
        *line = (guint)MIN(number, G_MAXINT32);
}

/* The line of the instruction itself. */
static void own_place(Dwarf_Die *unit, Dwarf_Addr address, const char **file, guint *line)
{
    int number = 0;
    Dwarf_Line *found = dwarf_getsrc_die(unit, address);
    *file = found != NULL ? dwarf_linesrc(found, NULL, NULL) : NULL;
    *line = found != NULL && dwarf_lineno(found, &number) == 0 && number > 0 ? (guint)number : 0;
}

gboolean debug_info_frames(DebugInfo *self, guint64 module_address, DebugFrameFunc func, gpointer user_data)
{
    Dwarf_Addr address = module_address - self->bias;
    Dwarf_Die unit, function, scopes[DEEPEST_SCOPE];
    if (!find_unit(self, address, &unit))
        return FALSE;
    const Stretch *found = stretches_find(functions_of(self, &unit), address);
    const char *file;
    guint line;
    own_place(&unit, address, &file, &line);
    if (found == NULL || dwarf_offdie(self->dwarf, found->value, &function) == NULL) {
        if (file != NULL)
            func(NULL, file, line, FALSE, user_data); /* assembly has lines but no functions */
        return file != NULL;
    }
    for (guint i = scopes_of(function, address, scopes); i-- > 0;) {
        func(name_of(&scopes[i]), file, line, i > 0, user_data);
        if (i > 0)
            call_place(&scopes[i], &file, &line);
    }
    return TRUE;
}
