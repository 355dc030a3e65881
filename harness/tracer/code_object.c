#include "code_object.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>

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

/* Where the object's program headers lie in memory, if its first segment holds the ELF header as is usual. */
static const ElfW(Phdr) * program_headers(uintptr_t start, unsigned *count)
{
    enum { FIRST_PAGE = 4096 };
    const ElfW(Ehdr) *header = (const ElfW(Ehdr) *)start;
    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_phentsize != sizeof(ElfW(Phdr)))
        return NULL;
    if (header->e_phoff > FIRST_PAGE || header->e_phnum > (FIRST_PAGE - header->e_phoff) / sizeof(ElfW(Phdr)))
        return NULL;
    *count = header->e_phnum;
    return (const ElfW(Phdr) *)(start + header->e_phoff);
}

/* The load address: the first segment's page lies at start. */
static uintptr_t bias_of(uintptr_t start, const ElfW(Phdr) * headers, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (headers[i].p_type == PT_LOAD)
            return start - (headers[i].p_vaddr & ~(uintptr_t)4095);
    return start;
}

Bytes code_object_bytes(const CodeObject *self, uintptr_t address)
{
    Bytes none = {NULL, NULL, true};
    unsigned count;
    if (address < self->start || address >= self->end)
        return none;
    const ElfW(Phdr) *headers = program_headers(self->start, &count);
    if (headers == NULL)
        return none;
    uintptr_t bias = bias_of(self->start, headers, count);
    for (unsigned i = 0; i < count; i++) {
        uintptr_t low = bias + headers[i].p_vaddr;
        if (headers[i].p_type == PT_LOAD && headers[i].p_flags & PF_R && address - low < headers[i].p_filesz)
            return (Bytes){(const uint8_t *)address, (const uint8_t *)low + headers[i].p_filesz, false};
    }
    return none;
}

static int measure(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    CodeObject object = {UINTPTR_MAX, 0, 0};
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        uintptr_t low = info->dlpi_addr + header->p_vaddr;
        if (header->p_type == PT_GNU_EH_FRAME)
            object.eh_frame_hdr = low;
        if (header->p_type != PT_LOAD)
            continue;
        if ((low & ~(uintptr_t)4095) < object.start)
            object.start = low & ~(uintptr_t)4095;
        if (low + header->p_memsz > object.end)
            object.end = low + header->p_memsz;
    }
    Table *self = data;
    if (self->count < self->room)
        self->objects[self->count++] = object;
    return 0;
}

void code_object_refresh(void)
{
    enum { OBJECTS = 4096 };
    if (find_object != NULL)
        return;
    size_t size = sizeof(Table) + OBJECTS * sizeof(CodeObject);
    Table *fresh =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (fresh == MAP_FAILED)
        return;
    fresh->room = OBJECTS;
    dl_iterate_phdr(measure, fresh);
    __atomic_store_n(&table, fresh, __ATOMIC_RELEASE);
}

void code_object_init(void)
{
    if (find_object == NULL)
        find_object = (FindObject)dlsym(RTLD_DEFAULT, "_dl_find_object");
    if (table == NULL)
        code_object_refresh();
}

static bool find_in_table(uintptr_t address, CodeObject *object)
{
    const Table *now = __atomic_load_n(&table, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; now != NULL && i < now->count; i++)
        if (address - now->objects[i].start < now->objects[i].end - now->objects[i].start) {
            *object = now->objects[i];
            return true;
        }
    return false;
}

bool code_object_find(uintptr_t address, CodeObject *object)
{
    Found found;
    if (find_object == NULL)
        return find_in_table(address, object);
    if (find_object((void *)address, &found) != 0)
        return false;
    *object = (CodeObject){(uintptr_t)found.map_start, (uintptr_t)found.map_end, (uintptr_t)found.eh_frame};
    return true;
}
