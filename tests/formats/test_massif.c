/* What massif's files say: snapshots, trees, labels. */
#include <string.h>

#include "error.h"
#include "massif_text.h"
#include "runner.h"

/* The call sites of one tree line list, "KEY=BYTES" by key, joined by "; "; (transfer full). */
static char *massif_sites(const char *text, const MassifSnapshot *snapshot)
{
    g_autoptr(CallSites) sites = call_sites_new();
    g_autoptr(GError) error = NULL;
    ck_assert_msg(
        massif_read_call_sites(text, strlen(text), "m.out", snapshot, MASSIF_ADD_BYTES, sites, &error), "%s",
        error != NULL ? error->message : "");
    call_sites_sort(sites);
    GString *list = g_string_new(NULL);
    for (guint i = 0; i < call_sites_count(sites); i++) {
        const CallSite *site = call_sites_get(sites, i);
        g_string_append_printf(list, "%s%s=%" G_GINT64_FORMAT, i > 0 ? "; " : "", site->key, site->bytes);
    }
    return g_string_free(list, FALSE);
}

/* The frame of the one line under a root, as "function|file|object|line"; (transfer full). */
static gboolean keep_frame(const MassifNode *node, gpointer user_data)
{
    if (node->depth == 1)
        *(char **)user_data =
            g_strdup_printf("%s|%s|%s|%u", node->frame.function ? node->frame.function : "-",
                            node->frame.file ? node->frame.file : "-",
                            node->frame.object ? node->frame.object : "-", node->frame.line);
    return TRUE;
}

static char *frame_of(const char *label)
{
    g_autofree char *text =
        g_strdup_printf(HEADER SIZES(0, 1, 10, 0, 0) "heap_tree=detailed\nn1: 10" ROOT " n0: 10 %s\n", label);
    MassifSummary summary;
    massif_read_well(text, &summary);
    char *frame = NULL;
    ck_assert(massif_read_tree(text, strlen(text), "m.out", &summary.last, keep_frame, &frame, NULL));
    massif_summary_clear(&summary);
    return frame;
}

START_TEST(test_massif_reads_header_sizes_and_tree_kinds)
{
    const char *text = HEADER EMPTY(0, 0, 0)
        SIZES(1, 5, 100, 8, 32) "heap_tree=peak\nn1: 100" ROOT " n0: 100 0x1: main (t.c:9)\n" EMPTY(2, 9, 60);
    MassifSummary summary;
    massif_read_well(text, &summary);
    ck_assert_str_eq(summary.description, "--peak-inaccuracy=0.0");
    ck_assert_str_eq(summary.command, "./prog a b");
    ck_assert_str_eq(summary.time_unit, "i");
    ck_assert_uint_eq(summary.snapshots, 3);
    ck_assert_uint_eq(summary.detailed, 1);
    ck_assert(summary.has_peak_marker);
    ck_assert_uint_eq(summary.peak_marker.index, 1);
    ck_assert_int_eq(summary.peak_marker.stacks_bytes, 32);
    ck_assert_int_eq(summary.peak_marker.extra_bytes, 8);
    ck_assert_uint_eq(summary.peak_marker.tree_line, 20);
    ck_assert(g_str_has_prefix(text + summary.peak_marker.tree_offset, "n1: 100"));
    ck_assert_uint_eq(summary.last.index, 2);
    massif_summary_clear(&summary);
}
END_TEST

START_TEST(test_massif_keeps_the_maximum_apart_from_the_peak_marker)
{
    MassifSummary summary;
    massif_read_well(HEADER SIZES(0, 1, 100, 0, 0) "heap_tree=peak\nn0: 100" ROOT EMPTY(1, 2, 90)
                         EMPTY(2, 3, 170) EMPTY(3, 4, 170) EMPTY(4, 5, 120),
                     &summary);
    ck_assert_uint_eq(summary.peak_marker.index, 0);
    ck_assert_uint_eq(summary.max.index, 2);
    ck_assert_uint_eq(summary.max_heap.index, 2);
    ck_assert_int_eq(summary.last.heap_bytes, 120);
    massif_summary_clear(&summary);
}
END_TEST

START_TEST(test_massif_prefers_the_one_with_a_tree_among_equal_maxima)
{
    MassifSummary summary;
    massif_read_well(HEADER EMPTY(0, 1, 100)
                         SIZES(1, 2, 100, 0, 0) "heap_tree=detailed\nn0: 100" ROOT EMPTY(2, 3, 100),
                     &summary);
    ck_assert_uint_eq(summary.max.index, 0);
    ck_assert_uint_eq(summary.max_heap.index, 1);
    massif_summary_clear(&summary);
}
END_TEST

