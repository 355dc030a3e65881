#include "bind.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "foreign.h"
#include "interpose.h"
#include "interpose_new.h"
#include "mapping.h"
#include "books/own.h"
#include "symbol_find.h"

GUEST_EXPORT void *dlopen(const char *file, int mode);
GUEST_EXPORT void *dlmopen(Lmid_t space, const char *file, int mode);
GUEST_EXPORT void *dlsym(void *handle, const char *name);
GUEST_EXPORT void __gmon_start__(void);
GUEST_EXPORT void *dlvsym(void *handle, const char *name, const char *version);

bool bind_waiting;

/* The last object before the first call that is waited for. */
static const Object *last_before;

static struct {
    void *(*dlopen)(const char *, int);
    void *(*dlmopen)(Lmid_t, const char *, int);
    void *(*dlsym)(void *, const char *);
    void *(*dlvsym)(void *, const char *, const char *);
} next;

/* Whoever calls first, before any constructor perhaps. */
static void next_open(void)
{
    const Object *own = objects_own(), *from = own != NULL ? own->l_next : NULL;
    *(void **)&next.dlopen = objects_find(from, NULL, "dlopen", NULL);
    *(void **)&next.dlmopen = objects_find(from, NULL, "dlmopen", NULL);
    *(void **)&next.dlvsym = objects_find(from, NULL, "dlvsym", NULL);
    *(void **)&next.dlsym = objects_find(from, NULL, "dlsym", NULL);
    real_open();
}

#define NEXT(name) (UNLIKELY(next.name == NULL) ? next_open() : (void)0, next.name)

/* Ours, in the order of real_names. */
static void *const ours[REAL_NAMES] = {malloc,   calloc,        realloc,        reallocarray, free,
                                       memalign, aligned_alloc, posix_memalign, valloc,       pvalloc};

/* The number in real_names; -1: it is none of them. */
static int real_name_number(const char *name)
{
    if (strcmp(name, "cfree") == 0)
        name = "free";
    if (strncmp(name, "__libc_", 7) == 0)
        name += 7;
    else if (strcmp(name, "__posix_memalign") == 0)
        name += 2;
    for (int i = 0; i < REAL_NAMES; i++)
        if (strcmp(name, real_names[i].name) == 0)
            return i;
    return -1;
}

/* Our function in front of any C library's that maps memory; NULL: it is none of these. */
static void *mapping_front(const char *name, const void *found)
{
    void *our = mapping_ours(name);
    const Object *in = our != NULL && found != our ? objects_at(found) : NULL;
    bool is_c_library = in != NULL && object_find(in, "gnu_get_libc_version") != NULL;
    return is_c_library && !real_is_passed ? our : NULL;
}

/* Our function in front of the one that somebody has found under this name; NULL: it is ours already, or
 * nothing to us. */
static void *front_of(const char *name, const void *found)
{
    int number = real_name_number(name);
    void *our = number >= 0 ? ours[number] : interpose_new_ours(name);
    if (our == NULL)
        return mapping_front(name, found);
    const Object *in = our != NULL && found != our ? objects_at(found) : NULL;
    if (in == NULL || in == objects_own() || real_is_passed)
        return NULL;
    if (in == real_object)
        return our;
    return number >= 0 ? foreign_front(in, number, found) : NULL;
}

#if defined(__x86_64__)
enum { JUMP_SLOT = R_X86_64_JUMP_SLOT, GLOBAL = R_X86_64_GLOB_DAT, POINTER = R_X86_64_64 };
#elif defined(__aarch64__)
enum { JUMP_SLOT = R_AARCH64_JUMP_SLOT, GLOBAL = R_AARCH64_GLOB_DAT, POINTER = R_AARCH64_ABS64 };
#endif

/* One object's program headers, as it is mapped. */
typedef struct {
    const ElfW(Phdr) * at;
    unsigned count;
} Segments;

static Segments segments_of(const Object *object)
{
    const Object *in = objects_at(object->l_ld);
    const ElfW(Ehdr) *elf = (const void *)object->l_addr;
    if (in != object || objects_at(elf) != object || memcmp(elf->e_ident, ELFMAG, SELFMAG) != 0 ||
        elf->e_phentsize != sizeof(ElfW(Phdr)) || elf->e_phoff > 4096)
        return (Segments){0};
    return (Segments){(const void *)((const char *)elf + elf->e_phoff), elf->e_phnum};
}

/* Whether a slot's page is written to as a matter of course (1), was made read-only when the object was bound
 * (0), or is none of these (-1). */
