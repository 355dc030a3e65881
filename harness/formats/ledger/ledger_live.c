#include "ledger_live.h"

enum { FIRST_SLOTS = 1 << 10 };

struct LedgerLive {
    GArray *kept;
    GArray *last;   /* guint32 by site, as far as sites were seen: index + 1 of the entry last added to */
    guint32 *slots; /* index + 1 into kept by hash of site and birth, open addressing; 0: free */
    guint32 mask;
    guint64 sample_bytes;
};

LedgerLive *ledger_live_new(GArray *kept, guint64 sample_bytes)
{
    LedgerLive *self = g_new0(LedgerLive, 1);
    self->kept = kept;
    self->sample_bytes = sample_bytes;
    self->last = g_array_new(FALSE, TRUE, sizeof(guint32));
    self->mask = FIRST_SLOTS - 1;
    self->slots = g_new0(guint32, FIRST_SLOTS);
    return self;
}

void ledger_live_free(LedgerLive *self)
{
    g_array_unref(self->last);
    g_free(self->slots);
    g_free(self);
}

static LedgerEndRecord *live_entry(const LedgerLive *self, guint32 index)
{
    return &g_array_index(self->kept, LedgerEndRecord, index);
}

/* Where the entry of this site and birth stands, or would. */
static guint32 *live_slot(const LedgerLive *self, guint32 site, guint32 birth)
{
    guint64 key = (guint64)site << 32 | birth;
    guint32 slot = (guint32)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) & self->mask;
    for (; self->slots[slot] != 0; slot = (slot + 1) & self->mask) {
        const LedgerEndRecord *entry = live_entry(self, self->slots[slot] - 1);
        if (entry->site == site && entry->birth == birth)
            break;
    }
    return &self->slots[slot];
}

/* At most half of the slots are taken. */
static void live_make_room(LedgerLive *self)
{
    if (2 * (guint64)self->kept->len < self->mask)
        return;
    self->mask = 2 * self->mask + 1;
    g_free(self->slots);
    self->slots = g_new0(guint32, (gsize)self->mask + 1);
    for (guint32 i = 0; i < self->kept->len; i++)
        *live_slot(self, live_entry(self, i)->site, live_entry(self, i)->birth) = i + 1;
}

static guint32 live_find_or_add(LedgerLive *self, guint32 site, guint32 birth)
{
    guint32 *slot = live_slot(self, site, birth);
    if (*slot != 0)
        return *slot;
    LedgerEndRecord fresh = {.site = site, .birth = birth};
    g_array_append_val(self->kept, fresh);
    *slot = self->kept->len;
    live_make_room(self);
    return self->kept->len;
}

static LedgerEndRecord *entry_of(LedgerLive *self, guint32 site, guint32 birth)
{
    if (site >= self->last->len)
        g_array_set_size(self->last, site + 1); /* a site has LEDGER_SITE_BITS bits */
    guint32 *last = &g_array_index(self->last, guint32, site);
    if (*last == 0 || live_entry(self, *last - 1)->birth != birth)
        *last = live_find_or_add(self, site, birth);
    return live_entry(self, *last - 1);
}

guint64 ledger_live_add(LedgerLive *self, const LedgerRecord *records, gsize count)
{
    guint64 damaged = 0;
    for (gsize i = 0; i < count; i++) {
        guint32 site = ledger_record_site(records[i]);
        if (site == 0 || site == LEDGER_OWN_SITE)
            continue;
        guint64 size = ledger_record_size(&records[i], records[i]);
        if (size >> LEDGER_ADDRESS_BITS != 0) {
            damaged++;
            continue;
        }
        LedgerEndRecord *entry = entry_of(self, site, ledger_record_birth(records[i]));
        if (entry->bytes < G_MAXINT64 / 2)
            entry->bytes += (gint64)ledger_weight(size, self->sample_bytes);
        entry->blocks++;
    }
    return damaged;
}

guint64 ledger_live_add_pages(LedgerLive *self, const LedgerPage *words, gsize count, guint level)
{
    guint64 damaged = 0;
    for (gsize i = 0; i < count; i++) {
        guint32 site = ledger_page_site(words[i]);
        if (LEDGER_PAGE_STATE(words[i]) != LEDGER_PAGE_HELD)
            continue;
        if (site == 0) {
            damaged++;
            continue;
        }
        LedgerEndRecord *entry = entry_of(self, site, ledger_page_birth(words[i]));
        if (entry->bytes < G_MAXINT64 / 2)
            entry->bytes += (gint64)ledger_page_bytes(level);
        entry->blocks += (words[i] & LEDGER_PAGE_FIRST) != 0;
    }
    return damaged;
}
