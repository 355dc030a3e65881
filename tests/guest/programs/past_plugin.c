/* A plug-in that allocates by the malloc that the loader binds it to. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

void past_plugin(size_t bytes, void **kept);
void past_plugin_text(const char *text, void **kept);
void past_plugin_next(size_t bytes, void **kept);
void past_plugin_early(size_t bytes, void **kept);

static void *(*volatile pointer)(size_t) = malloc;

/* As it was bound when the plug-in was loaded. */
static void *(*early)(size_t);
static void *constructed[3];

__attribute__((constructor)) static void construct(void)
{
    early = pointer;
    for (int i = 0; getenv("PAST_CONSTRUCTS") != NULL && i < 3; i++)
        constructed[i] = malloc(64000);
    __asm__ volatile("" ::"r"(constructed) : "memory");
}

/* One block stays of three, by a call and by a pointer. */
void past_plugin(size_t bytes, void **kept)
{
    free(pointer(bytes));
    free(realloc(calloc(1, 10), bytes));
    *kept = malloc(bytes);
}

void past_plugin_text(const char *text, void **kept)
{
    free(strdup(text));
    *kept = strdup(text);
}

void past_plugin_next(size_t bytes, void **kept)
{
    void *(*next)(size_t) = (void *(*)(size_t))dlsym(RTLD_NEXT, "malloc");
    void (*next_free)(void *) = (void (*)(void *))dlsym(RTLD_NEXT, "free");
    next_free(next(bytes));
    *kept = next(bytes);
}

void past_plugin_early(size_t bytes, void **kept)
{
    *kept = early(bytes);
}
