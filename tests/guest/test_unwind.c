#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>
#include <valgrind/valgrind.h>

#include "runner.h"
#include "guest/unwind/unwind.h"
#include "unwind_chains.h"

enum { ROOM = 2048 };

typedef struct {
    uintptr_t frames[ROOM];
    uint32_t count;
} Stack;

static struct {
    gint compared, different, truncated;
    uint32_t deepest;
} seen;

static _Unwind_Reason_Code collect(struct _Unwind_Context *context, void *data)
{
    Stack *stack = data;
    int exact = 0;
    uintptr_t pc = _Unwind_GetIPInfo(context, &exact);
    if (stack->count == ROOM || pc == 0)
        return _URC_END_OF_STACK;
    stack->frames[stack->count++] = exact ? pc | UINT64_C(1) << 63 : pc;
    return _URC_NO_REASON;
}

/* Walks from its caller outwards by both and compares every address. */
static __attribute__((noinline)) void compare(void *data)
{
    static __thread Stack ours, theirs;
    (void)data;
    UnwindStart start = unwind_start_here();
    UnwindResult walk = unwind_walk(&start, ours.frames, ROOM);
    theirs.count = 0;
    _Unwind_Backtrace(collect, &theirs);
    uint32_t skip = 0;
    while (skip < theirs.count && theirs.frames[skip] != start.pc)
        skip++;
    gboolean same = walk.frames == theirs.count - skip;
    for (uint32_t i = 0; same && i < walk.frames; i++)
        same = ours.frames[i] == theirs.frames[skip + i];
    g_atomic_int_inc(&seen.compared);
    g_atomic_int_add(&seen.different, !same);
    g_atomic_int_add(&seen.truncated, walk.truncated != 0);
    seen.deepest = MAX(seen.deepest, walk.frames);
}

/* For when tests share a process. */
static void begin(void)
{
    memset(&seen, 0, sizeof seen);
}

static void assert_all_equal(void)
{
    ck_assert_int_gt(seen.compared, 0);
    ck_assert_int_eq(seen.different, 0);
    ck_assert_int_eq(seen.truncated, 0);
}

static void on_signal(int number)
{
    (void)number;
    compare(NULL);
}

typedef unsigned (*Chain)(unsigned depth, unsigned path, ChainEnd end, void *data);

static void all_paths(Chain chain, unsigned depth)
{
    unwind_init();
    for (unsigned path = 1; path < 64; path++)
        chain(depth, path * 2654435761u, compare, NULL);
    assert_all_equal();
}

START_TEST(test_unwind_agrees_over_frames_of_every_size)
{
    all_paths(chain_mixed, 40);
}
END_TEST

START_TEST(test_unwind_agrees_over_a_frame_of_megabytes)
{
    all_paths(chain_huge, 3);
}
END_TEST

START_TEST(test_unwind_agrees_over_deep_stacks)
{
    all_paths(chain_mixed, 1000);
    ck_assert_uint_gt(seen.deepest, 1000);
}
END_TEST

START_TEST(test_unwind_agrees_over_alloca)
{
    all_paths(chain_alloca, 12);
}
END_TEST

START_TEST(test_unwind_agrees_over_realigned_stacks)
{
    all_paths(chain_realigned, 8);
}
END_TEST

START_TEST(test_unwind_agrees_through_the_c_library)
{
    all_paths(chain_library, 8);
}
END_TEST

static void raise_signal(void *data)
{
    raise(GPOINTER_TO_INT(data));
}

START_TEST(test_unwind_agrees_through_a_signal)
{
    unwind_init();
    signal(SIGUSR1, on_signal);
    chain_mixed(9, 12345, raise_signal, GINT_TO_POINTER(SIGUSR1));
    assert_all_equal();
    ck_assert_uint_gt(seen.deepest, 12);
}
END_TEST

