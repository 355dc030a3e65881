/* What a family enters in its roll, and the ledgers of its forks. */
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "ledgers.h"
#include "runner.h"

static const RollEntry *entered_at(const Ledgers *ledgers, guint index)
{
    ck_assert_msg(index < ledgers->entered->len, "%u were entered, status %x", ledgers->entered->len,
                  ledgers->wait_status);
    return &g_array_index(ledgers->entered, Entered, index).entry;
}

static Ledgers *start(const char *way, const char *program)
{
    const char *argv[] = {runner_path("build/tests/guest/starts"), way, program, NULL};
    return ledgers_run(argv, TRUE, 0);
}

static const char *static_child(void)
{
    return runner_path("build/tests/guest/static_child");
}

static const char *const ways[] = {"execv",        "execve",     "execvp",      "execl", "execlp",
                                   "execle",       "fexecve",    "execveat",    "vfork", "posix_spawn",
                                   "posix_spawnp", "raw_execve", "raw_execveat"};

START_TEST(test_a_program_is_entered_before_it_starts)
{
    g_autoptr(Ledgers) ran = start(ways[_i], static_child());
    struct stat info;
    ck_assert_int_eq(ran->wait_status, 0);
    ck_assert_uint_eq(ran->entered->len, 1);
    const RollEntry *entry = entered_at(ran, 0);
    gboolean spawns = g_str_has_prefix(ways[_i], "posix_spawn");
    ck_assert_int_eq(entry->kind, spawns ? ROLL_SPAWN : ROLL_EXEC);
    ck_assert_str_eq(entry->path, static_child());
    ck_assert_int_eq(stat(static_child(), &info), 0);
    ck_assert_uint_eq(entry->file.device, info.st_dev);
    ck_assert_uint_eq(entry->file.inode, info.st_ino);
    gboolean itself = entry->pid == ledgers_at(ran, 0)->header->pid;
    ck_assert_int_eq(itself, strcmp(ways[_i], "vfork") != 0 && !spawns);
    ck_assert_uint_ne(entry->pid, 0);
}
END_TEST

/* The entries that the ledgers answer, which are all of them. */
static void check_answered(const Ledgers *ran)
{
    for (guint i = 0; i < ran->entered->len; i++) {
        const Entered *entered = &g_array_index(ran->entered, Entered, i);
        guint answers = 0;
        for (guint r = 0; r < ran->received->len; r++) {
            const Received *received = ledgers_at(ran, r);
            answers += received->number == 0 && received->parent_family == entered->family &&
                       received->parent_entry == entered->number &&
                       (received->file.inode == entered->entry.file.inode ||
                        received->image.inode == entered->entry.file.inode);
        }
        ck_assert_msg(answers == 1, "%s is answered by %u", entered->entry.path, answers);
    }
}

START_TEST(test_a_program_that_is_seen_answers_its_entry)
{
    for (gsize i = 0; i < G_N_ELEMENTS(ways); i++) {
        g_autoptr(Ledgers) ran = start(ways[i], "/bin/true");
        ck_assert_int_eq(ran->wait_status, 0);
        ck_assert_uint_eq(ran->entered->len, 1);
        ck_assert_uint_eq(ran->received->len, 2);
        check_answered(ran);
    }
}
END_TEST

START_TEST(test_what_the_c_library_starts_by_itself_is_seen)
{
    const char *const those[] = {"system", "popen", "bare_system", "bare_popen"};
    for (gsize i = 0; i < G_N_ELEMENTS(those); i++) {
        g_autoptr(Ledgers) ran = start(those[i], "/bin/true; /bin/true");
        ck_assert_int_eq(ran->wait_status, 0);
        ck_assert_msg(ran->received->len >= 4, "%s: %u ledgers", those[i], ran->received->len);
        ck_assert_uint_eq(ran->entered->len, 3); /* a shell, and what it starts */
        check_answered(ran);
    }
}
END_TEST

