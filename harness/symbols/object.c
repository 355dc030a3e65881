#include "object.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    QUICKLY_UNPACKED = 512 << 10,      /* bytes that are unpacked within some milliseconds */
    LONGEST_WAIT = 2 * G_USEC_PER_SEC, /* for a server that has nothing */
};

/* The size of a file's compressed sections after unpacking, in bytes. libdw unpacks all of them or none. */
static guint64 packed_size(Elf *elf)
{
    guint64 size = 0;
    GElf_Chdr header;
    for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section)) != NULL;)
        if (gelf_getchdr(section, &header) != NULL)
            size += header.ch_size;
    return size;
}

static gboolean takes_long(int fd)
{
    Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
    gboolean answer = elf != NULL && packed_size(elf) > QUICKLY_UNPACKED;
    elf_end(elf);
    return answer;
}

/* libdwfl's find_debuginfo. It is called first for the symbol table (object->table is NULL then), and later
 * for debug information. Symbol tables are never compressed, so a file that takes long to unpack is refused
 * only later. A server that hangs would do so for each object: it is asked once. */
static int find_debug_file(Dwfl_Module *module, void **user_data, const char *name, Dwarf_Addr base,
                           const char *path, const char *link, GElf_Word link_crc, char **found)
{
    Object *object = *user_data;
    DebugSearch *search = object->search;
    gint64 began = g_get_monotonic_time();
    int fd = search->quick || search->silent
                 ? dwfl_build_id_find_debuginfo(module, user_data, name, base, path, link, link_crc, found)
                 : dwfl_standard_find_debuginfo(module, user_data, name, base, path, link, link_crc, found);
    if (fd < 0 && g_get_monotonic_time() - began > LONGEST_WAIT)
        search->silent = TRUE;
    object->takes_long = search->quick && fd >= 0 && takes_long(fd);
    if (!object->takes_long || object->table == NULL)
        return fd;
    close(fd);
    free(*found);
    *found = NULL;
    return -1;
}

static const Dwfl_Callbacks callbacks = {
    .find_elf = dwfl_build_id_find_elf,
    .find_debuginfo = find_debug_file,
};

/* Opens a regular file; -1 for anything else. A ledger is untrusted and may name devices. */
static int open_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat info;
    if (fd >= 0 && (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Opens the file as the object's module; NULL where it does not exist or has another build id. */
static Dwfl_Module *open_module(const Object *object, const char *path)
{
    int fd = open_file(path);
    if (fd < 0)
        return NULL;
    dwfl_report_begin(object->dwfl);
    Dwfl_Module *module = dwfl_report_elf(object->dwfl, path, path, fd, 0, true);
    if (module == NULL) {
        close(fd); /* otherwise libdwfl closes it */
        return NULL;
    }
    dwfl_report_end(object->dwfl, NULL, NULL);
    GElf_Addr bias, where;
    const unsigned char *own = NULL;
    int size = dwfl_module_getelf(module, &bias) != NULL ? dwfl_module_build_id(module, &own, &where) : -1;
    gsize wanted = g_bytes_get_size(object->build_id);
    gboolean same = wanted == 0 || ((gsize)MAX(size, 0) == wanted &&
                                    memcmp(own, g_bytes_get_data(object->build_id, NULL), wanted) == 0);
    return size >= 0 && same ? module : NULL;
}

/* The path of the debug file for the object's build id, which remains when the object itself was replaced;
 * (transfer full), or NULL where no build id is known. */
static char *debug_file(const Object *object)
{
    gsize size = 0;
    const guint8 *build_id = g_bytes_get_data(object->build_id, &size);
    if (size < 2)
        return NULL;
    GString *path = g_string_new("/usr/lib/debug/.build-id/");
    for (guint i = 0; i < size; i++)
        g_string_append_printf(path, i == 0 ? "%02x/" : "%02x", build_id[i]);
    g_string_append(path, ".debug");
    return g_string_free(path, FALSE);
}

static DebugInfo *debug_info_of(Object *object)
{
    GElf_Addr bias;
    Elf *own = dwfl_module_getelf(object->module, &bias);
    if (object->search->quick && (object->takes_long || packed_size(own) > QUICKLY_UNPACKED))
        return NULL;
    return debug_info_new(object->module);
}

Object *object_new(const char *path, GBytes *build_id, DebugSearch *search)
{
    Object *object = g_new0(Object, 1);
    object->search = search;
    object->path = g_strdup(path);
    object->build_id = g_bytes_ref(build_id);
    object->dwfl = dwfl_begin(&callbacks);
    if (object->dwfl == NULL)
        return object;
    g_autofree char *other = debug_file(object);
    Dwfl_Module *module = open_module(object, path);
    if (module == NULL && other != NULL)
        module = open_module(object, other);
    if (module == NULL)
        return object;
    void **user_data = NULL;
    dwfl_module_info(module, &user_data, NULL, NULL, NULL, NULL, NULL, NULL);
    *user_data = object;
    object->module = module;
    object->table = symbol_table_new(module);
    object->info = debug_info_of(object);
    return object;
}

void object_free(Object *object)
{
    symbol_table_free(object->table);
    debug_info_free(object->info);
    g_clear_pointer(&object->fingerprints, g_array_unref);
    g_clear_pointer(&object->dwfl, dwfl_end);
    g_bytes_unref(object->build_id);
    g_free(object->path);
    g_free(object);
}

const Stretch *object_fingerprint(Object *object, guint64 address)
{
    if (object->fingerprints == NULL)
        object->fingerprints = fingerprints_new(object->module);
    return stretches_find(object->fingerprints, address);
}