/* Wherever a timer strikes: prologues, epilogues, stubs of the linkage table, the C library. */
START_TEST(test_unwind_agrees_wherever_a_signal_strikes)
{
    unwind_init();
    signal(SIGALRM, on_signal);
    struct itimerval timer = {{0, 200}, {0, 200}};
    setitimer(ITIMER_REAL, &timer, NULL);
    for (unsigned i = 0; i < 2000000 && seen.compared < 1000; i++) {
        chain_mixed(i % 20, i * 2654435761u, free, NULL);
        chain_realigned(i % 3, i, free, NULL);
    }
    timer.it_value.tv_usec = 0;
    setitimer(ITIMER_REAL, &timer, NULL);
    assert_all_equal();
}
END_TEST

START_TEST(test_unwind_agrees_from_a_signal_stack)
{
    unwind_init();
    stack_t stack = {.ss_sp = g_malloc(1 << 16), .ss_size = 1 << 16};
    ck_assert_int_eq(sigaltstack(&stack, NULL), 0);
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
    sigaction(SIGUSR2, &action, NULL);
    chain_mixed(9, 12345, raise_signal, GINT_TO_POINTER(SIGUSR2));
    const stack_t none = {.ss_flags = SS_DISABLE};
    ck_assert_int_eq(sigaltstack(&none, NULL), 0);
    g_free(stack.ss_sp);
    assert_all_equal();
    ck_assert_uint_gt(seen.deepest, 12);
}
END_TEST

static void on_context(void)
{
    chain_mixed(15, 777, compare, NULL);
}

START_TEST(test_unwind_agrees_on_a_context_of_its_own)
{
    unwind_init();
    ucontext_t here, there;
    for (int i = 0; i < 10; i++) {
        size_t size = 1 << 18;
        char *stack = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        getcontext(&there);
        there.uc_stack.ss_sp = stack;
        there.uc_stack.ss_size = size;
        there.uc_link = &here;
        makecontext(&there, on_context, 0);
        swapcontext(&here, &there);
        munmap(stack, size);
        chain_mixed(5, 3, compare, NULL);
    }
    assert_all_equal();
}
END_TEST

static void *in_thread(void *data)
{
    for (unsigned path = 0; path < 200; path++)
        chain_mixed(path % 50, path * 2654435761u + GPOINTER_TO_UINT(data), compare, NULL);
    return NULL;
}

START_TEST(test_unwind_agrees_in_threads)
{
    unwind_init();
    pthread_t threads[4];
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        pthread_create(&threads[i], NULL, in_thread, GUINT_TO_POINTER(i));
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        pthread_join(threads[i], NULL);
    assert_all_equal();
    ck_assert_int_eq(seen.compared, 4 * 200);
}
END_TEST

/* Returns where the library lay. */
static uintptr_t call_plugin(const char *path)
{
    typedef int (*Call)(ChainEnd end, void *data);
    void *library = dlopen(runner_path(path), RTLD_NOW);
    ck_assert_msg(library != NULL, "%s", dlerror());
    Call call = (Call)dlsym(library, "plugin_call");
    ck_assert_ptr_nonnull(call);
    unwind_forget();
    call(compare, NULL);
    assert_all_equal();
    dlclose(library);
    return (uintptr_t)call;
}

START_TEST(test_unwind_forgets_a_library_whose_place_another_takes)
{
    unwind_init();
    int same = 0;
    for (int i = 0; i < 4; i++)
        same += call_plugin("build/tests/plugin_small.so") == call_plugin("build/tests/plugin_large.so");
    if (same == 0)
        runner_skip("unwind_forgets_a_library_whose_place_another_takes", "no address was used twice");
}
END_TEST

START_TEST(test_unwind_says_truncated_when_there_is_no_room)
{
    unwind_init();
    uintptr_t frames[3];
    UnwindStart start = unwind_start_here();
    UnwindResult walk = unwind_walk(&start, frames, 3);
    ck_assert_uint_eq(walk.frames, 3);
    ck_assert(walk.truncated);
}
END_TEST