START_TEST(test_a_thread_of_the_smallest_stack_starts_programs)
{
    const char *const those[] = {"small_posix_spawn", "small_posix_spawnp", "small_vfork", "small_execve"};
    for (gsize i = 0; i < G_N_ELEMENTS(those); i++) {
        g_autoptr(Ledgers) ran = start(those[i], "/bin/true");
        ck_assert_msg(ran->wait_status == 0, "%s: %x", those[i], ran->wait_status);
        ck_assert_uint_eq(ran->received->len, 2);
        check_answered(ran);
    }
}
END_TEST

START_TEST(test_a_program_is_found_as_the_search_finds_it)
{
    const char *const searches[] = {"execvp", "execlp", "posix_spawnp"};
    for (gsize i = 0; i < G_N_ELEMENTS(searches); i++) {
        g_autoptr(Ledgers) ran = start(searches[i], "true");
        ck_assert_int_eq(ran->wait_status, 0);
        ck_assert(g_str_has_suffix(entered_at(ran, 0)->path, "/true"));
        ck_assert_uint_eq(ran->received->len, 2); /* it says hello, though it allocates nothing */
        check_answered(ran);
    }
}
END_TEST

START_TEST(test_a_program_that_starts_itself_has_its_name)
{
    g_autoptr(Ledgers) ran = start("execv", "/proc/self/exe");
    ck_assert(g_str_has_suffix(entered_at(ran, 0)->path, "/starts"));
    ck_assert_uint_eq(ran->received->len, 2);
    ck_assert_str_eq(ledgers_at(ran, 1)->header->program, "starts");
    check_answered(ran);
}
END_TEST

START_TEST(test_what_a_program_with_its_own_malloc_starts_is_seen)
{
    const char *argv[] = {"own_malloc", "/bin/true", NULL};
    g_autoptr(Ledgers) ran = ledgers_run(argv, TRUE, 0);
    ck_assert_int_eq(ran->wait_status, 0);
    ck_assert_uint_eq(ran->received->len, 2);
    ck_assert_uint_eq(ledgers_at(ran, 0)->header->off_reason, LEDGER_OFF_OWN_MALLOC);
    ck_assert_uint_eq(ledgers_at(ran, 1)->header->off_reason, LEDGER_OFF_NOT);
    check_answered(ran);
}
END_TEST

START_TEST(test_an_exec_that_fails_is_taken_back)
{
    const char *const those[] = {"execv", "execvp", "posix_spawn", "posix_spawnp", "vfork"};
    const char *const programs[] = {"/etc/passwd", "heapgate-no-such-program", "/no/such/program"};
    for (gsize i = 0; i < G_N_ELEMENTS(those) * G_N_ELEMENTS(programs); i++) {
        g_autoptr(Ledgers) ran =
            start(those[i / G_N_ELEMENTS(programs)], programs[i % G_N_ELEMENTS(programs)]);
        ck_assert(WIFEXITED(ran->wait_status));
        ck_assert_uint_eq(ran->received->len, 1);
        ck_assert_uint_eq(ran->entered->len, 0);
    }
}
END_TEST

/* How many processes hold a block of each size, from 1000 on, and nothing but one block. */
static void check_forks(const Ledgers *ran, guint count)
{
    ck_assert_msg(ran->wait_status == 0, "status %x", ran->wait_status);
    ck_assert_uint_eq(ran->received->len, count + 1);
    ck_assert_uint_eq(ran->off->len, 0);
    ck_assert_uint_eq(ran->entered->len, 0);
    for (guint i = 0; i <= count; i++) {
        gboolean found = FALSE;
        for (guint r = 0; r <= count; r++) {
            const Received *received = ledgers_at(ran, r);
            found = found || (received_live_by_sites(received).bytes % 4096 == 1000 + i &&
                              (received->header->forked != 0) == (i > 0));
        }
        ck_assert_msg(found, "nobody holds %u bytes", 1000 + i);
    }
}

