#include "family.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "error.h"

enum {
    AT_ONCE = 4096, /* ledgers or entries looked at in one go */
    MOST = 1 << 20, /* ledgers of one family; more are no accounting but an attack */
};

struct Family {
    gint references;
    int fd;
    gint64 pid;
    RollHeader roll;
    gboolean over;
    guint32 known;      /* ledgers given out that were seen to be */
    guint32 peeked;     /* entries */
    GArray *claimed;    /* guint32: numbers of ledgers that are not filled yet */
    GPtrArray *members; /* Member */
};

static gboolean family_read(const Family *self, void *buffer, gsize size, guint64 offset)
{
    return pread(self->fd, buffer, size, (off_t)offset) == (gssize)size;
}

/* Lie entries and ledgers where the roll says, in a file of this size? They may be larger than is known here.
 */
static gboolean fits_into(const RollHeader *roll, guint64 size)
{
    guint64 entries = (guint64)ROLL_ENTRIES * roll->entry_size, ledgers, end;
    return roll->header_size >= sizeof *roll && roll->entry_size >= sizeof(RollEntry) &&
           roll->ledger_size >= sizeof(LedgerHeader) && roll->entries_at >= roll->header_size &&
           roll->entries_at <= size && entries <= size - roll->entries_at &&
           roll->ledgers_at >= roll->entries_at + entries &&
           !__builtin_mul_overflow(roll->ledger_size, (guint64)roll->room, &ledgers) &&
           !__builtin_add_overflow(roll->ledgers_at, ledgers, &end) && end <= size;
}

static gboolean is_roll(const Family *self)
{
    struct stat info;
    return fstat(self->fd, &info) == 0 && S_ISREG(info.st_mode) && self->roll.magic == ROLL_MAGIC &&
           self->roll.version == LEDGER_VERSION && self->roll.room > 0 && self->roll.room <= ROLL_LEDGERS &&
           fits_into(&self->roll, (guint64)info.st_size);
}

static guint64 ledger_at(const Family *self, guint32 number)
{
    return self->roll.ledgers_at + number * self->roll.ledger_size;
}

Family *family_new(int fd, gint64 pid, GError **error)
{
    Family *self = g_new0(Family, 1);
    self->references = 1;
    self->fd = fd;
    self->pid = pid;
    self->peeked = 1;
    self->claimed = g_array_new(FALSE, FALSE, sizeof(guint32));
    self->members = g_ptr_array_new();
    if (family_read(self, &self->roll, sizeof self->roll, 0) && is_roll(self))
        return self;
    g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_FORMAT,
                "what process %" G_GINT64_FORMAT " sent is no ledger of this version; use libheapgate.so and "
                "heapgate of one build",
                pid);
    family_unref(self);
    return NULL;
}

Family *family_ref(Family *self)
{
    g_atomic_int_inc(&self->references);
    return self;
}

void family_unref(Family *self)
{
    if (!g_atomic_int_dec_and_test(&self->references))
        return;
    for (guint i = 0; i < self->members->len; i++)
        member_free(g_ptr_array_index(self->members, i));
    close(self->fd); /* gives much memory back: the last reference should be a thread's that nobody awaits */
    g_array_unref(self->claimed);
    g_ptr_array_unref(self->members);
    g_free(self);
}

const RollHeader *family_roll(const Family *self)
{
    return &self->roll;
}

GPtrArray *family_members(const Family *self)
{
    return self->members;
}

LedgerFile family_file(const Family *self, guint32 number)
{
    return (LedgerFile){self->fd, ledger_at(self, number)};
}

/* Processes are watched by descriptors as long as there are enough for what matters more. */
static int process_watch(gint64 pid)
{
    struct rlimit limit;
    int pidfd = pid > 0 ? (int)syscall(SYS_pidfd_open, (pid_t)pid, 0) : -1;
    if (pidfd < 0 || getrlimit(RLIMIT_NOFILE, &limit) != 0 || (rlim_t)pidfd < limit.rlim_cur / 2)
        return pidfd;
    close(pidfd);
    return -1;
}

