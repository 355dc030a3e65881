#include <glib.h>

#include "runner.h"
#include "guest/unwind/stack_cache.h"
#include "unwind_chains.h"

typedef struct {
    StackCache *cache;
    guint found, walked, shared;
    guint wrong;        /* the cache says another stack than a whole walk does */
    guint inner_frames; /* of the last walk */
    uint32_t id;        /* what the cache said the last time */
} Trial;

/* A name for each stack: a chain of hashes from the outermost frame inwards. */
static uint32_t name_stack(const uintptr_t *addresses, uint32_t count, uint32_t outer, uint32_t *nodes)
{
    while (count-- > 0)
        nodes[count] = outer =
            (uint32_t)(((outer ^ addresses[count]) * UINT64_C(0x9e3779b97f4a7c15)) >> 32) | 1;
    return outer;
}

static void remember(Trial *self, const UnwindStart *start, uint32_t truth)
{
    static __thread uintptr_t addresses[STACK_CACHE_DEEPEST];
    static __thread uint32_t nodes[STACK_CACHE_DEEPEST];
    uint32_t outer;
    self->walked++;
    UnwindResult walk = stack_cache_walk(self->cache, start, addresses, STACK_CACHE_DEEPEST, &outer);
    self->inner_frames = walk.frames;
    self->shared += outer != 0;
    self->wrong += name_stack(addresses, walk.frames, outer, nodes) != truth;
    stack_cache_keep(self->cache, nodes, truth);
}

static __attribute__((noinline)) void take(void *data)
{
    static __thread uintptr_t addresses[STACK_CACHE_DEEPEST];
    static __thread uint32_t nodes[STACK_CACHE_DEEPEST];
    Trial *self = data;
    UnwindStart start = unwind_start_here();
    UnwindResult walk = unwind_walk(&start, addresses, STACK_CACHE_DEEPEST);
    uint32_t truth = name_stack(addresses, walk.frames, 0, nodes);
    self->id = stack_cache_find(self->cache, &start);
    if (self->id != 0) {
        self->found++;
        self->wrong += self->id != truth;
    } else {
        remember(self, &start, truth);
    }
}

static void set_up(Trial *self)
{
    unwind_init();
    *self = (Trial){.cache = stack_cache_new()};
    ck_assert_ptr_nonnull(self->cache);
}

/* Loops count in volatile variables: one place to call from, whatever the compiler would unroll. */
START_TEST(test_stack_cache_finds_a_stack_again)
{
    Trial trial;
    set_up(&trial);
    for (volatile int i = 0; i < 10; i++)
        chain_mixed(20, 12345, take, &trial);
    ck_assert_uint_eq(trial.found, 9);
    ck_assert_uint_eq(trial.wrong, 0);
    stack_cache_free(trial.cache);
}
END_TEST

/* The same function at the same place of the stack, called from elsewhere, twenty frames further out. */
START_TEST(test_stack_cache_sees_one_changed_return_address)
{
    Trial trial;
    set_up(&trial);
    for (unsigned bit = 2; bit < 32; bit += 3) {
        trial.found = trial.walked = 0;
        volatile int turns = 4; /* one place to call from, whatever the compiler unrolls */
        for (volatile int turn = 0; turn < turns; turn++)
            chain_mixed(20, turn % 2 == 0 ? 0 : 1u << bit, take, &trial);
        ck_assert_uint_ge(trial.found, 2);
        ck_assert_uint_ge(trial.walked, 1);
    }
    ck_assert_uint_eq(trial.wrong, 0);
    stack_cache_free(trial.cache);
}
END_TEST

/* Each is walked once, however many begin at the same place. */
START_TEST(test_stack_cache_tells_stacks_apart_that_begin_alike)
{
    enum { STACKS = 300, TURNS = 5 };
    Trial trial;
    set_up(&trial);
    for (volatile int turn = 0; turn < TURNS; turn++)
        for (volatile unsigned path = 0; path < STACKS; path++)
            chain_mixed(20, path * 997, take, &trial);
    ck_assert_uint_eq(trial.wrong, 0);
    ck_assert_uint_lt(trial.walked, STACKS + STACKS / 10);
    ck_assert_uint_eq(trial.found, TURNS * STACKS - trial.walked);
    stack_cache_free(trial.cache);
}
END_TEST

