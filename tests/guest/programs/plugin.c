/* Loaded and unloaded by paths.c and maps.c. */
#include <stdlib.h>
#include <sys/mman.h>

void *plugin_allocate(unsigned long size);

__attribute__((noinline)) void *plugin_allocate(unsigned long size)
{
    void *block = malloc(size);
    __asm__ volatile("" : "+r"(block));
    return block;
}

void *plugin_map(unsigned long size);
int plugin_unmap(void *memory, unsigned long size);

void *plugin_map(unsigned long size)
{
    return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

int plugin_unmap(void *memory, unsigned long size)
{
    return munmap(memory, size);
}
