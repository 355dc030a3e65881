/* Marks that the collector sets from outside, in every ledger that it holds. */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "formats/made_ledger.h"
#include "guest/ledger_mark.h"
#include "instrument/heap_mark.h"
#include "run/collector.h"
#include "runner.h"
#include "traced.h"

START_TEST(test_marks_from_outside_are_those_of_the_tracer)
{
    g_autofree char *folder = runner_temporary(), *path = NULL;
    g_autoptr(Collector) collector = traced_listen(folder, &path);
    g_autoptr(GError) error = NULL;
    MadeLedger made;
    made_ledger_init_family(&made);
    guint32 site = made_ledger_site(&made, made_ledger_node(&made, 0, 0x1010), 64, 0, 0);
    made_ledger_block(&made, 0, 0, 64, site, 0);
    made_ledger_finish(&made);
    void *held = traced_hold(&made);
    traced_send(path, made.fd);
    ck_assert_msg(heap_mark_send(path, "iteration", &error), "%s", error != NULL ? error->message : "");
    ck_assert(heap_mark_send(path, "end", &error));
    made_ledger_block(&made, 0, 8, 1000, site, 2); /* after the end: not retained */
    GPtrArray *all = collector_finish(collector);
    ck_assert_uint_eq(all->len, 1);
    const Ledger *ledger = g_ptr_array_index(all, 0);
    ck_assert_uint_eq(ledger->marks->len, 2);
    ck_assert_str_eq(g_array_index(ledger->marks, LedgerMark, 0).name, "iteration");
    ck_assert(ledger->at_end_mark);
    ck_assert_int_eq(ledger->kept_bytes, 64);
    ck_assert_uint_eq(ledger->changes->len, 1);
    ck_assert_int_eq(g_array_index(ledger->changes, LedgerChange, 0).live_bytes, 64);
    munmap(held, 4096);
    made_ledger_clear(&made);
    runner_remove(folder);
}
END_TEST

/* Growth looks at blocks and ages beside bytes, whoever set the mark; and the last "end" counts. */
START_TEST(test_marks_from_outside_hold_blocks_and_the_last_end_counts)
{
    MadeLedger made;
    made_ledger_init(&made);
    guint32 site = made_ledger_site(&made, made_ledger_node(&made, 0, 0x1010), 64, 0, 0);
    made_ledger_block(&made, 0, 0, 64, site, 0);
    made_ledger_finish(&made);
    LedgerFile file = {made.fd, 0};
    ck_assert(ledger_set_mark(file, "end", NULL));
    made_ledger_block(&made, 0, 8, 1000, site, 1);
    ck_assert(ledger_set_mark(file, "end", NULL));
    made_ledger_block(&made, 0, 80, 5000, site, 2);
    g_autoptr(Ledger) ledger = ledger_read(file, "marks", NULL);
    ck_assert_ptr_nonnull(ledger);
    ck_assert(ledger->at_end_mark);
    ck_assert_int_eq(ledger->kept_bytes, 1064);
    ck_assert_int_eq(ledger->kept_blocks, 2);
    const LedgerChange *change = &g_array_index(ledger->changes, LedgerChange, 0);
    ck_assert_uint_eq(change->mark, 1);
    ck_assert_uint_eq(change->live_blocks, 1);
    made_ledger_clear(&made);
}
END_TEST

/* Whoever writes needs to know what it writes over. */
START_TEST(test_no_mark_is_set_in_a_ledger_that_is_laid_out_otherwise)
{
    MadeLedger made;
    made_ledger_init(&made);
    made.header.directory[1].count--;
    made_ledger_finish(&made);
    g_autoptr(GError) error = NULL;
    ck_assert(!ledger_set_mark((LedgerFile){made.fd, 0}, "end", &error));
    ck_assert_str_eq(error->message,
                     "the mark \"end\" cannot be set in a ledger: it is of another version; use "
                     "libheapgate.so and heapgate of one build");
    g_autoptr(Ledger) ledger = ledger_read((LedgerFile){made.fd, 0}, "marks", NULL);
    ck_assert_uint_eq(ledger->marks->len, 0);
    made_ledger_clear(&made);
}
END_TEST

