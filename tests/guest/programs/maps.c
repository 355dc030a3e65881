/* Ways to map and unmap memory. Each says on its standard output what a program then holds, and held at most,
 * in pages, and in how many mappings. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <heapgate.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../../harness/guest/ledger.h"

enum { PAGE = 4096 };
static const int rw = PROT_READ | PROT_WRITE, anonymous = MAP_PRIVATE | MAP_ANONYMOUS;

static char *map(long pages)
{
    char *memory = mmap(NULL, (size_t)pages * PAGE, rw, anonymous, -1, 0);
    if (memory == MAP_FAILED)
        abort();
    return memory;
}

static void unmap(char *memory, long pages)
{
    if (munmap(memory, (size_t)pages * PAGE) != 0)
        abort();
}

static int expect(long pages, long peak, long mappings)
{
    printf("%ld %ld %ld\n", pages, peak, mappings);
    return 0;
}

static int way_parts(void)
{
    char *memory = map(10);
    unmap(memory + 4 * PAGE, 2);
    unmap(memory + 9 * PAGE, 1);
    unmap(memory, 1);
    unmap(memory, 10); /* once more, and what is left of it */
    map(7);
    return expect(7, 10, 1);
}

/* Across the tree's levels: whole words are taken apart. */
static int way_huge(void)
{
    long gib = 1L << 18;
    char *memory = mmap(NULL, (size_t)(4 * gib) * PAGE, rw, anonymous | MAP_NORESERVE, -1, 0);
    char *whole = (char *)(((unsigned long)memory + (1UL << 30) - 1) & ~((1UL << 30) - 1));
    if (memory == MAP_FAILED)
        return 1;
    unmap(whole + gib / 2 * PAGE, 1);
    unmap(whole + gib * PAGE + 5 * PAGE, 512 * 3);
    return expect(4 * gib - 1 - 512 * 3, 4 * gib, 1);
}

static int way_fixed_over(void)
{
    char *memory = map(10);
    if (mmap(memory + 2 * PAGE, 3 * PAGE, rw, anonymous | MAP_FIXED, -1, 0) != memory + 2 * PAGE)
        return 1;
    if (mmap(memory + 8 * PAGE, 2 * PAGE, PROT_NONE, anonymous | MAP_FIXED, -1, 0) != memory + 8 * PAGE)
        return 1;
    /* This one fails, and the old one stays. */
    if (mmap(memory + 6 * PAGE, PAGE, rw, MAP_PRIVATE | MAP_FIXED, -1, 0) != MAP_FAILED || errno != EBADF)
        return 1;
    return expect(8, 10, 2);
}

static int way_remap(void)
{
    char *memory = map(4), *place = map(8);
    memory = mremap(memory, 4 * PAGE, 6 * PAGE, MREMAP_MAYMOVE);
    memory = mremap(memory, 6 * PAGE, 3 * PAGE, 0);
    memory = mremap(memory, 3 * PAGE, 5 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place + PAGE);
    if (memory != place + PAGE)
        return 1;
    return mremap(memory + 1, PAGE, PAGE, 0) != MAP_FAILED || expect(8, 14, 2);
}

static int way_reserve(void)
{
    char *memory = mmap(NULL, 1UL << 32, PROT_NONE, anonymous | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED || mprotect(memory, 20 * PAGE, rw) != 0 ||
        mprotect(memory, 20 * PAGE, PROT_READ) != 0 || mprotect(memory + 15 * PAGE, 10 * PAGE, rw) != 0)
        return 1;
    if (mprotect(memory, 5 * PAGE, PROT_NONE) != 0 || madvise(memory + 6 * PAGE, PAGE, MADV_DONTNEED) != 0)
        return 1;
    return expect(20, 25, 1);
}