static int is_writable(const Object *object, Segments segments, uintptr_t slot)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE) - 1;
    int writable = -1;
    for (unsigned i = 0; i < segments.count; i++) {
        const ElfW(Phdr) *segment = &segments.at[i];
        uintptr_t start = object->l_addr + segment->p_vaddr, end = start + segment->p_memsz;
        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_W) != 0 && slot >= start && slot < end)
            writable = writable < 0 ? 1 : writable;
        if (segment->p_type == PT_GNU_RELRO && slot >= (start & ~page) && slot < (end & ~page))
            writable = 0;
    }
    return writable;
}

static void slot_write(const Object *object, Segments segments, uintptr_t slot, void *value)
{
    int writable = is_writable(object, segments, slot);
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    uintptr_t page = slot & ~(size - 1);
    if (writable < 0 || slot % sizeof(void *) != 0)
        return;
    if (writable == 0 && syscall(SYS_mprotect, page, size, PROT_READ | PROT_WRITE) != 0)
        return;
    __atomic_store_n((void **)slot, value, __ATOMIC_RELEASE);
    if (writable == 0)
        syscall(SYS_mprotect, page, size, PROT_READ);
}

/* Whom one namespace's objects are bound to where that is left for the first call: as the first of them, by
 * which the others came, finds it. */
typedef struct {
    const Object *first;
    void *found[REAL_NAMES];
} Lazy;

static Lazy lazy_of(const Object *first)
{
    Lazy lazy = {.first = first};
    for (int i = 0; i < REAL_NAMES; i++)
        lazy.found[i] = next.dlsym((void *)first, real_names[i].name);
    dlerror();
    return lazy;
}

static void bind_slot(const Object *object, Segments segments, const Lazy *lazy, const char *name,
                      const ElfW(Sym) * symbol, const ElfW(Rela) * relocation)
{
    uintptr_t slot = object->l_addr + relocation->r_offset;
    void *value = __atomic_load_n((void **)slot, __ATOMIC_ACQUIRE);
    bool itself = symbol->st_shndx != SHN_UNDEF && (uintptr_t)value == object->l_addr + symbol->st_value;
    if (!itself && ELF64_R_TYPE(relocation->r_info) == JUMP_SLOT && objects_at(value) == object) {
        int number = real_name_number(name); /* it was not called yet */
        value = number >= 0                  ? lazy->found[number]
                : mapping_ours(name) != NULL ? next.dlsym((void *)lazy->first, name)
                                             : NULL;
    }
    void *front = value != NULL ? front_of(name, value) : NULL;
    if (front != NULL)
        slot_write(object, segments, slot, front);
}

typedef struct {
    const ElfW(Rela) * at;
    size_t count;
} Relocations;

static void bind_object(const Object *object, const Lazy *lazy)
{
    SymbolTable symbols = symbol_table(object->l_addr, object->l_ld);
    Segments segments = segments_of(object);
    Relocations parts[2] = {{0}};
    for (const ElfW(Dyn) *dynamic = object->l_ld; dynamic->d_tag != DT_NULL; dynamic++) {
        const void *at = (const void *)symbol_address(object->l_addr, dynamic->d_un.d_ptr);
        if (dynamic->d_tag == DT_JMPREL)
            parts[0].at = at;
        else if (dynamic->d_tag == DT_RELA)
            parts[1].at = at;
        else if (dynamic->d_tag == DT_PLTRELSZ)
            parts[0].count = dynamic->d_un.d_val / sizeof(ElfW(Rela));
        else if (dynamic->d_tag == DT_RELASZ)
            parts[1].count = dynamic->d_un.d_val / sizeof(ElfW(Rela));
    }
    if (symbols.symbols == NULL || symbols.names == NULL || segments.count == 0)
        return;
    for (int part = 0; part < 2; part++)
        for (size_t i = 0; parts[part].at != NULL && i < parts[part].count; i++) {
            const ElfW(Rela) *one = &parts[part].at[i];
            uint32_t type = ELF64_R_TYPE(one->r_info), symbol = ELF64_R_SYM(one->r_info);
            if (symbol != 0 && one->r_addend == 0 && (type == JUMP_SLOT || type == GLOBAL || type == POINTER))
                bind_slot(object, segments, lazy, symbols.names + symbols.symbols[symbol].st_name,
                          &symbols.symbols[symbol], one);
        }
}

typedef struct {
    const Object *first;
    Lazy lazy;
    bool done;
} Binding;

static void bind_each(Binding *self)
{
    for (const Object *object = self->first; object != NULL; object = object->l_next)
        if (object != objects_own())
            bind_object(object, &self->lazy);
    self->done = true;
}

/* Under the loader's lock nothing is unloaded. */
static int bind_locked(struct dl_phdr_info *info, size_t size, void *binding)
{
    (void)info, (void)size;
    bind_each(binding);
    return 1;
}

