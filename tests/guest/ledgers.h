/* A harness of a test's own: runs a program under libheapgate.so and looks at the ledgers that come of it. */
#ifndef HEAPGATE_TESTS_GUEST_LEDGERS_H
#define HEAPGATE_TESTS_GUEST_LEDGERS_H

#include <glib.h>

#include "guest/roll.h"

/* One process and program; mapped read-only. */
typedef struct {
    const LedgerHeader *header;
    guint64 family;
    guint32 number;
    guint64 parent_family; /* which entry the family answers */
    guint32 parent_entry;
    RollFile file, image;
} Received;

/* What stands in a roll in the end. */
typedef struct {
    guint64 family;
    guint32 number;
    RollEntry entry;
} Entered;

typedef struct {
    GPtrArray *received; /* of Received, in the order in which they began */
    GArray *entered;     /* of Entered, family by family, but for what was taken back */
    GArray *off;         /* of LedgerHello: those without a ledger */
    int wait_status;
    char *out; /* what it wrote to its standard output */
} Ledgers;

typedef struct {
    gint64 bytes, blocks;
} Sum;

/* Runs argv (argv[0] below build/tests/guest/ unless it has a slash) to its end, or kills it after
 * kill_after_us. traced: FALSE runs it alone. (transfer full). */
Ledgers *ledgers_run(const char *const *argv, gboolean traced, gint64 kill_after_us);
void ledgers_free(Ledgers *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Ledgers, ledgers_free)

const Received *ledgers_at(const Ledgers *self, guint index);

const LedgerSite *received_sites(const Received *self);
const LedgerNode *received_nodes(const Received *self);
const LedgerMark *received_marks(const Received *self);
const LedgerEndRecord *received_end_records(const Received *self);
const LedgerModule *received_modules(const Received *self);

/* What is live: by the header, by the sites, by the records of the blocks, by the end records. */
Sum received_live_by_sites(const Received *self);
Sum received_live_by_records(const Received *self);
/* Every block that lives: ReceivedBlock; (transfer full). */
typedef struct {
    guint32 site;
    guint64 size;
} ReceivedBlock;
GArray *received_blocks(const Received *self);
Sum received_end_sum(const Received *self);
/* At the peak, by the O(1) rule; and what one site had then. */
gint64 received_peak_by_sites(const Received *self);
/* The same of what it maps itself: by the sites, the pages, the end records; blocks are mappings. */
Sum received_mapped_by_sites(const Received *self);
Sum received_mapped_by_pages(const Received *self);
Sum received_mapped_end_sum(const Received *self);
gint64 received_mapped_peak_by_sites(const Received *self);
guint64 received_allocations(const Received *self);
/* Live, of sites whose innermost frame lies in this range of addresses. */
Sum received_live_between(const Received *self, guint64 start, guint64 end);
/* The test fails unless all sums agree with each other, the peak's within what other threads could have in
 * flight when it was reached. in_flight: bytes, 0 for a process of one thread. */
void received_check_books(const Received *self, gint64 in_flight);

#endif
