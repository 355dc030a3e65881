#include "sampler.h"

#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

struct Sampler {
    GArray *samples;
    guint stride;
    guint64 ticks;
    gint64 started_ms;
};

static gint64 now_ms(void)
{
    return g_get_monotonic_time() / 1000;
}

Sampler *sampler_new(void)
{
    Sampler *self = g_new0(Sampler, 1);
    self->samples = g_array_new(FALSE, FALSE, sizeof(LedgerSample));
    self->started_ms = now_ms();
    return self;
}

void sampler_free(Sampler *self)
{
    if (self == NULL)
        return;
    g_array_unref(self->samples);
    g_free(self);
}

/* Resident memory; 0 where the process is gone. */
static gint64 rss_of(gint64 pid)
{
    char path[64], text[128];
    g_snprintf(path, sizeof path, "/proc/%" G_GINT64_FORMAT "/statm", pid);
    FILE *file = pid > 0 ? fopen(path, "re") : NULL;
    gint64 size = 0, resident = 0;
    gboolean read = file != NULL && fgets(text, sizeof text, file) != NULL &&
                    sscanf(text, "%" G_GINT64_FORMAT " %" G_GINT64_FORMAT, &size, &resident) == 2;
    if (file != NULL)
        fclose(file);
    return read ? resident * sysconf(_SC_PAGESIZE) : 0;
}

static void sample_member(const Family *family, Member *member, LedgerSample *all)
{
    LedgerFile file = family_file(family, member->number);
    gint64 live = 0;
    if (pread(file.fd, &live, sizeof live, (off_t)(file.at + offsetof(LedgerHeader, live_bytes))) !=
        sizeof live)
        return;
    LedgerSample one = {now_ms() - member->started_ms, live, rss_of(member->pid)};
    ledger_samples_add(member->samples, &member->stride, member->ticks++, &one);
    all->heap_bytes += CLAMP(one.heap_bytes, 0, G_MAXINT64 >> 16);
    all->rss_bytes += one.rss_bytes;
}

void sampler_sample(Sampler *self, const GPtrArray *families)
{
    LedgerSample all = {.time_ms = now_ms() - self->started_ms};
    for (guint f = 0; f < families->len; f++) {
        const Family *family = g_ptr_array_index(families, f);
        for (guint i = 0; i < family_members(family)->len; i++)
            sample_member(family, g_ptr_array_index(family_members(family), i), &all);
    }
    if (families->len > 0)
        ledger_samples_add(self->samples, &self->stride, self->ticks++, &all);
}

const GArray *sampler_samples(const Sampler *self)
{
    return self->samples;
}
