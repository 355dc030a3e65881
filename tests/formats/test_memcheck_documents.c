/* Files of memcheck as documents: of several processes, cut off, damaged, foreign or too large. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "memcheck_text.h"
#include "runner.h"

/* What a parent and two children leave in one file, seen in public: each its header, the last alone its end.
 */
START_TEST(test_memcheck_tells_forks_that_share_a_file)
{
    Read read = memcheck_read_text(
        HEAD INVALID("0x0") OPENING("4", "memcheck") WHO("43") INVALID("0x0") OPENING("4", "memcheck")
            WHO("44") FINISHED LEAK("0x1", "Leak_DefinitelyLost", "8", "1", "1 of 1", "f") CLOSE);
    expect_error(
        &read, HEAPGATE_ERROR_TRUNCATED,
        "x.xml:16: expected one process's output, found another's mixed with it: give each its own file "
        "with %p in --xml-file");
    ck_assert_str_eq(read.seen->str, "InvalidRead 0/0 x1 check 0: reader@p.c:7\n"
                                     "InvalidRead 0/0 x1 check 0: reader@p.c:7\n"
                                     "Leak_DefinitelyLost 8/1 x1 check 1: f@p.c:7\n");
    ck_assert_str_eq(read.summary.problem, read.error->message);
    ck_assert(!read.summary.complete && read.summary.finished);
    ck_assert_int_eq(read.summary.pid, 42);
    read_clear(&read);
}
END_TEST

START_TEST(test_memcheck_tells_forks_that_interleave)
{
    Read read = memcheck_read_text(HEAD "<error><unique>0x0</unique><kind>Inva" OPENING("4", "memcheck")
                                       WHO("43") FINISHED "lidRead</kind></error>" CLOSE);
    ck_assert_int_eq(read.error->code, HEAPGATE_ERROR_TRUNCATED);
    ck_assert(g_str_has_prefix(read.error->message, "x.xml:15: expected one process's output"));
    read_clear(&read);
}
END_TEST

/* Without %p, 3.19's forked processes write no header: one document, then the ends of the others. */
START_TEST(test_memcheck_reads_what_forks_append_without_a_header)
{
    Read read = memcheck_read_text(
        HEAD FINISHED LEAK("0x0", "Leak_DefinitelyLost", "33", "1", "1 of 1", "child")
            CLOSE FINISHED LEAK("0x0", "Leak_DefinitelyLost", "77", "1", "1 of 1", "parent") CLOSE);
    ck_assert_int_eq(read.error->code, HEAPGATE_ERROR_TRUNCATED);
    expect_kind(&read, 0, "Leak_DefinitelyLost", 2, 110, 2);
    read_clear(&read);
}
END_TEST

START_TEST(test_memcheck_accepts_whole_documents_in_a_row)
{
    Read read = memcheck_read_text(HEAD FINISHED INVALID("0x0") CLOSE OPENING("4", "memcheck") WHO("43")
                                       FINISHED INVALID("0x0") CLOSE);
    ck_assert(read.good && read.summary.complete);
    ck_assert_uint_eq(read.summary.errors, 2);
    ck_assert_str_eq(read.summary.problem, "2 processes wrote to this file, one after another");
    read_clear(&read);
}
END_TEST

START_TEST(test_memcheck_knows_a_forked_process_by_what_it_does_not_say)
{
    Read read = memcheck_read_text(OPENING("4", "memcheck") WHO("43") FINISHED CLOSE);
    ck_assert(read.good && read.summary.forked);
    read_clear(&read);
}
END_TEST

START_TEST(test_memcheck_skips_text_after_the_root_and_says_so)
{
    Read old = memcheck_read_text(HEAD FINISHED INVALID("0x0") CLOSE "ine>12</line>\n" INVALID("0x7") CLOSE);
    ck_assert(old.good && old.summary.complete);
    ck_assert_uint_eq(old.summary.errors, 1);
    ck_assert_str_eq(old.summary.problem,
                     "x.xml:19: expected the end of the file after </valgrindoutput>, found "
                     "\"ine>12</line>\", which was not read");
    Read fatal = memcheck_read_text(HEAD FINISHED CLOSE "FATAL:  terminating \x01\xff connection\nmore\n");
    ck_assert(fatal.good && fatal.summary.complete);
    ck_assert_ptr_nonnull(strstr(fatal.summary.problem, "x.xml:18: "));
    ck_assert_ptr_nonnull(strstr(fatal.summary.problem, "\"FATAL:  terminating \\001"));
    read_clear(&old);
    read_clear(&fatal);
}
END_TEST

