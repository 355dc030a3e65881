/* What must hold of a ledger, whoever wrote it. */
#include <string.h>

#include "error.h"
#include "ledger.h"
#include "ledger_frames.h"
#include "model/sum.h"

/* No block is larger than the address space. */
#define LARGEST (INT64_C(1) << 48)

Ledger *ledger_new(void)
{
    Ledger *self = g_new0(Ledger, 1);
    self->modules = g_array_new(FALSE, FALSE, sizeof(LedgerModule));
    self->marks = g_array_new(FALSE, FALSE, sizeof(LedgerMark));
    self->places = g_array_new(FALSE, FALSE, sizeof(LedgerPlace));
    self->nodes = g_array_new(FALSE, FALSE, sizeof(LedgerStack));
    self->sites = g_array_new(FALSE, FALSE, sizeof(LedgerSiteCounts));
    self->kept = g_array_new(FALSE, FALSE, sizeof(LedgerEndRecord));
    self->changes = g_array_new(FALSE, FALSE, sizeof(LedgerChange));
    self->samples = g_array_new(FALSE, FALSE, sizeof(LedgerSample));
    self->names = g_array_new(FALSE, FALSE, sizeof(LedgerName));
    self->strings = g_string_new_len("", 1);
    return self;
}

Ledger *ledger_copy(const Ledger *self)
{
    Ledger *copy = g_memdup2(self, sizeof *self);
    GArray *shared[] = {self->modules, self->marks,   self->nodes,  self->sites,
                        self->kept,    self->changes, self->samples};
    for (gsize i = 0; i < G_N_ELEMENTS(shared); i++)
        g_array_ref(shared[i]);
    copy->places = g_array_copy(self->places);
    copy->names = g_array_copy(self->names);
    copy->strings = g_string_new_len(self->strings->str, (gssize)self->strings->len);
    copy->kinds = NULL;
    copy->keys = NULL;
    return copy;
}

void ledger_free(Ledger *self)
{
    if (self == NULL)
        return;
    GArray *arrays[] = {self->modules, self->marks,   self->places,  self->nodes, self->sites,
                        self->kept,    self->changes, self->samples, self->names};
    for (gsize i = 0; i < G_N_ELEMENTS(arrays); i++)
        g_array_unref(arrays[i]);
    g_string_free(self->strings, TRUE);
    ledger_forget_keys(self);
    g_free(self);
}

static gint64 sane(gint64 bytes)
{
    return CLAMP(bytes, -LARGEST, LARGEST);
}

/* Ends a text in a fixed field. */
static void end_text(char *text, gsize size)
{
    text[size - 1] = '\0';
}

static void check_header(LedgerHeader *header)
{
    /* Where the sections of the process lay says nothing about what was read of them. */
    header->sections = 0;
    memset(header->directory, 0, sizeof header->directory);
    end_text(header->executable, sizeof header->executable);
    end_text(header->program, sizeof header->program);
    end_text(header->command, sizeof header->command);
    header->sample_bytes = MIN(header->sample_bytes, (guint64)LARGEST);
    header->command_size = MIN(header->command_size, sizeof header->command);
    header->iterations = MIN(header->iterations, (guint64)LEDGER_ITERATIONS);
    gint64 *counts[] = {&header->live_bytes,       &header->peak_bytes,   &header->end_live_bytes,
                        &header->end_live_blocks,  &header->mapped_bytes, &header->peak_mapped_bytes,
                        &header->end_mapped_bytes, &header->end_mappings, &header->file_bytes,
                        &header->peak_file_bytes};
    for (gsize i = 0; i < G_N_ELEMENTS(counts); i++)
        *counts[i] = sane(*counts[i]);
}

/* A place without a number has no stack. */
static gboolean check_places(Ledger *self, const char *name, GError **error)
{
    if (self->places->len == 0)
        g_array_append_vals(self->places, &(LedgerPlace){0}, 1);
    for (guint i = 0; i < self->places->len; i++) {
        const LedgerPlace *place = &g_array_index(self->places, LedgerPlace, i);
        if (place->module <= self->modules->len && place->name <= self->names->len)
            continue;
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_FORMAT,
                    "%s: the ledger is damaged: frame %u has module %u of %u and name %u of %u", name, i,
                    place->module, self->modules->len, place->name, self->names->len);
        return FALSE;
    }
    return TRUE;
}

static gboolean check_nodes(Ledger *self, const char *name, GError **error)
{
    if (self->nodes->len > 0)
        g_array_index(self->nodes, LedgerStack, 0) = (LedgerStack){0};
    for (guint i = 1; i < self->nodes->len; i++) {
        const LedgerStack *node = &g_array_index(self->nodes, LedgerStack, i);
        if (node->caller < i && node->place < self->places->len)
            continue;
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_FORMAT,
                    "%s: the ledger is damaged: stack node %u is called by node %u, which comes after it, or "
                    "has frame %u of %u",
                    name, i, node->caller, node->place, self->places->len);
        return FALSE;
    }
    return TRUE;
}