/* Only what is private and can be written is the program's memory. */
static int way_files(void)
{
    int fd = open("/proc/self/exe", O_RDONLY);
    char *shared = mmap(NULL, 10 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
    if (shared == MAP_FAILED || mmap(NULL, 4 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED ||
        mmap(NULL, 3 * PAGE, rw, MAP_PRIVATE, fd, 0) == MAP_FAILED)
        return 1;
    unmap(shared, 8);
    return expect(3, 3, 1);
}

/* That one lies in no file system but in memory. */
static int way_memory_file(void)
{
    int fd = memfd_create("maps", 0);
    if (fd < 0 || ftruncate(fd, 8 * PAGE) != 0)
        return 1;
    char *shared = mmap(NULL, 8 * PAGE, rw, MAP_SHARED, fd, 0);
    if (shared == MAP_FAILED || mmap(NULL, 8 * PAGE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
        return 1;
    unmap(shared, 2);
    return expect(6, 8, 0);
}

static int way_break(void)
{
    char *before = sbrk(10 * PAGE);
    if (before == (void *)-1 || sbrk(-3 * PAGE) == (void *)-1 || brk(before + 9 * PAGE) != 0)
        return 1;
    /* Parts of pages come and go without news, but for the first that begins a page. */
    sbrk(100);
    sbrk(100);
    return expect(10, 10, 3);
}

static int way_shared_memory(void)
{
    int id = shmget(IPC_PRIVATE, 5 * PAGE + 1, IPC_CREAT | 0600);
    void *one = shmat(id, NULL, 0), *two = shmat(id, NULL, 0);
    shmctl(id, IPC_RMID, NULL);
    if (one == (void *)-1 || two == (void *)-1 || shmdt(one) != 0 || shmdt(one) == 0)
        return 1;
    return expect(6, 12, 1);
}

/* What the C library and the loader map is not the program's own. */
static void *nothing(void *argument)
{
    return malloc(1 << 20) != NULL ? argument : NULL;
}
static int way_library(void)
{
    for (int i = 0; i < 100; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, nothing, NULL) != 0)
            return 1;
        pthread_join(thread, NULL);
    }
    return malloc(16 << 20) == NULL || fopen("/proc/self/maps", "r") == NULL || expect(0, 0, 0);
}

/* By number: as with the functions of these names. */
static int way_by_number(void)
{
    char *memory = (char *)syscall(SYS_mmap, NULL, 10L * PAGE, rw, anonymous, -1, 0L);
    if (memory == MAP_FAILED || syscall(SYS_munmap, memory, (long)PAGE) != 0 ||
        syscall(SYS_munmap, memory + 1, (long)PAGE) != -1 || errno != EINVAL)
        return 1;
    if (syscall(SYS_mprotect, memory + PAGE, (long)PAGE, PROT_NONE) != 0)
        return 1;
    memory = (char *)syscall(SYS_mremap, memory + 2 * PAGE, 8L * PAGE, 20L * PAGE, MREMAP_MAYMOVE);
    return memory == MAP_FAILED || expect(20, 20, 1);
}

/* By a plug-in that binds to the C library before all others, when it is loaded or when it first calls. */
static int map_deep(int mode)
{
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 16);
    if (length < 0)
        return 1;
    path[length] = '\0';
    strcpy(strrchr(path, '/'), "/plugin.so");
    void *plugin = dlopen(path, mode | RTLD_DEEPBIND);
    if (plugin == NULL)
        return 1;
    char *(*map_it)(unsigned long) = (char *(*)(unsigned long))dlsym(plugin, "plugin_map");
    int (*unmap_it)(char *, unsigned long) = (int (*)(char *, unsigned long))dlsym(plugin, "plugin_unmap");
    char *memory = map_it(10 * PAGE);
    return memory == MAP_FAILED || unmap_it(memory, 3 * PAGE) != 0 || expect(7, 10, 0);
}

static int way_deep_now(void)
{
    return map_deep(RTLD_NOW);
}

static int way_deep_lazy(void)
{
    return map_deep(RTLD_LAZY);
}

static int way_by_dlsym(void)
{
    void *library = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
    if (library == NULL)
        return 1;
    void *(*map_it)(void *, size_t, int, int, int, off_t) =
        (void *(*)(void *, size_t, int, int, int, off_t))dlsym(library, "mmap");
    int (*unmap_it)(void *, size_t) = (int (*)(void *, size_t))dlsym(library, "munmap");
    char *memory = map_it(NULL, 10 * PAGE, rw, anonymous, -1, 0);
    return memory == MAP_FAILED || unmap_it(memory + 7 * PAGE, 3 * PAGE) != 0 || expect(7, 10, 1);
}

/* The child has none of its parent's in its books, and so cannot give it back. */
static int way_child(void)
{
    char *memory = map(10);
    expect(10, 10, 1);
    fflush(stdout);
    if (fork() == 0) {
        map(3);
        unmap(memory, 10);
        expect(3, 3, 1);
        fflush(stdout);
        _exit(0);
    }
    return wait(NULL) < 0;
}

/* ---- many at once ---- */

enum { THREADS = 4, ROUNDS = 20000, SLOTS = 16, MOST = 700 };
static volatile int storming = THREADS;

static void *storm(void *seed)
{
    unsigned long random = (unsigned long)seed + 1;
    char *slots[SLOTS] = {0};
    long sizes[SLOTS];
    for (int i = 0; i < ROUNDS; i++) {
        random = random * 6364136223846793005UL + 1442695040888963407UL;
        int slot = random >> 33 & (SLOTS - 1);
        if (slots[slot] != NULL && (random >> 40 & 1) != 0) {
            long half = sizes[slot] / 2;
            unmap(slots[slot], half);
            unmap(slots[slot] + half * PAGE, sizes[slot] - half);
        } else if (slots[slot] != NULL)
            unmap(slots[slot], sizes[slot]);
        slots[slot] = slots[slot] == NULL ? map(sizes[slot] = 2 + (long)(random >> 45) % MOST) : NULL;
    }
    for (int slot = 0; slot < SLOTS; slot++)
        if (slots[slot] != NULL)
            unmap(slots[slot], sizes[slot]);
    __atomic_sub_fetch(&storming, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

static void handler(int number)
{
    (void)number;
    unmap(map(3), 3);
}

static int way_storm(void)
{
    pthread_t threads[THREADS];
    map(11);
    signal(SIGUSR1, handler);
    for (long i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, storm, (void *)i);
    while (storming > 0) {
        heapgate_mark("end");
        pthread_kill(pthread_self(), SIGUSR1);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    return expect(11, 0, 1);
}

/* ---- the end mark while pages go ---- */

enum { UNMAPPERS = 2, EACH = 600 * 512, CHUNK = 512 };
static struct {
    char *memory;
    unsigned long begun[EACH], done[EACH]; /* ns */
} parts[UNMAPPERS];
static int started, stopping;

static unsigned long now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (unsigned long)now.tv_sec * 1000000000 + (unsigned long)now.tv_nsec;
}

/* From its end to its begin, as the mark counts the other way. */
static void *unmap_all(void *number)
{
    long part = (long)number;
    int i = 0;
    for (; i < EACH && !__atomic_load_n(&stopping, __ATOMIC_RELAXED); i++) {
        parts[part].begun[i] = now_ns();
        unmap(parts[part].memory + (long)(EACH - 1 - i) * PAGE, 1);
        parts[part].done[i] = now_ns();
        if (i == 100)
            __atomic_fetch_add(&started, 1, __ATOMIC_SEQ_CST);
    }
    for (int rest = i; rest < EACH; rest++)
        parts[part].begun[rest] = parts[part].done[rest] = ~0UL;
    unmap(parts[part].memory, EACH - i);
    return NULL;
}

/* Says how many pages were there when the mark was set: at least and at most. */
static int way_end(void)
{
    pthread_t threads[UNMAPPERS];
    for (long part = 0; part < UNMAPPERS; part++) {
        parts[part].memory = map(EACH);
        /* A page of its own in each 2 MiB: the mark has many words to look at. */
        for (int at = 0; at < EACH; at += CHUNK)
            mmap(parts[part].memory + (long)at * PAGE, PAGE, rw, anonymous | MAP_FIXED, -1, 0);
        pthread_create(&threads[part], NULL, unmap_all, (void *)part);
    }
    while (__atomic_load_n(&started, __ATOMIC_SEQ_CST) < UNMAPPERS)
        continue;
    unsigned long before = now_ns(), after = 0;
    heapgate_mark("end");
    __atomic_store_n(&stopping, 1, __ATOMIC_RELAXED);
    LedgerHeader *(*ledger)(void) = (LedgerHeader * (*)(void)) dlsym(RTLD_DEFAULT, "heapgate_tracer_ledger");
    if (ledger != NULL)
        after = ((LedgerMark *)(void *)((char *)ledger() + LEDGER_MARKS_AT))->time_ns;
    long least = UNMAPPERS * EACH, most = least;
    for (long part = 0; part < UNMAPPERS; part++) {
        pthread_join(threads[part], NULL);
        for (int i = 0; i < EACH; i++) {
            least -= parts[part].begun[i] < after;
            most -= parts[part].done[i] < before;
        }
    }
    return expect(least, most, 0);
}

static const struct {
    const char *name;
    int (*go)(void);
} ways[] = {
    {"parts", way_parts},
    {"huge", way_huge},
    {"fixed_over", way_fixed_over},
    {"remap", way_remap},
    {"reserve", way_reserve},
    {"files", way_files},
    {"break", way_break},
    {"shared_memory", way_shared_memory},
    {"library", way_library},
    {"child", way_child},
    {"deep_now", way_deep_now},
    {"deep_lazy", way_deep_lazy},
    {"by_dlsym", way_by_dlsym},
    {"by_number", way_by_number},
    {"end", way_end},
    {"memory_file", way_memory_file},
    {"storm", way_storm},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof ways / sizeof *ways; i++)
        if (strcmp(ways[i].name, argv[1]) == 0)
            return ways[i].go();
    return 2;
}