/* push %rbp; mov %rsp,%rbp; call *%rdi; pop %rbp; ret: code that nothing is written about, as a just-in-time
 * compiler makes it. */
#ifdef __x86_64__
static void in_unknown_code(void *data)
{
    uintptr_t *frames = data;
    UnwindStart start = unwind_start_here();
    frames[0] = unwind_walk(&start, frames + 2, ROOM - 2).frames;
    frames[1] = start.pc;
}

START_TEST(test_unwind_follows_frame_pointers_where_nothing_is_known)
{
    static const guint8 code[] = {0x55, 0x48, 0x89, 0xe5, 0x48, 0x89, 0xf8,
                                  0x48, 0x89, 0xf7, 0xff, 0xd0, 0x5d, 0xc3};
    unwind_init();
    uintptr_t frames[ROOM];
    guint8 *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(page, code, sizeof code);
    ((void (*)(ChainEnd, void *))page)(in_unknown_code, frames);
    ck_assert_uint_eq(frames[1], (uintptr_t)page + 12);
    ck_assert_uint_gt(frames[0], 3);
    Dl_info info;
    ck_assert(dladdr((void *)frames[3], &info) != 0);
}
END_TEST
#endif

/* A frame pointer that is no pointer, a stack pointer that is no stack. */
START_TEST(test_unwind_survives_nonsense)
{
    unwind_init();
    uintptr_t frames[64], garbage[64];
    g_autoptr(GRand) random = g_rand_new_with_seed(7);
    for (int i = 0; i < 20000; i++) {
        for (guint k = 0; k < G_N_ELEMENTS(garbage); k++)
            garbage[k] = g_rand_int(random) % 3 ? (uintptr_t)&garbage[g_rand_int(random) % 64]
                                                : (uintptr_t)compare + g_rand_int(random) % 4096;
        UnwindStart start = {(uintptr_t)chain_mixed + g_rand_int(random) % 8192, (uintptr_t)garbage,
                             (uintptr_t)&garbage[g_rand_int(random) % 64] + g_rand_int(random) % 3};
        if (i % 3 == 0)
            start.pc = (uintptr_t)g_rand_int(random) << 17;
        if (i % 50 == 0)
            start.sp = (uintptr_t)g_rand_int(random) << 15;
        ck_assert_uint_le(unwind_walk(&start, frames, G_N_ELEMENTS(frames)).frames, G_N_ELEMENTS(frames));
    }
}
END_TEST

SUITE(unwind, 60)
{
    tcase_add_checked_fixture(tcase, begin, NULL);
    tcase_add_test(tcase, test_unwind_agrees_over_frames_of_every_size);
    tcase_add_test(tcase, test_unwind_agrees_over_deep_stacks);
    tcase_add_test(tcase, test_unwind_agrees_over_alloca);
    tcase_add_test(tcase, test_unwind_agrees_over_realigned_stacks);
    tcase_add_test(tcase, test_unwind_agrees_through_the_c_library);
    tcase_add_test(tcase, test_unwind_agrees_through_a_signal);
    tcase_add_test(tcase, test_unwind_agrees_wherever_a_signal_strikes);
    tcase_add_test(tcase, test_unwind_agrees_from_a_signal_stack);
    tcase_add_test(tcase, test_unwind_agrees_on_a_context_of_its_own);
    tcase_add_test(tcase, test_unwind_agrees_in_threads);
    tcase_add_test(tcase, test_unwind_forgets_a_library_whose_place_another_takes);
    tcase_add_test(tcase, test_unwind_says_truncated_when_there_is_no_room);
#ifdef __x86_64__
    tcase_add_test(tcase, test_unwind_follows_frame_pointers_where_nothing_is_known);
#endif
    if (RUNNING_ON_VALGRIND) /* it takes a large frame for another stack, and nonsense is not initialised */
        return;
    tcase_add_test(tcase, test_unwind_agrees_over_a_frame_of_megabytes);
    tcase_add_test(tcase, test_unwind_survives_nonsense);
}
