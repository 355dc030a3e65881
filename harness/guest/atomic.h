/* Changes of shared numbers that are whole against signal handlers always, and against other threads where
 * there are any: one instruction each, with the bus lock only where `shared` says that somebody else could
 * look.
 *
 * x86-64 leaves the lock prefix out; elsewhere the atomic form is used always. */
#ifndef HEAPGATE_GUEST_ATOMIC_H
#define HEAPGATE_GUEST_ATOMIC_H

#include <stdbool.h>
#include <stdint.h>

#define LIKELY(condition)   __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

/* Two numbers that are read and changed together; aligned to 16 bytes wherever it lies. */
typedef struct {
    uint64_t low, high;
} __attribute__((aligned(16), may_alias)) AtomicPair;

static inline void atomic_add(void *number, int64_t delta, bool shared)
{
    uint64_t __attribute__((may_alias)) *at = number;
#ifdef __x86_64__
    if (shared)
        __asm__ volatile("lock addq %1, %0" : "+m"(*at) : "er"(delta) : "cc", "memory");
    else
        __asm__ volatile("addq %1, %0" : "+m"(*at) : "er"(delta) : "cc", "memory");
#else
    (void)shared;
    __atomic_fetch_add(at, (uint64_t)delta, __ATOMIC_ACQ_REL);
#endif
}

/* Halves may be of different instants: only a swap can tell. */
static inline AtomicPair atomic_pair_peek(const AtomicPair *at)
{
    return (AtomicPair){__atomic_load_n(&at->low, __ATOMIC_ACQUIRE),
                        __atomic_load_n(&at->high, __ATOMIC_ACQUIRE)};
}

/* Puts desired in place of *expected; where something else is there, false and *expected is what is there. */
static inline bool atomic_pair_swap(AtomicPair *at, AtomicPair *expected, AtomicPair desired, bool shared)
{
#ifdef __x86_64__
    bool done;
    if (shared)
        __asm__ volatile("lock cmpxchg16b %1"
                         : "=@ccz"(done), "+m"(*at), "+a"(expected->low), "+d"(expected->high)
                         : "b"(desired.low), "c"(desired.high)
                         : "memory");
    else
        __asm__ volatile("cmpxchg16b %1"
                         : "=@ccz"(done), "+m"(*at), "+a"(expected->low), "+d"(expected->high)
                         : "b"(desired.low), "c"(desired.high)
                         : "memory");
    return done;
#elif defined(__aarch64__)
    (void)shared;
    AtomicPair seen;
    uint32_t failed;
    do {
        __asm__ volatile("ldaxp %0, %1, %2" : "=&r"(seen.low), "=&r"(seen.high) : "Q"(*at) : "memory");
        bool same = seen.low == expected->low && seen.high == expected->high;
        AtomicPair value = same ? desired : seen; /* the store proves that both halves were read at once */
        __asm__ volatile("stlxp %w0, %2, %3, %1"
                         : "=&r"(failed), "=Q"(*at)
                         : "r"(value.low), "r"(value.high)
                         : "memory");
        if (!failed && !same) {
            *expected = seen;
            return false;
        }
    } while (failed);
    return true;
#else
#error "no 16-byte compare and swap for this processor"
#endif
}

/* The next number of a table with room for `room`; 0: it is full. */
static inline uint32_t atomic_claim(uint32_t *used, uint32_t room)
{
    uint32_t next = __atomic_load_n(used, __ATOMIC_RELAXED);
    do {
        if (next >= room)
            return 0;
    } while (!__atomic_compare_exchange_n(used, &next, next + 1, true, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
    return next;
}

#endif
