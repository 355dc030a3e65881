/* Memory that does not come by the malloc that a preloaded library sees. */
#include "coverage.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ROUNDS = 20, BYTES = 100000, MAPPED_BYTES = 1 << 20 };

typedef void *(*Give)(size_t bytes);
typedef void (*Take)(void *block);

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

/* Named as the leak: the call site is the function that allocates. */
static __attribute__((noinline)) void *give_leak_here(Give give, size_t bytes)
{
    void *block = give(bytes);
    memset(block, 1, bytes);
    return block;
}

static int rounds(Give give, Take take, size_t bytes)
{
    if (give == NULL || take == NULL)
        return CANNOT;
    for (int i = 0; i < ROUNDS; i++) {
        void *block = give_leak_here(give, bytes);
        leak_here(block);
#ifndef LEAKING
        take(block);
#endif
    }
    return 0;
}

static int of_library(void *library)
{
    if (library == NULL)
        return CANNOT;
    return rounds((Give)dlsym(library, "malloc"), (Take)dlsym(library, "free"), BYTES);
}

static int by_dlsym(void)
{
    return of_library(dlopen("libc.so.6", RTLD_NOW));
}

static int by_dlsym_next(void)
{
    return of_library(RTLD_NEXT);
}

static int by_dlvsym(void)
{
    void *libc = dlopen("libc.so.6", RTLD_NOW);
    return rounds((Give)dlvsym(libc, "malloc", "GLIBC_2.2.5"), (Take)dlvsym(libc, "free", "GLIBC_2.2.5"),
                  BYTES);
}

/* The plug-in lies beside the program. */
static int by_plugin(void *handle)
{
    if (handle == NULL)
        return CANNOT;
    void (*plugin)(void) = (void (*)(void))dlsym(handle, "plugin_work");
    if (plugin == NULL)
        return CANNOT;
    plugin();
    return 0;
}

static const char *plugin_path(void)
{
    static char path[PATH_MAX];
    snprintf(path, sizeof path, "%s-plugin.so", own_path());
    return path;
}

static int by_dlopen(void)
{
    return by_plugin(dlopen(plugin_path(), RTLD_NOW));
}

static int by_deepbind(void)
{
    return by_plugin(dlopen(plugin_path(), RTLD_NOW | RTLD_DEEPBIND));
}

static int by_dlmopen(void)
{
    return by_plugin(dlmopen(LM_ID_NEWLM, plugin_path(), RTLD_NOW));
}

static void *zeroed(size_t bytes)
{
    return __libc_calloc(1, bytes);
}

static void *grown(size_t bytes)
{
    return __libc_realloc(__libc_malloc(10), bytes);
}

static void *aligned(size_t bytes)
{
    return __libc_memalign(64, bytes);
}

static int by_libc_malloc(void)
{
    return rounds(__libc_malloc, __libc_free, BYTES);
}

static int by_libc_calloc(void)
{
    return rounds(zeroed, __libc_free, BYTES);
}

static int by_libc_realloc(void)
{
    return rounds(grown, __libc_free, BYTES);
}

static int by_libc_memalign(void)
{
    return rounds(aligned, __libc_free, BYTES);
}

static void *reallocated(size_t bytes)
{
    return reallocarray(NULL, bytes / 100, 100);
}

static void *aligned_by_posix(size_t bytes)
{
    void *block;
    return posix_memalign(&block, 4096, bytes) ? NULL : block;
}

static void *by_pvalloc(size_t bytes)
{
    return pvalloc(bytes);
}

static void *duplicated(size_t bytes)
{
    char *text = malloc(bytes), *copy;
    memset(text, 'x', bytes - 1);
    text[bytes - 1] = '\0';
    copy = strdup(text);
    free(text);
    return copy;
}

static void *in_memory_stream(size_t bytes)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    for (size_t i = 0; i < bytes; i++)
        putc('x', stream);
    fclose(stream);
    return text;
}

static int by_reallocarray(void)
{
    return rounds(reallocated, free, BYTES);
}

static int by_posix_memalign(void)
{
    return rounds(aligned_by_posix, free, BYTES);
}

static int with_pvalloc(void)
{
    return rounds(by_pvalloc, free, BYTES);
}

