#include "collector.h"

#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "descriptor_limit.h"
#include "error.h"
#include "family.h"
#include "instrument/heap_mark.h"
#include "ledger_reader.h"
#include "listener.h"
#include "origin.h"
#include "sampler.h"

enum { TICK_MS = 50 };

struct Collector {
    Listener *listener;
    int wake;
    GThread *thread;
    GPtrArray *families; /* Family, those that are not over */
    GArray *origins;     /* Origin, by slot: in the order in which they came */
    GArray *processes;   /* guint, by slot: which had it; NULL until all have come */
    Sampler *sampler;
    Starts *starts;
    guint lost; /* ledgers whose descriptors were lost on the way */
    char *problem;
    LedgerReader *reader; /* of processes that are gone */
};

static gint64 now_ms(void)
{
    return g_get_monotonic_time() / 1000;
}

static guint add_slot(Collector *self, Origin origin)
{
    g_array_append_val(self->origins, origin);
    return self->origins->len - 1;
}

/* The process is gone. */
static void end_member(Collector *self, Family *family, guint index)
{
    ledger_reader_read(self->reader, family, family_remove(family, index));
}

static void begin_member(Family *family, Member *member, gpointer user_data)
{
    Collector *self = user_data;
    const RollHeader *roll = family_roll(family);
    const Origin origin = {roll->family,        member->number, roll->parent_entry,
                           roll->parent_family, member->pid,    member->own_pid};
    member->slot = add_slot(self, origin);
    starts_begun(self->starts, (guint32)member->own_pid, member->started_ns);
}

static void end_members(Collector *self, Family *family)
{
    while (family_look(family, begin_member, self))
        continue;
    while (family_members(family)->len > 0)
        end_member(self, family, family_members(family)->len - 1);
    family_add_entries(family, self->starts);
}

/* Looks at one family: who has begun, who has ended. TRUE: it is over. */
static gboolean visit(Collector *self, Family *family)
{
    gboolean over = family_is_over(family); /* before looking: what was done before is seen */
    family_look(family, begin_member, self);
    for (guint i = family_members(family)->len; i-- > 0;)
        if (family_has_ended(g_ptr_array_index(family_members(family), i)))
            end_member(self, family, i);
    if (over)
        end_members(self, family);
    return over;
}

static void visit_all(Collector *self)
{
    for (guint i = self->families->len; i-- > 0;) {
        Family *family = g_ptr_array_index(self->families, i);
        if (visit(self, family)) {
            g_ptr_array_remove_index(self->families, i);
            ledger_reader_release(self->reader, family);
        }
    }
}

/* A process that begins a new program has ended the one before, though forks may go on with it. */
static void end_process(Collector *self, gint64 pid)
{
    for (guint f = 0; f < self->families->len; f++) {
        Family *family = g_ptr_array_index(self->families, f);
        for (guint i = family_members(family)->len; i-- > 0;)
            if (((Member *)g_ptr_array_index(family_members(family), i))->pid == pid)
                end_member(self, family, i);
    }
}

/* A fork that has become a program comes before it, though nobody has looked since it began. */
static void look_at_parent(Collector *self, guint64 parent)
{
    for (guint f = 0; f < self->families->len; f++) {
        Family *family = g_ptr_array_index(self->families, f);
        while (family_roll(family)->family == parent && family_look(family, begin_member, self))
            continue;
    }
}

static void take_family(Collector *self, int fd, gint64 pid)
{
    g_autoptr(GError) error = NULL;
    Family *family = family_new(fd, pid, &error);
    if (family == NULL) {
        if (self->problem == NULL)
            self->problem = g_strdup(error->message);
        return;
    }
    const RollHeader *roll = family_roll(family);
    look_at_parent(self, roll->parent_family);
    if (pid > 0)
        end_process(self, pid);
    starts_answer(self->starts, roll->parent_family, roll->parent_entry, &roll->file, &roll->image);
    family_look(family, begin_member, self);
    g_ptr_array_add(self->families, family);
}