static Member *member_new(Family *self, guint32 number, const LedgerHeader *header)
{
    Member *member = g_new0(Member, 1);
    gboolean same = self->pid > 0 && self->roll.pid == self->pid; /* one namespace */
    member->number = number;
    member->forked = number > 0;
    member->own_pid = header->pid;
    member->started_ns = header->started_ns;
    if (number == 0)
        member->pid = self->pid;
    else if (same && header->forked == LEDGER_FORKED)
        member->pid = header->pid;
    member->pidfd = process_watch(member->pid);
    member->samples = g_array_new(FALSE, FALSE, sizeof(LedgerSample));
    member->started_ms = g_get_monotonic_time() / 1000;
    return member;
}

void member_free(Member *self)
{
    if (self->pidfd >= 0)
        close(self->pidfd);
    g_array_unref(self->samples);
    g_free(self);
}

Member *family_remove(Family *self, guint index)
{
    return g_ptr_array_remove_index(self->members, index);
}

/* TRUE: the ledger has been begun, and its process is a member now. */
static gboolean has_begun(Family *self, guint32 number, FamilyBegun begun, gpointer user_data)
{
    LedgerHeader header;
    if (!family_read(self, &header, offsetof(LedgerHeader, executable), ledger_at(self, number)) ||
        header.started_ns == 0)
        return FALSE;
    Member *member = member_new(self, number, &header);
    g_ptr_array_add(self->members, member);
    begun(self, member, user_data);
    return TRUE;
}

gboolean family_look(Family *self, FamilyBegun begun, gpointer user_data)
{
    guint32 given = 0;
    if (!family_read(self, &given, sizeof given, offsetof(RollHeader, ledgers)))
        return FALSE;
    given = MIN(given, MIN(self->roll.room, MOST));
    for (guint32 i = 0; i < AT_ONCE && self->known < given; i++, self->known++)
        g_array_append_val(self->claimed, self->known);
    guint kept = 0;
    for (guint i = 0; i < self->claimed->len; i++) {
        guint32 number = g_array_index(self->claimed, guint32, i);
        if (i >= AT_ONCE || !has_begun(self, number, begun, user_data))
            g_array_index(self->claimed, guint32, kept++) = number;
    }
    g_array_set_size(self->claimed, kept);
    return self->known < given;
}

gboolean family_has_ended(const Member *member)
{
    struct pollfd end = {.fd = member->pidfd, .events = POLLIN};
    if (member->pidfd >= 0)
        return poll(&end, 1, 0) > 0;
    return member->pid > 0 && kill((pid_t)member->pid, 0) != 0 && errno == ESRCH;
}

gboolean family_is_over(Family *self)
{
    self->over = self->over || fcntl(self->fd, F_ADD_SEALS, F_SEAL_WRITE) == 0;
    return self->over;
}

void family_give_back(Family *self, guint32 number)
{
    fallocate(self->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)ledger_at(self, number),
              (off_t)self->roll.ledger_size);
}

static guint32 count_entries(const Family *self)
{
    guint32 used = 0;
    return family_read(self, &used, sizeof used, offsetof(RollHeader, entries)) ? MIN(used, ROLL_ENTRIES) : 0;
}

static gboolean read_entry(const Family *self, guint32 number, RollEntry *entry)
{
    gboolean read = family_read(self, entry, sizeof *entry,
                                self->roll.entries_at + (guint64)number * self->roll.entry_size);
    entry->path[sizeof entry->path - 1] = '\0';
    return read && entry->kind != ROLL_NOTHING;
}

void family_peek(Family *self, Starts *starts)
{
    RollEntry entry;
    guint32 used = count_entries(self);
    for (guint32 i = 0; i < AT_ONCE && self->peeked < used; i++, self->peeked++)
        if (read_entry(self, self->peeked, &entry))
            starts_peek(starts, self->roll.family, self->peeked, &entry);
}

void family_add_entries(Family *self, Starts *starts)
{
    RollEntry entry;
    RollHeader now;
    guint32 used = count_entries(self);
    for (guint32 i = 1; i < used; i++)
        if (read_entry(self, i, &entry))
            starts_add(starts, self->roll.family, i, &entry);
    if (!family_read(self, &now, sizeof now, 0))
        return;
    starts_add_lost(starts, (guint64)now.full_entries + (now.ledgers > MOST ? now.ledgers - MOST : 0));
}
