/* The reader of ledgers: what it makes of the tracer's books, and of books that lie. */
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "formats/ledger/ledger_notes.h"
#include "formats/ledger/ledger_sites.h"
#include "made_ledger.h"
#include "runner.h"

static gint64 kept_of(const Ledger *ledger, guint32 site, guint32 birth)
{
    gint64 bytes = 0;
    for (guint i = 0; i < ledger->kept->len; i++) {
        const LedgerEndRecord *record = &g_array_index(ledger->kept, LedgerEndRecord, i);
        if (record->site == site && record->birth == birth)
            bytes += record->bytes;
    }
    return bytes;
}

static const LedgerSiteCounts *site_of(const Ledger *ledger, guint32 site)
{
    return &g_array_index(ledger->sites, LedgerSiteCounts, site);
}

/* Two stacks, two sites, three blocks in two chunks far apart. */
static void make_small(MadeLedger *made)
{
    made_ledger_init(made);
    guint32 outer = made_ledger_node(made, 0, 0x1010), inner = made_ledger_node(made, outer, 0x1020);
    guint32 first = made_ledger_site(made, inner, 100, 7, 900),
            second = made_ledger_site(made, outer, 50, 6, 800);
    made_ledger_module(made, "/usr/lib/made.so", 0x1000, 0x2000);
    made_ledger_mark(made, "opened");
    made_ledger_block(made, 0, 5, 60, first, 0);
    made_ledger_block(made, 0, 4000, 40, first, 1);
    made_ledger_block(made, 900, LEDGER_CHUNK_GRANULES - 1, 50, second, 1);
    made->header.live_bytes = 150;
    made->header.peak_number = 7;
}

START_TEST(test_ledger_adds_live_blocks_up_by_site_and_birth)
{
    g_auto(MadeLedger) made = {0};
    make_small(&made);
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    ck_assert_int_eq(ledger->kept_bytes, 150);
    ck_assert_int_eq(ledger->kept_blocks, 3);
    ck_assert(!ledger->at_end_mark);
    ck_assert_int_eq(kept_of(ledger, 1, 0), 60);
    ck_assert_int_eq(kept_of(ledger, 1, 1), 40);
    ck_assert_int_eq(kept_of(ledger, 2, 1), 50);
    ck_assert_uint_eq(ledger->damaged, 0);
    g_autofree char *command = ledger_command(ledger), *program = ledger_program(ledger);
    ck_assert_str_eq(command, "made one two");
    ck_assert_str_eq(program, "made");
}
END_TEST

START_TEST(test_ledger_takes_a_sites_peak_from_the_latest_peak_or_from_what_is_live)
{
    g_auto(MadeLedger) made = {0};
    make_small(&made);
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    ck_assert_int_eq(site_of(ledger, 1)->peak_bytes, 900); /* saved at peak 7, the header's */
    ck_assert_int_eq(site_of(ledger, 2)->peak_bytes, 50);  /* not touched since: what is live was live then */
}
END_TEST

START_TEST(test_ledger_with_an_end_mark_keeps_what_was_there_then)
{
    g_auto(MadeLedger) made = {0};
    make_small(&made);
    made.header.end_mark = made_ledger_mark(&made, "end");
    made_ledger_end(&made, 2, 1, 4096, 2);
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    ck_assert(ledger->at_end_mark);
    ck_assert_int_eq(ledger->kept_bytes, 4096);
    ck_assert_uint_eq(ledger->kept->len, 1);
}
END_TEST

static void expect_refused(MadeLedger *made, const char *words)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Ledger) ledger = ledger_read((LedgerFile){made->fd, 0}, "made", &error);
    ck_assert_ptr_null(ledger);
    ck_assert(g_error_matches(error, HEAPGATE_ERROR, HEAPGATE_ERROR_FORMAT));
    ck_assert_msg(strstr(error->message, words) != NULL, "%s", error->message);
}

