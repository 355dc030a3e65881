/* The collector: descriptors that come over the socket, processes that end, marks from outside. */
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "formats/made_ledger.h"
#include "instrument/heap_mark.h"
#include "instrument/heap_socket.h"
#include "run/collector.h"
#include "runner.h"
#include "traced.h"

START_TEST(test_collector_outlive_the_processes_that_sent_them)
{
    g_autofree char *folder = runner_temporary(), *path = NULL;
    g_autoptr(Collector) collector = traced_listen(folder, &path);
    for (guint i = 0; i < 3; i++) {
        pid_t child = fork();
        if (child == 0) {
            MadeLedger made;
            made_ledger_init_family(&made);
            guint32 site = made_ledger_site(&made, made_ledger_node(&made, 0, 0x1010), 0, 0, 0);
            made_ledger_block(&made, 0, 0, 100 * (i + 1), site, 0);
            made_ledger_finish(&made);
            traced_send(path, made.fd);
            kill(getpid(), SIGKILL);
        }
        waitpid(child, NULL, 0);
    }
    GPtrArray *all = collector_finish(collector);
    ck_assert_ptr_null(collector_problem(collector));
    ck_assert_uint_eq(all->len, 3);
    for (guint i = 0; i < 3; i++)
        ck_assert_int_eq(((Ledger *)g_ptr_array_index(all, i))->kept_bytes, 100 * (i + 1));
    runner_remove(folder);
}
END_TEST

START_TEST(test_collector_ignore_strangers_and_report_damage)
{
    g_autofree char *folder = runner_temporary(), *path = NULL;
    g_autoptr(Collector) collector = traced_listen(folder, &path);
    int to = traced_connect(path);
    ck_assert_int_eq(send(to, "hello?", 6, 0), 6);
    MadeLedger made, whole;
    made_ledger_init_family(&made); /* without its header: all zeros */
    made_ledger_init_family(&whole);
    made_ledger_finish(&whole);
    traced_send_with(path, whole.fd, "another key");
    traced_send(path, made.fd);
    ck_assert_uint_eq(collector_finish(collector)->len, 0);
    ck_assert_ptr_nonnull(collector_problem(collector));
    made_ledger_clear(&made);
    made_ledger_clear(&whole);
    close(to);
    runner_remove(folder);
}
END_TEST

/* A program of this process. parent: the entry of which family it answers, 0: none; enters: what it becomes
 * in its turn, ROLL_NOTHING: nothing. */
static void send_program(const char *address, guint64 family, guint64 parent, guint32 enters)
{
    MadeLedger made;
    made_ledger_init_family(&made);
    made.roll.family = family;
    made.roll.parent_family = parent;
    made.roll.parent_entry = parent != 0 ? 1 : 0;
    made.roll.pid = made.header.pid = (guint32)getpid();
    if (enters != ROLL_NOTHING) {
        RollEntry entry = {.kind = enters, .pid = (guint32)getpid(), .time_ns = 2, .path = "/bin/another"};
        made.roll.entries = 2;
        ck_assert_int_eq(pwrite(made.fd, &entry, sizeof entry, ROLL_ENTRIES_AT + sizeof entry), sizeof entry);
    }
    made_ledger_finish(&made);
    traced_send(address, made.fd);
    made_ledger_clear(&made);
}

START_TEST(test_programs_of_one_process_are_told_from_those_of_another_with_its_number)
{
    g_autofree char *folder = runner_temporary(), *path = NULL;
    g_autoptr(Collector) collector = traced_listen(folder, &path);
    send_program(path, 10, 0, ROLL_EXEC);
    send_program(path, 11, 10, ROLL_NOTHING);
    send_program(path, 12, 0, ROLL_NOTHING); /* the number came again */
    send_program(path, 13, 99, ROLL_SPAWN);  /* as that of a child whose parent is not known */
    GPtrArray *all = collector_finish(collector);
    guint process[4];
    ck_assert_uint_eq(all->len, 4);
    for (guint i = 0; i < 4; i++)
        process[i] = ((Ledger *)g_ptr_array_index(all, i))->process;
    ck_assert_uint_eq(process[1], process[0]);
    ck_assert_uint_ne(process[2], process[0]);
    ck_assert_uint_ne(process[3], process[0]);
    ck_assert_uint_ne(process[3], process[2]);
    ck_assert_uint_eq(collector_unseen(collector)->len, 1); /* whom the last one spawned */
    runner_remove(folder);
}
END_TEST

