#include "formats/valgrind/massif.h"

#include <string.h>

#include "error.h"
#include "runner.h"

#define HEADER "desc: --peak-inaccuracy=0.0\ncmd: ./prog a b\ntime_unit: i\n"
#define RULE   "#-----------\n"
#define SIZES(n, time, heap, extra, stacks)                                                                  \
    RULE "snapshot=" #n "\n" RULE "time=" #time "\nmem_heap_B=" #heap "\nmem_heap_extra_B=" #extra           \
         "\nmem_stacks_B=" #stacks "\n"
#define EMPTY(n, time, heap) SIZES(n, time, heap, 0, 0) "heap_tree=empty\n"
#define ROOT                 " (heap allocation functions) malloc/new/new[], --alloc-fns, etc.\n"

static gboolean read_text(const char *text, MassifSummary *summary, GError **error)
{
    return massif_read(text, strlen(text), "m.out", NULL, NULL, summary, error);
}

/* Reads what must be readable; clear the summary. */
static void read_well(const char *text, MassifSummary *summary)
{
    g_autoptr(GError) error = NULL;
    ck_assert_msg(read_text(text, summary, &error), "%s", error != NULL ? error->message : "");
}

static void expect_refusal(const char *text, HeapgateError code, const char *message)
{
    MassifSummary summary;
    g_autoptr(GError) error = NULL;
    ck_assert_msg(!read_text(text, &summary, &error), "accepted, not refused: %s", message);
    ck_assert_str_eq(error->message, message);
    ck_assert_int_eq(error->code, (int)code);
    massif_summary_clear(&summary);
}

