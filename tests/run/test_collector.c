/* The collector: descriptors that come over the socket, processes that end, marks from outside. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "formats/made_ledger.h"
#include "runner.h"
#include "run/collector.h"

static int connect_to(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    g_strlcpy(to.sun_path, path, sizeof to.sun_path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

/* Sends a ledger as the tracer does. */
static void send_ledger(int to, int ledger)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
    LedgerHello hello = {LEDGER_MAGIC, (guint32)getpid(), 0};
    struct iovec part = {&hello, sizeof hello};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(rights), &ledger, sizeof ledger);
    ck_assert_int_eq(sendmsg(to, &message, 0), sizeof hello);
}

static Collector *listen_in(const char *folder, char **path)
{
    g_autoptr(GError) error = NULL;
    *path = g_build_filename(folder, "socket", NULL);
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
            made_ledger_init(&made);
            guint32 site = made_ledger_site(&made, made_ledger_node(&made, 0, 0x1010), 0, 0, 0);
            made_ledger_block(&made, 0, 0, 100 * (i + 1), site, 0);
            made_ledger_finish(&made);
            send_ledger(connect_to(path), made.fd);
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
    MadeLedger made;
    made_ledger_init(&made); /* without its header: all zeros */
    send_ledger(to, made.fd);
    ck_assert_uint_eq(collector_finish(collector)->len, 0);
    ck_assert_ptr_nonnull(collector_problem(collector));
    made_ledger_clear(&made);
    close(to);
    runner_remove(folder);
}
END_TEST

START_TEST(test_marks_from_outside_are_those_of_the_tracer)
{
    g_autofree char *folder = runner_temporary(), *path = NULL;
    g_autoptr(Collector) collector = listen_in(folder, &path);
    g_autoptr(GError) error = NULL;
    MadeLedger made;
    made_ledger_init(&made);
    guint32 site = made_ledger_site(&made, made_ledger_node(&made, 0, 0x1010), 64, 0, 0);
    made_ledger_block(&made, 0, 0, 64, site, 0);
    made_ledger_finish(&made);
    int to = connect_to(path);
    send_ledger(to, made.fd);
    ck_assert_msg(collector_send_mark(path, "iteration", &error), "%s", error != NULL ? error->message : "");
    ck_assert(collector_send_mark(path, "end", &error));
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
    made_ledger_clear(&made);
    close(to);
    runner_remove(folder);
}
END_TEST

typedef struct {
    GMutex lock;
    GCond changed;
    gboolean entered, released;
    guint taken;
} Taking;

/* Holds on until it is let go. */
static void take_slowly(Ledger *ledger, gpointer user_data)
{
    Taking *taking = user_data;
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
        made_ledger_init(&made);
        made_ledger_finish(&made);
        send_ledger(connect_to(path), made.fd);
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
    ck_assert_msg(collector_send_mark(path, "end", &error), "%s", error != NULL ? error->message : "");
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
        ck_assert(collector_send_mark(path, "late", NULL));
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
    int to = connect_to(noise->path);
    while (!g_atomic_int_get(&noise->enough))
        ck_assert_int_eq(send(to, "noise", 5, 0), 5);
    close(to);
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
        made_ledger_init(&made);
        made_ledger_finish(&made);
        send_ledger(connect_to(path), made.fd);
        ck_assert_int_eq(write(pipes[1], "", 1), 1);
        pause();
    }
    ck_assert_int_eq(read(pipes[0], &byte, 1), 1);
    ck_assert(collector_send_mark(path, "alive", NULL));
    Noise noise = {path, 0};
    GThread *thread = g_thread_new("noise", make_noise, &noise);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    ck_assert(collector_send_mark(path, "late", NULL));
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
    ck_assert(!collector_send_mark("/nowhere/socket", "end", &error));
    ck_assert_ptr_nonnull(error);
}
END_TEST

SUITE(collector, 20)
{
    tcase_add_test(tcase, test_collector_outlive_the_processes_that_sent_them);
    tcase_add_test(tcase, test_collector_ignore_strangers_and_report_damage);
    tcase_add_test(tcase, test_marks_from_outside_are_those_of_the_tracer);
    tcase_add_test(tcase, test_marks_do_not_wait_for_what_is_done_with_ledgers);
    tcase_add_test(tcase, test_what_ended_before_its_hello_was_read_gets_no_mark);
    tcase_add_test(tcase, test_what_ended_while_messages_came_gets_no_mark);
    tcase_add_test(tcase, test_a_mark_where_nobody_listens_is_an_error);
}