/* Nobody has looked for the fork before the program says hello. */
START_TEST(test_a_fork_that_becomes_a_program_comes_before_it)
{
    g_autofree char *folder = runner_temporary(), *path = NULL;
    g_autoptr(Collector) collector = traced_listen(folder, &path);
    MadeLedger made;
    made_ledger_init_family(&made);
    made.roll.family = 10;
    made.roll.room = 2;
    ck_assert_int_eq(ftruncate(made.fd, (off_t)ROLL_LEDGER_AT(2)), 0);
    made_ledger_finish(&made);
    void *held = traced_hold(&made);
    traced_send(path, made.fd);
    ck_assert(heap_mark_send(path, "taken", NULL)); /* the first ledger is known by now */
    LedgerHeader fork = made.header;
    fork.forked = LEDGER_FORKED;
    fork.pid = 4711;
    fork.started_ns = 2;
    RollEntry entry = {.kind = ROLL_EXEC, .pid = 4711, .ledger = 1, .time_ns = 3, .path = "/bin/another"};
    made.roll.ledgers = made.roll.entries = 2;
    ck_assert_int_eq(pwrite(made.fd, &fork, sizeof fork, (off_t)ROLL_LEDGER_AT(1)), sizeof fork);
    ck_assert_int_eq(pwrite(made.fd, &entry, sizeof entry, ROLL_ENTRIES_AT + sizeof entry), sizeof entry);
    ck_assert_int_eq(pwrite(made.fd, &made.roll, sizeof made.roll, 0), sizeof made.roll);
    send_program(path, 11, 10, ROLL_NOTHING);
    GPtrArray *all = collector_finish(collector);
    ck_assert_uint_eq(all->len, 3);
    const Ledger *first = g_ptr_array_index(all, 1), *then = g_ptr_array_index(all, 2);
    ck_assert_uint_eq(first->header.forked, LEDGER_FORKED);
    ck_assert_uint_eq(then->process, first->process);
    munmap(held, 4096);
    made_ledger_clear(&made);
    runner_remove(folder);
}
END_TEST

START_TEST(test_programs_find_the_collector_without_its_folder)
{
    g_autofree char *folder = runner_temporary(), *path = NULL;
    g_autoptr(Collector) collector = traced_listen(folder, &path);
    g_autofree char *file = heap_socket_path(path);
    ck_assert_int_eq(unlink(file), 0);
    MadeLedger made;
    made_ledger_init_family(&made);
    made_ledger_finish(&made);
    traced_send(path, made.fd);
    made_ledger_clear(&made);
    ck_assert_uint_eq(collector_finish(collector)->len, 1);
    ck_assert_ptr_null(collector_problem(collector));
    runner_remove(folder);
}
END_TEST

START_TEST(test_programs_wait_for_no_collector)
{
    enum { PROGRAMS = 500 };
    g_autofree char *folder = runner_temporary(), *path = NULL;
    pid_t parent = getpid();
    pid_t child = fork();
    path = g_strdup_printf("%s/socket#" TRACED_KEY, folder);
    if (child == 0) { /* the collector's process is stopped while all of them send */
        g_autoptr(Collector) collector = collector_new(path, NULL);
        if (collector == NULL)
            _exit(2);
        raise(SIGSTOP);
        GPtrArray *all = collector_finish(collector);
        _exit(all->len == PROGRAMS && collector_problem(collector) == NULL ? 0 : 1);
    }
    ck_assert_int_eq(getpid(), parent);
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, WUNTRACED), child);
    ck_assert(WIFSTOPPED(status));
    for (guint i = 0; i < PROGRAMS; i++) {
        MadeLedger made;
        made_ledger_init_family(&made);
        made_ledger_finish(&made);
        traced_send(path, made.fd);
        made_ledger_clear(&made);
    }
    kill(child, SIGCONT);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    runner_remove(folder);
}
END_TEST

/* A collector that has few descriptors, until the gate closes. */
static int collect_with_few(const char *path, int ready, int gate, guint expected)
{
    const struct rlimit few = {64, 64};
    char byte;
    setrlimit(RLIMIT_NOFILE, &few);
    g_autoptr(Collector) collector = collector_new(path, NULL);
    if (collector == NULL || write(ready, "", 1) != 1 || read(gate, &byte, 1) != 0)
        return 2;
    GPtrArray *all = collector_finish(collector);
    return all->len == expected && collector_problem(collector) == NULL ? 0 : 1;
}

START_TEST(test_few_descriptors_are_enough_for_many_programs)
{
    enum { PROGRAMS = 200 };
    g_autofree char *folder = runner_temporary(), *path = g_strdup_printf("%s/socket#" TRACED_KEY, folder);
    int ready[2], gate[2], status = 0;
    char byte;
    void *held[PROGRAMS];
    ck_assert(pipe(ready) == 0 && pipe(gate) == 0);
    pid_t child = fork();
    if (child == 0) {
        close(gate[1]);
        _exit(collect_with_few(path, ready[1], gate[0], PROGRAMS));
    }
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    for (guint i = 0; i < PROGRAMS; i++) { /* all of them at once */
        MadeLedger made;
        made_ledger_init_family(&made);
        made_ledger_finish(&made);
        held[i] = traced_hold(&made);
        traced_send(path, made.fd);
        made_ledger_clear(&made);
    }
    for (guint i = 0; i < PROGRAMS; i++)
        munmap(held[i], 4096);
    close(gate[1]);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    close(gate[0]);
    close(ready[0]);
    close(ready[1]);
    runner_remove(folder);
}
END_TEST

SUITE(collector, 20)
{
    tcase_add_test(tcase, test_collector_outlive_the_processes_that_sent_them);
    tcase_add_test(tcase, test_collector_ignore_strangers_and_report_damage);
    tcase_add_test(tcase, test_programs_of_one_process_are_told_from_those_of_another_with_its_number);
    tcase_add_test(tcase, test_a_fork_that_becomes_a_program_comes_before_it);
    tcase_add_test(tcase, test_programs_find_the_collector_without_its_folder);
    tcase_add_test(tcase, test_programs_wait_for_no_collector);
    tcase_add_test(tcase, test_few_descriptors_are_enough_for_many_programs);
}