START_TEST(test_ledger_refuses_what_is_none)
{
    g_auto(MadeLedger) made = {0};
    make_small(&made);
    made.header.magic++;
    made_ledger_finish(&made);
    expect_refused(&made, "no ledger");
    made.header.magic--;
    made.header.version++;
    made_ledger_finish(&made);
    expect_refused(&made, "another version");
    made.header.version--;
    made.header.header_size--;
    made_ledger_finish(&made);
    expect_refused(&made, "header is shorter");
    made.header.header_size++;
    made_ledger_finish(&made);
    ck_assert_int_eq(ftruncate(made.fd, (off_t)LEDGER_SHADOW_AT), 0);
    expect_refused(&made, "longer than its file");
    ck_assert_int_eq(ftruncate(made.fd, 100), 0);
    expect_refused(&made, "too short");
}
END_TEST

START_TEST(test_ledger_refuses_stacks_that_go_round_in_circles)
{
    g_auto(MadeLedger) made = {0};
    make_small(&made);
    made_ledger_node(&made, 4, 0x1030); /* node 3 is called by node 4, */
    made_ledger_node(&made, 3, 0x1040); /* which is called by node 3 */
    made_ledger_finish(&made);
    expect_refused(&made, "node 3");
}
END_TEST

START_TEST(test_ledger_refuses_sites_without_a_stack)
{
    g_auto(MadeLedger) made = {0};
    make_small(&made);
    made_ledger_site(&made, 3, 1, 0, 0);
    made_ledger_finish(&made);
    expect_refused(&made, "call site 3");
}
END_TEST

START_TEST(test_ledger_leaves_wild_blocks_out_and_counts_them)
{
    g_auto(MadeLedger) made = {0};
    make_small(&made);
    made_ledger_block(&made, 1, 0, 10, 3, 0);          /* no such site */
    made_ledger_block(&made, 1, 2, G_MAXUINT64, 1, 0); /* larger than the address space */
    made_ledger_block(&made, 1, 4, 1 << 30, 1, 0);     /* and a block where the rest of its size should be */
    made_ledger_block(&made, 1, 5, 10, 1, 60000);      /* a birth after all marks: still a block */
    made_ledger_record(&made, 1, 6, ledger_record(1, 0, 7) | LEDGER_COUNTED);
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    ck_assert_uint_eq(ledger->damaged, 3);
    ck_assert_int_eq(ledger->kept_bytes, 167);
    g_autoptr(GPtrArray) notes = ledger_notes(ledger);
    ck_assert_uint_eq(notes->len, 1);
    const LedgerNote *note = g_ptr_array_index(notes, 0);
    ck_assert_int_eq(note->severity, LEDGER_NOTE_PLAIN);
    ck_assert(g_str_has_prefix(note->text, "records left out"));
    ck_assert(g_str_has_suffix(note->text, ": 3"));
}
END_TEST

START_TEST(test_ledger_reads_sizes_that_need_a_second_record)
{
    static const guint64 sizes[] = {0, (1 << 25) - 1, 1 << 25, G_GUINT64_CONSTANT(0x7fffffffffff)};
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_auto(MadeLedger) made = {0};
        make_small(&made);
        made_ledger_block(&made, 2, LEDGER_CHUNK_GRANULES - 1, sizes[i], 1, 0);
        made_ledger_block(&made, 3, 0, 1, 1, 0);
        g_autoptr(Ledger) ledger = made_ledger_read(&made);
        ck_assert_int_eq(ledger->kept_bytes, 151 + (gint64)sizes[i]);
        ck_assert_int_eq(ledger->kept_blocks, 5);
        ck_assert_uint_eq(ledger->damaged, 0);
    }
}
END_TEST

/* A piece ends and a hole begins between the two. */
START_TEST(test_ledger_reads_the_rest_of_a_size_from_the_next_piece)
{
    enum { PIECE_RECORDS = (1 << 18) / sizeof(LedgerRecord) };
    g_auto(MadeLedger) made = {0};
    make_small(&made);
    for (guint page = 0; page < PIECE_RECORDS; page += 4096 / sizeof(LedgerRecord))
        made_ledger_block(&made, 2, page, 1, 1, 0);
    made_ledger_block(&made, 2, PIECE_RECORDS - 1, 1 << 26, 1, 0);
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    ck_assert_int_eq(ledger->kept_bytes,
                     150 + PIECE_RECORDS * (gint64)sizeof(LedgerRecord) / 4096 + (1 << 26));
    ck_assert_uint_eq(ledger->damaged, 0);
}
END_TEST