/* There is a process that has no books: a ledger that only says why. */
static void take_off(Collector *self, LedgerHello *hello, gint64 pid)
{
    Ledger *ledger = ledger_new();
    LedgerHeader *header = &ledger->header;
    hello->program[sizeof hello->program - 1] = '\0';
    header->pid = pid > 0 ? (guint32)pid : hello->pid;
    header->off_reason = hello->off_reason;
    g_strlcpy(header->executable, hello->program, sizeof header->executable);
    g_autofree char *base = g_path_get_basename(header->executable);
    header->command_size = (guint32)g_strlcpy(header->command, base, sizeof header->command) + 1;
    starts_answer(self->starts, hello->parent_family, hello->parent_entry, NULL, NULL);
    ledger_reader_put(self->reader, ledger, add_slot(self, (Origin){.pid = pid}));
}

static void take_hello(Collector *self, Message *message, gint64 pid)
{
    LedgerHello hello;
    memcpy(&hello, message->bytes, sizeof hello);
    if (hello.magic != LEDGER_MAGIC || !listener_knows(self->listener, hello.key, sizeof hello.key))
        return;
    if (hello.kind == LEDGER_HELLO_OFF) {
        take_off(self, &hello, pid);
    } else if (message->lost) {
        self->lost++;
        starts_answer(self->starts, hello.parent_family, hello.parent_entry, NULL, NULL);
    } else if (message->fd >= 0) {
        take_family(self, message->fd, pid);
        message->fd = -1;
    }
}

