/* A plug-in: works as coverage.c does, by the malloc that it finds. */
#include <stdlib.h>
#include <string.h>

void plugin_work(void);

static void *kept[20];

static __attribute__((noinline)) void *plugin_leak_here(void)
{
    void *block = malloc(100000);
    memset(block, 1, 100000);
    return block;
}

void plugin_work(void)
{
    for (int i = 0; i < 20; i++) {
        void *block = kept[i] = plugin_leak_here();
#ifndef LEAKING
        free(block);
#endif
        __asm__ volatile("" ::"r"(block), "r"(kept) : "memory");
    }
}