START_TEST(test_massif_counts_extra_and_stacks_in_the_maximum_only)
{
    MassifSummary summary;
    massif_read_well(
        HEADER SIZES(0, 1, 100, 0, 0) "heap_tree=empty\n" SIZES(1, 2, 90, 8, 5000) "heap_tree=empty\n",
        &summary);
    ck_assert_uint_eq(summary.max.index, 1);
    ck_assert_uint_eq(summary.max_heap.index, 0);
    massif_summary_clear(&summary);
}
END_TEST

START_TEST(test_massif_does_without_a_peak_marker)
{
    MassifSummary summary;
    massif_read_well(HEADER EMPTY(0, 0, 0), &summary);
    ck_assert(!summary.has_peak_marker);
    ck_assert_uint_eq(summary.snapshots, 1);
    massif_summary_clear(&summary);
    massif_read_well(HEADER EMPTY(0, 0, 0) EMPTY(1, 7, 5000000000), &summary);
    ck_assert(!summary.has_peak_marker);
    ck_assert_int_eq(summary.max.heap_bytes, 5000000000);
    massif_summary_clear(&summary);
}
END_TEST

START_TEST(test_massif_takes_labels_apart_by_their_ends)
{
    const struct {
        const char *label, *frame;
    } cases[] = {
        {"0x1092A7: main (t.cc:9)", "main|t.cc|-|9"},
        {"0x5: f(int)::{lambda(int)#1}::operator()(int) const (t.cc:7)",
         "f(int)::{lambda(int)#1}::operator()(int) const|t.cc|-|7"},
        {"0x5: std::map<int, std::string (*)(int), std::less<int> >::operator[](int&&) (stl_map.h:501)",
         "std::map<int, std::string (*)(int), std::less<int> >::operator[](int&&)|stl_map.h|-|501"},
        {"0x5: memcpy@@GLIBC_2.14 (in /usr/lib/libc.so.6)", "memcpy@@GLIBC_2.14|-|/usr/lib/libc.so.6|0"},
        {"0x48F87B9: ??? (in /usr/lib/libstdc++.so.6.0.30)", "-|-|/usr/lib/libstdc++.so.6.0.30|0"},
        {"0x2: ???", "-|-|-|0"},
        {"0x804C: ??? (memory.cpp:125)", "-|memory.cpp|-|125"},
        {"0x5: (below main) (libc-start.c:226)", "(below main)|libc-start.c|-|226"},
        {"0x5: run (in /memfd:x (deleted))", "run|-|/memfd:x (deleted)|0"},
        {"0x5: run (in /opt/odd:80)", "run|-|/opt/odd:80|0"},
        {"0x5: run (/src/a b/t.c:3)", "run|/src/a b/t.c|-|3"},
        {"0x5: (anonymous namespace)::f(int) (.part.0)", "(anonymous namespace)::f(int) (.part.0)|-|-|0"},
        {"0x5: run (t.c:99999999999999)", "run|t.c|-|0"},
        {"0x5: run (???:0)", "run|-|-|0"},
        {"0x55f: churn (/usr/bin/prog)", "churn|-|/usr/bin/prog|0"},
        {"a label of another kind", "a label of another kind|-|-|0"},
        {"0x", "0x|-|-|0"},
        {"(", "(|-|-|0"},
        {")", ")|-|-|0"},
        {"0x5: ()", "()|-|-|0"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *frame = frame_of(cases[i].label);
        ck_assert_str_eq(frame, cases[i].frame);
    }
}
END_TEST

START_TEST(test_massif_gives_each_stack_what_its_callers_do_not_account_for)
{
    const char *text =
        HEADER SIZES(0, 1, 110, 0, 0) "heap_tree=detailed\n"
                                      "n3: 110" ROOT " n2: 80 0x1: make (t.c:1)\n"
                                      "  n0: 50 0x2: one (t.c:2)\n"
                                      "  n1: 25 0x3: two (t.c:3)\n"
                                      "   n0: 25 0x4: main (t.c:4)\n"
                                      " n0: 20 0x5: other (t.c:5)\n"
                                      " n0: 10 in 3 places, all below massif's threshold (1.00%)\n";
    MassifSummary summary;
    massif_read_well(text, &summary);
    g_autofree char *sites = massif_sites(text, &summary.last);
    ck_assert_str_eq(sites,
                     "make (t.c) < one (t.c)=50; make (t.c) < two (t.c) < main (t.c)=25; other (t.c)=20; "
                     "(unknown)=10; make (t.c)=5");
    massif_summary_clear(&summary);
}
END_TEST

static gboolean count_below(const MassifNode *node, gpointer user_data)
{
    *(int *)user_data += node->below_threshold;
    return TRUE;
}

START_TEST(test_massif_knows_every_way_of_saying_below_threshold)
{
    const char *text =
        HEADER SIZES(0, 1, 110, 0, 0) "heap_tree=peak\n"
                                      "n5: 110" ROOT " n2: 80 0x1: make (t.c:1)\n"
                                      "  n0: 80 0x2: one (t.c:2)\n"
                                      "  n0: 0 in 1 place, below massif's threshold (1.00%)\n"
                                      " n0: 20 in 6 places, all below massif's threshold (01.00%)\n"
                                      " n0: 10 in 1 places, all below massif's threshold (1)\n"
                                      " n0: 0 in 404 places, all below massif's threshold (00.00%)\n"
                                      " n0: 0 in place\n";
    MassifSummary summary;
    massif_read_well(text, &summary);
    int below = 0;
    ck_assert(massif_read_tree(text, strlen(text), "m.out", &summary.last, count_below, &below, NULL));
    ck_assert_int_eq(below, 4);
    g_autofree char *sites = massif_sites(text, &summary.last);
    ck_assert_str_eq(sites, "make (t.c) < one (t.c)=80; (unknown)=30");
    massif_summary_clear(&summary);
}
END_TEST

START_TEST(test_massif_accepts_crlf_line_ends)
{
    g_auto(GStrv) lines = g_strsplit(
        HEADER SIZES(0, 1, 10, 0, 0) "heap_tree=peak\nn1: 10" ROOT " n0: 10 0x1: main (t.c:9)\n", "\n", -1);
    g_autofree char *text = g_strjoinv("\r\n", lines);
    MassifSummary summary;
    massif_read_well(text, &summary);
    ck_assert_str_eq(summary.command, "./prog a b");
    ck_assert_str_eq(summary.time_unit, "i");
    g_autofree char *sites = massif_sites(text, &summary.peak_marker);
    ck_assert_str_eq(sites, "main (t.c)=10");
    massif_summary_clear(&summary);
}
END_TEST

static void keep_time(const MassifSnapshot *snapshot, gpointer user_data)
{
    g_array_append_val((GArray *)user_data, snapshot->time);
}

START_TEST(test_massif_gives_times_as_they_are)
{
    const char *text = HEADER EMPTY(0, 7, 1) EMPTY(1, 7, 1) EMPTY(2, 3, 1) EMPTY(3, 99999999999, 1)
        EMPTY(4, 0.25, 1) EMPTY(5, 1.5e+06, 1);
    const double expected[] = {7, 7, 3, 99999999999.0, 0.25, 1.5e6};
    g_autoptr(GArray) times = g_array_new(FALSE, FALSE, sizeof(double));
    MassifSummary summary;
    ck_assert(massif_read(text, strlen(text), "m.out", keep_time, times, &summary, NULL));
    ck_assert_uint_eq(times->len, G_N_ELEMENTS(expected));
    for (guint i = 0; i < times->len; i++)
        ck_assert_double_eq(g_array_index(times, double, i), expected[i]);
    massif_summary_clear(&summary);
}
END_TEST

START_TEST(test_massif_reads_heaptracks_export_with_its_header_at_either_end)
{
    const char *body = SIZES(0, 0.001, 4000, 0, 0) "heap_tree=detailed\nn2: 4000" ROOT
                                                   " n0: 3000 0x55d3: grow (/tmp/long.c:4)\n"
                                                   " n0: 0 in 5 places, all below massif's threshold (1)\n";
    const char *header = "desc: heaptrack\ncmd: ./long\ntime_unit: s\n";
    g_autofree char *first = g_strconcat(header, body, NULL), *last = g_strconcat(body, header, NULL);
    const char *texts[] = {first, last};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        MassifSummary summary;
        ck_assert(massif_recognise(texts[i], strlen(texts[i])));
        massif_read_well(texts[i], &summary);
        ck_assert_str_eq(summary.time_unit, "s");
        ck_assert_str_eq(summary.command, "./long");
        ck_assert_double_eq(summary.last.time, 0.001);
        g_autofree char *sites = massif_sites(texts[i], &summary.last);
        ck_assert_str_eq(sites, "grow (long.c)=3000; (unknown)=1000");
        massif_summary_clear(&summary);
    }
    expect_refusal(body, HEAPGATE_ERROR_TRUNCATED, "m.out:12: expected \"desc:\", found the end of the file");
}
END_TEST