START_TEST(test_ledger_holds_counts_to_their_tables)
{
    g_auto(MadeLedger) made = {0};
    make_small(&made);
    made.header.chunks = made.header.modules = G_MAXUINT32;
    made.header.command_size = G_MAXUINT32;
    memset(made.header.command, 'x', sizeof made.header.command);
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    ck_assert_uint_eq(ledger->modules->len, LEDGER_MODULES);
    g_autofree char *command = ledger_command(ledger);
    ck_assert_uint_eq(strlen(command), sizeof made.header.command - 1);
}
END_TEST

static void write_pages(MadeLedger *made, guint64 offset, const LedgerPage *words, guint count)
{
    gsize size = count * sizeof *words;
    ck_assert_int_eq(pwrite(made->fd, words, size, (off_t)(made->at + offset)), (gssize)size);
}

/* Each word for so much as its table's level says; what makes no sense is left out and counted. */
START_TEST(test_ledger_adds_up_pages_and_trusts_no_word_of_them)
{
    g_auto(MadeLedger) made = {0};
    make_small(&made);
    guint32 site = made_ledger_site(&made, 1, 0, 0, 0), beyond = 1 << 23;
    LedgerSite mapped = {.node = 1, .kind = LEDGER_SITE_MAPPED}, strange = {.node = 1, .kind = 77};
    ck_assert_int_gt(pwrite(made.fd, &mapped, sizeof mapped, (off_t)(LEDGER_SITES_AT + site * sizeof mapped)),
                     0);
    guint32 other = made_ledger_site(&made, 1, 0, 0, 0);
    ck_assert_int_gt(
        pwrite(made.fd, &strange, sizeof strange, (off_t)(LEDGER_SITES_AT + other * sizeof mapped)), 0);
    const LedgerPage held = ledger_page(LEDGER_PAGE_HELD, site, 0);
    const LedgerPage words[] = {
        held | LEDGER_PAGE_FIRST,
        held,
        ledger_page(LEDGER_PAGE_TABLE, 0, 0) | 7,
        ledger_page(LEDGER_PAGE_RESERVED, site, 0),
        ledger_page(LEDGER_PAGE_FILE, site, 0),
        ledger_page(LEDGER_PAGE_HELD, 0, 0),
        ledger_page(LEDGER_PAGE_HELD, beyond, 0),
        ledger_page(7, site, 0),
    };
    const guint8 levels[] = {1, 2, 0, 3, 255};
    write_pages(&made, LEDGER_PAGES_AT, words, G_N_ELEMENTS(words));
    for (guint i = 0; i < G_N_ELEMENTS(levels); i++)
        write_pages(&made, LEDGER_PAGE_TABLES_AT + i * LEDGER_PAGE_TABLE_SIZE, words, G_N_ELEMENTS(words));
    ck_assert_int_gt(pwrite(made.fd, levels, sizeof levels, (off_t)LEDGER_PAGE_LEVELS_AT), 0);
    made.header.page_tables = G_MAXUINT32;
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    ck_assert_int_eq(ledger->kept_mapped_bytes, INT64_C(2) * ((1 << 30) + (1 << 21) + (1 << 12)));
    ck_assert_int_eq(ledger->kept_mappings, 3);
    /* Three words without a site, one of a site that is none, two levels and a kind that there are not. */
    ck_assert_int_eq(ledger->damaged, 3 + 1 + 2 + 1);
    ck_assert_int_eq(ledger_whole(ledger, LEDGER_NUMBER_MAPPED_KEPT), ledger->kept_mapped_bytes);
}
END_TEST

START_TEST(test_a_copy_of_a_ledger_has_names_of_its_own)
{
    g_auto(MadeLedger) made = {0};
    make_small(&made);
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    g_autoptr(Ledger) copy = ledger_copy(ledger);
    const LedgerName name = {.line = 7};
    g_array_append_val(copy->names, name);
    ledger_place_of(copy, 1)->name = copy->names->len;
    g_string_append(copy->strings, "text");
    ck_assert_uint_eq(ledger->names->len, 0);
    ck_assert_uint_eq(ledger_place_of(ledger, 1)->name, 0);
    ck_assert_uint_eq(ledger->strings->len, 1);
    g_clear_pointer(&ledger, ledger_free);
    ck_assert_int_gt(ledger_whole(copy, LEDGER_NUMBER_KEPT), 0);
}
END_TEST

