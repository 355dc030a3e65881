#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>

#include "modules.h"
#include "path.h"
#include "python/python.h"

/* Lock-free and safe in signal handlers; glibc 2.35 and later. */
#pragma weak _dl_find_object

uint32_t modules_gone;

static LedgerModule *modules(LedgerHeader *header)
{
    return guest_section(header, LEDGER_MODULES_AT);
}

static uint32_t modules_used(LedgerHeader *header)
{
    uint32_t used = __atomic_load_n(&header->modules, __ATOMIC_ACQUIRE);
    return used < LEDGER_MODULES ? used : LEDGER_MODULES;
}

/* Copies the build-id out of one segment of notes, of which every byte is checked to be mapped. */
static void module_read_notes(LedgerModule *module, const char *at, const char *end)
{
    while (at + sizeof(ElfW(Nhdr)) <= end) {
        const ElfW(Nhdr) *note = (const void *)at;
        const char *name = at + sizeof *note;
        size_t name_size = (note->n_namesz + 3) & ~(size_t)3, size = (note->n_descsz + 3) & ~(size_t)3;
        if (name_size > (size_t)(end - name) || size > (size_t)(end - name) - name_size)
            return;
        if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && memcmp(name, "GNU", 4) == 0 &&
            note->n_descsz <= sizeof module->build_id) {
            memcpy(module->build_id, name + name_size, note->n_descsz);
            module->build_id_size = note->n_descsz;
            return;
        }
        at = name + name_size + size;
    }
}

static void read_build_id(LedgerModule *module)
{
    const ElfW(Ehdr) *elf = (const void *)module->start;
    if (memcmp(elf->e_ident, ELFMAG, SELFMAG) != 0 || elf->e_phentsize != sizeof(ElfW(Phdr)) ||
        elf->e_phoff + (uint64_t)elf->e_phnum * sizeof(ElfW(Phdr)) > 4096)
        return;
    const ElfW(Phdr) *headers = (const void *)(module->start + elf->e_phoff);
    for (unsigned i = 0; i < elf->e_phnum && module->build_id_size == 0; i++) {
        uint64_t start = module->bias + headers[i].p_vaddr;
        if (headers[i].p_type == PT_NOTE && start >= module->start &&
            headers[i].p_memsz <= module->end - start && start <= module->end)
            module_read_notes(module, (const char *)start, (const char *)start + headers[i].p_memsz);
    }
}

static void module_record(LedgerHeader *header, const struct dl_find_object *object)
{
    uint32_t slot = __atomic_load_n(&header->modules, __ATOMIC_RELAXED);
    do {
        if (slot >= LEDGER_MODULES) {
            atomic_add(&header->full_modules, 1, true);
            return;
        }
    } while (!__atomic_compare_exchange_n(&header->modules, &slot, slot + 1, true, __ATOMIC_ACQ_REL,
                                          __ATOMIC_RELAXED));
    LedgerModule *module = &modules(header)[slot];
    module->start = (uintptr_t)object->dlfo_map_start;
    module->bias = object->dlfo_link_map->l_addr;
    module->loaded_at = __atomic_load_n(&header->nodes, __ATOMIC_ACQUIRE);
    const char *name = object->dlfo_link_map->l_name;
    if (name == NULL || name[0] == '\0')
        name = header->executable;
    /* dlopen's relative names are the loader's, too. A name without a slash is no path (the kernel's own
     * object). */
    if (strchr(name, '/') != NULL)
        path_put_absolute(module->path, sizeof module->path, name);
    else
        path_put(module->path, sizeof module->path, name);
    uint64_t end = (uintptr_t)object->dlfo_map_end;
    module->end = end;
    read_build_id(module);
    python_see(module->start, end, object->dlfo_link_map);
}

/* The object that lies there now. */
static bool object_at(uint64_t address, struct dl_find_object *object)
{
    return _dl_find_object != NULL && _dl_find_object((void *)ledger_frame_address(address), object) == 0;
}

static bool still_there(const LedgerModule *module)
{
    struct dl_find_object object;
    return object_at(module->start, &object) && (uintptr_t)object.dlfo_map_start == module->start &&
           (uintptr_t)object.dlfo_map_end == module->end && object.dlfo_link_map->l_addr == module->bias;
}

void modules_see(LedgerHeader *header, uint64_t address)
{
    struct dl_find_object object;
    if (!object_at(address, &object))
        return;
    uint64_t start = (uintptr_t)object.dlfo_map_start, end = (uintptr_t)object.dlfo_map_end;
    for (uint32_t i = 0; i < modules_used(header); i++) {
        const LedgerModule *module = &modules(header)[i];
        if (module->unloaded_at == 0 && module->start == start && module->end == end)
            return;
    }
    module_record(header, &object);
}

bool modules_same_slowly(LedgerHeader *header, uint64_t address, uint32_t node)
{
    for (uint32_t i = 0; i < modules_used(header); i++) {
        const LedgerModule *module = &modules(header)[i];
        if (module->unloaded_at > node &&
            ledger_frame_address(address) - module->start < module->end - module->start)
            return false;
    }
    return true;
}

void modules_closed(LedgerHeader *header)
{
    bool gone = false;
    for (uint32_t i = 0; i < modules_used(header); i++) {
        LedgerModule *module = &modules(header)[i];
        if (module->unloaded_at != 0 || module->end == 0 || still_there(module))
            continue;
        module->unloaded_at = __atomic_load_n(&header->nodes, __ATOMIC_ACQUIRE);
        gone = true;
    }
    if (gone)
        __atomic_store_n(&modules_gone, 1, __ATOMIC_RELEASE);
    python_closed();
    /* Also where no stack named it: code may have been walked through. */
    unwind_forget();
    __atomic_fetch_add(&guest_generation, 1, __ATOMIC_ACQ_REL);
}