static void take_mark(Collector *self, const Message *message, int connection)
{
    HeapMark mark;
    memcpy(&mark, message->bytes, sizeof mark);
    if (mark.magic != HEAP_MARK_MAGIC || !listener_knows(self->listener, mark.key, sizeof mark.key))
        return;
    mark.name[sizeof mark.name - 1] = '\0';
    visit_all(self); /* what has ended since gets no mark any more, what has begun does */
    for (guint f = 0; f < self->families->len; f++) {
        Family *family = g_ptr_array_index(self->families, f);
        for (guint i = 0; i < family_members(family)->len; i++) {
            const Member *member = g_ptr_array_index(family_members(family), i);
            g_autoptr(GError) error = NULL;
            if (!ledger_set_mark(family_file(family, member->number), mark.name, &error) &&
                self->problem == NULL)
                self->problem = g_strdup(error->message);
        }
    }
    /* Whoever waits for this may be gone: then nobody misses it. */
    send(connection, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void take_message(Message *message, gint64 pid, int connection, gpointer user_data)
{
    if (message->length == sizeof(LedgerHello))
        take_hello(user_data, message, pid);
    else if (message->length == sizeof(HeapMark))
        take_mark(user_data, message, connection);
}

static void tick(Collector *self)
{
    for (guint f = 0; f < self->families->len; f++)
        family_peek(g_ptr_array_index(self->families, f), self->starts);
    visit_all(self);
    sampler_sample(self->sampler, self->families);
}

static void add_poll(GArray *polls, int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};
    g_array_append_val(polls, one);
}

/* Waits for packets, ends of processes or the next tick. FALSE once it is to end. */
static gboolean wait_for_news(Collector *self, int timeout_ms)
{
    g_autoptr(GArray) polls = g_array_new(FALSE, FALSE, sizeof(struct pollfd));
    add_poll(polls, self->wake);
    for (guint f = 0; f < self->families->len; f++) {
        GPtrArray *members = family_members(g_ptr_array_index(self->families, f));
        for (guint i = 0; i < members->len; i++)
            if (((Member *)g_ptr_array_index(members, i))->pidfd >= 0)
                add_poll(polls, ((Member *)g_ptr_array_index(members, i))->pidfd);
    }
    guint ends = polls->len;
    listener_add_polls(self->listener, polls);
    if (poll((struct pollfd *)polls->data, polls->len, timeout_ms) <= 0)
        return TRUE;
    gboolean ended = FALSE;
    for (guint i = 1; i < ends; i++)
        ended = ended || g_array_index(polls, struct pollfd, i).revents != 0;
    if (ended)
        visit_all(self);
    listener_take(self->listener, take_message, self);
    return g_array_index(polls, struct pollfd, 0).revents == 0;
}

/* Lets go of all of them, and returns once that is done: their descriptors are free for those that wait. */
static void release_families(Collector *self)
{
    while (self->families->len > 0) {
        Family *family = g_ptr_array_remove_index(self->families, 0);
        end_members(self, family);
        ledger_reader_release(self->reader, family);
    }
    ledger_reader_wait(self->reader);
}

static gpointer collect(gpointer data)
{
    Collector *self = data;
    gint64 next = now_ms();
    for (gboolean going = TRUE; going;) {
        gint64 now = now_ms();
        if (now >= next) {
            tick(self);
            next = now + TICK_MS;
        }
        going = wait_for_news(self, self->families->len > 0 ? (int)MAX(next - now, 1) : -1);
    }
    do
        release_families(self);
    while (listener_take(self->listener, take_message, self) || self->families->len > 0);
    return NULL;
}

Collector *collector_new(const char *address, GError **error)
{
    g_autoptr(Collector) self = g_new0(Collector, 1);
    self->wake = eventfd(0, EFD_CLOEXEC);
    self->families = g_ptr_array_new();
    self->origins = g_array_new(FALSE, FALSE, sizeof(Origin));
    self->sampler = sampler_new();
    self->starts = starts_new();
    self->reader = ledger_reader_new();
    descriptor_limit_raise();
    self->listener = listener_new(address, error);
    if (self->listener == NULL)
        return NULL;
    self->thread = g_thread_new("ledgers", collect, self);
    return g_steal_pointer(&self);
}

void collector_set_take(Collector *self, CollectorTake take, gpointer user_data)
{
    ledger_reader_set_take(self->reader, take, user_data);
}

void collector_set_killed(Collector *self, const gint32 *pids, guint count)
{
    for (guint i = 0; i < count; i++)
        starts_add_killed(self->starts, (guint32)pids[i]);
}

static void stop(Collector *self)
{
    const guint64 one = 1;
    if (self->thread != NULL && write(self->wake, &one, sizeof one) == sizeof one)
        g_thread_join(g_steal_pointer(&self->thread));
    ledger_reader_stop(self->reader);
}

static void set_problem(Collector *self)
{
    if (self->lost > 0) {
        g_free(self->problem);
        self->problem = g_strdup_printf(
            "those of %u programs were lost, for heapgate had no file descriptor left to take "
            "them by; raise its limit (ulimit -n)",
            self->lost);
    } else if (self->problem == NULL) {
        self->problem = g_strdup(ledger_reader_problem(self->reader));
    }
}

guint collector_process(const Collector *self, guint slot)
{
    return g_array_index(self->processes, guint, slot);
}

/* ledgers: those that are kept, by slot. */
static void set_processes(Collector *self, GPtrArray *ledgers)
{
    self->processes = origins_processes(self->origins, self->starts);
    for (guint slot = 0; slot < ledgers->len; slot++) {
        Ledger *ledger = g_ptr_array_index(ledgers, slot);
        if (ledger != NULL)
            ledger->process = collector_process(self, slot);
    }
}

GPtrArray *collector_finish(Collector *self)
{
    stop(self);
    set_problem(self);
    GPtrArray *ledgers = ledger_reader_ledgers(self->reader);
    set_processes(self, ledgers);
    for (guint i = ledgers->len; i-- > 0;)
        if (g_ptr_array_index(ledgers, i) == NULL)
            g_ptr_array_remove_index(ledgers, i);
    return ledgers;
}

const GArray *collector_samples(const Collector *self)
{
    return sampler_samples(self->sampler);
}

const GPtrArray *collector_unseen(const Collector *self)
{
    return starts_missing(self->starts);
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
    listener_free(self->listener);
    if (self->wake >= 0)
        close(self->wake);
    ledger_reader_free(self->reader);
    g_ptr_array_unref(self->families);
    g_array_unref(self->origins);
    if (self->processes != NULL)
        g_array_unref(self->processes);
    starts_free(self->starts);
    sampler_free(self->sampler);
    g_free(self->problem);
    g_free(self);
}