START_TEST(test_ledger_can_be_read_for_its_counts_alone)
{
    g_auto(MadeLedger) made = {0};
    make_small(&made);
    made_ledger_finish(&made);
    g_autoptr(Ledger) whole = made_ledger_read(&made);
    g_autoptr(Ledger) counts = ledger_read_live((LedgerFile){made.fd, 0}, "counts", NULL);
    ck_assert_ptr_nonnull(counts);
    ck_assert_uint_eq(counts->sites->len, whole->sites->len);
    ck_assert_int_eq(counts->kept_bytes, whole->kept_bytes);
    ck_assert_uint_eq(counts->nodes->len, 0);
    ck_assert_int_eq(ledger_whole(counts, LEDGER_NUMBER_KEPT), ledger_whole(whole, LEDGER_NUMBER_KEPT));
}
END_TEST

/* Counts within their bounds, of records that nobody wrote. */
START_TEST(test_ledger_that_claims_more_than_its_file_holds_is_refused)
{
    uint32_t counts[] = {LEDGER_NODES, LEDGER_SITES, LEDGER_CHANGES, LEDGER_TEXT};
    for (gsize i = 0; i < G_N_ELEMENTS(counts); i++) {
        g_auto(MadeLedger) made = {0};
        make_small(&made);
        uint32_t *const fields[] = {&made.header.nodes, &made.header.sites, &made.header.changes,
                                    &made.header.text};
        *fields[i] = counts[i];
        made_ledger_finish(&made);
        expect_refused(&made, "cannot be read to its end");
    }
}
END_TEST

START_TEST(test_ledger_says_what_the_tracer_could_not_see)
{
    g_auto(MadeLedger) made = {0};
    make_small(&made);
    made.header.truncated_stacks = 4;
    made.header.deep_stacks = 7;
    made.header.full_sites = 5;
    made.header.unknown_frees = 6;
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    g_autoptr(GPtrArray) notes = ledger_notes(ledger);
    ck_assert_uint_eq(notes->len, 4);
    const LedgerNote *full = g_ptr_array_index(notes, 0), *frees = g_ptr_array_index(notes, 1),
                     *cut = g_ptr_array_index(notes, 2), *deep = g_ptr_array_index(notes, 3);
    ck_assert_int_eq(full->severity, LEDGER_NOTE_BROKEN);
    ck_assert_str_eq(full->text, "5 allocations have no call site, for the table of call sites is full; "
                                 "sample instead: heap: {sample: 64 KiB}");
    ck_assert_int_eq(frees->severity, LEDGER_NOTE_PLAIN);
    ck_assert_str_eq(frees->text, "blocks freed that had never been seen: 6");
    ck_assert_int_eq(cut->severity, LEDGER_NOTE_DETAIL);
    ck_assert(g_str_has_prefix(cut->text, "stack walks that ended before"));
    ck_assert(g_str_has_suffix(cut->text, ": 4"));
    ck_assert_int_eq(deep->severity, LEDGER_NOTE_DETAIL);
    ck_assert_msg(strstr(deep->text, "deeper than 512 frames") != NULL, "%s", deep->text);
}
END_TEST

/* Whatever had no room: figures that miss it are judged by nobody. */
START_TEST(test_every_full_table_of_a_ledger_is_broken_and_says_what_helps)
{
    g_auto(MadeLedger) made = {0};
    make_small(&made);
    uint64_t *const counts[] = {
        &made.header.full_nodes,   &made.header.full_sites,   &made.header.full_chunks,
        &made.header.full_marks,   &made.header.full_changes, &made.header.full_end_records,
        &made.header.full_modules, &made.header.full_codes,   &made.header.full_text,
        &made.header.full_pages,   &made.header.outside,      &made.header.pool_crowded,
    };
    for (gsize i = 0; i < G_N_ELEMENTS(counts); i++) {
        *counts[i] = 1;
        g_autoptr(Ledger) ledger = made_ledger_read(&made);
        g_autoptr(GPtrArray) notes = ledger_notes(ledger);
        ck_assert_uint_eq(notes->len, 1);
        const LedgerNote *note = g_ptr_array_index(notes, 0);
        ck_assert_int_eq(note->severity, LEDGER_NOTE_BROKEN);
        ck_assert_msg(strstr(note->text, "; ") != NULL, "%s", note->text);
        *counts[i] = 0;
    }
}
END_TEST

