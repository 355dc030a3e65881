/* Loaded and unloaded by paths.c. */
#include <stdlib.h>

void *plugin_allocate(unsigned long size);

__attribute__((noinline)) void *plugin_allocate(unsigned long size)
{
    void *block = malloc(size);
    __asm__ volatile("" : "+r"(block));
    return block;
}