START_TEST(test_massif_reads_xtree_reports)
{
    const char *text = "desc: xtree.produce_report\ncmd: ./t\ntime_unit: ms\n" SIZES(
        0, 505, 300, 0,
        0) "heap_tree=detailed\nn1: 300 curB : currently allocated Bytes\n n0: 300 0x1: main "
           "(t.c:9)\n" SIZES(1, 505, 2, 0, 0) "heap_tree=detailed\nn1: 2 curBk : currently allocated Blocks\n"
                                              " n0: 2 0x1: main (t.c:9)\n";
    MassifSummary summary;
    massif_read_well(text, &summary);
    ck_assert_str_eq(summary.description, "xtree.produce_report");
    ck_assert_uint_eq(summary.detailed, 2);
    g_autoptr(CallSites) sites = call_sites_new();
    ck_assert(
        massif_read_call_sites(text, strlen(text), "m.ms", &summary.max, MASSIF_ADD_BYTES, sites, NULL));
    ck_assert(
        massif_read_call_sites(text, strlen(text), "m.ms", &summary.last, MASSIF_ADD_BLOCKS, sites, NULL));
    ck_assert_uint_eq(call_sites_count(sites), 1);
    ck_assert_int_eq(call_sites_get(sites, 0)->bytes, 300);
    ck_assert_int_eq(call_sites_get(sites, 0)->blocks, 2);
    massif_summary_clear(&summary);
    massif_read_well("desc: xtree.produce_report\ncmd: ./e\ntime_unit: ms\n" SIZES(
                         0, 345, 0, 0, 0) "heap_tree=detailed\nn0: 0 curB : currently allocated Bytes\n",
                     &summary);
    ck_assert_int_eq(summary.max.heap_bytes, 0);
    massif_summary_clear(&summary);
}
END_TEST

