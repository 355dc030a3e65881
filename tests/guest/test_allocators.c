/* Who allocates past malloc, or has a malloc of its own. */
#include <string.h>

#include "ledgers.h"
#include "runner.h"

/* How many blocks of this size are live, wherever they were allocated. */
static gint64 blocks_of(const Received *received, gint64 bytes)
{
    gint64 blocks = 0;
    for (guint i = 1; i < received->header->sites; i++) {
        const LedgerSite *site = &received_sites(received)[i];
        blocks +=
            site->live_blocks > 0 && site->live_bytes == site->live_blocks * bytes ? site->live_blocks : 0;
    }
    return blocks;
}

static void check_whole(const Received *received)
{
    Sum sites = received_live_by_sites(received), records = received_live_by_records(received);
    ck_assert_int_eq(sites.bytes, received->header->live_bytes);
    ck_assert_int_eq(records.bytes, sites.bytes);
    ck_assert_int_eq(records.blocks, sites.blocks);
    ck_assert_uint_eq(received->header->unknown_frees, 0);
    ck_assert_uint_eq(received->header->unseen_frees, 0);
}

/* The libraries that define operator new, where they are installed, and none, which is libstdc++. */
static const char *const allocators[] = {"", "libjemalloc.so.2", "libtcmalloc_minimal.so.4",
                                         "libtcmalloc.so.4", "libmimalloc.so.2"};

static char *preload_of(const char *allocator)
{
    if (*allocator == '\0')
        return g_strdup_printf("LD_PRELOAD=%s", runner_path("build/libheapgate.so"));
    const char *const folders[] = {"/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64"};
    for (gsize i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *path = g_build_filename(folders[i], allocator, NULL);
        if (g_file_test(path, G_FILE_TEST_EXISTS))
            return g_strdup_printf("LD_PRELOAD=%s:%s", runner_path("build/libheapgate.so"), path);
    }
    return NULL;
}

START_TEST(test_operator_new_is_booked_whoever_defines_it)
{
    g_autofree char *preload = preload_of(allocators[_i]);
    if (preload == NULL) {
        g_printerr("left out: no %s here\n", allocators[_i]);
        return;
    }
    gboolean throws = strstr(preload, "mimalloc") == NULL;
    const char *argv[] = {"/usr/bin/env", preload, runner_path("build/tests/guest/news"),
                          throws ? "throw" : NULL, NULL};
    g_autoptr(Ledgers) ran = ledgers_run(argv, TRUE, 0);
    ck_assert_int_eq(ran->wait_status, 0);
    ck_assert_str_eq(ran->out, throws ? "thrown\n" : "");
    const Received *received = ledgers_at(ran, 1);
    check_whole(received);
    for (gint64 bytes = 64000; bytes <= 64512; bytes += 64)
        ck_assert_msg(blocks_of(received, bytes) == 1,
                      "%s: %" G_GINT64_FORMAT " bytes: %" G_GINT64_FORMAT " blocks", allocators[_i], bytes,
                      blocks_of(received, bytes));
}
END_TEST

/* Its own blocks, resized by the C library's reallocarray, would be glibc's end. */
START_TEST(test_a_program_with_its_own_malloc_is_left_alone)
{
    const char *argv[] = {"own_malloc", NULL};
    g_autoptr(Ledgers) alone = ledgers_run(argv, FALSE, 0), traced = ledgers_run(argv, TRUE, 0);
    ck_assert_int_eq(alone->wait_status, 0);
    ck_assert_int_eq(traced->wait_status, 0);
    ck_assert_str_eq(alone->out, traced->out);
    ck_assert_uint_eq(ledgers_at(traced, 0)->header->off_reason, LEDGER_OFF_OWN_MALLOC);
}
END_TEST

/* What way of past.c, and below which allocator. */
static Ledgers *run_past(const char *way, const char *preload)
{
    const char *plugin = g_str_has_prefix(way, "early") ? "build/tests/guest/past_plugin_bare.so"
                                                        : "build/tests/guest/past_plugin.so";
    const char *argv[] = {"/usr/bin/env",      preload, runner_path("build/tests/guest/past"), way,
                          runner_path(plugin), NULL};
    Ledgers *ran = ledgers_run(argv, TRUE, 0);
    ck_assert_msg(ran->wait_status == 0, "%s: status %x", way, ran->wait_status);
    return ran;
}

static const char *const ways_past[] = {"other_names",   "handle",         "version",    "deepbind",
                                        "lazy_deepbind", "named_deepbind", "next",       "namespace",
                                        "other_library", "nothing",        "constructor"};

