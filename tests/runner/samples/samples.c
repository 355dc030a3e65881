/* Suites as the runner may meet them, for its own tests: each does what its name says. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "runner.h"

/* Opens $MEETING_PLACE/NAME, a FIFO; so it waits until somebody has opened its other end. */
static FILE *open_pipe(const char *name, const char *mode)
{
    g_autofree char *path = g_build_filename(g_getenv("MEETING_PLACE"), name, NULL);
    FILE *stream = fopen(path, mode);
    ck_assert_ptr_nonnull(stream);
    return stream;
}

START_TEST(test_nothing)
{
}
END_TEST

SUITE(passes, 10)
{
    tcase_add_test(tcase, test_nothing);
    tcase_add_test(tcase, test_nothing);
}

START_TEST(test_one_and_one)
{
    printf("one and one\n");
    ck_assert_int_eq(1 + 1, 3);
}
END_TEST

SUITE(fails, 10)
{
    tcase_add_test(tcase, test_nothing);
    tcase_add_test(tcase, test_one_and_one);
}

START_TEST(test_two_parts)
{
    runner_skip("test_two_parts", "no left hand");
    runner_skip("test_two_parts", "no right hand");
}
END_TEST

START_TEST(test_skips_and_fails)
{
    runner_skip("test_skips_and_fails", "no foot");
    ck_abort_msg("it fails");
}
END_TEST

SUITE(skips, 10)
{
    tcase_add_test(tcase, test_nothing);
    tcase_add_test(tcase, test_two_parts);
}

SUITE(skips_and_fails, 10)
{
    tcase_add_test(tcase, test_skips_and_fails);
}

static void die(void)
{
    raise(SIGSEGV);
}

SUITE(dies, 10)
{
    tcase_add_unchecked_fixture(tcase, die, NULL);
    tcase_add_test(tcase, test_nothing);
}

SUITE(leaves, 10)
{
    (void)tcase;
    exit(EXIT_SUCCESS);
}

/* Two suites that can end only if both run at the same time. */
START_TEST(test_meets_by_reading)
{
    printf("reading begins\n");
    fclose(open_pipe("meeting", "r"));
    printf("reading ends\n");
}
END_TEST

START_TEST(test_meets_by_writing)
{
    printf("writing begins\n");
    fclose(open_pipe("meeting", "w"));
    printf("writing ends\n");
}
END_TEST

SUITE(meet_by_reading, 60)
{
    tcase_add_test(tcase, test_meets_by_reading);
}

SUITE(meet_by_writing, 60)
{
    tcase_add_test(tcase, test_meets_by_writing);
}

START_TEST(test_takes_its_time)
{
    g_usleep(150000);
}
END_TEST

SUITE(delays, 60)
{
    tcase_add_loop_test(tcase, test_takes_its_time, 4, 6);
}

/* Suites that take the same lock for a moment, and none of which finds it taken. */
START_TEST(test_locks_what_nobody_else_has_locked)
{
    g_autofree char *path = g_build_filename(g_getenv("MEETING_PLACE"), "lock", NULL);
    FILE *lock = fopen(path, "a");
    ck_assert_ptr_nonnull(lock);
    ck_assert_int_eq(flock(fileno(lock), LOCK_EX | LOCK_NB), 0);
    for (int i = 0; i < 20; i++)
        g_thread_yield();
    fclose(lock);
}
END_TEST

SUITE_ALONE(alone_first, 10)
{
    tcase_add_loop_test(tcase, test_locks_what_nobody_else_has_locked, 0, 20);
}

SUITE_ALONE(alone_second, 10)
{
    tcase_add_loop_test(tcase, test_locks_what_nobody_else_has_locked, 0, 20);
}

SUITE(takes_the_lock, 10)
{
    tcase_add_loop_test(tcase, test_locks_what_nobody_else_has_locked, 0, 20);
}

/* Tells that it is there, and waits for somebody who never comes: the pipe is closed when all of it is dead.
 */
START_TEST(test_waits)
{
    FILE *meeting = open_pipe("meeting", "w");
    fprintf(meeting, "here\n");
    fflush(meeting);
    for (;;)
        pause();
}
END_TEST

SUITE(waits, 600)
{
    tcase_add_test(tcase, test_waits);
}
