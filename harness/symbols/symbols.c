#include "symbols.h"

#include <fcntl.h>
#include <libiberty/demangle.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "object.h"

/* One object, opened when first asked for. */
typedef struct {
    char *path;
    Dwfl *dwfl;
    Dwfl_Module *module; /* NULL where the object cannot be used */
    SymbolTable *table;
    DebugInfo *info;
    GArray *fingerprints; /* NULL until first needed */
} Object;

struct Symbols {
    GStringChunk *strings;
    GHashTable *objects;   /* path and build id -> Object */
    GHashTable *demangled; /* mangled, interned -> demangled, interned */
};

static void object_free(gpointer data)
{
    Object *object = data;
    symbol_table_free(object->table);
    debug_info_free(object->info);
    g_clear_pointer(&object->fingerprints, g_array_unref);
    g_clear_pointer(&object->dwfl, dwfl_end);
    g_free(object->path);
    g_free(object);
}

Symbols *symbols_new(void)
{
    Symbols *self = g_new0(Symbols, 1);
    self->strings = g_string_chunk_new(1 << 16);
    self->objects = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, object_free);
    self->demangled = g_hash_table_new(g_direct_hash, g_direct_equal);
    return self;
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

static const char *keep(Symbols *self, const char *text)
{
    return text != NULL ? g_string_chunk_insert_const(self->strings, text) : NULL;
}

/* As people read it; mangled: (nullable). */
static const char *keep_name(Symbols *self, const char *mangled)
{
    /* glibc's name for its own calls of a function that is exported too. */
    if (mangled != NULL && g_str_has_prefix(mangled, "__GI_"))
        mangled += strlen("__GI_");
    /* "getpwuid_r@@GLIBC_2.2.5" */
    g_autofree char *plain_symbol = mangled != NULL ? g_strndup(mangled, strcspn(mangled, "@")) : NULL;
    const char *key = keep(self, plain_symbol);
    if (key == NULL || key[0] != '_')
        return key;
    const char *plain = g_hash_table_lookup(self->demangled, key);
    if (plain == NULL) {
        g_autofree char *fresh = symbols_demangle(key);
        plain = keep(self, fresh);
        g_hash_table_insert(self->demangled, (gpointer)key, (gpointer)plain);
    }
    return plain;
}

/* Only a regular file: a ledger may name anything. */
static int open_object(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat info;
    if (fd >= 0 && (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))) {
        close(fd);
        return -1;
    }
    return fd;
}

static const Dwfl_Callbacks callbacks = {
    .find_elf = dwfl_build_id_find_elf,
    .find_debuginfo = dwfl_standard_find_debuginfo,
};

/* NULL where there is no such file, or where it has another build id. */
static Dwfl_Module *open_module(Dwfl *dwfl, const char *path, const guint8 *build_id, guint size)
{
    int fd = open_object(path);
    if (fd < 0)
        return NULL;
    dwfl_report_begin(dwfl);
    Dwfl_Module *module = dwfl_report_elf(dwfl, path, path, fd, 0, true);
    if (module == NULL) {
        close(fd); /* else libdwfl's */
        return NULL;
    }
    dwfl_report_end(dwfl, NULL, NULL);
    GElf_Addr bias, where;
    const unsigned char *own = NULL;
    int own_size =
        dwfl_module_getelf(module, &bias) != NULL ? dwfl_module_build_id(module, &own, &where) : -1;
    if (own_size < 0 || (size > 0 && ((guint)own_size != size || memcmp(own, build_id, size) != 0)))
        return NULL;
    return module;
}

/* The file that belongs to a build id, where the object itself has been replaced since. */
static char *debug_file(const guint8 *build_id, guint size)
{
    if (size < 2)
        return NULL;
    GString *path = g_string_new("/usr/lib/debug/.build-id/");
    for (guint i = 0; i < size; i++)
        g_string_append_printf(path, i == 0 ? "%02x/" : "%02x", build_id[i]);
    g_string_append(path, ".debug");
    return g_string_free(path, FALSE);
}

static Object *object_new(const char *path, const guint8 *build_id, guint size)
{
    Object *object = g_new0(Object, 1);
    object->path = g_strdup(path);
    object->dwfl = dwfl_begin(&callbacks);
    if (object->dwfl == NULL)
        return object;
    g_autofree char *other = debug_file(build_id, size);
    Dwfl_Module *module = open_module(object->dwfl, path, build_id, size);
    if (module == NULL && other != NULL)
        module = open_module(object->dwfl, other, build_id, size);
    if (module == NULL)
        return object;
    object->module = module;
    object->table = symbol_table_new(module);
    object->info = debug_info_new(module);
    return object;
}

static Object *object_of(Symbols *self, const char *path, const guint8 *build_id, guint size)
{
    GString *key = g_string_new(path);
    for (guint i = 0; i < size; i++)
        g_string_append_printf(key, "%s%02x", i == 0 ? "\n" : "", build_id[i]);
    Object *object = g_hash_table_lookup(self->objects, key->str);
    if (object == NULL) {
        object = object_new(path, build_id, size);
        g_hash_table_insert(self->objects, g_string_free(key, FALSE), object);
    } else {
        g_string_free(key, TRUE);
    }
    return object;
}

/* One address being resolved. */
typedef struct {
    Symbols *symbols;
    const Object *object;
    guint64 address;
    GArray *frames;
} Asking;

/* The symbol's name is the one people know: debug information calls strdup "__strdup". */
static void add_debug_frame(const char *function, const char *file, guint line, gboolean inlined,
                            gpointer user_data)
{
    Asking *asking = user_data;
    const char *symbol = inlined ? NULL : symbol_table_find(asking->object->table, asking->address);
    Frame frame = {
        .function = keep_name(asking->symbols, symbol != NULL ? symbol : function),
        .file = keep(asking->symbols, file),
        .object = keep(asking->symbols, asking->object->path),
        .line = line,
    };
    g_array_append_val(asking->frames, frame);
}

static const char *name_without_debug_info(Symbols *self, Object *object, guint64 address)
{
    const char *symbol = symbol_table_find(object->table, address);
    if (symbol != NULL)
        return keep_name(self, symbol);
    if (object->fingerprints == NULL)
        object->fingerprints = fingerprints_new(object->module);
    const Stretch *found = stretches_find(object->fingerprints, address);
    if (found == NULL)
        return NULL;
    g_autofree char *name = g_strdup_printf("???~%06x", (guint)found->value);
    return keep(self, name);
}

void symbols_resolve(Symbols *self, const char *path, const guint8 *build_id, guint build_id_size,
                     guint64 address, GArray *frames)
{
    Object *object = object_of(self, path, build_id, build_id_size);
    Asking asking = {self, object, address, frames};
    if (object->info != NULL && debug_info_frames(object->info, address, add_debug_frame, &asking))
        return;
    Frame frame = {.object = *path != '\0' ? keep(self, path) : NULL};
    if (object->module != NULL)
        frame.function = name_without_debug_info(self, object, address);
    g_array_append_val(frames, frame);
}