static const struct {
    const char *way;
    guint forks;
} forks[] = {{"plain", 3}, {"chain", 5}, {"many", 300}, {"sandbox", 3}};

START_TEST(test_every_fork_has_a_ledger_whatever_it_may_call)
{
    const char *argv[] = {"forks", forks[_i].way, NULL};
    g_autoptr(Ledgers) ran = ledgers_run(argv, TRUE, 0);
    check_forks(ran, forks[_i].forks);
}
END_TEST

START_TEST(test_a_fork_without_address_space_has_a_ledger)
{
    const char *argv[] = {"forks", "memory", NULL};
    g_autoptr(Ledgers) ran = ledgers_run(argv, TRUE, 0);
    ck_assert_int_eq(ran->wait_status, 0);
    ck_assert_uint_eq(ran->received->len + ran->entered->len, 4);
    for (guint i = 0; i < ran->entered->len; i++)
        ck_assert_uint_eq(entered_at(ran, i)->off_reason, LEDGER_OFF_NO_MEMORY);
}
END_TEST

START_TEST(test_a_fork_that_can_have_no_ledger_says_so_in_the_roll)
{
    const char *argv[] = {"forks", "no_mapping", NULL};
    g_autoptr(Ledgers) ran = ledgers_run(argv, TRUE, 0);
    ck_assert_int_eq(ran->wait_status, 0);
    ck_assert_uint_eq(ran->received->len, 1);
    ck_assert_uint_eq(ran->entered->len, 3);
    for (guint i = 0; i < 3; i++) {
        ck_assert_uint_eq(entered_at(ran, i)->kind, ROLL_NO_BOOKS);
        ck_assert_uint_eq(entered_at(ran, i)->off_reason, LEDGER_OFF_NO_MEMORY);
        ck_assert_uint_ne(entered_at(ran, i)->pid, ledgers_at(ran, 0)->header->pid);
        ck_assert(g_str_has_suffix(entered_at(ran, i)->path, "/forks"));
    }
}
END_TEST

START_TEST(test_a_fork_without_a_free_descriptor_has_a_ledger)
{
    const char *argv[] = {runner_path("build/tests/guest/crowded"), "0", NULL};
    g_autoptr(Ledgers) ran = ledgers_run(argv, TRUE, 0);
    ck_assert_int_eq(ran->wait_status, 0);
    ck_assert_uint_eq(ran->entered->len + ran->off->len, 0);
    ck_assert_uint_eq(ran->received->len, 2);
    ck_assert_int_eq(received_live_by_sites(ledgers_at(ran, 1)).bytes, 5000);
}
END_TEST

SUITE(family, 60)
{
    tcase_add_loop_test(tcase, test_a_program_is_entered_before_it_starts, 0, G_N_ELEMENTS(ways));
    tcase_add_test(tcase, test_a_program_that_is_seen_answers_its_entry);
    tcase_add_test(tcase, test_what_the_c_library_starts_by_itself_is_seen);
    tcase_add_test(tcase, test_a_thread_of_the_smallest_stack_starts_programs);
    tcase_add_test(tcase, test_a_program_is_found_as_the_search_finds_it);
    tcase_add_test(tcase, test_a_program_that_starts_itself_has_its_name);
    tcase_add_test(tcase, test_what_a_program_with_its_own_malloc_starts_is_seen);
    tcase_add_test(tcase, test_an_exec_that_fails_is_taken_back);
    tcase_add_loop_test(tcase, test_every_fork_has_a_ledger_whatever_it_may_call, 0, G_N_ELEMENTS(forks));
    tcase_add_test(tcase, test_a_fork_without_address_space_has_a_ledger);
    tcase_add_test(tcase, test_a_fork_that_can_have_no_ledger_says_so_in_the_roll);
    tcase_add_test(tcase, test_a_fork_without_a_free_descriptor_has_a_ledger);
}