static gboolean check_sites(Ledger *self, const char *name, GError **error)
{
    for (guint i = 0; i < self->sites->len; i++) {
        LedgerSiteCounts *site = &g_array_index(self->sites, LedgerSiteCounts, i);
        if (site->node >= MAX(self->nodes->len, 1)) {
            g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_FORMAT,
                        "%s: the ledger is damaged: call site %u has stack node %u of %u", name, i,
                        site->node, self->nodes->len);
            return FALSE;
        }
        if (site->kind > LEDGER_SITE_MAPPED) {
            self->damaged++;
            site->kind = LEDGER_SITE_HEAP;
        }
        site->live_bytes = sane(site->live_bytes);
        site->peak_bytes = sane(site->peak_bytes);
        guint64 *totals[] = {&site->total_bytes, &site->total_blocks, &site->temporary_blocks};
        for (gsize t = 0; t < G_N_ELEMENTS(totals); t++)
            *totals[t] = MIN(*totals[t], (guint64)LARGEST);
    }
    return TRUE;
}

static void check_kept(Ledger *self)
{
    guint used = 0;
    for (guint i = 0; i < self->kept->len; i++) {
        LedgerEndRecord record = g_array_index(self->kept, LedgerEndRecord, i);
        if (record.site == 0 || record.site >= self->sites->len || record.bytes < 0 || record.blocks < 0) {
            self->damaged++;
            continue;
        }
        record.bytes = sane(record.bytes);
        record.blocks = sane(record.blocks);
        gboolean is_mapped =
            g_array_index(self->sites, LedgerSiteCounts, record.site).kind == LEDGER_SITE_MAPPED;
        gint64 *bytes = is_mapped ? &self->kept_mapped_bytes : &self->kept_bytes;
        gint64 *blocks = is_mapped ? &self->kept_mappings : &self->kept_blocks;
        *bytes = sum_add(*bytes, record.bytes);
        *blocks = sum_add(*blocks, record.blocks);
        g_array_index(self->kept, LedgerEndRecord, used++) = record;
    }
    g_array_set_size(self->kept, used);
}

static void check_changes(Ledger *self)
{
    guint used = 0, last = 1;
    for (guint i = 0; i < self->changes->len; i++) {
        LedgerChange change = g_array_index(self->changes, LedgerChange, i);
        if (change.site >= self->sites->len || change.mark < last || change.mark > self->marks->len) {
            self->damaged++;
            continue;
        }
        last = change.mark;
        change.live_bytes = sane(change.live_bytes);
        g_array_index(self->changes, LedgerChange, used++) = change;
    }
    g_array_set_size(self->changes, used);
}

static void check_texts(Ledger *self)
{
    for (guint i = 0; i < self->modules->len; i++) {
        LedgerModule *module = &g_array_index(self->modules, LedgerModule, i);
        end_text(module->path, sizeof module->path);
        module->build_id_size = MIN(module->build_id_size, sizeof module->build_id);
    }
    for (guint i = 0; i < self->marks->len; i++) {
        LedgerMark *mark = &g_array_index(self->marks, LedgerMark, i);
        mark->live_bytes = sane(mark->live_bytes);
        mark->iteration = MIN(mark->iteration, self->header.iterations);
    }
    for (guint i = 0; i < self->samples->len; i++) {
        LedgerSample *sample = &g_array_index(self->samples, LedgerSample, i);
        sample->heap_bytes = sane(sample->heap_bytes);
        sample->rss_bytes = CLAMP(sample->rss_bytes, 0, LARGEST);
    }
}

/* Offsets beyond the texts would be read, indexes beyond the names too. */
static gboolean check_names(Ledger *self, const char *name, GError **error)
{
    gsize length = self->strings->len;
    gboolean good = length > 0 && self->strings->str[0] == '\0' && self->strings->str[length - 1] == '\0';
    for (guint i = 0; i < self->names->len && good; i++) {
        const LedgerName *one = &g_array_index(self->names, LedgerName, i);
        good = one->function < length && one->file < length && one->object < length;
    }
    if (!good)
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_FORMAT,
                    "%s: the ledger is damaged: its table of names makes no sense", name);
    return good;
}

gboolean ledger_check(Ledger *self, const char *name, GError **error)
{
    check_header(&self->header);
    check_texts(self);
    if (!check_places(self, name, error) || !check_nodes(self, name, error) ||
        !check_sites(self, name, error) || !check_names(self, name, error))
        return FALSE;
    check_kept(self);
    check_changes(self);
    return TRUE;
}

char *ledger_command(const Ledger *self)
{
    GString *command = g_string_new(NULL);
    const char *at = self->header.command, *end = at + self->header.command_size;
    for (; at < end; at += strnlen(at, (gsize)(end - at)) + 1)
        g_string_append_printf(command, "%s%s", command->len > 0 ? " " : "", at);
    if (command->len == 0)
        g_string_append(command, self->header.executable);
    return g_string_free(command, FALSE);
}

char *ledger_program(const Ledger *self)
{
    if (*self->header.program != '\0')
        return g_path_get_basename(self->header.program);
    return *self->header.executable != '\0' ? g_path_get_basename(self->header.executable)
                                            : g_strdup("unknown");
}

enum { SAMPLES_KEPT = 2000 };

void ledger_samples_add(GArray *samples, guint *stride, guint64 number, const LedgerSample *sample)
{
    *stride = MAX(*stride, 1);
    if (number % *stride != 0)
        return;
    g_array_append_vals(samples, sample, 1);
    if (samples->len < SAMPLES_KEPT)
        return;
    for (guint i = 0; i < samples->len / 2; i++)
        g_array_index(samples, LedgerSample, i) = g_array_index(samples, LedgerSample, 2 * i);
    g_array_set_size(samples, samples->len / 2);
    *stride *= 2;
}