START_TEST(test_massif_reads_descriptions_and_commands_of_any_kind)
{
    MassifSummary summary;
    massif_read_well(
        "desc: (none)\ndesc: more\ncmd: python3 -c import sys\nprint(1)\n\ntime_unit: ms\n" EMPTY(0, 1, 1),
        &summary);
    ck_assert_str_eq(summary.description, "(none)\nmore");
    ck_assert_str_eq(summary.command, "python3 -c import sys\nprint(1)\n");
    massif_summary_clear(&summary);
    massif_read_well("desc:\ncmd:\ntime_unit: B\n" EMPTY(0, 1, 1) "\n\r\n", &summary);
    ck_assert_str_eq(summary.command, "");
    ck_assert_str_eq(summary.time_unit, "B");
    massif_summary_clear(&summary);
}
END_TEST

START_TEST(test_massif_refuses_a_tree_that_is_not_there)
{
    const char *text = HEADER EMPTY(0, 0, 50);
    MassifSnapshot snapshots[] = {{.tree = MASSIF_TREE_EMPTY},
                                  {.tree = MASSIF_TREE_PEAK, .tree_offset = 1 << 20}};
    for (gsize i = 0; i < G_N_ELEMENTS(snapshots); i++) {
        g_autoptr(GError) error = NULL;
        int below = 0;
        ck_assert(!massif_read_tree(text, strlen(text), "m.out", &snapshots[i], count_below, &below, &error));
        ck_assert(g_error_matches(error, HEAPGATE_ERROR, HEAPGATE_ERROR_FORMAT));
    }
}
END_TEST

SUITE(massif, 20)
{
    tcase_add_test(tcase, test_massif_reads_header_sizes_and_tree_kinds);
    tcase_add_test(tcase, test_massif_keeps_the_maximum_apart_from_the_peak_marker);
    tcase_add_test(tcase, test_massif_prefers_the_one_with_a_tree_among_equal_maxima);
    tcase_add_test(tcase, test_massif_counts_extra_and_stacks_in_the_maximum_only);
    tcase_add_test(tcase, test_massif_does_without_a_peak_marker);
    tcase_add_test(tcase, test_massif_takes_labels_apart_by_their_ends);
    tcase_add_test(tcase, test_massif_gives_each_stack_what_its_callers_do_not_account_for);
    tcase_add_test(tcase, test_massif_knows_every_way_of_saying_below_threshold);
    tcase_add_test(tcase, test_massif_accepts_crlf_line_ends);
    tcase_add_test(tcase, test_massif_gives_times_as_they_are);
    tcase_add_test(tcase, test_massif_reads_heaptracks_export_with_its_header_at_either_end);
    tcase_add_test(tcase, test_massif_reads_xtree_reports);
    tcase_add_test(tcase, test_massif_reads_descriptions_and_commands_of_any_kind);
    tcase_add_test(tcase, test_massif_refuses_a_tree_that_is_not_there);
}
