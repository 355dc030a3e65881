/* What each thread has of its own: a guard against itself, its stack cache, its latest allocation. */
#ifndef HEAPGATE_GUEST_PROCESS_THREAD_H
#define HEAPGATE_GUEST_PROCESS_THREAD_H

#include "guest.h"

typedef struct ThreadDesk ThreadDesk;

typedef struct {
    const void *deleted; /* taken out of the books already, while an operator delete frees it */
    uintptr_t latest;    /* this thread's latest allocation, unless it freed something since */
    ThreadDesk *desk;    /* mapped when first needed */
    uint32_t inside;     /* how often the way from a stack to its site is being gone: signal handlers come in
                            between */
    uint32_t generation; /* of the stack cache's contents */
    uint32_t rounds;     /* of the thread's end */
    uint32_t over;       /* the desk is gone and is not coming back */
    uint32_t own;        /* what it allocates is the tracer's own (own.h) */
} Thread;
extern __thread Thread thread_self GUEST_TLS;

/* The call site of a stack, from this thread's cache or by walking it. Never 0. */
GUEST_HIDDEN uint32_t thread_site(LedgerHeader *header, const UnwindStart *start);

/* Threads' desks are freed when they end from here on. */
GUEST_HIDDEN void thread_open(void);

#endif