START_TEST(test_memcheck_gives_what_was_written_before_a_kill)
{
    Read read = memcheck_read_text(HEAD INVALID("0x0") "<error><unique>0x1</unique>\n<kind>Inv");
    expect_error(&read, HEAPGATE_ERROR_TRUNCATED,
                 "x.xml:15: expected </valgrindoutput>, found the end of the file: "
                 "Valgrind was killed, or the disk is full");
    ck_assert_uint_eq(read.summary.errors, 1);
    ck_assert(!read.summary.complete && !read.summary.finished);
    expect_kind(&read, 0, "InvalidRead", 1, 0, 0);
    read_clear(&read);
}
END_TEST

static const char sample[] = HEAD INVALID("0x0") LEAK("0x1", "Leak_DefinitelyLost", "16", "1", "1 of 2", "f")
    MESSAGE("a &lt;&amp;&gt; b") LEAK("0x3", "Leak_DefinitelyLost", "32", "2", "1 of 2", "f") FINISHED LEAK(
        "0x5", "Leak_DefinitelyLost", "48", "3", "1 of 2",
        "f") "<errorcounts><pair><count>9</count><unique>0x0</unique></pair></errorcounts>" CLOSE;

START_TEST(test_memcheck_loses_no_whole_error_at_any_cut)
{
    gsize root = strcspn(sample, "v") + strlen("valgrindoutput>") + 22, length = strlen(sample) - 1;
    for (gsize cut = root + 16; cut < length; cut++) {
        Read read = memcheck_read_bytes(sample, cut);
        ck_assert_msg(read.error != NULL && read.error->code == HEAPGATE_ERROR_TRUNCATED, "cut at %zu: %s",
                      cut, read.error != NULL ? read.error->message : "no error");
        guint64 whole = 0;
        g_autofree char *text = g_strndup(sample, cut);
        for (const char *at = text; (at = strstr(at, "</error>")) != NULL; at++)
            whole++;
        ck_assert_msg(read.summary.errors == whole, "cut at %zu", cut);
        read_clear(&read);
    }
}
END_TEST

START_TEST(test_memcheck_closed_without_finished_is_truncated)
{
    Read read = memcheck_read_text(HEAD INVALID("0x0") CLOSE);
    expect_error(&read, HEAPGATE_ERROR_TRUNCATED,
                 "x.xml: expected <state>FINISHED</state>, found none: the program "
                 "did not run to its end under Valgrind");
    ck_assert_uint_eq(read.summary.errors, 1);
    read_clear(&read);
}
END_TEST

START_TEST(test_memcheck_malformed_xml_is_one_sentence_with_its_line)
{
    Read tags = memcheck_read_text(HEAD "<error>\n<kind>K</error>\n" FINISHED CLOSE);
    expect_error(&tags, HEAPGATE_ERROR_FORMAT,
                 "x.xml:14: expected well-formed XML, found </error> for the <kind> of line 14");
    Read entity = memcheck_read_text(HEAD "<error>&bomb;</error>\n" FINISHED CLOSE);
    ck_assert_int_eq(entity.error->code, HEAPGATE_ERROR_FORMAT);
    ck_assert(g_str_has_prefix(entity.error->message, "x.xml:13: expected well-formed XML, found "));
    read_clear(&tags);
    read_clear(&entity);
}
END_TEST

