/* What memcheck's XML says: errors, leaks, leak checks, messages. */
#include <string.h>

#include "error.h"
#include "memcheck_text.h"
#include "runner.h"

START_TEST(test_memcheck_reads_leaks_that_follow_finished)
{
    Read read =
        memcheck_read_text(HEAD FINISHED LEAK("0x0", "Leak_DefinitelyLost", "77", "2", "1 of 2", "leaky")
                               LEAK("0x1", "Leak_StillReachable", "5", "1", "2 of 2", "keeper") CLOSE);
    expect_seen(&read, "Leak_DefinitelyLost 77/2 x1 check 1: leaky@p.c:7\n"
                       "Leak_StillReachable 5/1 x1 check 1: keeper@p.c:7\n");
    ck_assert_int_eq(read.summary.protocol, 4);
    ck_assert_int_eq(read.summary.pid, 42);
    ck_assert_int_eq(read.summary.parent_pid, 1);
    ck_assert_str_eq(read.summary.command, "./prog -a two words");
    ck_assert_uint_eq(read.summary.errors, 2);
    ck_assert(read.summary.finished && read.summary.complete && !read.summary.forked);
    ck_assert_ptr_null(read.summary.problem);
    ck_assert_uint_eq(read.summary.kinds->len, 2);
    expect_kind(&read, 0, "Leak_DefinitelyLost", 1, 77, 2);
    expect_kind(&read, 1, "Leak_StillReachable", 1, 5, 1);
    read_clear(&read);
}
END_TEST

START_TEST(test_memcheck_reads_protocols_4_to_6_and_no_other)
{
    Read five = memcheck_read_text(OPENING("5", "memcheck") FINISHED CLOSE),
         six = memcheck_read_text(OPENING("6", "memcheck") FINISHED
                                  "<heap_summary><bytes>64,146</bytes></heap_summary>" CLOSE);
    ck_assert_int_eq(five.summary.protocol, 5);
    ck_assert_int_eq(six.summary.protocol, 6);
    Read three = memcheck_read_text(OPENING("3", "memcheck") CLOSE),
         seven = memcheck_read_text(OPENING("7", "memcheck") CLOSE);
    expect_error(&three, HEAPGATE_ERROR_FORMAT,
                 "x.xml:5: expected protocol 4, 5 or 6 in <protocolversion>, found \"3\"");
    expect_error(&seven, HEAPGATE_ERROR_FORMAT,
                 "x.xml:5: expected protocol 4, 5 or 6 in <protocolversion>, found \"7\"");
    Read none = memcheck_read_text("<valgrindoutput>" FINISHED CLOSE);
    ck_assert(none.good);
    ck_assert_int_eq(none.summary.protocol, 0);
    Read *all[] = {&five, &six, &three, &seven, &none};
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
        read_clear(all[i]);
}
END_TEST

#define ROOT                                                                                                 \
    "<valgrindoutput><protocolversion>4</protocolversion>" FINISHED LEAK("0x0", "Leak_DefinitelyLost", "77", \
                                                                         "2", "1 of 1", "leaky") CLOSE
#define DECLARATION "<?xml version=\"1.0\"?>"

