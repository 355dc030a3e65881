#include "collector.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "collector_message.h"
#include "error.h"
#include "expected.h"

enum { TICK_MS = 50 };

/* One process and program that runs, or ran until just now. */
typedef struct {
    int fd;
    int pidfd; /* -1 where the process cannot be watched */
    gint64 pid;
    guint slot; /* in the list of ledgers */
    GArray *samples;
    guint stride;
    guint64 ticks;
    gint64 started_ms;
} Held;

struct Collector {
    char *path;
    int socket, wake;
    GThread *thread;
    GPtrArray *held;    /* Held */
    GPtrArray *ledgers; /* Ledger, NULL where it is still held or cannot be read */
    GArray *samples;
    guint stride;
    guint64 ticks;
    gint64 started_ms;
    char *problem;
    Expected *expected;  /* programs that have not said hello yet */
    GThreadPool *taking; /* of one thread; NULL: ledgers are kept */
    CollectorTake take;
    gpointer take_data;
};

static gint64 now_ms(void)
{
    return g_get_monotonic_time() / 1000;
}

static gpointer close_descriptor(gpointer data)
{
    close(GPOINTER_TO_INT(data));
    return NULL;
}

/* The last descriptor gives the ledger's memory back, which takes long where there is much of it: nobody is
 * to wait. */
static void held_free(gpointer data)
{
    Held *held = data;
    g_thread_unref(g_thread_new("close", close_descriptor, GINT_TO_POINTER(held->fd)));
    if (held->pidfd >= 0)
        close(held->pidfd);
    g_array_unref(held->samples);
    g_free(held);
}

static void ledger_free_any(gpointer data)
{
    ledger_free(data);
}

/* A place in the order in which they came. */
static guint add_slot(Collector *self)
{
    g_ptr_array_add(self->ledgers, NULL);
    return self->ledgers->len - 1;
}

static void deliver(Collector *self, Ledger *ledger, guint slot)
{
    if (self->taking != NULL)
        g_thread_pool_push(self->taking, ledger, NULL);
    else
        g_ptr_array_index(self->ledgers, slot) = ledger;
}

/* The process is gone: its books are read and its memory given back. */
static void settle(Collector *self, guint index)
{
    Held *held = g_ptr_array_index(self->held, index);
    g_autofree char *name = g_strdup_printf("the ledger of process %" G_GINT64_FORMAT, held->pid);
    g_autoptr(GError) error = NULL;
    Ledger *ledger = ledger_read((LedgerFile){held->fd, 0}, name, &error);
    if (ledger == NULL) {
        if (self->problem == NULL)
            self->problem = g_strdup(error->message);
    } else {
        ledger->header.pid = (guint32)held->pid; /* its own word is that of its own namespace */
        g_array_append_vals(ledger->samples, held->samples->data, held->samples->len);
        deliver(self, ledger, held->slot);
    }
    g_ptr_array_remove_index(self->held, index);
}

/* A process that begins a new program has ended the one before. */
static void settle_process(Collector *self, gint64 pid)
{
    for (guint i = self->held->len; i-- > 0;)
        if (((Held *)g_ptr_array_index(self->held, i))->pid == pid)
            settle(self, i);
}

static void hold(Collector *self, int fd, gint64 pid)
{
    settle_process(self, pid);
    Held *held = g_new0(Held, 1);
    held->fd = fd;
    held->pidfd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
    gboolean gone = held->pidfd < 0 && errno == ESRCH;
    held->pid = pid;
    held->slot = add_slot(self);
    held->samples = g_array_new(FALSE, FALSE, sizeof(LedgerSample));
    held->started_ms = now_ms();
    g_ptr_array_add(self->held, held);
    if (gone) /* it ended while its hello was on the way */
        settle(self, self->held->len - 1);
}

/* There is a process that has no books: a ledger that only says why. */
static void take_off(Collector *self, const LedgerHello *hello)
{
    settle_process(self, hello->pid);
    Ledger *ledger = ledger_new();
    LedgerHeader *header = &ledger->header;
    header->pid = hello->pid;
    header->forked = hello->forked;
    header->off_reason = hello->off_reason;
    g_autofree char *exe = g_strdup_printf("/proc/%u/exe", hello->pid);
    g_autofree char *program = g_file_read_link(exe, NULL);
    g_strlcpy(header->executable, program != NULL ? program : "", sizeof header->executable);
    g_autofree char *base = g_path_get_basename(header->executable);
    header->command_size = (guint32)g_strlcpy(header->command, base, sizeof header->command) + 1;
    deliver(self, ledger, add_slot(self));
}