START_TEST(test_memcheck_refuses_what_is_no_memcheck_file)
{
    const struct {
        const char *text, *message;
    } cases[] = {
        {"", "x.xml:1: expected memcheck's XML, a <valgrindoutput> element, found an empty file"},
        {" \n\n", "x.xml:1: expected memcheck's XML, a <valgrindoutput> element, found an empty file"},
        {"\ndesc: x\n", "x.xml:2: expected memcheck's XML, a <valgrindoutput> element, found \"desc: x\""},
        {"<?xml version=\"1.0\"?>\n<!DOCTYPE valgrindoutput [<!ENTITY a \"b\">]>\n<valgrindoutput/>",
         "x.xml:1: expected memcheck's XML, a <valgrindoutput> element, found \"<?xml "
         "version=\\\"1.0\\\"?>\""},
        {"<!-- <valgrindoutput>", "x.xml:1: expected memcheck's XML, a <valgrindoutput> element, found "
                                  "\"<!-- <valgrindoutput>\""},
        {"<valgrindoutputs></valgrindoutputs>", "x.xml:1: expected memcheck's XML, a <valgrindoutput> "
                                                "element, found \"<valgrindoutputs></valgrindoutputs>\""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Read read = memcheck_read_text(cases[i].text);
        expect_error(&read, HEAPGATE_ERROR_FORMAT, cases[i].message);
        ck_assert(!memcheck_recognise(cases[i].text, strlen(cases[i].text)));
        read_clear(&read);
    }
    ck_assert(memcheck_recognise(sample, strlen(sample)));
}
END_TEST

START_TEST(test_memcheck_bounds_depth_frames_and_text)
{
    GString *deep = g_string_new(HEAD), *wide = g_string_new(HEAD "<error><stack>");
    for (int i = 0; i < 300; i++)
        g_string_append(deep, "<stack>");
    for (int i = 0; i < 600; i++)
        g_string_append(wide, FRAME("f"));
    g_string_append(wide, "</stack><what>");
    for (int i = 0; i < 20000; i++)
        g_string_append(wide, "\xc3\xa9");
    g_string_append(wide, "</what></error>" FINISHED CLOSE);
    Read too_deep = memcheck_read_text(deep->str), too_wide = memcheck_read_text(wide->str);
    ck_assert_int_eq(too_deep.error->code, HEAPGATE_ERROR_FORMAT);
    ck_assert(too_wide.good);
    guint frames = 0;
    for (const char *at = too_wide.seen->str; (at = strstr(at, "f@p.c")) != NULL; at++)
        frames++;
    ck_assert_uint_eq(frames, 500);
    g_string_free(deep, TRUE);
    g_string_free(wide, TRUE);
    read_clear(&too_deep);
    read_clear(&too_wide);
}
END_TEST

START_TEST(test_memcheck_bounds_the_number_of_documents)
{
    GString *many = g_string_new(NULL);
    for (int i = 0; i < 4097; i++)
        g_string_append(many, "<valgrindoutput></valgrindoutput>\n");
    Read read = memcheck_read_text(many->str);
    expect_error(&read, HEAPGATE_ERROR_FORMAT,
                 "x.xml:4097: expected at most 4096 documents in one file, found more");
    g_string_free(many, TRUE);
    read_clear(&read);
}
END_TEST

START_TEST(test_memcheck_counts_lines_beyond_sixteen_bits)
{
    GString *text = g_string_new(HEAD);
    for (int i = 0; i < 100000; i++)
        g_string_append_c(text, '\n');
    g_string_append(text, "<error>\n<xwhat><leakedbytes>x</leakedbytes></xwhat></error>" FINISHED CLOSE);
    Read read = memcheck_read_text(text->str);
    expect_error(&read, HEAPGATE_ERROR_FORMAT,
                 "x.xml:100014: expected a number in <leakedbytes>, found \"x\"");
    g_string_free(text, TRUE);
    read_clear(&read);
}
END_TEST

START_TEST(test_memcheck_is_silent)
{
    g_autofree char *folder = runner_temporary(), *path = g_build_filename(folder, "stderr", NULL),
                    *said = NULL;
    fflush(stderr);
    int kept = dup(2);
    ck_assert_ptr_nonnull(freopen(path, "w", stderr));
    Read read = memcheck_read_text(HEAD "<error>\n<kind>&x;&#1;</error>\n" FINISHED CLOSE),
         cut = memcheck_read_text(HEAD "<error>");
    fflush(stderr);
    dup2(kept, 2);
    ck_assert(g_file_get_contents(path, &said, NULL, NULL));
    ck_assert_str_eq(said, "");
    runner_remove(folder);
    read_clear(&read);
    read_clear(&cut);
}
END_TEST

SUITE(memcheck_documents, 20)
{
    tcase_add_test(tcase, test_memcheck_tells_forks_that_share_a_file);
    tcase_add_test(tcase, test_memcheck_tells_forks_that_interleave);
    tcase_add_test(tcase, test_memcheck_reads_what_forks_append_without_a_header);
    tcase_add_test(tcase, test_memcheck_accepts_whole_documents_in_a_row);
    tcase_add_test(tcase, test_memcheck_knows_a_forked_process_by_what_it_does_not_say);
    tcase_add_test(tcase, test_memcheck_skips_text_after_the_root_and_says_so);
    tcase_add_test(tcase, test_memcheck_gives_what_was_written_before_a_kill);
    tcase_add_test(tcase, test_memcheck_loses_no_whole_error_at_any_cut);
    tcase_add_test(tcase, test_memcheck_closed_without_finished_is_truncated);
    tcase_add_test(tcase, test_memcheck_malformed_xml_is_one_sentence_with_its_line);
    tcase_add_test(tcase, test_memcheck_refuses_what_is_no_memcheck_file);
    tcase_add_test(tcase, test_memcheck_bounds_depth_frames_and_text);
    tcase_add_test(tcase, test_memcheck_bounds_the_number_of_documents);
    tcase_add_test(tcase, test_memcheck_counts_lines_beyond_sixteen_bits);
    tcase_add_test(tcase, test_memcheck_is_silent);
}
