/* The loaded object that holds an address, and its .eh_frame_hdr. */
#ifndef HEAPGATE_GUEST_UNWIND_CODE_OBJECT_H
#define HEAPGATE_GUEST_UNWIND_CODE_OBJECT_H

#include <link.h>
#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"

typedef struct {
    uintptr_t start, end;       /* of what the loader mapped */
    uintptr_t bias;             /* what it added to the object's own addresses */
    uintptr_t eh_frame_hdr;     /* 0: it has none */
    const ElfW(Phdr) * headers; /* in the object's memory */
    unsigned header_count;
} CodeObject;

/* Finds how to ask the loader; may be called again. */
void code_object_init(void);
/* Where the loader cannot be asked without a lock: takes stock of what is loaded now. */
void code_object_refresh(void);
bool code_object_find(uintptr_t address, CodeObject *object);
/* From address to the end of the loaded segment that holds it; nothing, and bad, where none does. */
Bytes code_object_bytes(const CodeObject *self, uintptr_t address);

#endif
