/* The reader of saved ledgers on any bytes, as they are and as the columns that packed ledgers are made of.
 * The checksum is put right, so that what is behind it is tried too; what is accepted is used as every user
 * of a ledger uses it, saved and packed, and read as the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "formats/ledger/ledger_columns.h"
#include "formats/ledger/ledger_notes.h"
#include "formats/ledger/ledger_pack.h"
#include "formats/ledger/ledger_saved.h"
#include "formats/ledger/ledger_sites.h"
#include "formats/packed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(gboolean holds)
{
    if (!holds)
        abort();
}

static void use(const Ledger *ledger)
{
    g_autoptr(CallSites) sites = call_sites_new(), growing = call_sites_new(), doubtful = call_sites_new();
    for (int number = LEDGER_NUMBER_PEAK; number <= LEDGER_NUMBER_MAPPED_KEPT; number++)
        ledger_add_sites(ledger, (LedgerNumber)number, sites);
    Growth growth = {growing, doubtful, 0, 0};
    ledger_growth(ledger, LEDGER_SITE_HEAP, 1, &growth);
    ledger_growth(ledger, LEDGER_SITE_MAPPED, 1, &growth);
    g_autofree char *command = ledger_command(ledger), *program = ledger_program(ledger);
    g_autoptr(GPtrArray) notes = ledger_notes(ledger);
    check(command != NULL && program != NULL && notes != NULL);
}

static void put_checksum(uint8_t *bytes, size_t size)
{
    SavedHead head;
    LedgerSection sections[SAVED_MOST_SECTIONS];
    if (size < sizeof head)
        return;
    memcpy(&head, bytes, sizeof head);
    if (head.sections > SAVED_MOST_SECTIONS || size - sizeof head < head.sections * sizeof *sections)
        return;
    memcpy(sections, bytes + sizeof head, head.sections * sizeof *sections);
    head.checksum = saved_checksum(&head, sections);
    memcpy(bytes, &head, sizeof head);
}

static void check_same(const GByteArray *saved, const Ledger *ledger)
{
    g_autoptr(GByteArray) again = ledger_save(ledger);
    check(again->len == saved->len && memcmp(again->data, saved->data, saved->len) == 0);
}

static void load(const uint8_t *data, size_t size)
{
    g_autofree uint8_t *bytes = g_memdup2(data, size > 0 ? size : 1);
    put_checksum(bytes, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(Ledger) ledger = ledger_load((const char *)bytes, size, "fuzz", &error);
    check((ledger == NULL) == (error != NULL));
    if (ledger == NULL)
        return;
    use(ledger);
    g_autoptr(GByteArray) saved = ledger_save(ledger), packed = ledger_pack(saved);
    g_autoptr(Ledger) plain = ledger_load((const char *)saved->data, saved->len, "again", NULL);
    g_autoptr(GByteArray) unpacked =
        ledger_unpack((const char *)packed->data, packed->len, PACKED_MOST_BYTES, "packed", NULL);
    check(plain != NULL && plain->kept_bytes == ledger->kept_bytes);
    check(unpacked != NULL && unpacked->len == saved->len);
    check(memcmp(unpacked->data, saved->data, saved->len) == 0);
    check_same(saved, plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GByteArray) saved = ledger_from_columns(data, size);
    load(data, size);
    if (saved != NULL)
        load(saved->data, saved->len);
    return 0;
}
