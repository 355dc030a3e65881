/* Marks from outside: the harness holds every ledger and writes into them what the tracer would. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "error.h"
#include "collector.h"
#include "guest/ledger_mark.h"

/* What is there at the mark of this number: of the blocks that live now those that are older. The last "end"
 * counts. */
static gboolean count_end(LedgerFile file, LedgerHeader *header, guint32 number, GError **error)
{
    g_autoptr(Ledger) ledger = ledger_read_live(file, "mark", error);
    LedgerEndRecord *records = (LedgerEndRecord *)((char *)header + LEDGER_END_AT);
    guint32 used = 0;
    if (ledger == NULL)
        return FALSE;
    header->end_live_bytes = header->end_live_blocks = header->end_mapped_bytes = header->end_mappings = 0;
    for (guint i = 0; i < ledger->kept->len; i++) {
        const LedgerEndRecord *record = &g_array_index(ledger->kept, LedgerEndRecord, i);
        if (record->birth >= number)
            continue;
        if (used == LEDGER_END_RECORDS) {
            header->full_end_records++;
            continue;
        }
        records[used++] = *record;
        gboolean mapped =
            g_array_index(ledger->sites, LedgerSiteCounts, record->site).kind == LEDGER_SITE_MAPPED;
        *(mapped ? &header->end_mapped_bytes : &header->end_live_bytes) += record->bytes;
        *(mapped ? &header->end_mappings : &header->end_live_blocks) += record->blocks;
    }
    header->end_records = used;
    __atomic_store_n(&header->end_mark, number, __ATOMIC_RELEASE);
    return TRUE;
}

static gboolean set_mark(LedgerFile file, LedgerHeader *header, const char *name, GError **error)
{
    struct timespec now;
    guint64 iteration;
    LedgerMarkKind kind = ledger_mark_kind(name);
    if (!ledger_mark_count(header, kind, &iteration))
        return TRUE;
    clock_gettime(CLOCK_MONOTONIC, &now);
    guint32 number = ledger_mark_set(header, name, kind, iteration,
                                     (guint64)now.tv_sec * 1000000000 + (guint64)now.tv_nsec, NULL);
    if (number == 0) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN,
                    "the mark \"%s\" cannot be set in a ledger: their table is full", name);
        return FALSE;
    }
    ledger_changes_add(header, number);
    return kind != LEDGER_MARK_END || count_end(file, header, number, error);
}

/* The books, to be written to; NULL with errno. A file that can shrink is not touched: whoever reads memory
 * that is gone is killed. */
static LedgerHeader *map_books(LedgerFile file)
{
    struct stat info;
    if ((fcntl(file.fd, F_ADD_SEALS, F_SEAL_SHRINK) != 0 &&
         (fcntl(file.fd, F_GET_SEALS) & F_SEAL_SHRINK) == 0) ||
        fstat(file.fd, &info) != 0)
        return NULL;
    if ((guint64)info.st_size < LEDGER_FILE_SIZE || file.at > (guint64)info.st_size - LEDGER_FILE_SIZE) {
        errno = ENODATA;
        return NULL;
    }
    void *books = mmap(NULL, LEDGER_FILE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, file.fd,
                       (off_t)file.at);
    return books != MAP_FAILED ? books : NULL;
}

/* Who reads takes the directory's word; who writes needs the very places and sizes. */
static gboolean is_laid_out_as_here(const LedgerHeader *header)
{
    guint32 count;
    const LedgerSection *own = ledger_directory(&count);
    return header->file_size == LEDGER_FILE_SIZE && memcmp(header->directory, own, count * sizeof *own) == 0;
}

gboolean ledger_set_mark(LedgerFile file, const char *name, GError **error)
{
    /* That these are books is looked at before anything is written. */
    g_autoptr(Ledger) ledger = ledger_read_live(file, "mark", error);
    if (ledger == NULL)
        return FALSE;
    LedgerHeader *header = map_books(file);
    if (header == NULL) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN,
                    "the mark \"%s\" cannot be set in a ledger: %s", name, g_strerror(errno));
        return FALSE;
    }
    gboolean set = FALSE;
    if (is_laid_out_as_here(header))
        set = set_mark(file, header, name, error);
    else
        g_set_error(
            error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN,
            "the mark \"%s\" cannot be set in a ledger: it is of another version; use libheapgate.so and "
            "heapgate of one build",
            name);
    munmap(header, LEDGER_FILE_SIZE);
    return set;
}