enum { MARKS_EACH = 300 };

/* As the tracer sets its own. */
static gpointer mark_inside(gpointer header)
{
    guint64 iteration;
    for (guint i = 0; i < MARKS_EACH; i++)
        if (ledger_mark_count(header, LEDGER_MARK_NAMED, &iteration)) {
            guint32 number = ledger_mark_set(header, "inside", LEDGER_MARK_NAMED, iteration, 1, NULL);
            ledger_changes_add(header, number);
        }
    return NULL;
}

START_TEST(test_marks_from_both_sides_at_once_lose_none)
{
    MadeLedger made;
    made_ledger_init(&made);
    made_ledger_site(&made, made_ledger_node(&made, 0, 0x1010), 64, 0, 0);
    made_ledger_finish(&made);
    void *books =
        mmap(NULL, LEDGER_FILE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, made.fd, 0);
    ck_assert_ptr_ne(books, MAP_FAILED);
    GThread *inside = g_thread_new("inside", mark_inside, books);
    for (guint i = 0; i < MARKS_EACH; i++)
        ck_assert(ledger_set_mark((LedgerFile){made.fd, 0}, "outside", NULL));
    g_thread_join(inside);
    munmap(books, LEDGER_FILE_SIZE);
    g_autoptr(Ledger) ledger = ledger_read((LedgerFile){made.fd, 0}, "marks", NULL);
    ck_assert_ptr_nonnull(ledger);
    guint names[2] = {0};
    for (guint i = 0; i < ledger->marks->len; i++) {
        const char *name = g_array_index(ledger->marks, LedgerMark, i).name;
        names[0] += strcmp(name, "inside") == 0;
        names[1] += strcmp(name, "outside") == 0;
    }
    ck_assert_uint_eq(names[0], MARKS_EACH);
    ck_assert_uint_eq(names[1], MARKS_EACH);
    ck_assert_uint_eq(ledger->damaged, 0);
    made_ledger_clear(&made);
}
END_TEST

typedef struct {
    GMutex lock;
    GCond changed;
    gboolean entered, released;
    guint taken;
} Taking;

/* Holds on until it is let go. */
static void take_slowly(Ledger *ledger, guint slot, gpointer user_data)
{
    Taking *taking = user_data;
    (void)slot;
    g_mutex_lock(&taking->lock);
    taking->entered = TRUE;
    g_cond_broadcast(&taking->changed);
    while (!taking->released)
        g_cond_wait(&taking->changed, &taking->lock);
    taking->taken++;
    g_mutex_unlock(&taking->lock);
    ledger_free(ledger);
}

