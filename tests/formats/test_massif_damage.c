/* Files of massif that are deep, long, cut off, damaged or foreign. */
#include <string.h>

#include "error.h"
#include "massif_text.h"
#include "runner.h"

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
    massif_read_well(text, &summary);
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
    massif_read_well(deepest, &summary);
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

static gboolean stop_at_two(const MassifNode *node, gpointer user_data)
{
    (void)node;
    return ++*(int *)user_data < 2;
}

START_TEST(test_massif_stops_a_tree_early_when_asked)
{
    g_autofree char *text = chain(3, 1);
    MassifSummary summary;
    massif_read_well(text, &summary);
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

SUITE(massif_damage, 20)
{
    tcase_add_test(tcase, test_massif_reads_deep_trees_and_long_lines);
    tcase_add_test(tcase, test_massif_refuses_trees_without_a_bottom);
    tcase_add_test(tcase, test_massif_refuses_damage_with_its_line);
    tcase_add_test(tcase, test_massif_refuses_damaged_trees_with_their_line);
    tcase_add_test(tcase, test_massif_refuses_nul_bytes_with_line_and_column);
    tcase_add_test(tcase, test_massif_keeps_what_it_read_of_a_file_cut_off);
    tcase_add_test(tcase, test_massif_stops_a_tree_early_when_asked);
    tcase_add_test(tcase, test_massif_recognises_its_own_and_no_other_files);
}