START_TEST(test_many_stacks_that_end_early_are_worth_a_note)
{
    g_auto(MadeLedger) made = {0};
    make_small(&made);
    made.header.truncated_stacks = 2000;
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    g_autoptr(GPtrArray) notes = ledger_notes(ledger);
    ck_assert_uint_eq(notes->len, 1);
    ck_assert_int_eq(((const LedgerNote *)g_ptr_array_index(notes, 0))->severity, LEDGER_NOTE_PLAIN);
}
END_TEST

START_TEST(test_saved_ledger_is_read_as_it_was)
{
    g_auto(MadeLedger) made = {0};
    make_small(&made);
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    LedgerSample sample = {50, 100, 200};
    g_array_append_val(ledger->samples, sample);
    g_autoptr(GByteArray) saved = ledger_save(ledger);
    ck_assert_uint_lt(saved->len, 16384);
    ck_assert(ledger_recognise((const char *)saved->data, saved->len));
    g_autoptr(GError) error = NULL;
    g_autoptr(Ledger) again = ledger_load((const char *)saved->data, saved->len, "saved", &error);
    ck_assert_msg(again != NULL, "%s", error != NULL ? error->message : "");
    ck_assert_int_eq(again->kept_bytes, 150);
    ck_assert_int_eq(site_of(again, 1)->peak_bytes, 900);
    ck_assert_int_eq(g_array_index(again->samples, LedgerSample, 0).rss_bytes, 200);
    g_autoptr(GByteArray) twice = ledger_save(again);
    ck_assert_uint_eq(twice->len, saved->len);
    ck_assert_mem_eq(twice->data, saved->data, saved->len);
}
END_TEST

START_TEST(test_saved_ledger_that_was_cut_or_changed_is_refused_or_whole)
{
    g_auto(MadeLedger) made = {0};
    make_small(&made);
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    g_autoptr(GByteArray) saved = ledger_save(ledger);
    for (guint length = 0; length < saved->len; length += 7) {
        g_autofree char *cut = g_memdup2(saved->data, MAX(length, 1)); /* its own end, for sanitizers */
        g_autoptr(GError) error = NULL;
        g_autoptr(Ledger) read = ledger_load(cut, length, "cut", &error);
        ck_assert_ptr_null(read);
        ck_assert_ptr_nonnull(error);
    }
    for (guint at = 0; at < saved->len; at++) {
        saved->data[at] ^= 0xa5;
        g_autoptr(GError) error = NULL;
        g_autoptr(Ledger) read = ledger_load((const char *)saved->data, saved->len, "changed", &error);
        ck_assert((read == NULL) == (error != NULL));
        ck_assert(at >= 48 || read == NULL); /* the head is under its checksum */
        saved->data[at] ^= 0xa5;
    }
}
END_TEST

START_TEST(test_call_sites_leave_out_operator_new_and_what_calls_main)
{
    g_auto(MadeLedger) made = {0};
    make_small(&made);
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    static const char texts[] =
        "\0operator new(unsigned long)\0make_box\0box.cc\0main\0__libc_start_call_main\0_start";
    g_string_append_len(ledger->strings, texts + 1, sizeof texts - 1);
    const LedgerName names[] = {
        {1, 0, 0, 0, 0}, {29, 38, 0, 3, 1}, {45, 38, 0, 9, 1}, {50, 0, 0, 0, 1}, {73, 0, 0, 0, 0}};
    g_array_append_vals(ledger->names, names, G_N_ELEMENTS(names));
    ledger_place_of(ledger, 1)->name = 2; /* the rest of the stack */
    ledger_place_of(ledger, 2)->name = 1; /* the inner one: operator new */
    g_autoptr(CallSites) sites = call_sites_new();
    ledger_add_sites(ledger, LEDGER_NUMBER_KEPT, sites);
    ck_assert_uint_eq(call_sites_count(sites), 1); /* both sites come to the same */
    ck_assert_str_eq(call_sites_get(sites, 0)->key, "make_box (box.cc) < main (box.cc)");
    ck_assert_int_eq(call_sites_get(sites, 0)->bytes, 150);
}
END_TEST