/* A process that sends an empty ledger and ends. */
static void run_briefly(const char *path)
{
    pid_t child = fork();
    if (child == 0) {
        MadeLedger made;
        made_ledger_init_family(&made);
        made_ledger_finish(&made);
        traced_send(path, made.fd);
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

START_TEST(test_marks_do_not_wait_for_what_is_done_with_ledgers)
{
    g_autofree char *folder = runner_temporary(), *path = NULL;
    g_autoptr(Collector) collector = traced_listen(folder, &path);
    g_autoptr(GError) error = NULL;
    Taking taking = {0};
    collector_set_take(collector, take_slowly, &taking);
    run_briefly(path);
    g_mutex_lock(&taking.lock);
    while (!taking.entered)
        g_cond_wait(&taking.changed, &taking.lock);
    g_mutex_unlock(&taking.lock);
    ck_assert_msg(heap_mark_send(path, "end", &error), "%s", error != NULL ? error->message : "");
    run_briefly(path);
    g_mutex_lock(&taking.lock);
    taking.released = TRUE;
    g_cond_broadcast(&taking.changed);
    g_mutex_unlock(&taking.lock);
    collector_finish(collector);
    ck_assert_uint_eq(taking.taken, 2);
    runner_remove(folder);
}
END_TEST

START_TEST(test_what_ended_before_its_hello_was_read_gets_no_mark)
{
    enum { ROUNDS = 200 };
    g_autofree char *folder = runner_temporary(), *path = NULL;
    g_autoptr(Collector) collector = traced_listen(folder, &path);
    for (guint i = 0; i < ROUNDS; i++) {
        run_briefly(path);
        ck_assert(heap_mark_send(path, "late", NULL));
    }
    GPtrArray *all = collector_finish(collector);
    ck_assert_uint_eq(all->len, ROUNDS);
    for (guint i = 0; i < ROUNDS; i++)
        ck_assert_uint_eq(((Ledger *)g_ptr_array_index(all, i))->marks->len, 0);
    runner_remove(folder);
}
END_TEST

typedef struct {
    const char *path;
    gint enough;
} Noise;

/* Messages without end: the collector has no time to look for processes that have ended. */
static gpointer make_noise(gpointer data)
{
    Noise *noise = data;
    while (!g_atomic_int_get(&noise->enough)) {
        int to = traced_connect(noise->path);
        ck_assert_int_eq(send(to, "noise", 5, 0), 5);
        close(to);
    }
    return NULL;
}

START_TEST(test_what_ended_while_messages_came_gets_no_mark)
{
    g_autofree char *folder = runner_temporary(), *path = NULL;
    g_autoptr(Collector) collector = traced_listen(folder, &path);
    int pipes[2];
    char byte;
    ck_assert_int_eq(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0) {
        MadeLedger made;
        made_ledger_init_family(&made);
        made_ledger_finish(&made);
        traced_hold(&made);
        traced_send(path, made.fd);
        ck_assert_int_eq(write(pipes[1], "", 1), 1);
        pause();
    }
    ck_assert_int_eq(read(pipes[0], &byte, 1), 1);
    ck_assert(heap_mark_send(path, "alive", NULL));
    Noise noise = {path, 0};
    GThread *thread = g_thread_new("noise", make_noise, &noise);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    ck_assert(heap_mark_send(path, "late", NULL));
    g_atomic_int_set(&noise.enough, 1);
    g_thread_join(thread);
    GPtrArray *all = collector_finish(collector);
    ck_assert_uint_eq(all->len, 1);
    const Ledger *ledger = g_ptr_array_index(all, 0);
    ck_assert_uint_eq(ledger->marks->len, 1);
    ck_assert_str_eq(g_array_index(ledger->marks, LedgerMark, 0).name, "alive");
    close(pipes[0]);
    close(pipes[1]);
    runner_remove(folder);
}
END_TEST

START_TEST(test_a_mark_where_nobody_listens_is_an_error)
{
    g_autoptr(GError) error = NULL;
    ck_assert(!heap_mark_send("/nowhere/socket", "end", &error));
    ck_assert_ptr_nonnull(error);
}
END_TEST

SUITE(collector_mark, 20)
{
    tcase_add_test(tcase, test_marks_from_outside_are_those_of_the_tracer);
    tcase_add_test(tcase, test_marks_from_outside_hold_blocks_and_the_last_end_counts);
    tcase_add_test(tcase, test_no_mark_is_set_in_a_ledger_that_is_laid_out_otherwise);
    tcase_add_test(tcase, test_marks_from_both_sides_at_once_lose_none);
    tcase_add_test(tcase, test_marks_do_not_wait_for_what_is_done_with_ledgers);
    tcase_add_test(tcase, test_what_ended_before_its_hello_was_read_gets_no_mark);
    tcase_add_test(tcase, test_what_ended_while_messages_came_gets_no_mark);
    tcase_add_test(tcase, test_a_mark_where_nobody_listens_is_an_error);
}