static void bind_from(const Object *first)
{
    if (first == NULL)
        return;
    Binding binding = {first, lazy_of(first), false};
    dl_iterate_phdr(bind_locked, &binding);
    if (!binding.done)
        bind_each(&binding);
}

/* All that lies in other namespaces, and what is new in the program's own. */
void bind_all(void)
{
    int error = errno;
    bind_waiting = false;
    if (next.dlsym == NULL)
        next_open();
    own_begin();
    bind_from(last_before != NULL ? last_before->l_next : NULL);
    const Object *space = NULL;
    while ((space = objects_next_namespace(space)) != NULL)
        bind_from(space);
    own_end();
    errno = error;
}

/* What is loaded from here on is waited for. */
static void wait_for_more(void)
{
    last_before = objects_first();
    while (last_before != NULL && last_before->l_next != NULL)
        last_before = last_before->l_next;
    bind_waiting = true;
}

/* Who calls does not matter to the loader then. */
static bool is_a_path(const char *file)
{
    return file != NULL && strchr(file, '/') != NULL && strchr(file, '$') == NULL;
}

void *dlopen(const char *file, int mode)
{
    void *(*open)(const char *, int) = NEXT(dlopen);
    bind_waited();
    if (LIKELY((mode & RTLD_DEEPBIND) == 0) || real_is_passed)
        return open(file, mode);
    wait_for_more();
    if (!is_a_path(file))
        return open(file, mode);
    void *handle = open(file, mode);
    bind_waited();
    return handle;
}

/* Its threads may be others that the C library here does not know of. */
void *dlmopen(Lmid_t space, const char *file, int mode)
{
    void *(*open)(Lmid_t, const char *, int) = NEXT(dlmopen);
    bind_waited();
    if (real_is_passed || (space == LM_ID_BASE && (mode & RTLD_DEEPBIND) == 0))
        return open(space, file, mode);
    __libc_single_threaded = false;
    wait_for_more();
    if (!is_a_path(file))
        return open(space, file, mode);
    void *handle = open(space, file, mode);
    bind_waited();
    return handle;
}

/* What the start of nearly every object calls, if there is one (gcc's profiling has it), before its
 * constructors: all that comes with it is relocated by then. */
void __gmon_start__(void)
{
    bind_waited();
}

/* Does an allocator ask, which is about to stand in front of the one it asks for? */
static bool is_an_allocators(const Object *caller)
{
    return caller == NULL || object_find(caller, "malloc") != NULL;
}

/* What RTLD_NEXT finds for who stands behind us: among what it was loaded with, if it was loaded by dlopen;
 * else behind it in the order of the search. NULL: nothing past us. */
static void *object_find_next(const Object *caller, const char *name)
{
    const Object *object = objects_own();
    while (object != NULL && object != caller)
        object = object->l_next;
    if (object == NULL)
        return NULL;
    void *found = next.dlsym((void *)caller, name);
    if (found == NULL)
        dlerror();
    return found != NULL ? found : objects_find(object->l_next, NULL, name, NULL);
}

static bool is_of_family(const char *name)
{
    return name != NULL &&
           (real_name_number(name) >= 0 || interpose_new_ours(name) != NULL || mapping_ours(name) != NULL);
}

/* Our function where dlsym would find one past us; NULL: dlsym may answer. */
static void *front_by_name(void *handle, const char *name, const char *version, const void *caller)
{
    const Object *in = objects_at(caller);
    if (real_is_passed || handle == RTLD_DEFAULT || in == objects_own() || is_an_allocators(in))
        return NULL;
    void *found = handle == RTLD_NEXT ? object_find_next(in, name)
                  : version != NULL   ? next.dlvsym(handle, name, version)
                                      : next.dlsym(handle, name);
    return found != NULL ? front_of(name, found) : NULL;
}

/* Who calls matters to the loader (RTLD_NEXT): it is jumped to. */
void *dlsym(void *handle, const char *name)
{
    void *(*find)(void *, const char *) = NEXT(dlsym);
    bind_waited();
    void *front =
        UNLIKELY(is_of_family(name)) ? front_by_name(handle, name, NULL, __builtin_return_address(0)) : NULL;
    return front != NULL ? front : find(handle, name);
}

void *dlvsym(void *handle, const char *name, const char *version)
{
    void *(*find)(void *, const char *, const char *) = NEXT(dlvsym);
    bind_waited();
    void *front = UNLIKELY(is_of_family(name))
                      ? front_by_name(handle, name, version, __builtin_return_address(0))
                      : NULL;
    return front != NULL ? front : find(handle, name, version);
}
