#include "symbols.h"

#include <libiberty/demangle.h>
#include <stdlib.h>
#include <string.h>

#include "object.h"

struct Symbols {
    GStringChunk *strings;
    DebugSearch search;
    GHashTable *objects;   /* Object, each its own key */
    GHashTable *demangled; /* mangled, interned -> demangled, interned */
};

/* Objects are known by path and build id. */
static guint object_hash(gconstpointer data)
{
    const Object *object = data;
    return g_str_hash(object->path) ^ g_bytes_hash(object->build_id);
}

static gboolean object_equal(gconstpointer a, gconstpointer b)
{
    const Object *one = a, *two = b;
    return strcmp(one->path, two->path) == 0 && g_bytes_equal(one->build_id, two->build_id);
}

Symbols *symbols_new(SymbolsReach reach)
{
    Symbols *self = g_new0(Symbols, 1);
    self->search.quick = reach == SYMBOLS_QUICK;
    self->strings = g_string_chunk_new(1 << 16);
    self->objects = g_hash_table_new_full(object_hash, object_equal, NULL, (GDestroyNotify)object_free);
    self->demangled = g_hash_table_new(g_direct_hash, g_direct_equal);
    return self;
}

void symbols_bound_servers(void)
{
    const char *servers = g_getenv("DEBUGINFOD_URLS");
    if (servers == NULL || *servers == '\0' || g_getenv("DEBUGINFOD_TIMEOUT") != NULL)
        return;
    g_setenv("DEBUGINFOD_TIMEOUT", "10", TRUE);
    g_setenv("DEBUGINFOD_RETRY_LIMIT", "0", FALSE);
}

void symbols_free(Symbols *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->objects);
    g_hash_table_unref(self->demangled);
    g_string_chunk_free(self->strings);
    g_free(self);
}

char *symbols_demangle(const char *name)
{
    char *plain = cplus_demangle(name, DMGL_AUTO | DMGL_PARAMS | DMGL_ANSI);
    char *copy = g_strdup(plain != NULL ? plain : name);
    free(plain);
    return copy;
}

/* A copy that lives as long as self. Equal texts have one address. */
static const char *keep_text(Symbols *self, const char *text)
{
    return text != NULL ? g_string_chunk_insert_const(self->strings, text) : NULL;
}

/* A function's name as people know it: demangled, without what linkers and compilers add. mangled: may be
 * NULL; then NULL. */
static const char *keep_name(Symbols *self, const char *mangled)
{
    /* "__GI_memcpy": glibc's alias for its own calls of an exported function. */
    if (mangled != NULL && g_str_has_prefix(mangled, "__GI_"))
        mangled += strlen("__GI_");
    /* "getpwuid_r@@GLIBC_2.2.5": the version. "f.llvm.123": LLVM's suffix of functions that units share,
     * another in each build. */
    g_autofree char *plain_symbol = mangled != NULL ? g_strndup(mangled, strcspn(mangled, "@")) : NULL;
    char *shared = plain_symbol != NULL ? strstr(plain_symbol, ".llvm.") : NULL;
    if (shared != NULL)
        *shared = '\0';
    const char *key = keep_text(self, plain_symbol);
    if (key == NULL || key[0] != '_')
        return key;
    const char *plain = g_hash_table_lookup(self->demangled, key);
    if (plain == NULL) {
        g_autofree char *fresh = symbols_demangle(key);
        plain = keep_text(self, fresh);
        g_hash_table_insert(self->demangled, (gpointer)key, (gpointer)plain);
    }
    return plain;
}

static Object *object_of(Symbols *self, const char *path, const guint8 *build_id, guint size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(build_id, size);
    const Object wanted = {.path = (char *)path, .build_id = bytes};
    Object *object = g_hash_table_lookup(self->objects, &wanted);
    if (object == NULL) {
        object = object_new(path, bytes, &self->search);
        g_hash_table_add(self->objects, object);
    }
    return object;
}

/* One address being resolved. */
typedef struct {
    Symbols *symbols;
    const Object *object;
    guint64 address;
    GArray *frames;
} Resolving;

/* A DebugFrameFunc; user_data is the Resolving. The symbol's name is preferred: in debug information strdup
 * is "__strdup". */
static void add_debug_frame(const char *function, const char *file, guint line, gboolean inlined,
                            gpointer user_data)
{
    Resolving *resolving = user_data;
    const char *symbol = inlined ? NULL : symbol_table_find(resolving->object->table, resolving->address);
    Frame frame = {
        .function = keep_name(resolving->symbols, symbol != NULL ? symbol : function),
        .file = keep_text(resolving->symbols, file),
        .object = keep_text(resolving->symbols, resolving->object->path),
        .line = line,
    };
    g_array_append_val(resolving->frames, frame);
}

/* The symbol or the fingerprint of the function at the address; NULL where there is neither. */
static const char *name_without_debug_info(Symbols *self, Object *object, guint64 address)
{
    const char *symbol = symbol_table_find(object->table, address);
    if (symbol != NULL)
        return keep_name(self, symbol);
    const Stretch *found = object_fingerprint(object, address);
    if (found == NULL)
        return NULL;
    g_autofree char *name = g_strdup_printf("???~%06x", (guint)found->value);
    return keep_text(self, name);
}

void symbols_resolve(Symbols *self, const char *path, const guint8 *build_id, guint build_id_size,
                     guint64 address, GArray *frames)
{
    Object *object = object_of(self, path, build_id, build_id_size);
    Resolving resolving = {self, object, address, frames};
    if (object->info != NULL && debug_info_frames(object->info, address, add_debug_frame, &resolving))
        return;
    Frame frame = {.object = *path != '\0' ? keep_text(self, path) : NULL};
    if (object->module != NULL)
        frame.function = name_without_debug_info(self, object, address);
    g_array_append_val(frames, frame);
}
