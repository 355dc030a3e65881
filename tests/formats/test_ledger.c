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

START_TEST(test_ledger_adds_live_blocks_up_by_site_and_birth)
{
    g_auto(MadeLedger) made = {0};
    made_ledger_init_small(&made);
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
    made_ledger_init_small(&made);
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    ck_assert_int_eq(site_of(ledger, 1)->peak_bytes, 900); /* saved at peak 7, the header's */
    ck_assert_int_eq(site_of(ledger, 2)->peak_bytes, 50);  /* not touched since: what is live was live then */
}
END_TEST

START_TEST(test_ledger_with_an_end_mark_keeps_what_was_there_then)
{
    g_auto(MadeLedger) made = {0};
    made_ledger_init_small(&made);
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
    made_ledger_init_small(&made);
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
    made_ledger_init_small(&made);
    made_ledger_node(&made, 4, 0x1030); /* node 3 is called by node 4, */
    made_ledger_node(&made, 3, 0x1040); /* which is called by node 3 */
    made_ledger_finish(&made);
    expect_refused(&made, "node 3");
}
END_TEST

START_TEST(test_ledger_refuses_sites_without_a_stack)
{
    g_auto(MadeLedger) made = {0};
    made_ledger_init_small(&made);
    made_ledger_site(&made, 3, 1, 0, 0);
    made_ledger_finish(&made);
    expect_refused(&made, "call site 3");
}
END_TEST

START_TEST(test_ledger_leaves_wild_blocks_out_and_counts_them)
{
    g_auto(MadeLedger) made = {0};
    made_ledger_init_small(&made);
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
        made_ledger_init_small(&made);
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
    made_ledger_init_small(&made);
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
    made_ledger_init_small(&made);
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
    made_ledger_init_small(&made);
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
    made_ledger_init_small(&made);
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
    made_ledger_init_small(&made);
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
        made_ledger_init_small(&made);
        uint32_t *const fields[] = {&made.header.nodes, &made.header.sites, &made.header.changes,
                                    &made.header.text};
        *fields[i] = counts[i];
        made_ledger_finish(&made);
        expect_refused(&made, "cannot be read to its end");
    }
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
    tcase_add_test(tcase, test_samples_are_thinned_out_when_there_are_many);
}
