/* A chain of calls of a given depth through functions of different frames; which of them, bit by bit, is
 * `path`. */
#ifndef HEAPGATE_TESTS_BENCH_UNWIND_CHAIN_H
#define HEAPGATE_TESTS_BENCH_UNWIND_CHAIN_H

#include "unwind/unwind.h"

typedef void (*ChainEnd)(void *data);
typedef void (*ChainCall)(unsigned depth, unsigned path, ChainEnd end, void *data);

typedef struct {
    void (*take)(const UnwindStart *start);
    unsigned turns;
    double best_ns;
    uint32_t frames;
} Measure;

void chain_with_fp(unsigned depth, unsigned path, ChainEnd end, void *data);
void chain_without_fp(unsigned depth, unsigned path, ChainEnd end, void *data);
void chain_nothing(const UnwindStart *start);

#endif