/* Counts are amounts of their own; sums of a hostile ledger stay within what JSON holds. */
START_TEST(test_what_passes_through_is_summed_up_by_site)
{
    g_auto(MadeLedger) made = {0};
    made_ledger_init(&made);
    made_ledger_site(&made, made_ledger_node(&made, 0, 0x1010), 0, 0, 0);
    made_ledger_site(&made, made_ledger_node(&made, 0, 0x2020), 0, 0, 0);
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    g_autoptr(CallSites) total = call_sites_new(), count = call_sites_new(), temporary = call_sites_new();
    ck_assert_int_eq(ledger_add_sites(ledger, LEDGER_NUMBER_TOTAL, total), 2000);
    ck_assert_int_eq(ledger_add_sites(ledger, LEDGER_NUMBER_ALLOCATIONS, count), 20);
    ck_assert_int_eq(ledger_add_sites(ledger, LEDGER_NUMBER_TEMPORARY, temporary), 6);
    ck_assert_int_eq(ledger_add_sites(ledger, LEDGER_NUMBER_TEMPORARY, NULL), 6);
    ck_assert_int_eq(call_sites_total_bytes(total), 2000);
    ck_assert_int_eq(call_sites_get(total, 0)->blocks, 20); /* both are of no module: one key */
    ck_assert_int_eq(call_sites_total_bytes(count), 20);
    ck_assert_int_eq(call_sites_get(count, 0)->blocks, 0);
    ck_assert_int_eq(call_sites_total_bytes(temporary), 6);
}
END_TEST

START_TEST(test_a_module_is_the_one_that_was_there_when_the_stack_was_seen)
{
    g_auto(MadeLedger) made = {0};
    made_ledger_init(&made);
    made_ledger_node(&made, 0, 0x1010);
    made_ledger_node(&made, 0, 0x1020);
    made_ledger_node(&made, 0, 0x1010);
    made_ledger_node(&made, 0, 0x1020);
    made_ledger_module(&made, "/lib/first.so", 0x1000, 0x2000);
    made_ledger_module(&made, "/lib/second.so", 0x1000, 0x2000);
    LedgerModule modules[2];
    ck_assert_int_eq(pread(made.fd, modules, sizeof modules, LEDGER_MODULES_AT), sizeof modules);
    modules[0].unloaded_at = modules[1].loaded_at = 2;
    ck_assert_int_eq(pwrite(made.fd, modules, sizeof modules, LEDGER_MODULES_AT), sizeof modules);
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    ck_assert_uint_eq(ledger_place_of(ledger, 1)->module, 1); /* index + 1 */
    ck_assert_uint_eq(ledger_place_of(ledger, 2)->module, 2);
    ck_assert_uint_eq(ledger_place_of(ledger, 3)->module, 2); /* the address of node 1 */
    ck_assert_uint_eq(ledger->places->len, 4);
    ck_assert_uint_eq(g_array_index(ledger->nodes, LedgerStack, 4).place,
                      g_array_index(ledger->nodes, LedgerStack, 2).place);
}
END_TEST

enum { ITERATIONS = 24, BEFORE = 4 };

static gint64 total_growth(const Ledger *ledger, guint before)
{
    g_autoptr(CallSites) growing = call_sites_new(), doubtful = call_sites_new();
    Growth growth = {growing, doubtful, 0, 0};
    ledger_growth(ledger, LEDGER_SITE_HEAP, before, &growth);
    ck_assert_int_gt(growth.smallest, 0);
    ck_assert_int_eq(call_sites_total_bytes(growing), growth.total);
    return growth.total;
}

/* Growth of one site that held live[i] at the end of iteration i, with the births of what is there at the
 * end; the oldest block that it gave back lived for so many iterations. */
