/* Memory of the tracer's own, and how much address space it takes of the host's: a host that limits itself
 * shall not feel it (program_limits.c). By system call: mmap itself may be the tracer's. */
#ifndef HEAPGATE_GUEST_MEMORY_H
#define HEAPGATE_GUEST_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __PIC__
#pragma GCC visibility push(hidden)
#endif
/* In bytes, whole pages. */
extern struct MemoryTaken {
    int64_t private_bytes, shared_bytes;
} memory_taken;
/* Called after memory_taken has changed, before more is mapped and after less is; NULL: nobody wants to
 * know. */
extern void (*memory_follow)(void);

/* Private, zero and untouched; NULL: there is none. Changes errno never. */
void *memory_map(size_t size);
void memory_unmap(void *memory, size_t size);
/* Somebody maps so much of a shared file, or unmaps it (below 0). */
void memory_take_shared(int64_t bytes);
#ifdef __PIC__
#pragma GCC visibility pop
#endif

#endif
