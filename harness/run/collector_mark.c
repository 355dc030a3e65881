/* Marks from outside: the harness holds every ledger and writes into them what the tracer would. */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "error.h"
#include "collector.h"
#include "listener.h"

enum { ANSWER_SECONDS = 30 };

static gboolean put(LedgerFile file, const void *data, gsize size, guint64 offset)
{
    return size == 0 || pwrite(file.fd, data, size, (off_t)(file.at + offset)) == (gssize)size;
}

#define PUT(file, value, member) put(file, &(value), sizeof(value), offsetof(LedgerHeader, member))

/* What sites hold now where it is not what they held at the mark before. */
static gboolean put_changes(LedgerFile file, const Ledger *ledger, guint32 number)
{
    g_autofree gint64 *held = g_new0(gint64, ledger->sites->len + 1);
    for (guint i = 0; i < ledger->changes->len; i++) {
        const LedgerChange *change = &g_array_index(ledger->changes, LedgerChange, i);
        held[change->site] = change->live_bytes;
    }
    guint32 used = ledger->changes->len;
    guint64 lost = ledger->header.full_changes;
    for (guint i = 1; i < ledger->sites->len; i++) {
        gint64 live = g_array_index(ledger->sites, LedgerSiteCounts, i).live_bytes;
        LedgerChange change = {number, i, live};
        if (live == held[i])
            continue;
        if (used == LEDGER_CHANGES) {
            lost++;
            continue;
        }
        guint64 site = LEDGER_SITES_AT + (guint64)i * sizeof(LedgerSite);
        if (!put(file, &change, sizeof change, LEDGER_CHANGES_AT + (guint64)used++ * sizeof change) ||
            !put(file, &live, sizeof live, site + offsetof(LedgerSite, marked_bytes)))
            return FALSE;
    }
    return PUT(file, used, changes) && (lost == ledger->header.full_changes || PUT(file, lost, full_changes));
}

static gboolean put_end(LedgerFile file, const Ledger *ledger, guint32 number)
{
    guint32 count = MIN(ledger->kept->len, LEDGER_END_RECORDS);
    guint64 lost = ledger->header.full_end_records + ledger->kept->len - count;
    return (lost == ledger->header.full_end_records || PUT(file, lost, full_end_records)) &&
           put(file, ledger->kept->data, (gsize)count * sizeof(LedgerEndRecord), LEDGER_END_AT) &&
           PUT(file, count, end_records) && PUT(file, ledger->kept_bytes, end_live_bytes) &&
           PUT(file, ledger->kept_blocks, end_live_blocks) &&
           PUT(file, ledger->kept_mapped_bytes, end_mapped_bytes) &&
           PUT(file, ledger->kept_mappings, end_mappings) && PUT(file, number, end_mark);
}

gboolean ledger_set_mark(LedgerFile file, const char *name, GError **error)
{
    g_autoptr(Ledger) ledger = ledger_read_counts(file, "mark", error);
    struct timespec now;
    if (ledger == NULL)
        return FALSE;
    clock_gettime(CLOCK_MONOTONIC, &now);
    LedgerMark mark = {(guint64)now.tv_sec * 1000000000 + (guint64)now.tv_nsec, ledger->header.live_bytes, 0,
                       "", 0};
    g_strlcpy(mark.name, name, sizeof mark.name);
    guint32 number = ledger->marks->len + 1;
    gboolean end = strcmp(name, "end") == 0;
    if (strcmp(name, "iteration") == 0) {
        mark.iteration = ledger->header.iterations + 1;
        if (!PUT(file, mark.iteration, iterations) || !ledger_iteration_has_record(mark.iteration))
            return TRUE;
    }
    guint32 room = end ? LEDGER_MARKS : LEDGER_MARKS - LEDGER_END_MARKS;
    /* The number last: from then on blocks are born behind the mark. */
    gboolean set = number <= room &&
                   put(file, &mark, sizeof mark, LEDGER_MARKS_AT + (guint64)(number - 1) * sizeof mark) &&
                   put_changes(file, ledger, number) && PUT(file, number, marks) &&
                   (!end || ledger->at_end_mark || put_end(file, ledger, number));
    if (!set)
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN,
                    "the mark \"%s\" cannot be set in a ledger: %s", name,
                    number > room ? "their table is full" : g_strerror(errno));
    return set;
}

/* Sends and waits for the answer; errno says what went wrong. */
static gboolean exchange(int fd, const CollectorMark *mark)
{
    const struct timeval patience = {.tv_sec = ANSWER_SECONDS};
    char answer;
    return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0 &&
           send(fd, mark, sizeof *mark, MSG_NOSIGNAL) == sizeof *mark && recv(fd, &answer, 1, 0) == 1;
}

gboolean collector_send_mark(const char *address, const char *name, GError **error)
{
    CollectorMark mark = {.magic = COLLECTOR_MARK_MAGIC};
    g_strlcpy(mark.key, listener_key(address), sizeof mark.key);
    g_strlcpy(mark.name, name, sizeof mark.name);
    int fd = listener_connect(address);
    gboolean answered = fd >= 0 && exchange(fd, &mark);
    if (!answered)
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN, "mark: heapgate does not answer at %s: %s",
                    address, g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return answered;
}
