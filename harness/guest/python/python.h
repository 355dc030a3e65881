/* The Python interpreter in this process, if there is one: CPython 3.9 to 3.15 with its global lock.
 *
 * It is found among the loaded objects when the program begins, or later when its object is first seen in a
 * stack (an embedded interpreter). From then on its small objects come through python_memory.h, whatever the
 * version, but for builds without the global lock; and its frames
 * into the stacks (python_stack.h). All other interpreters are left alone, and the ledger says why. */
#ifndef HEAPGATE_GUEST_PYTHON_PYTHON_H
#define HEAPGATE_GUEST_PYTHON_PYTHON_H

#include <link.h>

#include "guest.h"
#include "python_layout.h"

/* PyMemAllocatorEx, and the domains that objects come from. */
typedef struct {
    void *context;
    void *(*malloc)(void *context, size_t size);
    void *(*calloc)(void *context, size_t count, size_t size);
    void *(*realloc)(void *context, void *block, size_t size);
    void (*free)(void *context, void *block);
} PythonAllocator;
enum { PYTHON_DOMAIN_MEM = 1, PYTHON_DOMAIN_OBJECT = 2, PYTHON_DOMAINS = 2 };

/* The interpreter's own functions. */
typedef struct {
    const char *(*version)(void);
    void *(*thread_state)(void);
    void (*get_allocator)(int domain, PythonAllocator *allocator);
    void (*set_allocator)(int domain, PythonAllocator *allocator);
    int (*add_pending_call)(int (*call)(void *), void *argument);
    void *(*thread_frame)(void *thread_state);
    void *(*frame_back)(void *frame);
    void *(*frame_code)(void *frame);
    void *(*attribute)(void *object, const char *name);
    void *(*call)(void *object);
    void *(*of_sys)(const char *name);
    long (*as_long)(void *object);
    void (*release)(void *object);
    void (*error_clear)(void);
    const void *code_type, *runtime;
} PythonFunctions;

typedef struct {
    uint32_t state; /* LEDGER_PYTHON_*; NOT until all else is filled in */
    bool hooked;    /* its allocators have the books in front of them */
    uint32_t version;
    uintptr_t start, end;           /* of its object */
    uintptr_t loop_start, loop_end; /* of its evaluation loop */
    PythonLayout layout;
    PythonFunctions call;
} Python;
extern GUEST_HIDDEN Python python;

/* Frames are read. */
static inline bool python_on(void)
{
    return __atomic_load_n(&python.state, __ATOMIC_ACQUIRE) == LEDGER_PYTHON_ON;
}

/* Its small objects are in the books. */
static inline bool python_hooked(void)
{
    return __atomic_load_n(&python.state, __ATOMIC_ACQUIRE) != LEDGER_PYTHON_NOT && python.hooked;
}

/* Is this return address in the interpreter's object? Is this address in its evaluation loop? */
static inline bool python_is_interpreter(uintptr_t pc)
{
    return pc - python.start < python.end - python.start;
}
static inline bool python_is_loop(uintptr_t pc)
{
    return pc - python.loop_start < python.loop_end - python.loop_start;
}

/* Looks among the objects that are loaded; takes the loader's lock. */
GUEST_HIDDEN void python_open(void);
/* An object is seen in a stack for the first time: is it an interpreter? */
GUEST_HIDDEN void python_see(uintptr_t start, uintptr_t end, const struct link_map *object);
/* Objects were unloaded, perhaps the interpreter's. */
GUEST_HIDDEN void python_closed(void);
/* A new ledger, also that of a forked child: nothing of Python is in it yet. */
GUEST_HIDDEN void python_ledger(LedgerHeader *header);
/* Frames are off from here on; state: LEDGER_PYTHON_*. */
GUEST_HIDDEN void python_off(uint32_t state);

#endif
