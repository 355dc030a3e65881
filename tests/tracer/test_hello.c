/* What the guest tells its harness besides its books: programs that are started, and why there are no books.
 */
#include <string.h>
#include <sys/wait.h>

#include "ledgers.h"
#include "runner.h"

static const Told *told_at(const Ledgers *ledgers, guint index)
{
    ck_assert_msg(index < ledgers->told->len, "%u were told, status %x", ledgers->told->len,
                  ledgers->wait_status);
    return g_ptr_array_index(ledgers->told, index);
}

static Ledgers *start(const char *way, const char *program)
{
    const char *argv[] = {runner_path("build/tests/tracer/starts"), way, program, NULL};
    return ledgers_run(argv, TRUE, 0);
}

static const char *static_child(void)
{
    return runner_path("build/tests/tracer/static_child");
}

static const char *const ways[] = {"execv",  "execve",  "execvp",   "execl", "execlp",
                                   "execle", "fexecve", "execveat", "vfork"};

START_TEST(test_a_program_that_a_process_becomes_is_told_before)
{
    g_autoptr(Ledgers) ran = start(ways[_i], static_child());
    ck_assert_int_eq(ran->wait_status, 0);
    ck_assert_uint_eq(ran->told->len, 1);
    ck_assert_int_eq(told_at(ran, 0)->hello.kind, LEDGER_HELLO_EXEC);
    ck_assert_str_eq(told_at(ran, 0)->program, static_child());
    gboolean itself = told_at(ran, 0)->hello.pid == ledgers_at(ran, 0)->hello.pid;
    ck_assert_int_eq(itself, strcmp(ways[_i], "vfork") != 0);
}
END_TEST

START_TEST(test_a_program_that_is_spawned_is_told_with_its_process)
{
    const char *const spawns[] = {"posix_spawn", "posix_spawnp"};
    for (gsize i = 0; i < G_N_ELEMENTS(spawns); i++) {
        g_autoptr(Ledgers) ran = start(spawns[i], static_child());
        ck_assert_int_eq(ran->wait_status, 0);
        ck_assert_uint_eq(ran->told->len, 1);
        ck_assert_int_eq(told_at(ran, 0)->hello.kind, LEDGER_HELLO_SPAWN);
        ck_assert_str_eq(told_at(ran, 0)->program, static_child());
        ck_assert_uint_ne(told_at(ran, 0)->hello.pid, ledgers_at(ran, 0)->hello.pid);
    }
}
END_TEST

START_TEST(test_a_program_is_found_as_the_search_finds_it)
{
    const char *const searches[] = {"execvp", "execlp", "posix_spawnp"};
    g_autofree char *found = g_find_program_in_path("true");
    g_autofree char *real = g_canonicalize_filename(found, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(searches); i++) {
        g_autoptr(Ledgers) ran = start(searches[i], "true");
        ck_assert_int_eq(ran->wait_status, 0);
        ck_assert_msg(g_str_has_suffix(told_at(ran, 0)->program, "/true"), "%s, not %s",
                      told_at(ran, 0)->program, real);
        ck_assert_uint_eq(ran->received->len, 2); /* it says hello, though it allocates nothing */
    }
}
END_TEST

START_TEST(test_an_exec_that_fails_is_taken_back)
{
    g_autoptr(Ledgers) ran = start("execv", "/etc/passwd");
    ck_assert_int_eq(WEXITSTATUS(ran->wait_status), 126);
    ck_assert_uint_eq(ran->told->len, 2);
    ck_assert_int_eq(told_at(ran, 0)->hello.kind, LEDGER_HELLO_EXEC);
    ck_assert_int_eq(told_at(ran, 1)->hello.kind, LEDGER_HELLO_STAYS);
    ck_assert_uint_eq(told_at(ran, 1)->hello.pid, ledgers_at(ran, 0)->hello.pid);
    g_autoptr(Ledgers) missing = start("execvp", "heapgate-no-such-program");
    ck_assert_uint_eq(missing->told->len, 0);
    g_autoptr(Ledgers) spawned = start("posix_spawn", "/etc/passwd");
    ck_assert_uint_eq(spawned->told->len, 0);
}
END_TEST

START_TEST(test_a_process_without_a_free_descriptor_says_so)
{
    const char *spare[] = {"0", "1"};
    for (gsize i = 0; i < G_N_ELEMENTS(spare); i++) {
        const char *argv[] = {runner_path("build/tests/tracer/crowded"), spare[i], NULL};
        g_autoptr(Ledgers) ran = ledgers_run(argv, TRUE, 0);
        ck_assert_msg(ran->wait_status == 0, "%s free: status %x", spare[i], ran->wait_status);
        ck_assert_uint_eq(ran->received->len, 1);
        ck_assert_uint_eq(ran->told->len, 1);
        const LedgerHello *hello = &told_at(ran, 0)->hello;
        ck_assert_int_eq(hello->kind, LEDGER_HELLO_OFF);
        ck_assert_int_eq(hello->off_reason, LEDGER_OFF_NO_DESCRIPTOR);
        ck_assert_uint_eq(hello->forked, 1);
        ck_assert_uint_ne(hello->pid, ledgers_at(ran, 0)->hello.pid);
    }
}
END_TEST

START_TEST(test_two_free_descriptors_are_enough_for_a_ledger)
{
    const char *argv[] = {runner_path("build/tests/tracer/crowded"), "2", NULL};
    g_autoptr(Ledgers) ran = ledgers_run(argv, TRUE, 0);
    ck_assert_int_eq(ran->wait_status, 0);
    ck_assert_uint_eq(ran->told->len, 0);
    ck_assert_uint_eq(ran->received->len, 2);
    ck_assert_int_eq(received_live_by_sites(ledgers_at(ran, 1)).bytes, 5000);
}
END_TEST

SUITE(hello, 30)
{
    tcase_add_loop_test(tcase, test_a_program_that_a_process_becomes_is_told_before, 0, G_N_ELEMENTS(ways));
    tcase_add_test(tcase, test_a_program_that_is_spawned_is_told_with_its_process);
    tcase_add_test(tcase, test_a_program_is_found_as_the_search_finds_it);
    tcase_add_test(tcase, test_an_exec_that_fails_is_taken_back);
    tcase_add_test(tcase, test_a_process_without_a_free_descriptor_says_so);
    tcase_add_test(tcase, test_two_free_descriptors_are_enough_for_a_ledger);
}