/* What XML allows before the root and after it, and a wrapper may have written. */
START_TEST(test_memcheck_reads_a_root_with_comments_and_instructions_around)
{
    const char *cases[] = {
        DECLARATION "\n<!-- a wrapper's -->\n" ROOT,
        DECLARATION "<?xml-stylesheet href=\"a.xsl\"?>\n" ROOT,
        "\xef\xbb\xbf" DECLARATION "\r\n<!---->" ROOT,
        "\xef\xbb\xbf \n\t" ROOT,
        " \n\t" ROOT,
        "<!-- <valgrindoutput> </valgrindoutput> -->" ROOT,
        DECLARATION "<!-- <?xml version=\"1.0\"?> <valgrindoutput> --><?a <!-- ?>" ROOT,
        DECLARATION ROOT "<!-- read --> <?a b?>\n",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Read read = memcheck_read_text(cases[i]);
        ck_assert_msg(read.good, "%zu: %s", i, read.error != NULL ? read.error->message : "");
        expect_seen(&read, "Leak_DefinitelyLost 77/2 x1 check 1: leaky@p.c:7\n");
        ck_assert_msg(read.summary.problem == NULL, "%zu: %s", i, read.summary.problem);
        ck_assert(read.summary.complete);
        ck_assert(memcheck_recognise(cases[i], strlen(cases[i])));
        read_clear(&read);
    }
    Read two =
        memcheck_read_text(DECLARATION "<!-- 1 -->" ROOT DECLARATION "<?xml-stylesheet?><!-- 2 -->\n" ROOT);
    expect_seen(&two, "Leak_DefinitelyLost 77/2 x1 check 1: leaky@p.c:7\n"
                      "Leak_DefinitelyLost 77/2 x1 check 2: leaky@p.c:7\n");
    Read wrong =
        memcheck_read_text("<!--\n\n--> <?a\n?>\n<valgrindoutput>\n<protocolversion>9</protocolversion>");
    expect_error(&wrong, HEAPGATE_ERROR_FORMAT,
                 "x.xml:6: expected protocol 4, 5 or 6 in <protocolversion>, found \"9\"");
    g_autofree char *much = g_strnfill(10000, ' '), *far = g_strconcat("<!--", much, "-->", ROOT, NULL);
    ck_assert(memcheck_recognise(far, strlen(far)));
    read_clear(&two);
    read_clear(&wrong);
}
END_TEST

START_TEST(test_memcheck_refuses_other_tools)
{
    Read read = memcheck_read_text(OPENING("4", "helgrind") FINISHED CLOSE);
    expect_error(&read, HEAPGATE_ERROR_FORMAT,
                 "x.xml:6: expected memcheck in <protocoltool>, found \"helgrind\"");
    read_clear(&read);
}
END_TEST

START_TEST(test_memcheck_numbers_may_hold_commas)
{
    Read read = memcheck_read_text(
        HEAD FINISHED LEAK("0x0", "Leak_DefinitelyLost", "64,146", "1,024", "1,001 of 2,000", "f") CLOSE);
    expect_seen(&read, "Leak_DefinitelyLost 64146/1024 x1 check 1: f@p.c:7\n");
    read_clear(&read);
}
END_TEST