static void take_hello(Collector *self, Message *message)
{
    LedgerHello hello;
    if (message->length != sizeof hello)
        return;
    memcpy(&hello, message->bytes, sizeof hello);
    gboolean carries = message->n_fds > 0;
    if (hello.magic != LEDGER_MAGIC)
        return;
    if (!hello.forked && (hello.kind == LEDGER_HELLO || hello.kind == LEDGER_HELLO_OFF))
        expected_greeted(self->expected, hello.pid);
    if (hello.kind == LEDGER_HELLO && carries) {
        hold(self, message->fds[0], message->pid > 0 ? message->pid : hello.pid);
        message->fds[0] = message->fds[--message->n_fds];
    } else if (hello.kind == LEDGER_HELLO_OFF) {
        take_off(self, &hello);
    } else if (hello.kind == LEDGER_HELLO_EXEC && carries) {
        expected_exec(self->expected, hello.pid, message->fds[0]);
    } else if (hello.kind == LEDGER_HELLO_SPAWN && carries) {
        expected_spawn(self->expected, hello.pid, message->fds[0]);
    } else if (hello.kind == LEDGER_HELLO_STAYS) {
        expected_stays(self->expected, hello.pid);
    }
}

/* What has ended since it was last looked gets no mark any more. */
static void settle_ended(Collector *self)
{
    for (guint i = self->held->len; i-- > 0;) {
        struct pollfd end = {.fd = ((Held *)g_ptr_array_index(self->held, i))->pidfd, .events = POLLIN};
        if (end.fd >= 0 && poll(&end, 1, 0) > 0)
            settle(self, i);
    }
}

static void take_mark(Collector *self, const Message *message)
{
    CollectorMark mark;
    if (message->length != sizeof mark)
        return;
    memcpy(&mark, message->bytes, sizeof mark);
    if (mark.magic != COLLECTOR_MARK_MAGIC)
        return;
    mark.name[sizeof mark.name - 1] = '\0';
    settle_ended(self);
    for (guint i = 0; i < self->held->len; i++) {
        g_autoptr(GError) error = NULL;
        LedgerFile file = {((Held *)g_ptr_array_index(self->held, i))->fd, 0};
        if (!ledger_set_mark(file, mark.name, &error) && self->problem == NULL)
            self->problem = g_strdup(error->message);
    }
    /* Whoever waits for this may be gone: then nobody misses it. */
    sendto(self->socket, "", 1, MSG_DONTWAIT, (const struct sockaddr *)&message->sender,
           message->sender_length);
}

static void take_messages(Collector *self)
{
    Message message;
    while (message_receive(&message, self->socket)) {
        take_hello(self, &message);
        take_mark(self, &message);
        message_clear(&message);
    }
}

/* Resident memory; 0 where the process is gone. */
static gint64 rss_of(gint64 pid)
{
    char path[64], text[128];
    g_snprintf(path, sizeof path, "/proc/%" G_GINT64_FORMAT "/statm", pid);
    FILE *file = fopen(path, "re");
    gint64 size = 0, resident = 0;
    gboolean read = file != NULL && fgets(text, sizeof text, file) != NULL &&
                    sscanf(text, "%" G_GINT64_FORMAT " %" G_GINT64_FORMAT, &size, &resident) == 2;
    if (file != NULL)
        fclose(file);
    return read ? resident * sysconf(_SC_PAGESIZE) : 0;
}

static void sample(Collector *self)
{
    LedgerSample all = {.time_ms = now_ms() - self->started_ms};
    for (guint i = 0; i < self->held->len; i++) {
        Held *held = g_ptr_array_index(self->held, i);
        gint64 live = 0;
        if (pread(held->fd, &live, sizeof live, offsetof(LedgerHeader, live_bytes)) != sizeof live)
            continue;
        LedgerSample one = {now_ms() - held->started_ms, live, rss_of(held->pid)};
        ledger_samples_add(held->samples, &held->stride, held->ticks++, &one);
        all.heap_bytes += CLAMP(one.heap_bytes, 0, G_MAXINT64 >> 16);
        all.rss_bytes += one.rss_bytes;
    }
    if (self->held->len > 0)
        ledger_samples_add(self->samples, &self->stride, self->ticks++, &all);
}