static void check_past(const char *way, const char *preload)
{
    g_autoptr(Ledgers) ran = run_past(way, preload);
    const Received *received = ledgers_at(ran, 1);
    ck_assert_msg(blocks_of(received, 64000) == 3, "%s, %s: %" G_GINT64_FORMAT " blocks", way, preload,
                  blocks_of(received, 64000));
    check_whole(received);
    if (strcmp(way, "nothing") == 0)
        ck_assert_str_eq(ran->out, "1111\n");
}

START_TEST(test_what_binds_past_the_tracer_is_booked)
{
    g_autofree char *preload = preload_of("");
    check_past(ways_past[_i], preload);
}
END_TEST

/* Two allocators beside each other: the plug-in's blocks stay the C library's. */
START_TEST(test_what_binds_past_another_allocator_is_booked)
{
    g_autofree char *preload = preload_of("libjemalloc.so.2");
    if (preload != NULL)
        check_past(ways_past[_i], preload);
    else
        g_printerr("left out: no libjemalloc.so.2 here\n");
}
END_TEST

static gint64 gap_of(const LedgerAudit *audit)
{
    return audit->allocator_bytes - audit->live_bytes;
}

START_TEST(test_the_audit_finds_what_nobody_saw)
{
    g_autofree char *preload = preload_of("");
    g_autoptr(Ledgers) marked = run_past("early", preload), unmarked = run_past("early_unmarked", preload);
    const LedgerHeader *header = ledgers_at(marked, 1)->header;
    ck_assert_uint_eq(header->first_audit.mark, 1);
    ck_assert_uint_eq(header->last_audit.mark, header->end_mark);
    ck_assert_int_ge(gap_of(&header->last_audit) - gap_of(&header->first_audit), 19 * 100000);
    header = ledgers_at(unmarked, 1)->header;
    ck_assert_uint_eq(header->first_audit.made, 0);
    ck_assert_uint_eq(header->last_audit.made, 1);
    ck_assert_int_ge(gap_of(&header->last_audit), 20 * 100000);
    ck_assert_uint_eq(header->audit_kind, 0);
}
END_TEST

/* Only glibc's blocks are glibc's to tell. */
START_TEST(test_the_audit_knows_whose_blocks_are_in_the_books)
{
    g_autofree char *alone = preload_of(""), *other = preload_of("libjemalloc.so.2");
    g_autoptr(Ledgers) two = run_past("namespace", alone);
    ck_assert_uint_eq(ledgers_at(two, 1)->header->audit_kind, LEDGER_AUDIT_MIXED);
    if (other == NULL)
        return;
    g_autoptr(Ledgers) apart = run_past("other_names", other), mixed = run_past("deepbind", other);
    ck_assert_uint_eq(ledgers_at(apart, 1)->header->audit_kind, LEDGER_AUDIT_APART);
    ck_assert_uint_eq(ledgers_at(mixed, 1)->header->audit_kind, LEDGER_AUDIT_MIXED);
}
END_TEST

START_TEST(test_nobody_audits_where_a_lock_may_be_held)
{
    g_autofree char *preload = preload_of("");
    g_autoptr(Ledgers) handler = run_past("mark_by_handler", preload);
    ck_assert_uint_eq(ledgers_at(handler, 1)->header->marks, 1);
    ck_assert_uint_eq(ledgers_at(handler, 1)->header->first_audit.made, 0);
    g_autoptr(Ledgers) threads = run_past("mark_beside_a_thread", preload);
    ck_assert_uint_eq(ledgers_at(threads, 1)->header->first_audit.made, 0);
    ck_assert_uint_eq(ledgers_at(threads, 1)->header->last_audit.made, 0);
}
END_TEST

SUITE(allocators, 60)
{
    tcase_add_test(tcase, test_the_audit_finds_what_nobody_saw);
    tcase_add_test(tcase, test_the_audit_knows_whose_blocks_are_in_the_books);
    tcase_add_test(tcase, test_nobody_audits_where_a_lock_may_be_held);
    tcase_add_loop_test(tcase, test_what_binds_past_the_tracer_is_booked, 0, G_N_ELEMENTS(ways_past));
    tcase_add_loop_test(tcase, test_what_binds_past_another_allocator_is_booked, 0, G_N_ELEMENTS(ways_past));
    tcase_add_loop_test(tcase, test_operator_new_is_booked_whoever_defines_it, 0, G_N_ELEMENTS(allocators));
    tcase_add_test(tcase, test_a_program_with_its_own_malloc_is_left_alone);
}
