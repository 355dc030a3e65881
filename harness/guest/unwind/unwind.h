/* Unwinding for the tracer: exact return addresses, without frame pointers, without allocating, without locks
 * that a signal handler could wait for. x86-64: .eh_frame rules compiled for each program counter and kept;
 * elsewhere: frame pointers. */
#ifndef HEAPGATE_GUEST_UNWIND_UNWIND_H
#define HEAPGATE_GUEST_UNWIND_UNWIND_H

#include <stddef.h>
#include <stdint.h>

/* Raised by unwind_forget: what was concluded from rules before may no longer hold. */
extern uint32_t unwind_generation __attribute__((visibility("hidden")));

/* Where to begin: the caller of the interposed function. */
typedef struct {
    uintptr_t pc; /* return address into the caller */
    uintptr_t sp; /* the caller's stack pointer after the return */
    uintptr_t fp; /* the caller's frame pointer register */
} UnwindStart;

/* Where the function that this is written in was called. Its stack frame must stay until the walk is over. */
#define unwind_start_here()                                                                                  \
    ((UnwindStart){(uintptr_t)__builtin_extract_return_addr(__builtin_return_address(0)),                    \
                   (uintptr_t)__builtin_dwarf_cfa(), *(uintptr_t *)__builtin_frame_address(0)})

/* One word of memory that a walk relied on: while all of them and the start are the same, so is the stack. */
typedef struct {
    uintptr_t address;
    uintptr_t value;
} UnwindWord;

typedef struct {
    uint32_t frames; /* found */
    int truncated;   /* it went on, but could not be followed */
} UnwindResult;

/* Must be called once before threads, and again when the first module was not there yet; cheap. */
void unwind_init(void);
/* Modules were loaded or unloaded: rules of vanished code are dropped (address reuse after dlclose). */
void unwind_forget(void);

/* Walks from start outwards. addresses: room for `room` return addresses, innermost first, the start's pc
 * included; with LEDGER_FRAME_EXACT where the address is exact (the frame a signal interrupted). low, high:
 * bounds of the stack that may be read; high 0: unknown (bounds of the thread's stack are looked up and
 * cached; a start outside of them is a switched stack and is bounded by its mapping). */
UnwindResult unwind_walk(const UnwindStart *start, uintptr_t *addresses, uint32_t room);

#endif
