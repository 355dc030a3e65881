/* The collector: descriptors that come over the socket, processes that end, marks from outside. */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "formats/made_ledger.h"
#include "instrument/heap_mark.h"
#include "instrument/heap_socket.h"
#include "run/collector.h"
#include "guest/ledger_mark.h"
#include "runner.h"

#define KEY "0123456789abcdef"

static int connect_to(const char *address)
{
    int fd = heap_socket_connect(address);
    ck_assert_int_ge(fd, 0);
    return fd;
}

/* Sends a family's file as the tracer does. */
static void send_family_with(const char *address, int file, const char *key)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
    LedgerHello hello = {.magic = LEDGER_MAGIC, .kind = LEDGER_HELLO, .pid = (guint32)getpid()};
    g_strlcpy(hello.key, key, sizeof hello.key);
    struct iovec part = {&hello, sizeof hello};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(rights), &file, sizeof file);
    int to = connect_to(address);
    ck_assert_int_eq(sendmsg(to, &message, 0), sizeof hello);
    close(to);
}

static void send_family(const char *address, int file)
{
    send_family_with(address, file, KEY);
}

/* Somebody who writes into a family: it is not over before that ends. */
static void *hold(const MadeLedger *made)
{
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, made->fd, 0);
    ck_assert_ptr_ne(memory, MAP_FAILED);
    return memory;
}

static Collector *listen_in(const char *folder, char **path)
{
    g_autoptr(GError) error = NULL;
    *path = g_strdup_printf("%s/socket#" KEY, folder);
    Collector *collector = collector_new(*path, &error);
    ck_assert_msg(collector != NULL, "%s", error != NULL ? error->message : "");
    return collector;
}

START_TEST(test_collector_outlive_the_processes_that_sent_them)
{
    g_autofree char *folder = runner_temporary(), *path = NULL;
    g_autoptr(Collector) collector = listen_in(folder, &path);
    for (guint i = 0; i < 3; i++) {
        pid_t child = fork();
        if (child == 0) {
            MadeLedger made;
            made_ledger_init_family(&made);
            guint32 site = made_ledger_site(&made, made_ledger_node(&made, 0, 0x1010), 0, 0, 0);
            made_ledger_block(&made, 0, 0, 100 * (i + 1), site, 0);
            made_ledger_finish(&made);
            send_family(path, made.fd);
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
    g_autoptr(Collector) collector = listen_in(folder, &path);
    int to = connect_to(path);
    ck_assert_int_eq(send(to, "hello?", 6, 0), 6);
    MadeLedger made, whole;
    made_ledger_init_family(&made); /* without its header: all zeros */
    made_ledger_init_family(&whole);
    made_ledger_finish(&whole);
    send_family_with(path, whole.fd, "another key");
    send_family(path, made.fd);
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
    send_family(address, made.fd);
    made_ledger_clear(&made);
}

START_TEST(test_programs_of_one_process_are_told_from_those_of_another_with_its_number)
{
    g_autofree char *folder = runner_temporary(), *path = NULL;
    g_autoptr(Collector) collector = listen_in(folder, &path);
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
    g_autoptr(Collector) collector = listen_in(folder, &path);
    MadeLedger made;
    made_ledger_init_family(&made);
    made.roll.family = 10;
    made.roll.room = 2;
    ck_assert_int_eq(ftruncate(made.fd, (off_t)ROLL_LEDGER_AT(2)), 0);
    made_ledger_finish(&made);
    void *held = hold(&made);
    send_family(path, made.fd);
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
    g_autoptr(Collector) collector = listen_in(folder, &path);
    g_autofree char *file = heap_socket_path(path);
    ck_assert_int_eq(unlink(file), 0);
    MadeLedger made;
    made_ledger_init_family(&made);
    made_ledger_finish(&made);
    send_family(path, made.fd);
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
    path = g_strdup_printf("%s/socket#" KEY, folder);
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
        send_family(path, made.fd);
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
    g_autofree char *folder = runner_temporary(), *path = g_strdup_printf("%s/socket#" KEY, folder);
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
        held[i] = hold(&made);
        send_family(path, made.fd);
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

START_TEST(test_marks_from_outside_are_those_of_the_tracer)
{
    g_autofree char *folder = runner_temporary(), *path = NULL;
    g_autoptr(Collector) collector = listen_in(folder, &path);
    g_autoptr(GError) error = NULL;
    MadeLedger made;
    made_ledger_init_family(&made);
    guint32 site = made_ledger_site(&made, made_ledger_node(&made, 0, 0x1010), 64, 0, 0);
    made_ledger_block(&made, 0, 0, 64, site, 0);
    made_ledger_finish(&made);
    void *held = hold(&made);
    send_family(path, made.fd);
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
        send_family(path, made.fd);
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

START_TEST(test_marks_do_not_wait_for_what_is_done_with_ledgers)
{
    g_autofree char *folder = runner_temporary(), *path = NULL;
    g_autoptr(Collector) collector = listen_in(folder, &path);
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
    g_autoptr(Collector) collector = listen_in(folder, &path);
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
        int to = connect_to(noise->path);
        ck_assert_int_eq(send(to, "noise", 5, 0), 5);
        close(to);
    }
    return NULL;
}

START_TEST(test_what_ended_while_messages_came_gets_no_mark)
{
    g_autofree char *folder = runner_temporary(), *path = NULL;
    g_autoptr(Collector) collector = listen_in(folder, &path);
    int pipes[2];
    char byte;
    ck_assert_int_eq(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0) {
        MadeLedger made;
        made_ledger_init_family(&made);
        made_ledger_finish(&made);
        hold(&made);
        send_family(path, made.fd);
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

SUITE(collector, 20)
{
    tcase_add_test(tcase, test_collector_outlive_the_processes_that_sent_them);
    tcase_add_test(tcase, test_collector_ignore_strangers_and_report_damage);
    tcase_add_test(tcase, test_programs_of_one_process_are_told_from_those_of_another_with_its_number);
    tcase_add_test(tcase, test_a_fork_that_becomes_a_program_comes_before_it);
    tcase_add_test(tcase, test_programs_find_the_collector_without_its_folder);
    tcase_add_test(tcase, test_programs_wait_for_no_collector);
    tcase_add_test(tcase, test_few_descriptors_are_enough_for_many_programs);
    tcase_add_test(tcase, test_marks_from_outside_are_those_of_the_tracer);
    tcase_add_test(tcase, test_marks_from_outside_hold_blocks_and_the_last_end_counts);
    tcase_add_test(tcase, test_no_mark_is_set_in_a_ledger_that_is_laid_out_otherwise);
    tcase_add_test(tcase, test_marks_from_both_sides_at_once_lose_none);
    tcase_add_test(tcase, test_marks_do_not_wait_for_what_is_done_with_ledgers);
    tcase_add_test(tcase, test_what_ended_before_its_hello_was_read_gets_no_mark);
    tcase_add_test(tcase, test_what_ended_while_messages_came_gets_no_mark);
    tcase_add_test(tcase, test_a_mark_where_nobody_listens_is_an_error);
}