/* Waits for messages, ends of processes or the next tick. FALSE once it is to end. */
static gboolean wait_for_news(Collector *self, int timeout_ms)
{
    guint count = self->held->len + 2;
    g_autofree struct pollfd *news = g_new0(struct pollfd, count);
    news[0] = (struct pollfd){.fd = self->socket, .events = POLLIN};
    news[1] = (struct pollfd){.fd = self->wake, .events = POLLIN};
    for (guint i = 0; i + 2 < count; i++)
        news[i + 2] =
            (struct pollfd){.fd = ((Held *)g_ptr_array_index(self->held, i))->pidfd, .events = POLLIN};
    if (poll(news, count, timeout_ms) <= 0)
        return TRUE;
    for (guint i = count; i-- > 2;)
        if (news[i].revents != 0)
            settle(self, i - 2);
    if (news[0].revents != 0)
        take_messages(self);
    return news[1].revents == 0;
}

static gpointer collect(gpointer data)
{
    Collector *self = data;
    gint64 next = now_ms();
    for (gboolean going = TRUE; going;) {
        gint64 now = now_ms();
        if (now >= next) {
            sample(self);
            next = now + TICK_MS;
        }
        going = wait_for_news(self, self->held->len > 0 ? (int)MAX(next - now, 1) : -1);
    }
    take_messages(self);
    while (self->held->len > 0)
        settle(self, 0);
    return NULL;
}

/* Each process holds one descriptor here, and one to watch it by. */
static void allow_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = MIN(limit.rlim_max, 65536);
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static gboolean listen_at(Collector *self, GError **error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int on = 1;
    if (g_strlcpy(address.sun_path, self->path, sizeof address.sun_path) >= sizeof address.sun_path) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN,
                    "%s is too long for the address of a socket", self->path);
        return FALSE;
    }
    self->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    self->wake = eventfd(0, EFD_CLOEXEC);
    if (self->socket >= 0 && self->wake >= 0 &&
        bind(self->socket, (const struct sockaddr *)&address, sizeof address) == 0 &&
        setsockopt(self->socket, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0)
        return TRUE;
    g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN, "the tracer cannot be listened to at %s: %s",
                self->path, g_strerror(errno));
    return FALSE;
}

Collector *collector_new(const char *path, GError **error)
{
    g_autoptr(Collector) self = g_new0(Collector, 1);
    self->path = g_strdup(path);
    self->socket = self->wake = -1;
    self->held = g_ptr_array_new_with_free_func(held_free);
    self->ledgers = g_ptr_array_new_with_free_func(ledger_free_any);
    self->samples = g_array_new(FALSE, FALSE, sizeof(LedgerSample));
    self->expected = expected_new();
    self->started_ms = now_ms();
    allow_descriptors();
    if (!listen_at(self, error))
        return NULL;
    self->thread = g_thread_new("ledgers", collect, self);
    return g_steal_pointer(&self);
}

static void take_one(gpointer ledger, gpointer data)
{
    Collector *self = data;
    self->take(ledger, self->take_data);
}

void collector_set_take(Collector *self, CollectorTake take, gpointer user_data)
{
    self->take = take;
    self->take_data = user_data;
    self->taking = g_thread_pool_new(take_one, self, 1, TRUE, NULL);
}

static void stop(Collector *self)
{
    const guint64 one = 1;
    if (self->thread == NULL)
        return;
    if (write(self->wake, &one, sizeof one) == sizeof one)
        g_thread_join(g_steal_pointer(&self->thread));
    if (self->taking != NULL)
        g_thread_pool_free(g_steal_pointer(&self->taking), FALSE, TRUE);
}

GPtrArray *collector_finish(Collector *self)
{
    stop(self);
    for (guint i = self->ledgers->len; i-- > 0;)
        if (g_ptr_array_index(self->ledgers, i) == NULL)
            g_ptr_array_remove_index(self->ledgers, i);
    return self->ledgers;
}

const GArray *collector_samples(const Collector *self)
{
    return self->samples;
}

const GPtrArray *collector_unseen(const Collector *self)
{
    return expected_missing(self->expected);
}

const char *collector_problem(const Collector *self)
{
    return self->problem;
}

void collector_free(Collector *self)
{
    if (self == NULL)
        return;
    stop(self);
    if (self->socket >= 0) {
        close(self->socket);
        unlink(self->path);
    }
    if (self->wake >= 0)
        close(self->wake);
    g_ptr_array_unref(self->held);
    g_ptr_array_unref(self->ledgers);
    expected_free(self->expected);
    g_array_unref(self->samples);
    g_free(self->problem);
    g_free(self->path);
    g_free(self);
}
