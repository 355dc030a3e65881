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

static void told_free(gpointer data)
{
    g_free(((Told *)data)->program);
    g_free(data);
}

static void add_told(Ledgers *ledgers, const LedgerHello *hello, int fd)
{
    Told *told = g_new(Told, 1);
    g_autofree char *link = g_strdup_printf("/proc/self/fd/%d", fd);
    *told = (Told){*hello, fd >= 0 ? g_file_read_link(link, NULL) : NULL};
    g_ptr_array_add(ledgers->told, told);
    if (fd >= 0)
        close(fd);
}

void ledgers_free(Ledgers *self)
{
    if (self == NULL)
        return;
    g_ptr_array_unref(self->received);
    g_ptr_array_unref(self->told);
    g_free(self->out);
    g_free(self);
}

static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* Takes one message from the socket; FALSE: there is none. */
static gboolean receive(int listening, Ledgers *ledgers)
{
    union {
        char buffer[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    LedgerHello hello;
    struct iovec part = {&hello, sizeof hello};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.buffer,
                             .msg_controllen = sizeof control.buffer};
    if (recvmsg(listening, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != (ssize_t)sizeof hello)
        return FALSE;
    ck_assert_uint_eq(hello.magic, LEDGER_MAGIC);
    int fd = -1;
    if (CMSG_FIRSTHDR(&message) != NULL)
        memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
    if (hello.kind != LEDGER_HELLO) {
        add_told(ledgers, &hello, fd);
        return TRUE;
    }
    void *memory = mmap(NULL, LEDGER_FILE_SIZE, PROT_READ, MAP_SHARED | MAP_NORESERVE, fd, 0);
    ck_assert_msg(memory != MAP_FAILED, "%s", g_strerror(errno));
    close(fd);
    Received *received = g_new(Received, 1);
    *received = (Received){hello, memory};
    g_ptr_array_add(ledgers->received, received);
    return TRUE;
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
    g_autofree char *below = g_build_filename("build/tests/tracer", argv[0], NULL);
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
static void watch(pid_t pid, int listening, Ledgers *self, gint64 kill_at)
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
        while (receive(listening, self))
            continue;
    }
    waitpid(pid, &self->wait_status, 0);
    while (receive(listening, self))
        continue;
    close(process);
}

Ledgers *ledgers_run(const char *const *argv, gboolean traced, gint64 kill_after_us)
{
    Ledgers *self = g_new0(Ledgers, 1);
    self->received = g_ptr_array_new_with_free_func(received_free);
    self->told = g_ptr_array_new_with_free_func(told_free);
    g_autofree char *folder = runner_temporary();
    g_autofree char *socket = g_build_filename(folder, "socket", NULL);
    g_autofree char *out = g_build_filename(folder, "out", NULL);
    g_auto(GStrv) environment = environment_of(socket, traced);
    int listening = listen_at(socket);
    pid_t pid = start(argv, environment, out);
    watch(pid, listening, self, kill_after_us != 0 ? g_get_monotonic_time() + kill_after_us : 0);
    close(listening);
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