/* The call sites of one tree line list, "KEY=BYTES" by key, joined by "; "; (transfer full). */
static char *sites_of(const char *text, const MassifSnapshot *snapshot)
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
    read_well(text, &summary);
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
    read_well(text, &summary);
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
    read_well(HEADER SIZES(0, 1, 100, 0, 0) "heap_tree=peak\nn0: 100" ROOT EMPTY(1, 2, 90) EMPTY(2, 3, 170)
                  EMPTY(3, 4, 170) EMPTY(4, 5, 120),
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
    read_well(HEADER EMPTY(0, 1, 100)
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
    read_well(HEADER SIZES(0, 1, 100, 0, 0) "heap_tree=empty\n" SIZES(1, 2, 90, 8, 5000) "heap_tree=empty\n",
              &summary);
    ck_assert_uint_eq(summary.max.index, 1);
    ck_assert_uint_eq(summary.max_heap.index, 0);
    massif_summary_clear(&summary);
}
END_TEST

START_TEST(test_massif_does_without_a_peak_marker)
{
    MassifSummary summary;
    read_well(HEADER EMPTY(0, 0, 0), &summary);
    ck_assert(!summary.has_peak_marker);
    ck_assert_uint_eq(summary.snapshots, 1);
    massif_summary_clear(&summary);
    read_well(HEADER EMPTY(0, 0, 0) EMPTY(1, 7, 5000000000), &summary);
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
    read_well(text, &summary);
    g_autofree char *sites = sites_of(text, &summary.last);
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
    read_well(text, &summary);
    int below = 0;
    ck_assert(massif_read_tree(text, strlen(text), "m.out", &summary.last, count_below, &below, NULL));
    ck_assert_int_eq(below, 4);
    g_autofree char *sites = sites_of(text, &summary.last);
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
    read_well(text, &summary);
    ck_assert_str_eq(summary.command, "./prog a b");
    ck_assert_str_eq(summary.time_unit, "i");
    g_autofree char *sites = sites_of(text, &summary.peak_marker);
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
        read_well(texts[i], &summary);
        ck_assert_str_eq(summary.time_unit, "s");
        ck_assert_str_eq(summary.command, "./long");
        ck_assert_double_eq(summary.last.time, 0.001);
        g_autofree char *sites = sites_of(texts[i], &summary.last);
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
    read_well(text, &summary);
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
    read_well("desc: xtree.produce_report\ncmd: ./e\ntime_unit: ms\n" SIZES(
                  0, 345, 0, 0, 0) "heap_tree=detailed\nn0: 0 curB : currently allocated Bytes\n",
              &summary);
    ck_assert_int_eq(summary.max.heap_bytes, 0);
    massif_summary_clear(&summary);
}
END_TEST

START_TEST(test_massif_reads_descriptions_and_commands_of_any_kind)
{
    MassifSummary summary;
    read_well(
        "desc: (none)\ndesc: more\ncmd: python3 -c import sys\nprint(1)\n\ntime_unit: ms\n" EMPTY(0, 1, 1),
        &summary);
    ck_assert_str_eq(summary.description, "(none)\nmore");
    ck_assert_str_eq(summary.command, "python3 -c import sys\nprint(1)\n");
    massif_summary_clear(&summary);
    read_well("desc:\ncmd:\ntime_unit: B\n" EMPTY(0, 1, 1) "\n\r\n", &summary);
    ck_assert_str_eq(summary.command, "");
    ck_assert_str_eq(summary.time_unit, "B");
    massif_summary_clear(&summary);
}
END_TEST

/* A tree of this many levels below the root, one node each; (transfer full). */
static char *chain(guint depth, guint name_length)
{
    g_autofree char *function = g_strnfill(name_length, 'f');
    GString *text = g_string_new(HEADER SIZES(0, 1, 10, 0, 0) "heap_tree=peak\nn1: 10" ROOT);
    for (guint i = 1; i <= depth; i++)
        g_string_append_printf(text, "%*sn%d: 10 0x%X: %s%u (t.c:%u)\n", (int)i, "", i < depth, i, function,
                               i, i);
    return g_string_free(text, FALSE);
}

START_TEST(test_massif_reads_deep_trees_and_long_lines)
{
    g_autofree char *text = chain(49, 30000);
    MassifSummary summary;
    read_well(text, &summary);
    g_autoptr(CallSites) sites = call_sites_new();
    ck_assert(
        massif_read_call_sites(text, strlen(text), "m.out", &summary.last, MASSIF_ADD_BYTES, sites, NULL));
    ck_assert_uint_eq(call_sites_count(sites), 1);
    ck_assert_uint_eq(call_sites_get(sites, 0)->n_frames, 49);
    massif_summary_clear(&summary);
}
END_TEST

START_TEST(test_massif_refuses_trees_without_a_bottom)
{
    g_autofree char *deepest = chain(1023, 1), *deeper = chain(1024, 1);
    MassifSummary summary;
    read_well(deepest, &summary);
    massif_summary_clear(&summary);
    g_autofree char *node = g_strdup_printf("%*s", 60, "");
    g_autofree char *message =
        g_strdup_printf("m.out:1035: expected a heap tree less than 1024 deep, found \"%s\"...", node);
    expect_refusal(deeper, HEAPGATE_ERROR_FORMAT, message);
}
END_TEST

START_TEST(test_massif_refuses_damage_with_its_line)
{
    const struct {
        const char *text, *message;
    } cases[] = {
        {"", "m.out:1: expected \"desc:\", found an empty file"},
        {"\n" HEADER EMPTY(0, 0, 0), "m.out:1: expected \"desc:\", found an empty line"},
        {"hello", "m.out:1: expected \"desc:\", found \"hello\" and the end of the file"},
        {"# callgrind format\nversion: 1\n", "m.out:1: expected \"desc:\", found \"# callgrind format\""},
        {"desc: I1 cache: 32768 B\ndesc: D1\ncmd: ./t\nevents: Ir\nfl=t.c\n",
         "m.out:4: expected \"time_unit:\", found \"events: Ir\""},
        {"desc: a\ntime_unit: i\n", "m.out:2: expected \"cmd:\", found \"time_unit: i\""},
        {"desc: a\ncmd: b\n" EMPTY(0, 0, 0), "m.out:3: expected \"time_unit:\", found \"#-----------\""},
        {"desc: a\ncmd: b\ntime_unit:\n",
         "m.out:3: expected \"time_unit:\" with a unit, found \"time_unit:\""},
        {HEADER "snapshot=0\n", "m.out:4: expected \"#-----------\", found \"snapshot=0\""},
        {HEADER RULE "snapshot=x\n",
         "m.out:5: expected \"snapshot=\" with a number below 2^63, found \"snapshot=x\""},
        {HEADER SIZES(0, , 1, 1, 1), "m.out:7: expected \"time=\" with a number, found \"time=\""},
        {HEADER SIZES(0, nan, 1, 1, 1), "m.out:7: expected \"time=\" with a number, found \"time=nan\""},
        {HEADER SIZES(0, 1e999, 1, 1, 1), "m.out:7: expected \"time=\" with a number, found \"time=1e999\""},
        {HEADER SIZES(0, 1, 0x10, 1, 1),
         "m.out:8: expected \"mem_heap_B=\" with a number below 2^63, found \"mem_heap_B=0x10\""},
        {HEADER SIZES(0, 1, -1, 1, 1),
         "m.out:8: expected \"mem_heap_B=\" with a number below 2^63, found \"mem_heap_B=-1\""},
        {HEADER SIZES(0, 1, 9223372036854775808, 1, 1),
         "m.out:8: expected \"mem_heap_B=\" with a number below 2^63, found "
         "\"mem_heap_B=9223372036854775808\""},
        {HEADER SIZES(0, 1, 99999999999999999999999999, 1, 1),
         "m.out:8: expected \"mem_heap_B=\" with a number below "
         "2^63, found \"mem_heap_B=99999999999999999999999999\""},
        {HEADER SIZES(0, 1, 9223372036854775807, 1, 0) "heap_tree=empty\n",
         "m.out:10: expected a snapshot of less than 2^63 bytes, found \"mem_stacks_B=0\""},
        {HEADER SIZES(0, 1, 1, 1, 1) "heap_tree=full\n",
         "m.out:11: expected \"heap_tree=\" with empty, detailed or peak, found \"heap_tree=full\""},
        {HEADER SIZES(0, 1, 1, 1, 1) "heap_tree=empty\n" HEADER, "m.out:12: expected \"#-----------\", found "
                                                                 "\"desc: --peak-inaccuracy=0.0\""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        expect_refusal(cases[i].text, HEAPGATE_ERROR_FORMAT, cases[i].message);
}
END_TEST

#define NODE "a tree node (\"nCHILDREN: BYTES LABEL\")"

START_TEST(test_massif_refuses_damaged_trees_with_their_line)
{
    const struct {
        const char *tree, *message;
    } cases[] = {
        {EMPTY(1, 2, 3), "m.out:12: expected " NODE ", the root of the heap tree, found \"#-----------\""},
        {"n2: 9" ROOT " n0: 9 0x1: f (t.c:1)\n" EMPTY(1, 2, 3),
         "m.out:14: expected " NODE
         " indented by 1, for its parent has more children, found \"#-----------\""},
        {"n2: 9" ROOT " n1: 9 0x1: f (t.c:1)\n n0: 0 0x2: g (t.c:2)\n",
         "m.out:14: expected " NODE
         " indented by 2, for its parent has more children, found \" n0: 0 0x2: g (t.c:2)\""},
        {"n1: 9" ROOT " n0: 4 0x1: f (t.c:1)\n n0: 5 0x2: g (t.c:2)\n",
         "m.out:14: expected \"#-----------\", found \" n0: 5 0x2: g (t.c:2)\""},
        {"n1: 9" ROOT " n0: 10 0x1: f (t.c:1)\n",
         "m.out:13: expected at most 9 more bytes below the parent, found \" n0: 10 0x1: f (t.c:1)\""},
        {"n1: 9" ROOT "  n0: 9 0x1: f (t.c:1)\n",
         "m.out:13: expected " NODE
         " indented by 1, for its parent has more children, found \"  n0: 9 0x1: f (t.c:1)\""},
        {"n1: 9" ROOT " n1: 9 in 2 places, all below massif's threshold (1.00%)\n",
         "m.out:13: expected no children below massif's threshold (\"n0:\"), "
         "found \" n1: 9 in 2 places, all below massif's threshold (1.00%)\""},
        {"n4294967296: 9 x\n",
         "m.out:12: expected " NODE " with a number of children, found \"n4294967296: 9 x\""},
        {"n: 9" ROOT, "m.out:12: expected " NODE " with a number of children, "
                      "found \"n: 9 (heap allocation functions) malloc/new/new[], --alloc-f\"..."},
        {"n0: x\n",
         "m.out:12: expected " NODE " with a number of bytes below 2^63 and a label, found \"n0: x\""},
        {"n0: 5\n",
         "m.out:12: expected " NODE " with a number of bytes below 2^63 and a label, found \"n0: 5\""},
        {"n0: 5 \n",
         "m.out:12: expected " NODE " with a number of bytes below 2^63 and a label, found \"n0: 5 \""},
        {"n0: 9223372036854775808 x\n",
         "m.out:12: expected " NODE " with a number of bytes below 2^63 and a label, "
         "found \"n0: 9223372036854775808 x\""},
        {"\033[31m\xff\n",
         "m.out:12: expected " NODE ", the root of the heap tree, found \"\\033[31m\\377\""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text =
            g_strconcat(HEADER SIZES(0, 1, 9, 0, 0) "heap_tree=peak\n", cases[i].tree, NULL);
        expect_refusal(text, HEAPGATE_ERROR_FORMAT, cases[i].message);
    }
}
END_TEST

START_TEST(test_massif_refuses_nul_bytes_with_line_and_column)
{
    const char text[] = HEADER EMPTY(0, 0, 0) RULE "snap\0shot=1\n";
    MassifSummary summary;
    g_autoptr(GError) error = NULL;
    ck_assert(!massif_read(text, sizeof text - 1, "m.out", NULL, NULL, &summary, &error));
    ck_assert_str_eq(error->message, "m.out:13: expected text, found a NUL byte at column 5");
    ck_assert(g_error_matches(error, HEAPGATE_ERROR, HEAPGATE_ERROR_FORMAT));
    massif_summary_clear(&summary);
}
END_TEST

START_TEST(test_massif_keeps_what_it_read_of_a_file_cut_off)
{
    const char *text = HEADER EMPTY(0, 0, 50) SIZES(1, 4, 90, 0, 0) "heap_tree=peak\nn1: 90" ROOT
                                                                    " n0: 90 0x1: main (t.c:9)\n";
    gsize length = strlen(text), first = strlen(HEADER EMPTY(0, 0, 50)), header = strlen(HEADER);
    for (gsize cut = 1; cut < length; cut++) {
        MassifSummary summary;
        g_autoptr(GError) error = NULL;
        gboolean read = massif_read(text, cut, "m.out", NULL, NULL, &summary, &error);
        if (cut == first) {
            ck_assert(read); /* nothing shows that there was more */
        } else {
            ck_assert_msg(!read, "cut at %zu", cut);
            ck_assert_msg(error->code == HEAPGATE_ERROR_TRUNCATED, "cut at %zu: %s", cut, error->message);
            ck_assert_uint_eq(summary.snapshots, cut >= first);
            ck_assert_int_eq(summary.max.heap_bytes, cut >= first ? 50 : 0);
            ck_assert_int_eq(summary.time_unit != NULL, cut >= header);
        }
        massif_summary_clear(&summary);
    }
    expect_refusal(HEADER, HEAPGATE_ERROR_TRUNCATED,
                   "m.out:4: expected a snapshot, found the end of the file");
    expect_refusal(
        HEADER RULE "snapshot=1", HEAPGATE_ERROR_TRUNCATED,
        "m.out:5: expected a whole \"snapshot=\" line, found \"snapshot=1\" and the end of the file");
    expect_refusal(HEADER SIZES(0, 1, 9, 0, 0) "heap_tree=peak\n", HEAPGATE_ERROR_TRUNCATED,
                   "m.out:12: expected " NODE ", the root of the heap tree, found the end of the file");
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

static gboolean stop_at_two(const MassifNode *node, gpointer user_data)
{
    (void)node;
    return ++*(int *)user_data < 2;
}

START_TEST(test_massif_stops_a_tree_early_when_asked)
{
    g_autofree char *text = chain(3, 1);
    MassifSummary summary;
    read_well(text, &summary);
    int visited = 0;
    ck_assert(massif_read_tree(text, strlen(text), "m.out", &summary.last, stop_at_two, &visited, NULL));
    ck_assert_int_eq(visited, 2);
    massif_summary_clear(&summary);
}
END_TEST

START_TEST(test_massif_recognises_its_own_and_no_other_files)
{
    const struct {
        const char *text;
        gboolean massif;
    } cases[] = {
        {HEADER, TRUE},
        {"desc: (none)\r\ncmd: x\r\ntime_unit: i\r\n", TRUE},
        {"desc: a\ncmd: sh -c a\nb\ntime_unit: i\n", TRUE},
        {RULE "snapshot=0\n", TRUE},
        {"", FALSE},
        {"desc: a\n", FALSE},
        {"cmd: a\ntime_unit: i\n", FALSE},
        {"desc: I1 cache: 32768 B\ncmd: ./t\nevents: Ir\n", FALSE},
        {"# callgrind format\nversion: 1\n", FALSE},
        {"<?xml version=\"1.0\"?>\n", FALSE},
        {"{\"dhatFileVersion\":2}\n", FALSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        ck_assert_msg(massif_recognise(cases[i].text, strlen(cases[i].text)) == cases[i].massif, "%s",
                      cases[i].text);
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
    tcase_add_test(tcase, test_massif_reads_deep_trees_and_long_lines);
    tcase_add_test(tcase, test_massif_refuses_trees_without_a_bottom);
    tcase_add_test(tcase, test_massif_refuses_damage_with_its_line);
    tcase_add_test(tcase, test_massif_refuses_damaged_trees_with_their_line);
    tcase_add_test(tcase, test_massif_refuses_nul_bytes_with_line_and_column);
    tcase_add_test(tcase, test_massif_keeps_what_it_read_of_a_file_cut_off);
    tcase_add_test(tcase, test_massif_refuses_a_tree_that_is_not_there);
    tcase_add_test(tcase, test_massif_stops_a_tree_early_when_asked);
    tcase_add_test(tcase, test_massif_recognises_its_own_and_no_other_files);
}