static gint64 growth_of(const gint64 *live, const gint64 *born, guint oldest_freed)
{
    g_auto(MadeLedger) made = {0};
    made_ledger_init(&made);
    made.oldest_freed = oldest_freed;
    guint32 site = made_ledger_site(&made, made_ledger_node(&made, 0, 0x1010), 0, 0, 0);
    for (guint i = 0; i < ITERATIONS; i++) {
        if (born[i] > 0)
            made_ledger_block(&made, 0, i, (guint64)born[i], site, i);
        made_ledger_mark(&made, "iteration");
        if (live != NULL && (i == 0 || live[i] != live[i - 1]))
            made_ledger_change(&made, site, live[i]);
    }
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    return total_growth(ledger, BEFORE);
}

START_TEST(test_growth_is_exact_for_a_leak_in_every_iteration)
{
    gint64 live[ITERATIONS], born[ITERATIONS];
    for (gint64 i = 0; i < ITERATIONS; i++) {
        live[i] = 16 * (i + 1);
        born[i] = 16;
    }
    ck_assert_int_eq(growth_of(live, born, 0), 16);
    ck_assert_int_eq(growth_of(NULL, born, 0), 16); /* births alone tell */
}
END_TEST

/* Of so many iterations not all have records; the growth of each is told all the same. */
START_TEST(test_growth_is_exact_where_iterations_share_records)
{
    g_auto(MadeLedger) made = {0};
    made_ledger_init(&made);
    guint32 site = made_ledger_site(&made, made_ledger_node(&made, 0, 0x1010), 0, 0, 0);
    guint64 count = 3 << 20, last = 0;
    for (guint64 i = 1; i <= count; i++) {
        made.header.iterations = i - 1;
        if (!ledger_iteration_has_record(i))
            continue;
        made_ledger_block(&made, made.header.marks >> 14, made.header.marks & 0x3fff, 16 * (i - last), site,
                          made.header.marks);
        made_ledger_mark(&made, "iteration");
        made_ledger_change(&made, site, (gint64)(16 * i));
        last = i;
    }
    made.header.iterations = count;
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    ck_assert_uint_eq(ledger_iterations(ledger), count);
    ck_assert_int_eq(total_growth(ledger, BEFORE), 16);
}
END_TEST

START_TEST(test_growth_is_not_a_ring_of_the_last_entries)
{
    gint64 live[ITERATIONS], born[ITERATIONS] = {0};
    for (gint64 i = 0; i < ITERATIONS; i++) {
        live[i] = 16 * 30; /* full from the beginning: every new entry takes an old one's place */
        born[i] = 16;
    }
    ck_assert_int_eq(growth_of(live, born, 30), 0);
    ck_assert_int_eq(growth_of(live, born, 20), 0);
}
END_TEST

START_TEST(test_growth_is_not_a_cache_that_fills_once)
{
    gint64 live[ITERATIONS], born[ITERATIONS] = {0};
    for (gint64 i = 0; i < ITERATIONS; i++) {
        live[i] = 1920 * MIN(i + 1, 8);
        born[i] = i < 8 ? 1920 : 0;
    }
    ck_assert_int_eq(growth_of(live, born, 0), 0);
    ck_assert_int_eq(growth_of(NULL, born, 0), 0);
}
END_TEST

START_TEST(test_growth_sees_a_block_that_realloc_makes_longer)
{
    gint64 live[ITERATIONS], born[ITERATIONS] = {0};
    for (gint64 i = 0; i < ITERATIONS; i++)
        live[i] = 64 * (i + 1);
    born[ITERATIONS - 1] = 64 * ITERATIONS; /* one block, born anew in the last iteration */
    ck_assert_int_eq(growth_of(live, born, 0), 64);
}
END_TEST

START_TEST(test_growth_finds_a_small_leak_under_a_large_saw_tooth)
{
    gint64 live[ITERATIONS], born[ITERATIONS];
    for (gint64 i = 0; i < ITERATIONS; i++) {
        live[i] = 32 * (i + 1) + (i % 12 == 11 ? 100 : 1000 * (11 - i % 12) + 100);
        born[i] = 32;
    }
    live[BEFORE - 1] = 100;
    ck_assert_int_eq(growth_of(live, born, 11), 32);
}
END_TEST

