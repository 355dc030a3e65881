#include "ledger_audit.h"

#include "model/units.h"

/* In bytes. Of a block what glibc adds to it: its header, rounding to 16, a least size of 32, a rest that is
 * too small to be a chunk. */
enum {
    BLOCK_LEAST = 8,
    BLOCK_MOST = 56,
    MIXED_BLOCK_MOST = 104,                /* Python's debugging puts its marks around it */
    MAPPED_MOST = 2 * 4096,                /* to one that it maps: whole pages, an alignment */
    CACHE_MOST = 7 * 64 * (32 + 1040) / 2, /* what a thread keeps of freed blocks: 7 of each of 64 sizes */
    THREAD_MOST = CACHE_MOST + 8192,       /* with its list of them */
    CERTAIN = 65536,                       /* less may be the loader's and the C library's own */
    MIXED_CERTAIN = 2 << 20,               /* the same of Python's allocator: its map of arenas */
};

/* No figure of a process is larger; so no sum of a few overflows. */
static gint64 held(gint64 bytes)
{
    return CLAMP(bytes, 0, G_GINT64_CONSTANT(1) << 48);
}

/* Which of the blocks that are kept were born after the first audit. */
static void add_new(const Ledger *self, guint mark, gint64 *bytes, gint64 *blocks)
{
    for (guint i = 0; i < self->kept->len; i++) {
        const LedgerEndRecord *record = &g_array_index(self->kept, LedgerEndRecord, i);
        if (record->birth < mark ||
            g_array_index(self->sites, LedgerSiteCounts, record->site).kind != LEDGER_SITE_HEAP)
            continue;
        *bytes += record->bytes;
        *blocks += record->blocks;
    }
}

static gboolean is_of_the_same_instant(const Ledger *self, const LedgerAudit *last)
{
    return self->at_end_mark ? last->mark == self->header.end_mark : last->mark == 0;
}

gint64 ledger_unseen_bytes(const Ledger *self)
{
    const LedgerHeader *header = &self->header;
    const LedgerAudit none = {0}, *last = &header->last_audit;
    const LedgerAudit *first = header->first_audit.made ? &header->first_audit : &none;
    if (!last->made || header->sample_bytes > 0 || (header->forked && !first->made))
        return 0;
    gint64 live = held(last->live_bytes), blocks = held(last->live_blocks), new_bytes = 0, new_blocks = 0;
    if (first->made && is_of_the_same_instant(self, last)) {
        add_new(self, first->mark, &new_bytes, &new_blocks);
        new_bytes += MAX(live - self->kept_bytes, 0);
        new_blocks += MAX(blocks - self->kept_blocks, 0);
    } else {
        new_bytes = live;
        new_blocks = blocks;
    }
    gint64 gained = held(last->allocator_bytes) - held(first->allocator_bytes), seen;
    gboolean mixed = (header->audit_kind & LEDGER_AUDIT_MIXED) != 0;
    if (mixed)
        seen = new_bytes;
    else if ((header->audit_kind & LEDGER_AUDIT_APART) != 0)
        seen = new_blocks = 0;
    else
        seen = live - held(first->live_bytes) -
               BLOCK_LEAST * MAX(held(first->live_blocks) + new_blocks - blocks, 0);
    gint64 threads = MAX(last->threads, 1);
    gint64 doubt = (mixed ? MIXED_BLOCK_MOST : BLOCK_MOST) * held(new_blocks) +
                   MAPPED_MOST * (gint64)last->mapped_blocks +
                   held(held(last->besides_bytes) - held(first->besides_bytes)) + THREAD_MOST * threads +
                   (mixed ? MIXED_CERTAIN : CERTAIN);
    return MAX(gained - seen - doubt, 0);
}

char *ledger_unseen_sentence(const Ledger *self)
{
    gint64 unseen = ledger_unseen_bytes(self);
    if (unseen == 0)
        return NULL;
    g_autofree char *bytes = units_format_bytes(unseen);
    return g_strdup_printf("the C library gave out %s or more that never came past the tracer: by an address "
                           "of malloc that neither the "
                           "linker nor dlsym gave, or to a plug-in without the usual start, loaded with "
                           "RTLD_DEEPBIND; if that does not "
                           "matter, name the program in the scenario: heap: {blind: [NAME]}",
                           bytes);
}
