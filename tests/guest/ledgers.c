#include "ledgers.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runner.h"

static void received_free(gpointer data)
{
    Received *self = data;
    munmap((void *)self->header, LEDGER_FILE_SIZE);
    g_free(self);
}

void ledgers_free(Ledgers *self)
{
    if (self == NULL)
        return;
    g_ptr_array_unref(self->received);
    g_array_unref(self->entered);
    g_array_unref(self->off);
    g_free(self->out);
    g_free(self);
}

static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(fd, 1000), 0);
    return fd;
}

/* The descriptor that a program sent; -1: it said why it sends none, or the connection was closed. */
static int receive(int connection, Ledgers *ledgers)
{
    union {
        char buffer[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    LedgerHello hello;
    int fd = -1;
    struct iovec part = {&hello, sizeof hello};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.buffer,
                             .msg_controllen = sizeof control.buffer};
    if (recvmsg(connection, &message, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof hello)
        return -1;
    ck_assert_uint_eq(hello.magic, LEDGER_MAGIC);
    if (CMSG_FIRSTHDR(&message) != NULL)
        memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
    if (hello.kind == LEDGER_HELLO_OFF)
        g_array_append_val(ledgers->off, hello);
    return fd;
}

/* Takes those who have connected since. */
static void accept_all(int listening, Ledgers *ledgers, GArray *families)
{
    int connection;
    while ((connection = accept4(listening, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        int fd = receive(connection, ledgers);
        if (fd >= 0)
            g_array_append_val(families, fd);
        close(connection);
    }
}

static void add_ledger(Ledgers *ledgers, int fd, const RollHeader *roll, guint32 number)
{
    void *memory = mmap(NULL, LEDGER_FILE_SIZE, PROT_READ, MAP_SHARED | MAP_NORESERVE, fd,
                        (off_t)ROLL_LEDGER_AT(number));
    ck_assert_msg(memory != MAP_FAILED, "%s", g_strerror(errno));
    Received *received = g_new0(Received, 1);
    *received = (Received){memory,     roll->family, number, roll->parent_family, roll->parent_entry,
                           roll->file, roll->image};
    if (received->header->started_ns != 0)
        g_ptr_array_add(ledgers->received, received);
    else
        received_free(received);
}

/* Everything in a family's file; closes it. */
static void add_family(Ledgers *ledgers, int fd)
{
    RollHeader roll;
    ck_assert_int_eq(pread(fd, &roll, sizeof roll, 0), sizeof roll);
    ck_assert_uint_eq(roll.magic, ROLL_MAGIC);
    for (guint32 i = 0; i < roll.ledgers; i++)
        add_ledger(ledgers, fd, &roll, i);
    for (guint32 i = 1; i < roll.entries; i++) {
        Entered entered = {roll.family, i, {0}};
        off_t at = (off_t)(ROLL_ENTRIES_AT + i * sizeof entered.entry);
        ck_assert_int_eq(pread(fd, &entered.entry, sizeof entered.entry, at), sizeof entered.entry);
        if (entered.entry.kind != ROLL_NOTHING)
            g_array_append_val(ledgers->entered, entered);
    }
    close(fd);
}

static gint by_start(gconstpointer a, gconstpointer b)
{
    guint64 one = (*(const Received *const *)a)->header->started_ns,
            two = (*(const Received *const *)b)->header->started_ns;
    return one < two ? -1 : one > two;
}

static char **environment_of(const char *socket, gboolean traced)
{
    char **environment = g_get_environ();
    environment = g_environ_unsetenv(environment, LEDGER_SOCKET_VARIABLE);
    if (!traced)
        return environment;
    environment = g_environ_setenv(environment, "LD_PRELOAD", runner_path("build/libheapgate.so"), TRUE);
    return g_environ_setenv(environment, LEDGER_SOCKET_VARIABLE, socket, TRUE);
}

static pid_t start(const char *const *argv, char **environment, const char *out)
{
    g_autofree char *below = g_build_filename("build/tests/guest", argv[0], NULL);
    const char *program = strchr(argv[0], '/') != NULL ? argv[0] : runner_path(below);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid > 0)
        return pid;
    int fd = open(out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    dup2(fd, STDOUT_FILENO);
    execve(program, (char **)argv, environment);
    _exit(126);
}

/* Until the process is gone; its children may still send. */
static void watch(pid_t pid, int listening, Ledgers *self, GArray *families, gint64 kill_at)
{
    int process = (int)syscall(SYS_pidfd_open, pid, 0);
    ck_assert_int_ge(process, 0);
    struct pollfd both[] = {{listening, POLLIN, 0}, {process, POLLIN, 0}};
    while ((both[1].revents & POLLIN) == 0) {
        gint64 left = kill_at - g_get_monotonic_time();
        struct timespec patience = {left / 1000000, left % 1000000 * 1000};
        if (kill_at != 0 && left <= 0)
            kill(pid, SIGKILL), kill_at = 0;
        else
            ppoll(both, 2, kill_at != 0 ? &patience : NULL, NULL);
        accept_all(listening, self, families);
    }
    waitpid(pid, &self->wait_status, 0);
    accept_all(listening, self, families);
    close(process);
}

Ledgers *ledgers_run(const char *const *argv, gboolean traced, gint64 kill_after_us)
{
    Ledgers *self = g_new0(Ledgers, 1);
    self->received = g_ptr_array_new_with_free_func(received_free);
    self->entered = g_array_new(FALSE, FALSE, sizeof(Entered));
    self->off = g_array_new(FALSE, FALSE, sizeof(LedgerHello));
    g_autoptr(GArray) families = g_array_new(FALSE, FALSE, sizeof(int));
    g_autofree char *folder = runner_temporary();
    g_autofree char *socket = g_build_filename(folder, "socket", NULL);
    g_autofree char *out = g_build_filename(folder, "out", NULL);
    g_auto(GStrv) environment = environment_of(socket, traced);
    int listening = listen_at(socket);
    pid_t pid = start(argv, environment, out);
    watch(pid, listening, self, families, kill_after_us != 0 ? g_get_monotonic_time() + kill_after_us : 0);
    close(listening);
    for (guint i = 0; i < families->len; i++)
        add_family(self, g_array_index(families, int, i));
    g_ptr_array_sort(self->received, by_start);
    g_file_get_contents(out, &self->out, NULL, NULL);
    runner_remove(folder);
    return self;
}

const Received *ledgers_at(const Ledgers *self, guint index)
{
    ck_assert_msg(index < self->received->len, "%u ledgers came, status %x, %s", self->received->len,
                  self->wait_status, self->out);
    return self->received->pdata[index];
}

static const void *section(const Received *self, guint64 at)
{
    return (const char *)self->header + at;
}

const LedgerSite *received_sites(const Received *self)
{
    return section(self, LEDGER_SITES_AT);
}

const LedgerNode *received_nodes(const Received *self)
{
    return section(self, LEDGER_NODES_AT);
}

const LedgerMark *received_marks(const Received *self)
{
    return section(self, LEDGER_MARKS_AT);
}

const LedgerModule *received_modules(const Received *self)
{
    return section(self, LEDGER_MODULES_AT);
}

const LedgerEndRecord *received_end_records(const Received *self)
{
    return section(self, LEDGER_END_AT);
}

static gboolean is_mapped(const Received *self, guint32 site)
{
    return received_sites(self)[site].kind == LEDGER_SITE_MAPPED;
}

static Sum live_by_sites(const Received *self, gboolean mapped)
{
    Sum sum = {0};
    for (guint i = 1; i < self->header->sites; i++) {
        if (is_mapped(self, i) != mapped)
            continue;
        sum.bytes += received_sites(self)[i].live_bytes;
        sum.blocks += received_sites(self)[i].live_blocks;
    }
    return sum;
}

Sum received_live_by_sites(const Received *self)
{
    return live_by_sites(self, FALSE);
}

Sum received_mapped_by_sites(const Received *self)
{
    return live_by_sites(self, TRUE);
}

static void add_pages(const LedgerPage *words, guint count, guint level, Sum *sum)
{
    for (guint i = 0; i < count; i++)
        if (LEDGER_PAGE_STATE(words[i]) == LEDGER_PAGE_HELD) {
            sum->bytes += (gint64)ledger_page_bytes(level);
            sum->blocks += (words[i] & LEDGER_PAGE_FIRST) != 0;
        }
}

Sum received_mapped_by_pages(const Received *self)
{
    Sum sum = {0};
    const guint8 *levels = section(self, LEDGER_PAGE_LEVELS_AT);
    const LedgerPage *tables = section(self, LEDGER_PAGE_TABLES_AT);
    add_pages(section(self, LEDGER_PAGES_AT), LEDGER_PAGE_GIB, 0, &sum);
    for (guint i = 0; i < self->header->page_tables; i++)
        if (levels[i] != 0)
            add_pages(&tables[i * LEDGER_PAGE_WORDS], LEDGER_PAGE_WORDS, levels[i], &sum);
    return sum;
}

Sum received_live_by_records(const Received *self)
{
    Sum sum = {0};
    const LedgerRecord *records = section(self, LEDGER_SHADOW_AT);
    for (guint64 i = 0; i < self->header->chunks * LEDGER_CHUNK_RECORDS; i++) {
        if (ledger_record_site(records[i]) == 0 || ledger_record_site(records[i]) == LEDGER_OWN_SITE)
            continue;
        ck_assert_uint_lt(ledger_record_site(records[i]), self->header->sites);
        sum.bytes +=
            (gint64)ledger_weight(ledger_record_size(&records[i], records[i]), self->header->sample_bytes);
        sum.blocks++;
    }
    return sum;
}

GArray *received_blocks(const Received *self)
{
    GArray *blocks = g_array_new(FALSE, FALSE, sizeof(ReceivedBlock));
    const LedgerRecord *records = section(self, LEDGER_SHADOW_AT);
    for (guint64 i = 0; i < self->header->chunks * LEDGER_CHUNK_RECORDS; i++) {
        ReceivedBlock block = {ledger_record_site(records[i]), ledger_record_size(&records[i], records[i])};
        if (block.site != 0 && block.site != LEDGER_OWN_SITE)
            g_array_append_val(blocks, block);
    }
    return blocks;
}

static Sum end_sum(const Received *self, gboolean mapped)
{
    Sum sum = {0};
    for (guint i = 0; i < self->header->end_records; i++) {
        if (is_mapped(self, received_end_records(self)[i].site) != mapped)
            continue;
        sum.bytes += received_end_records(self)[i].bytes;
        sum.blocks += received_end_records(self)[i].blocks;
    }
    return sum;
}

Sum received_end_sum(const Received *self)
{
    return end_sum(self, FALSE);
}

Sum received_mapped_end_sum(const Received *self)
{
    return end_sum(self, TRUE);
}

static gint64 peak_by_sites(const Received *self, gboolean mapped, guint64 peak_number)
{
    gint64 bytes = 0;
    for (guint i = 1; i < self->header->sites; i++) {
        const LedgerSite *site = &received_sites(self)[i];
        if (is_mapped(self, i) == mapped)
            bytes += site->peak_number == peak_number ? site->peak_bytes : site->live_bytes;
    }
    return bytes;
}

gint64 received_peak_by_sites(const Received *self)
{
    return peak_by_sites(self, FALSE, self->header->peak_number);
}

gint64 received_mapped_peak_by_sites(const Received *self)
{
    return peak_by_sites(self, TRUE, self->header->peak_mapped_number);
}

guint64 received_allocations(const Received *self)
{
    guint64 blocks = 0;
    for (guint i = 1; i < self->header->sites; i++)
        if (!is_mapped(self, i))
            blocks += received_sites(self)[i].total_blocks;
    return blocks;
}

Sum received_live_between(const Received *self, guint64 start, guint64 end)
{
    Sum sum = {0};
    for (guint i = 2; i < self->header->sites; i++) {
        const LedgerSite *site = &received_sites(self)[i];
        guint64 address = received_nodes(self)[site->node].address;
        if (address < start || address >= end || is_mapped(self, i))
            continue;
        sum.bytes += site->live_bytes;
        sum.blocks += site->live_blocks;
    }
    return sum;
}

void received_check_books(const Received *self, gint64 in_flight)
{
    Sum sites = received_live_by_sites(self), records = received_live_by_records(self);
    ck_assert_int_eq(sites.bytes, self->header->live_bytes);
    ck_assert_int_eq(records.bytes, sites.bytes);
    ck_assert_int_eq(records.blocks, sites.blocks);
    ck_assert_int_le(ABS(received_peak_by_sites(self) - self->header->peak_bytes), in_flight);
    ck_assert_uint_eq(self->header->header_size, sizeof(LedgerHeader));
    ck_assert_uint_ne(self->header->pid, 0);
}
