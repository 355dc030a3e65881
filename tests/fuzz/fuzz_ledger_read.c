/* The reader of the tracer's own ledgers on any bytes: a header whose directory says anything, and sections
 * behind it. Magic and version are put right, so that what is behind them is tried. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "formats/ledger/ledger_notes.h"
#include "formats/ledger/ledger_sites.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(gboolean holds)
{
    if (!holds)
        abort();
}

static void put(int fd, const void *data, size_t size, size_t at)
{
    check(pwrite(fd, data, size, (off_t)at) == (ssize_t)size);
}

static void use(Ledger *ledger, const GError *error)
{
    check((ledger == NULL) == (error != NULL));
    if (ledger == NULL)
        return;
    g_autoptr(CallSites) sites = call_sites_new();
    for (int number = LEDGER_NUMBER_PEAK; number <= LEDGER_NUMBER_MAPPED_KEPT; number++)
        ledger_add_sites(ledger, (LedgerNumber)number, sites);
    g_autoptr(GPtrArray) notes = ledger_notes(ledger);
    g_autoptr(GByteArray) saved = ledger_save(ledger);
    g_autoptr(Ledger) again = ledger_load((const char *)saved->data, saved->len, "again", NULL);
    check(notes != NULL && again != NULL);
    ledger_free(ledger);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const guint64 magic = LEDGER_MAGIC;
    const guint32 version = LEDGER_VERSION;
    g_autoptr(GError) error = NULL, other = NULL;
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    put(fd, data, size, 0);
    put(fd, &magic, sizeof magic, offsetof(LedgerHeader, magic));
    put(fd, &version, sizeof version, offsetof(LedgerHeader, version));
    use(ledger_read((LedgerFile){fd, 0}, "fuzz", &error), error);
    use(ledger_read_live((LedgerFile){fd, 0}, "fuzz", &other), other);
    close(fd);
    return 0;
}
