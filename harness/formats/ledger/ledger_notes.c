#include "ledger_notes.h"

#include "ledger_audit.h"
#include "ledger_python.h"
#include "model/sampling.h"
#include "model/units.h"

#define SAMPLE_LESS  "sample instead: heap: {sample: 64 KiB}"
#define FEWER_MARKS  "set fewer marks, or sample: heap: {sample: 64 KiB}"
#define FEWER_IN_ALL "measure a shorter workflow"

static void notes_add(GPtrArray *notes, LedgerSeverity severity, char *text)
{
    LedgerNote *note = g_new(LedgerNote, 1);
    *note = (LedgerNote){severity, text};
    g_ptr_array_add(notes, note);
}

static void note_free(gpointer data)
{
    g_free(((LedgerNote *)data)->text);
    g_free(data);
}

/* What the books had no room for: the rest is no less wrong for it. */
static void notes_add_full(const Ledger *self, GPtrArray *notes)
{
    const LedgerHeader *header = &self->header;
    const struct {
        guint64 count;
        const char *what, *helps;
    } rows[] = {
        {header->full_nodes, "stacks were cut, for the table of stack frames is full", SAMPLE_LESS},
        {header->full_sites, "allocations have no call site, for the table of call sites is full",
         SAMPLE_LESS},
        {header->full_chunks,
         "allocations were not counted, for blocks lie in more of the address space than can be watched "
         "(128 GiB)",
         "sample widely: heap: {sample: 16 MiB}"},
        {header->outside, "allocations were not counted, for they lie above 128 TiB",
         "take the program's own address hints away"},
        {header->full_pages, "mappings were not counted, for the table of pages is full", FEWER_IN_ALL},
        {header->pool_crowded,
         "blocks of a pool were not counted (heapgate_block_taken), for another block starts within the same "
         "32 bytes",
         "let them lie 32 bytes apart, give each back before it is taken again, and name the pool's memory "
         "by heapgate_slab"},
        {header->full_marks, "marks were lost, for their table is full", "set fewer marks"},
        {header->full_changes, "changes of call sites at marks were lost, for their table is full",
         FEWER_MARKS},
        {header->full_end_records, "call sites at the end mark were lost, for their table is full",
         FEWER_MARKS},
        {header->full_codes, "Python frames have no name, for the table of code objects is full",
         FEWER_IN_ALL},
        {header->full_text, "Python frames have no name, for there is no more room for names", FEWER_IN_ALL},
        {header->full_modules, "loaded objects were not noted, for their table is full", FEWER_IN_ALL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        if (rows[i].count > 0)
            notes_add(
                notes, LEDGER_NOTE_BROKEN,
                g_strdup_printf("%" G_GUINT64_FORMAT " %s; %s", rows[i].count, rows[i].what, rows[i].helps));
}

/* What the figures are worth. (transfer full). */
static char *sample_note(const Ledger *self)
{
    gint64 sample = (gint64)self->header.sample_bytes;
    g_autofree char *distance = units_format_bytes(sample);
    g_autofree char *peak = units_format_bytes(sampling_error(sample, self->header.peak_bytes));
    g_autofree char *kept = units_format_bytes(sampling_error(sample, self->kept_bytes));
    return g_strdup_printf(
        "sampled every %s on average: figures are estimates, with a standard error of %s at the "
        "peak and %s of what is retained; numbers of blocks are those of samples",
        distance, peak, kept);
}

/* Some stacks of nearly every program end early: in the linker's own code, in a signal's. Their inner frames,
 * and so nearly all keys, are whole. */
static LedgerSeverity severity_of_cut(const Ledger *self)
{
    enum { MANY = 1000 }; /* one allocation in so many */
    guint64 allocations = 0;
    for (guint i = 1; i < self->sites->len; i++)
        allocations += g_array_index(self->sites, LedgerSiteCounts, i).total_blocks;
    return self->header.truncated_stacks > allocations / MANY + MANY ? LEDGER_NOTE_PLAIN : LEDGER_NOTE_DETAIL;
}

static void notes_add_counts(const Ledger *self, GPtrArray *notes)
{
    const LedgerHeader *header = &self->header;
    const struct {
        guint64 count;
        LedgerSeverity severity;
        const char *what;
    } rows[] = {
        {self->damaged, LEDGER_NOTE_PLAIN,
         "records left out that make no sense, for the process was killed while it wrote them, or wrote "
         "over them"},
        {header->forked ? 0 : header->unknown_frees, LEDGER_NOTE_PLAIN,
         "blocks freed that had never been seen"},
        {header->named_marks > LEDGER_NAMED_MARKS ? header->named_marks - LEDGER_NAMED_MARKS : 0,
         LEDGER_NOTE_PLAIN,
         "marks not kept, beyond the first 4,000 with names of their own (\"iteration\" and "
         "\"end\" are always kept)"},
        {header->truncated_stacks, severity_of_cut(self),
         "stack walks that ended before the outermost frame (the linker's own code, or code without "
         "unwinding rules)"},
        {header->deep_stacks, LEDGER_NOTE_DETAIL,
         "stacks of which the outermost frames are not kept, for they are deeper than 512 frames or a deep "
         "recursion of Python"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        if (rows[i].count > 0)
            notes_add(notes, rows[i].severity,
                      g_strdup_printf("%s: %" G_GUINT64_FORMAT, rows[i].what, rows[i].count));
}

static int by_severity(gconstpointer a, gconstpointer b)
{
    const LedgerNote *one = *(const LedgerNote *const *)a, *two = *(const LedgerNote *const *)b;
    return (int)two->severity - (int)one->severity;
}

GPtrArray *ledger_notes(const Ledger *self)
{
    GPtrArray *notes = g_ptr_array_new_with_free_func(note_free);
    char *python = ledger_python_note(&self->header), *unseen = ledger_unseen_sentence(self);
    notes_add_full(self, notes);
    if (self->header.sample_bytes > 0)
        notes_add(notes, LEDGER_NOTE_PLAIN, sample_note(self));
    if (python != NULL)
        notes_add(notes, LEDGER_NOTE_PLAIN, python);
    if (unseen != NULL)
        notes_add(notes, LEDGER_NOTE_BROKEN, unseen);
    notes_add_counts(self, notes);
    g_ptr_array_sort(notes, by_severity); /* GLib's sort is stable */
    return notes;
}
