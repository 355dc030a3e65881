#include <dlfcn.h>
#include <errno.h>
#include <unistd.h>

#include "real.h"

/* glibc's by other names: they can be called before anything is looked up. */
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

/* What glibc promises, by memalign alone. */
static int libc_posix_memalign(void **block, size_t alignment, size_t size)
{
    if (alignment % sizeof(void *) != 0 || alignment == 0 || (alignment & (alignment - 1)) != 0)
        return EINVAL;
    int error = errno;
    void *memory = __libc_memalign(alignment, size);
    errno = error;
    if (memory == NULL)
        return ENOMEM;
    *block = memory;
    return 0;
}

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static void *libc_valloc(size_t size)
{
    return __libc_memalign(page_size(), size);
}

static void *libc_pvalloc(size_t size)
{
    size_t page = page_size(), rounded;
    if (__builtin_add_overflow(size, page - 1, &rounded)) {
        errno = ENOMEM;
        return NULL;
    }
    return __libc_memalign(page, rounded & ~(page - 1));
}

Real real = {
    .malloc = __libc_malloc,
    .calloc = __libc_calloc,
    .realloc = __libc_realloc,
    .free = __libc_free,
    .memalign = __libc_memalign,
    .aligned_alloc = __libc_memalign,
    .posix_memalign = libc_posix_memalign,
    .valloc = libc_valloc,
    .pvalloc = libc_pvalloc,
};

/* The next library's, if it is of the same library as its malloc. */
static void take(void *to, const char *name, const void *base)
{
    Dl_info info;
    void *found = dlsym(RTLD_NEXT, name);
    if (found != NULL && dladdr(found, &info) != 0 && info.dli_fbase == base)
        *(void **)to = found;
}

void real_open(void)
{
    Dl_info info;
    void *next = dlsym(RTLD_NEXT, "malloc");
    if (next == NULL || dladdr(next, &info) == 0)
        return;
    /* glibc's own versions where there are any: their promises differ from version to version. */
    take(&real.aligned_alloc, "aligned_alloc", info.dli_fbase);
    take(&real.posix_memalign, "posix_memalign", info.dli_fbase);
    take(&real.valloc, "valloc", info.dli_fbase);
    take(&real.pvalloc, "pvalloc", info.dli_fbase);
    if (next == (void *)__libc_malloc)
        return;
    take(&real.malloc, "malloc", info.dli_fbase);
    take(&real.calloc, "calloc", info.dli_fbase);
    take(&real.realloc, "realloc", info.dli_fbase);
    take(&real.free, "free", info.dli_fbase);
    take(&real.memalign, "memalign", info.dli_fbase);
    real.least = 1 << LEDGER_GRANULE_SHIFT;
}