static int by_strdup(void)
{
    return rounds(duplicated, free, BYTES);
}

static int by_open_memstream(void)
{
    return rounds(in_memory_stream, free, BYTES);
}

static void *mapped(size_t bytes)
{
    return mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void *mapped_zero(size_t bytes)
{
    int fd = open("/dev/zero", O_RDWR);
    void *block = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    close(fd);
    return block;
}

static void *mapped_shared(size_t bytes)
{
    return mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static void *mapped_memfd(size_t bytes)
{
    int fd = memfd_create("coverage", 0);
    if (ftruncate(fd, (off_t)bytes))
        return NULL;
    void *block = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return block;
}

static void *mapped_raw(size_t bytes)
{
    return (void *)syscall(SYS_mmap, NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                           0L);
}

static void *remapped(size_t bytes)
{
    void *block = mapped(4096);
    return mremap(block, 4096, bytes, MREMAP_MAYMOVE);
}

static void unmap(void *block)
{
    munmap(block, MAPPED_BYTES);
}

static void unmap_raw(void *block)
{
    syscall(SYS_munmap, block, (size_t)MAPPED_BYTES);
}

static int by_mmap(void)
{
    return rounds(mapped, unmap, MAPPED_BYTES);
}

static int by_mmap_zero(void)
{
    return rounds(mapped_zero, unmap, MAPPED_BYTES);
}

static int by_mmap_shared(void)
{
    return rounds(mapped_shared, unmap, MAPPED_BYTES);
}

static int by_mmap_memfd(void)
{
    return rounds(mapped_memfd, unmap, MAPPED_BYTES);
}

static int by_raw_mmap(void)
{
    return rounds(mapped_raw, unmap_raw, MAPPED_BYTES);
}

static int by_mremap(void)
{
    return rounds(remapped, unmap, MAPPED_BYTES);
}

static void *attached(size_t bytes)
{
    int id = shmget(IPC_PRIVATE, bytes, IPC_CREAT | 0600);
    void *block = shmat(id, NULL, 0);
    shmctl(id, IPC_RMID, NULL);
    return block;
}

static void detach(void *block)
{
    shmdt(block);
}

static int by_shmat(void)
{
    return rounds(attached, detach, MAPPED_BYTES);
}

static void *of_break(size_t bytes)
{
    return sbrk((intptr_t)bytes);
}

static void lower_break(void *block)
{
    if (brk(block))
        abort();
}

static int by_sbrk(void)
{
    return rounds(of_break, lower_break, MAPPED_BYTES);
}

/* The kernel's own break, of which the C library learns nothing. */
static void *of_raw_break(size_t bytes)
{
    char *before = (char *)syscall(SYS_brk, 0L);
    return (char *)syscall(SYS_brk, before + bytes) == before + bytes ? before : NULL;
}

static void lower_raw_break(void *block)
{
    if ((void *)syscall(SYS_brk, block) != block)
        abort();
}

static int by_raw_brk(void)
{
    return rounds(of_raw_break, lower_raw_break, MAPPED_BYTES);
}

const Method allocator_methods[] = {
    {"dlsym", by_dlsym},
    {"dlsym-next", by_dlsym_next},
    {"dlvsym", by_dlvsym},
    {"dlopen", by_dlopen},
    {"deepbind", by_deepbind},
    {"dlmopen", by_dlmopen},
    {"libc-malloc", by_libc_malloc},
    {"libc-calloc", by_libc_calloc},
    {"libc-realloc", by_libc_realloc},
    {"libc-memalign", by_libc_memalign},
    {"reallocarray", by_reallocarray},
    {"posix-memalign", by_posix_memalign},
    {"pvalloc", with_pvalloc},
    {"strdup", by_strdup},
    {"open-memstream", by_open_memstream},
    {"mmap", by_mmap},
    {"mmap-zero", by_mmap_zero},
    {"mmap-shared", by_mmap_shared},
    {"mmap-memfd", by_mmap_memfd},
    {"raw-mmap", by_raw_mmap},
    {"mremap", by_mremap},
    {"shmat", by_shmat},
    {"sbrk", by_sbrk},
    {"raw-brk", by_raw_brk},
    {NULL, NULL},
};
