/* The native frames outside of the outermost loop of the interpreter: those of a program that has Python
 * built in, and what begins a thread. Its own frames there are left out, as everywhere. They are walked once,
 * and remembered with the words that the walk relied on. */
#ifndef HEAPGATE_GUEST_PYTHON_PYTHON_OUTSIDE_H
#define HEAPGATE_GUEST_PYTHON_PYTHON_OUTSIDE_H

#include "guest.h"

enum { PYTHON_OUTSIDE_WORDS = 64, PYTHON_OUTSIDE_WAYS = 4 };
typedef struct {
    struct {
        uintptr_t mark; /* 0: free */
        uint32_t node, words;
        UnwindWord word[PYTHON_OUTSIDE_WORDS];
    } ways[PYTHON_OUTSIDE_WAYS];
    uint32_t next;
} PythonOutside;

GUEST_HIDDEN void python_outside_clear(PythonOutside *self);
/* Their node; 0: there are none. mark: an address in the native frame of the outermost loop. */
GUEST_HIDDEN uint32_t python_outside_node(PythonOutside *self, LedgerHeader *header, uintptr_t mark,
                                          const UnwindStart *start);

#endif