/* A stack found again and again is tried first, and is compared as exactly. */
START_TEST(test_stack_cache_sees_the_end_of_a_long_row_of_one_stack)
{
    Trial trial;
    set_up(&trial);
    for (unsigned bit = 2; bit < 32; bit += 3)
        for (volatile int turn = 0; turn < 20; turn++)
            chain_mixed(20, turn % 10 < 5 ? 0 : 1u << bit, take, &trial);
    ck_assert_uint_eq(trial.wrong, 0);
    ck_assert_uint_lt(trial.walked, 14);
    stack_cache_free(trial.cache);
}
END_TEST

START_TEST(test_stack_cache_sees_a_changed_saved_frame_pointer)
{
    Trial trial;
    set_up(&trial);
    for (volatile int turn = 0; turn < 3; turn++)
        for (unsigned path = 0; path < 300; path++)
            chain_alloca(path % 5, path * 31, take, &trial);
    for (volatile int turn = 0; turn < 3; turn++)
        for (unsigned path = 0; path < 300; path++)
            chain_realigned(path % 5, path * 31, take, &trial);
    ck_assert_uint_gt(trial.found, 1000);
    ck_assert_uint_eq(trial.wrong, 0);
    stack_cache_free(trial.cache);
}
END_TEST

/* More stacks than there is room for, in an order without a pattern. */
START_TEST(test_stack_cache_is_right_about_every_stack_of_a_storm)
{
    Trial trial;
    set_up(&trial);
    g_autoptr(GRand) random = g_rand_new_with_seed(3);
    for (volatile int i = 0; i < 60000; i++)
        chain_mixed(g_rand_int_range(random, 1, 40), g_rand_int(random) & 0x3fffu, take, &trial);
    ck_assert_uint_eq(trial.wrong, 0);
    ck_assert_uint_gt(trial.found, 1000);
    ck_assert_uint_gt(trial.shared, 1000);
    stack_cache_free(trial.cache);
}
END_TEST

START_TEST(test_stack_cache_walks_only_the_new_part_of_a_deep_stack)
{
    Trial trial;
    set_up(&trial);
    guint frames = 0;
    for (unsigned depth = 20; depth < 450; depth++) {
        chain_mixed(depth, 0, take, &trial);
        frames += trial.inner_frames;
    }
    ck_assert_uint_eq(trial.walked, 430);
    ck_assert_uint_eq(trial.wrong, 0);
    ck_assert_uint_lt(frames, 430 * 40);
    stack_cache_free(trial.cache);
}
END_TEST

START_TEST(test_stack_cache_keeps_stacks_too_deep_to_share)
{
    Trial trial;
    set_up(&trial);
    for (volatile int i = 0; i < 3; i++)
        chain_mixed(2000, 99, take, &trial);
    ck_assert_uint_eq(trial.found, 2);
    for (unsigned depth = 480; depth < 540; depth++)
        chain_mixed(depth, 99, take, &trial);
    ck_assert_uint_eq(trial.wrong, 0);
    stack_cache_free(trial.cache);
}
END_TEST

START_TEST(test_stack_cache_forgets_when_modules_change)
{
    Trial trial;
    set_up(&trial);
    for (volatile int i = 0; i < 4; i++) {
        chain_mixed(20, 5, take, &trial);
        if (i == 1)
            unwind_forget();
    }
    ck_assert_uint_eq(trial.walked, 2);
    ck_assert_uint_eq(trial.found, 2);
    stack_cache_free(trial.cache);
}
END_TEST

SUITE(stack_cache, 60)
{
    tcase_add_test(tcase, test_stack_cache_finds_a_stack_again);
    tcase_add_test(tcase, test_stack_cache_sees_one_changed_return_address);
    tcase_add_test(tcase, test_stack_cache_tells_stacks_apart_that_begin_alike);
    tcase_add_test(tcase, test_stack_cache_sees_the_end_of_a_long_row_of_one_stack);
    tcase_add_test(tcase, test_stack_cache_sees_a_changed_saved_frame_pointer);
    tcase_add_test(tcase, test_stack_cache_is_right_about_every_stack_of_a_storm);
    tcase_add_test(tcase, test_stack_cache_walks_only_the_new_part_of_a_deep_stack);
    tcase_add_test(tcase, test_stack_cache_keeps_stacks_too_deep_to_share);
    tcase_add_test(tcase, test_stack_cache_forgets_when_modules_change);
}
