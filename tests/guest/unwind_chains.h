/* Stacks of many shapes, built without frame pointers; `end` is called at the innermost end. */
#ifndef HEAPGATE_TESTS_GUEST_UNWIND_CHAINS_H
#define HEAPGATE_TESTS_GUEST_UNWIND_CHAINS_H

typedef void (*ChainEnd)(void *data);

/* Through functions of different frames and two places to call from, chosen by the bits of path, outermost
 * first. */
unsigned chain_mixed(unsigned depth, unsigned path, ChainEnd end, void *data);
unsigned chain_alloca(unsigned depth, unsigned path, ChainEnd end, void *data);
/* Over-aligned locals, with and without alloca, and with a realigned entry. */
unsigned chain_realigned(unsigned depth, unsigned path, ChainEnd end, void *data);
/* A frame of five megabytes. */
unsigned chain_huge(unsigned depth, unsigned path, ChainEnd end, void *data);
/* Through the C library and back. */
unsigned chain_library(unsigned depth, unsigned path, ChainEnd end, void *data);

#endif
