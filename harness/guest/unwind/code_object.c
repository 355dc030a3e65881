#include "code_object.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* struct dl_find_object of glibc 2.35: its function takes no lock and may be called from a signal handler. */
typedef struct {
    unsigned long long flags;
    void *map_start, *map_end;
    struct link_map *link_map;
    void *eh_frame;
    unsigned long long reserved[8];
} Found;
typedef int (*FindObject)(void *address, Found *found);

/* The table for older C libraries: made anew when modules come and go and never unmapped, as somebody may be
 * reading. */
typedef struct {
    uint32_t count, room;
    CodeObject objects[];
} Table;

static FindObject find_object;
static Table *table;

/* What the kernel mapped: the program. Its segments need not be contiguous, and then the loader knows it only
 * by the segment. */
static CodeObject program;

/* Where the object's program headers lie, if its first segment holds the ELF header as is usual. */
static bool object_read_header(CodeObject *object)
{
    enum { FIRST_PAGE = 4096 };
    const ElfW(Ehdr) *header = (const ElfW(Ehdr) *)object->start;
    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_phentsize != sizeof(ElfW(Phdr)))
        return false;
    if (header->e_phoff > FIRST_PAGE || header->e_phnum > (FIRST_PAGE - header->e_phoff) / sizeof(ElfW(Phdr)))
        return false;
    object->headers = (const ElfW(Phdr) *)(object->start + header->e_phoff);
    object->header_count = header->e_phnum;
    object->bias = object->start;
    for (unsigned i = 0; i < object->header_count; i++)
        if (object->headers[i].p_type == PT_LOAD) {
            object->bias = object->start - (object->headers[i].p_vaddr & ~(uintptr_t)4095);
            break;
        }
    return true;
}

Bytes code_object_bytes(const CodeObject *self, uintptr_t address)
{
    for (unsigned i = 0; i < self->header_count; i++) {
        const ElfW(Phdr) *header = &self->headers[i];
        uintptr_t low = self->bias + header->p_vaddr;
        if (header->p_type == PT_LOAD && header->p_flags & PF_R && address - low < header->p_filesz)
            return (Bytes){(const uint8_t *)address, (const uint8_t *)low + header->p_filesz, false};
    }
    return (Bytes){NULL, NULL, true};
}

/* Fills the rest from the program headers. */
static void object_measure(CodeObject *object)
{
    object->start = UINTPTR_MAX;
    for (unsigned i = 0; i < object->header_count; i++) {
        const ElfW(Phdr) *header = &object->headers[i];
        uintptr_t low = object->bias + header->p_vaddr;
        if (header->p_type == PT_GNU_EH_FRAME)
            object->eh_frame_hdr = low;
        if (header->p_type != PT_LOAD)
            continue;
        if ((low & ~(uintptr_t)4095) < object->start)
            object->start = low & ~(uintptr_t)4095;
        if (low + header->p_memsz > object->end)
            object->end = low + header->p_memsz;
    }
}

static int add_to_table(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    Table *self = data;
    CodeObject object = {
        .bias = info->dlpi_addr, .headers = info->dlpi_phdr, .header_count = info->dlpi_phnum};
    object_measure(&object);
    if (self->count < self->room)
        self->objects[self->count++] = object;
    return 0;
}

static void program_find(void)
{
    CodeObject object = {.headers = (const ElfW(Phdr) *)getauxval(AT_PHDR),
                         .header_count = getauxval(AT_PHNUM)};
    if (object.headers == NULL)
        return;
    for (unsigned i = 0; i < object.header_count; i++)
        if (object.headers[i].p_type == PT_PHDR)
            object.bias = (uintptr_t)object.headers - object.headers[i].p_vaddr;
    object_measure(&object);
    program = object;
}

void code_object_refresh(void)
{
    enum { OBJECTS = 4096 };
    if (find_object != NULL)
        return;
    size_t size = sizeof(Table) + OBJECTS * sizeof(CodeObject);
    Table *fresh = (Table *)syscall(SYS_mmap, NULL, size, PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0L);
    if (fresh == MAP_FAILED)
        return;
    fresh->room = OBJECTS;
    dl_iterate_phdr(add_to_table, fresh);
    __atomic_store_n(&table, fresh, __ATOMIC_RELEASE);
}

void code_object_init(void)
{
    if (find_object == NULL)
        find_object = (FindObject)dlsym(RTLD_DEFAULT, "_dl_find_object");
    if (program.headers == NULL)
        program_find();
    if (table == NULL)
        code_object_refresh();
}

static bool object_holds(const CodeObject *object, uintptr_t address)
{
    return address - object->start < object->end - object->start;
}

static bool find_in_table(uintptr_t address, CodeObject *object)
{
    const Table *now = __atomic_load_n(&table, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; now != NULL && i < now->count; i++)
        if (object_holds(&now->objects[i], address)) {
            *object = now->objects[i];
            return true;
        }
    return false;
}

bool code_object_find(uintptr_t address, CodeObject *object)
{
    Found found;
    if (object_holds(&program, address)) {
        *object = program;
        return true;
    }
    if (find_object == NULL)
        return find_in_table(address, object);
    if (find_object((void *)address, &found) != 0)
        return false;
    *object = (CodeObject){.start = (uintptr_t)found.map_start,
                           .end = (uintptr_t)found.map_end,
                           .eh_frame_hdr = (uintptr_t)found.eh_frame};
    return object_read_header(object);
}