START_TEST(test_memcheck_wrong_numbers_are_errors_with_their_line)
{
    const struct {
        const char *bytes, *message;
    } cases[] = {
        {"\n<leakedbytes>lots</leakedbytes>", "x.xml:17: expected a number in <leakedbytes>, found \"lots\""},
        {"\n<leakedbytes>-1</leakedbytes>", "x.xml:17: expected a number in <leakedbytes>, found \"-1\""},
        {"\n<leakedbytes/>", "x.xml:17: expected a number in <leakedbytes>, found \"\""},
        {"<leakedbytes>9223372036854775808</leakedbytes>",
         "x.xml:16: expected a number in <leakedbytes>, found \"9223372036854775808\""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strconcat(HEAD FINISHED "<error><kind>Leak_DefinitelyLost</kind><xwhat>",
                                            cases[i].bytes, "</xwhat></error>" CLOSE, NULL);
        Read read = memcheck_read_text(text);
        expect_error(&read, HEAPGATE_ERROR_FORMAT, cases[i].message);
        read_clear(&read);
    }
}
END_TEST

START_TEST(test_memcheck_sums_do_not_overflow)
{
    Read read = memcheck_read_text(
        HEAD FINISHED LEAK("0x0", "Leak_DefinitelyLost", "9223372036854775807", "1", "1 of 2", "f")
            LEAK("0x1", "Leak_DefinitelyLost", "1", "1", "2 of 2", "f") CLOSE);
    expect_error(&read, HEAPGATE_ERROR_FORMAT, "x.xml:17: expected sums below 2^63 in <error>, found \"\"");
    read_clear(&read);
}
END_TEST

START_TEST(test_memcheck_names_a_fatal_signal)
{
    Read read = memcheck_read_text(
        HEAD "<fatal_signal><tid>1</tid><signo>11</signo><signame>SIGSEGV</signame><stack>" FRAME(
            "main") "</stack></fatal_signal>" FINISHED CLOSE);
    ck_assert(read.good && read.summary.complete);
    ck_assert_str_eq(read.summary.fatal_signal, "SIGSEGV");
    ck_assert_str_eq(read.summary.problem, "the program was killed by SIGSEGV");
    read_clear(&read);
}
END_TEST

START_TEST(test_memcheck_takes_errors_with_parts_missing_or_unknown)
{
    Read read =
        memcheck_read_text(HEAD "<error></error><error/><error><kind>New_Kind</kind><novelty><stack>" FRAME(
            "no") "</stack></novelty><stack><frame><ip>0x1</ip></frame><frame><ip>0x2</ip><obj>/lib/x.so</"
                  "obj>"
                  "</frame><frame><fn>f</fn></frame></stack></error>" FINISHED CLOSE);
    expect_seen(&read, "(none) 0/0 x1 check 0:\n(none) 0/0 x1 check 0:\n"
                       "New_Kind 0/0 x1 check 0: (null)@(null):0 (null)@(null):0 f@(null):0\n");
    expect_kind(&read, 0, "(none)", 2, 0, 0);
    read_clear(&read);
}
END_TEST

START_TEST(test_memcheck_counts_occurrences)
{
    Read read = memcheck_read_text(HEAD INVALID("0x0") INVALID(
        "0x1") "<errorcounts><pair><count>3</count><unique>0x0</unique>"
               "</pair></errorcounts>" FINISHED "<errorcounts>\n<pair><count>181061</count><unique>0x0"
               "</unique></pair>\n<pair><count>5</count><unique>0x99</unique></pair></errorcounts>" CLOSE);
    expect_seen(&read,
                "InvalidRead 0/0 x181061 check 0: reader@p.c:7\nInvalidRead 0/0 x1 check 0: reader@p.c:7\n");
    expect_kind(&read, 0, "InvalidRead", 2, 0, 0);
    read_clear(&read);
    Read wrong =
        memcheck_read_text(HEAD "<errorcounts>\n<pair><count>x</count></pair></errorcounts>" FINISHED CLOSE);
    expect_error(&wrong, HEAPGATE_ERROR_FORMAT, "x.xml:14: expected a number in <count>, found \"x\"");
    read_clear(&wrong);
}
END_TEST

START_TEST(test_memcheck_takes_the_first_stack_alone)
{
    Read read = memcheck_read_text(HEAD INVALID("0x0") FINISHED CLOSE);
    expect_seen(&read, "InvalidRead 0/0 x1 check 0: reader@p.c:7\n");
    read_clear(&read);
}
END_TEST

/* "RELATION ORIGIN FUNCTION:LINE..." */
static void see_origins(const MemcheckError *error, gpointer user_data)
{
    g_string_append_printf(user_data, "%d", error->relation);
    for (guint i = 0; i < error->n_origins; i++)
        g_string_append_printf(user_data, " %s %s:%u", error->origins[i].what,
                               error->origins[i].frame.function, error->origins[i].frame.line);
    g_string_append_c(user_data, '\n');
}

#define AFTER_FREE                                                                                           \
    "<error><kind>InvalidWrite</kind><what>Invalid write of size 8</what><stack>" FRAME(                     \
        "writer") "</stack>"                                                                                 \
                  "<auxwhat>Address 0x9 is 8 bytes inside a block of size 40 "                               \
                  "free'd</auxwhat><stack>" PRELOAD("free") FRAME("dropper") FRAME(                          \
                      "main") "</stack><auxwhat>Block was alloc'd at</auxwhat><stack>" PRELOAD("malloc")     \
                      FRAME("maker") "</stack></error>\n"
#define UNINITIALISED                                                                                        \
    "<error><kind>UninitCondition</kind><what>Conditional jump</what><stack>" FRAME(                         \
        "chooser") "</stack>"                                                                                \
                   "<auxwhat>Uninitialised value was created by a stack allocation</auxwhat><stack>" FRAME(  \
                       "maker") "</stack>"                                                                   \
                                "</error>\n"

START_TEST(test_memcheck_tells_where_a_block_was_freed_and_allocated)
{
    static const MemcheckHandler handler = {see_origins, NULL};
    const char text[] = HEAD INVALID("0x0")
        AFTER_FREE UNINITIALISED LEAK("0x5", "Leak_DefinitelyLost", "16", "1", "1 of 1", "loser")
            FINISHED CLOSE;
    g_autoptr(GString) seen = g_string_new(NULL);
    MemcheckSummary summary = {0};
    ck_assert(memcheck_read(text, strlen(text), "x.xml", &handler, seen, &summary, NULL));
    ck_assert_str_eq(seen->str, "2 allocated by maker:7\n1 freed by dropper:7 allocated by maker:7\n"
                                "0 created by maker:7\n0\n");
    memcheck_summary_clear(&summary);
}
END_TEST

/* Numbers of Valgrind 3.19: VALGRIND_DO_ADDED_LEAK_CHECK twice, the second showing one record of two, then
 * exit. */
START_TEST(test_memcheck_counts_the_last_leak_check)
{
    Read read = memcheck_read_text(
        HEAD LEAK("0x0", "Leak_DefinitelyLost", "16", "1", "1 of 2", "f")
            LEAK("0x1", "Leak_StillReachable", "100", "1", "2 of 2", "g")
                LEAK("0x3", "Leak_StillReachable", "200", "2", "2 of 2", "g") INVALID("0x4")
                    FINISHED LEAK("0x5", "Leak_DefinitelyLost", "16", "1", "1 of 2", "f")
                        LEAK("0x6", "Leak_StillReachable", "200", "2", "2 of 2", "g") CLOSE);
    expect_seen(
        &read,
        "Leak_DefinitelyLost 16/1 x1 check 1, superseded: f@p.c:7\nLeak_StillReachable 100/1 x1 check 1, "
        "superseded: g@p.c:7\n"
        "Leak_StillReachable 200/2 x1 check 2, superseded: g@p.c:7\nInvalidRead 0/0 x1 check 0: "
        "reader@p.c:7\n"
        "Leak_DefinitelyLost 16/1 x1 check 3: f@p.c:7\nLeak_StillReachable 200/2 x1 check 3: g@p.c:7\n");
    ck_assert_uint_eq(read.summary.last_leak_check, 3);
    expect_kind(&read, 0, "InvalidRead", 1, 0, 0);
    expect_kind(&read, 1, "Leak_DefinitelyLost", 1, 16, 1);
    expect_kind(&read, 2, "Leak_StillReachable", 1, 200, 2);
    read_clear(&read);
}
END_TEST

START_TEST(test_memcheck_checks_without_numbers_are_told_by_messages)
{
#define BARE "<error><kind>Leak_DefinitelyLost</kind><xwhat><leakedbytes>8</leakedbytes></xwhat></error>"
    Read read = memcheck_read_text("<valgrindoutput>" BARE BARE MESSAGE("mark") BARE FINISHED CLOSE);
    expect_kind(&read, 0, "Leak_DefinitelyLost", 1, 8, 0);
    read_clear(&read);
}
END_TEST

START_TEST(test_memcheck_a_check_at_exit_that_finds_nothing_counts)
{
    Read read =
        memcheck_read_text(HEAD LEAK("0x0", "Leak_StillReachable", "16", "1", "1 of 1", "f") FINISHED CLOSE);
    ck_assert_uint_eq(read.summary.kinds->len, 0);
    expect_seen(&read, "Leak_StillReachable 16/1 x1 check 1, superseded: f@p.c:7\n");
    read_clear(&read);
    /* Without --leak-check=full there is none. */
    Read summary = memcheck_read_text(
        "<valgrindoutput>" LEAK("0x0", "Leak_StillReachable", "16", "1", "1 of 1", "f") FINISHED CLOSE);
    expect_kind(&summary, 0, "Leak_StillReachable", 1, 16, 1);
    read_clear(&summary);
}
END_TEST

START_TEST(test_memcheck_trims_client_messages)
{
    Read read = memcheck_read_text(HEAD MESSAGE("  heapgate-mark end 1 2 3 4 \n  ")
                                       MESSAGE("a &lt;&amp; \x02\xff") FINISHED CLOSE);
    expect_seen(&read, "[heapgate-mark end 1 2 3 4]\n[a <& ??]\n");
    read_clear(&read);
}
END_TEST

START_TEST(test_memcheck_leaves_out_the_allocators_frames_alone)
{
    Read read = memcheck_read_text(
        HEAD "<error><kind>K</kind><stack>" PRELOAD("memalign") PRELOAD("posix_memalign") FRAME("malloc")
            PRELOAD("calloc") "</stack></error><error><stack>" PRELOAD(
                "operator new[](unsigned long)") "</stack></error><error><stack>" PRELOAD("strlen") "</"
                                                                                                    "stack></"
                                                                                                    "error"
                                                                                                    ">" FINISHED
                                                                                                        CLOSE);
    expect_seen(&read, "K 0/0 x1 check 0: malloc@p.c:7 calloc@(null):0\n(none) 0/0 x1 check 0:\n"
                       "(none) 0/0 x1 check 0: strlen@(null):0\n");
    read_clear(&read);
}
END_TEST

/* Valgrind 3.19 writes it as it is; others may escape it. */
START_TEST(test_memcheck_takes_any_name_of_a_thread)
{
    static const char *const names[] = {"plain",        "<&>",
                                        "]]>",          "\xff\xfe\x01",
                                        "a\nb",         "</threadname>",
                                        "<threadname>", "worker&lt;1&gt;",
                                        "a&amp;b & c&", "",
                                        "<!--",         "x</threadname>"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *text = g_strdup_printf(
            HEAD
            "<error><unique>0x1</unique><tid>1</tid>\n  <threadname>%s</threadname>\n"
            "<kind>InvalidRead</kind><what>w</what><stack>" FRAME("f") "</stack></error>\n" FINISHED CLOSE,
            names[i]);
        Read read = memcheck_read_text(text);
        ck_assert_msg(read.good, "%s: %s", names[i], read.error != NULL ? read.error->message : "");
        expect_seen(&read, "InvalidRead 0/0 x1 check 0: f@p.c:7\n");
        read_clear(&read);
    }
    /* Nowhere else is markup text. */
    g_autofree char *elsewhere =
        g_strdup(HEAD "<error><unique>0x1</unique><what>a <& b</what></error>" CLOSE);
    Read read = memcheck_read_text(elsewhere);
    ck_assert(!read.good);
    read_clear(&read);
}
END_TEST

SUITE(memcheck, 20)
{
    tcase_add_test(tcase, test_memcheck_reads_leaks_that_follow_finished);
    tcase_add_test(tcase, test_memcheck_reads_protocols_4_to_6_and_no_other);
    tcase_add_test(tcase, test_memcheck_reads_a_root_with_comments_and_instructions_around);
    tcase_add_test(tcase, test_memcheck_refuses_other_tools);
    tcase_add_test(tcase, test_memcheck_numbers_may_hold_commas);
    tcase_add_test(tcase, test_memcheck_wrong_numbers_are_errors_with_their_line);
    tcase_add_test(tcase, test_memcheck_sums_do_not_overflow);
    tcase_add_test(tcase, test_memcheck_names_a_fatal_signal);
    tcase_add_test(tcase, test_memcheck_takes_errors_with_parts_missing_or_unknown);
    tcase_add_test(tcase, test_memcheck_counts_occurrences);
    tcase_add_test(tcase, test_memcheck_takes_the_first_stack_alone);
    tcase_add_test(tcase, test_memcheck_tells_where_a_block_was_freed_and_allocated);
    tcase_add_test(tcase, test_memcheck_counts_the_last_leak_check);
    tcase_add_test(tcase, test_memcheck_checks_without_numbers_are_told_by_messages);
    tcase_add_test(tcase, test_memcheck_a_check_at_exit_that_finds_nothing_counts);
    tcase_add_test(tcase, test_memcheck_trims_client_messages);
    tcase_add_test(tcase, test_memcheck_leaves_out_the_allocators_frames_alone);
    tcase_add_test(tcase, test_memcheck_takes_any_name_of_a_thread);
}
