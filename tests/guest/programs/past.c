/* past WAY PLUGIN: by ways past a preloaded malloc. Most keep three blocks of 64,000 bytes. */
#include <dlfcn.h>
#include <heapgate.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void *__libc_valloc(size_t);
extern void __libc_free(void *);

/* C23's; C libraries of before do not have them. */
extern void free_sized(void *, size_t) __attribute__((weak));
extern void free_aligned_sized(void *, size_t, size_t) __attribute__((weak));

enum { BYTES = 64000, KEPT = 3 };
static void *kept[KEPT];
static const char *plugin;

static void by_other_names(void)
{
    __libc_free(__libc_valloc(100));
    __libc_free(__libc_realloc(__libc_malloc(10), 100));
    if (free_sized != NULL)
        free_sized(malloc(BYTES), BYTES);
    if (free_aligned_sized != NULL)
        free_aligned_sized(aligned_alloc(64, BYTES), 64, BYTES);
    kept[0] = __libc_malloc(BYTES);
    kept[1] = __libc_calloc(1, BYTES);
    kept[2] = __libc_memalign(64, BYTES);
}

static void by_pointer(void *(*give)(size_t), void (*take)(void *))
{
    take(give(100));
    for (int i = 0; i < KEPT; i++)
        kept[i] = give(BYTES);
}

static void by_handle(void)
{
    void *library = dlopen("libc.so.6", RTLD_NOW);
    by_pointer((void *(*)(size_t))dlsym(library, "malloc"), (void (*)(void *))dlsym(library, "free"));
}

static void by_version(void)
{
    void *library = dlopen("libc.so.6", RTLD_NOW);
    by_pointer((void *(*)(size_t))dlvsym(library, "malloc", "GLIBC_2.2.5"),
               (void (*)(void *))dlvsym(library, "free", "GLIBC_2.2.5"));
}

static void by_plugin(void *handle, const char *name)
{
    void (*work)(size_t, void **) = (void (*)(size_t, void **))dlsym(handle, name);
    for (int i = 0; i < KEPT; i++)
        work(BYTES, &kept[i]);
}

static void by_deepbind(void)
{
    by_plugin(dlopen(plugin, RTLD_NOW | RTLD_DEEPBIND), "past_plugin");
}

/* Before anybody gets a handle. */
static void by_constructor(void)
{
    setenv("PAST_CONSTRUCTS", "1", 1);
    dlopen(plugin, RTLD_NOW | RTLD_DEEPBIND);
}

static void by_lazy_deepbind(void)
{
    by_plugin(dlopen(plugin, RTLD_LAZY | RTLD_DEEPBIND), "past_plugin");
}

/* Without a slash it is looked for along the program's own RUNPATH. */
static void by_named_deepbind(void)
{
    by_plugin(dlopen("past_plugin.so", RTLD_NOW | RTLD_DEEPBIND), "past_plugin");
}

/* 2 MB that nobody sees, in iterations. */
static void by_early(void)
{
    void *handle = dlopen(plugin, RTLD_NOW | RTLD_DEEPBIND);
    void (*work)(size_t, void **) = (void (*)(size_t, void **))dlsym(handle, "past_plugin_early");
    for (int i = 0; i < 20; i++) {
        void *block = malloc(1000);
        work(100000, &kept[0]);
        free(block);
        heapgate_iteration();
    }
    heapgate_mark("end");
}

/* The same without marks. */
static void by_early_unmarked(void)
{
    void *handle = dlopen(plugin, RTLD_NOW | RTLD_DEEPBIND);
    void (*work)(size_t, void **) = (void (*)(size_t, void **))dlsym(handle, "past_plugin_early");
    for (int i = 0; i < 20; i++)
        work(100000, &kept[0]);
}

static void mark_in_handler(int number)
{
    (void)number;
    heapgate_iteration();
}

/* Where the C library's locks may be held by who cannot go on. */
static void mark_by_handler(void)
{
    signal(SIGUSR1, mark_in_handler);
    raise(SIGUSR1);
}

static pthread_barrier_t both;

static void *wait_for_the_end(void *nothing)
{
    free(malloc(100));
    pthread_barrier_wait(&both);
    pause();
    return nothing;
}

static void mark_beside_a_thread(void)
{
    pthread_t thread;
    pthread_barrier_init(&both, NULL, 2);
    pthread_create(&thread, NULL, wait_for_the_end, NULL);
    pthread_barrier_wait(&both);
    heapgate_iteration();
}

static void by_next(void)
{
    by_plugin(dlopen(plugin, RTLD_NOW), "past_plugin_next");
}

static void by_namespace(void)
{
    by_plugin(dlmopen(LM_ID_NEWLM, plugin, RTLD_NOW), "past_plugin");
}

/* What the other namespace's C library allocates for itself. */
static void by_other_library(void)
{
    char *text = calloc(1, BYTES);
    memset(text, 'x', BYTES - 1);
    void *handle = dlmopen(LM_ID_NEWLM, plugin, RTLD_LAZY);
    void (*work)(const char *, void **) = (void (*)(const char *, void **))dlsym(handle, "past_plugin_text");
    for (int i = 0; i < KEPT; i++)
        work(text, &kept[i]);
    free(text);
}

/* The program goes on to use what it looked up wrong. */
static void by_nothing(void)
{
    dlerror();
    printf("%d", dlopen("/nonexistent/library.so", RTLD_NOW | RTLD_DEEPBIND) == NULL);
    printf("%d", dlerror() != NULL);
    printf("%d", dlsym(RTLD_DEFAULT, "no_such_function") == NULL && dlerror() != NULL);
    dlopen(plugin, RTLD_NOW | RTLD_DEEPBIND);
    printf("%d\n", dlerror() == NULL);
    for (int i = 0; i < KEPT; i++)
        kept[i] = malloc(BYTES);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } ways[] = {
        {"other_names", by_other_names},
        {"handle", by_handle},
        {"version", by_version},
        {"deepbind", by_deepbind},
        {"lazy_deepbind", by_lazy_deepbind},
        {"named_deepbind", by_named_deepbind},
        {"next", by_next},
        {"namespace", by_namespace},
        {"other_library", by_other_library},
        {"nothing", by_nothing},
        {"constructor", by_constructor},
        {"early", by_early},
        {"early_unmarked", by_early_unmarked},
        {"mark_by_handler", mark_by_handler},
        {"mark_beside_a_thread", mark_beside_a_thread},
    };
    plugin = argc == 3 ? argv[2] : NULL;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (argc == 3 && strcmp(argv[1], ways[i].name) == 0) {
            ways[i].run();
            return 0;
        }
    return 2;
}