START_TEST(test_growth_of_many_iterations_fits_into_few_columns)
{
    g_auto(MadeLedger) made = {0};
    made_ledger_init(&made);
    guint32 site = made_ledger_site(&made, made_ledger_node(&made, 0, 0x1010), 0, 0, 0);
    for (guint i = 0; i < 3001; i++) {
        made_ledger_block(&made, 0, i, 48, site, i);
        made_ledger_mark(&made, "iteration");
    }
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    ck_assert_int_eq(total_growth(ledger, 1), 48);
}
END_TEST

START_TEST(test_samples_are_thinned_out_when_there_are_many)
{
    g_autoptr(GArray) samples = g_array_new(FALSE, FALSE, sizeof(LedgerSample));
    guint stride = 0;
    for (guint i = 0; i < 100000; i++) {
        LedgerSample sample = {i, 1, 1};
        ledger_samples_add(samples, &stride, i, &sample);
    }
    ck_assert_uint_le(samples->len, 2000);
    ck_assert_uint_ge(samples->len, 1000);
    for (guint i = 0; i < samples->len; i++)
        ck_assert_int_eq(g_array_index(samples, LedgerSample, i).time_ms, (gint64)i * stride);
}
END_TEST

SUITE(ledger, 30)
{
    tcase_add_test(tcase, test_ledger_adds_live_blocks_up_by_site_and_birth);
    tcase_add_test(tcase, test_ledger_takes_a_sites_peak_from_the_latest_peak_or_from_what_is_live);
    tcase_add_test(tcase, test_ledger_with_an_end_mark_keeps_what_was_there_then);
    tcase_add_test(tcase, test_ledger_refuses_what_is_none);
    tcase_add_test(tcase, test_ledger_refuses_stacks_that_go_round_in_circles);
    tcase_add_test(tcase, test_ledger_refuses_sites_without_a_stack);
    tcase_add_test(tcase, test_ledger_leaves_wild_blocks_out_and_counts_them);
    tcase_add_test(tcase, test_ledger_reads_sizes_that_need_a_second_record);
    tcase_add_test(tcase, test_ledger_reads_the_rest_of_a_size_from_the_next_piece);
    tcase_add_test(tcase, test_ledger_holds_counts_to_their_tables);
    tcase_add_test(tcase, test_ledger_adds_up_pages_and_trusts_no_word_of_them);
    tcase_add_test(tcase, test_a_copy_of_a_ledger_has_names_of_its_own);
    tcase_add_test(tcase, test_ledger_can_be_read_for_its_counts_alone);
    tcase_add_test(tcase, test_ledger_that_claims_more_than_its_file_holds_is_refused);
    tcase_add_test(tcase, test_ledger_says_what_the_tracer_could_not_see);
    tcase_add_test(tcase, test_every_full_table_of_a_ledger_is_broken_and_says_what_helps);
    tcase_add_test(tcase, test_many_stacks_that_end_early_are_worth_a_note);
    tcase_add_test(tcase, test_saved_ledger_is_read_as_it_was);
    tcase_add_test(tcase, test_saved_ledger_that_was_cut_or_changed_is_refused_or_whole);
    tcase_add_test(tcase, test_call_sites_leave_out_operator_new_and_what_calls_main);
    tcase_add_test(tcase, test_what_passes_through_is_summed_up_by_site);
    tcase_add_test(tcase, test_a_module_is_the_one_that_was_there_when_the_stack_was_seen);
    tcase_add_test(tcase, test_growth_is_exact_for_a_leak_in_every_iteration);
    tcase_add_test(tcase, test_growth_is_exact_where_iterations_share_records);
    tcase_add_test(tcase, test_growth_is_not_a_ring_of_the_last_entries);
    tcase_add_test(tcase, test_growth_is_not_a_cache_that_fills_once);
    tcase_add_test(tcase, test_growth_sees_a_block_that_realloc_makes_longer);
    tcase_add_test(tcase, test_growth_finds_a_small_leak_under_a_large_saw_tooth);
    tcase_add_test(tcase, test_growth_of_many_iterations_fits_into_few_columns);
    tcase_add_test(tcase, test_samples_are_thinned_out_when_there_are_many);
}
