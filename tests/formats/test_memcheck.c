#include "formats/valgrind/memcheck.h"

#include <string.h>
#include <unistd.h>
#include <glib/gstdio.h>

#include "error.h"
#include "runner.h"

/* Pieces of hand-built files. */
#define OPENING(protocol, tool)                                                                              \
    "<?xml version=\"1.0\"?>\n\n<valgrindoutput>\n\n<protocolversion>" protocol                              \
    "</protocolversion>\n<protocoltool>" tool "</protocoltool>\n"
#define WHO(pid)                                                                                             \
    "<pid>" pid "</pid>\n<ppid>1</ppid>\n<tool>memcheck</tool>\n"                                            \
    "<args><vargv><exe>valgrind</exe><arg>--leak-check=full</arg></vargv>\n"                                 \
    "<argv><exe>./prog</exe><arg>-a</arg><arg>two words</arg></argv></args>\n"
#define HEAD     OPENING("4", "memcheck") WHO("42") "<status><state>RUNNING</state></status>\n"
#define FINISHED "<status>\n  <state>FINISHED</state>\n</status>\n"
#define CLOSE    "\n</valgrindoutput>\n"
#define FRAME(fn)                                                                                            \
    "<frame><ip>0x1</ip><obj>/bin/prog</obj><fn>" fn                                                         \
    "</fn><dir>/src</dir><file>p.c</file><line>7</line></frame>"
#define PRELOAD(fn)                                                                                          \
    "<frame><ip>0x2</ip><obj>/usr/libexec/valgrind/vgpreload_memcheck-amd64-linux.so</obj><fn>" fn           \
    "</fn></frame>"
#define LEAK(unique, kind, bytes, blocks, record, fn)                                                        \
    "<error><unique>" unique "</unique><tid>1</tid><kind>" kind "</kind><xwhat><text>" bytes                 \
    " bytes in loss record " record "</text><leakedbytes>" bytes "</leakedbytes><leakedblocks>" blocks       \
    "</leakedblocks></xwhat><stack>" PRELOAD("malloc") FRAME(fn) "</stack></error>\n"
#define INVALID(unique)                                                                                      \
    "<error><unique>" unique                                                                                 \
    "</unique><kind>InvalidRead</kind><what>Invalid read of size 1</what><stack>" FRAME(                     \
        "reader") "</stack><auxwhat>Address 0x9 is 0 bytes after a block</auxwhat><stack>" PRELOAD("malloc") \
        FRAME("maker") "</stack></error>\n"
#define MESSAGE(text) "<clientmsg><tid>1</tid><text>" text "</text></clientmsg>\n"

/* What a reading gave, errors and messages on a line each. */
typedef struct {
    GString *seen;
    MemcheckSummary summary;
    gboolean good;
    GError *error;
} Read;

static void see_error(const MemcheckError *error, gpointer user_data)
{
    GString *seen = user_data;
    g_string_append_printf(
        seen, "%s %" G_GINT64_FORMAT "/%" G_GINT64_FORMAT " x%" G_GINT64_FORMAT " check %u%s:", error->kind,
        error->bytes, error->blocks, error->count, error->leak_check,
        error->superseded ? ", superseded" : "");
    for (guint i = 0; i < error->n_frames; i++)
        g_string_append_printf(seen, " %s@%s:%u", error->frames[i].function, error->frames[i].file,
                               error->frames[i].line);
    g_string_append_c(seen, '\n');
}

static void see_message(const char *text, gpointer user_data)
{
    g_string_append_printf(user_data, "[%s]\n", text);
}

static Read read_bytes(const char *bytes, gsize length)
{
    static const MemcheckHandler handler = {see_error, see_message};
    Read result = {.seen = g_string_new(NULL)};
    /* A copy of the exact size lets the sanitizers see a step beyond the end. */
    g_autofree char *exact = g_memdup2(bytes, MAX(length, 1));
    result.good =
        memcheck_read(exact, length, "x.xml", &handler, result.seen, &result.summary, &result.error);
    ck_assert(result.good == (result.error == NULL));
    return result;
}

static Read read_text(const char *text)
{
    return read_bytes(text, strlen(text));
}

static void done(Read *self)
{
    g_string_free(self->seen, TRUE);
    g_clear_error(&self->error);
    memcheck_summary_clear(&self->summary);
}

static void expect_seen(Read *self, const char *seen)
{
    ck_assert_msg(self->good, "%s", self->error != NULL ? self->error->message : "");
    ck_assert_str_eq(self->seen->str, seen);
}

static void expect_error(Read *self, int code, const char *message)
{
    ck_assert(!self->good);
    ck_assert_msg(self->error->code == code, "%d: %s", self->error->code, self->error->message);
    ck_assert_str_eq(self->error->message, message);
}

static void expect_kind(const Read *self, guint index, const char *name, gint64 count, gint64 bytes,
                        gint64 blocks)
{
    ck_assert_uint_lt(index, self->summary.kinds->len);
    const MemcheckKind *kind = g_ptr_array_index(self->summary.kinds, index);
    ck_assert_str_eq(kind->kind, name);
    ck_assert_int_eq(kind->count, count);
    ck_assert_int_eq(kind->bytes, bytes);
    ck_assert_int_eq(kind->blocks, blocks);
}

START_TEST(test_memcheck_reads_leaks_that_follow_finished)
{
    Read read = read_text(HEAD FINISHED LEAK("0x0", "Leak_DefinitelyLost", "77", "2", "1 of 2", "leaky")
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
    done(&read);
}
END_TEST

START_TEST(test_memcheck_reads_protocols_4_to_6_and_no_other)
{
    Read five = read_text(OPENING("5", "memcheck") FINISHED CLOSE),
         six = read_text(OPENING("6", "memcheck") FINISHED
                         "<heap_summary><bytes>64,146</bytes></heap_summary>" CLOSE);
    ck_assert_int_eq(five.summary.protocol, 5);
    ck_assert_int_eq(six.summary.protocol, 6);
    Read three = read_text(OPENING("3", "memcheck") CLOSE), seven = read_text(OPENING("7", "memcheck") CLOSE);
    expect_error(&three, HEAPGATE_ERROR_FORMAT,
                 "x.xml:5: expected protocol 4, 5 or 6 in <protocolversion>, found \"3\"");
    expect_error(&seven, HEAPGATE_ERROR_FORMAT,
                 "x.xml:5: expected protocol 4, 5 or 6 in <protocolversion>, found \"7\"");
    Read none = read_text("<valgrindoutput>" FINISHED CLOSE);
    ck_assert(none.good);
    ck_assert_int_eq(none.summary.protocol, 0);
    Read *all[] = {&five, &six, &three, &seven, &none};
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
        done(all[i]);
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
        Read read = read_text(cases[i]);
        ck_assert_msg(read.good, "%zu: %s", i, read.error != NULL ? read.error->message : "");
        expect_seen(&read, "Leak_DefinitelyLost 77/2 x1 check 1: leaky@p.c:7\n");
        ck_assert_msg(read.summary.problem == NULL, "%zu: %s", i, read.summary.problem);
        ck_assert(read.summary.complete);
        ck_assert(memcheck_recognise(cases[i], strlen(cases[i])));
        done(&read);
    }
    Read two = read_text(DECLARATION "<!-- 1 -->" ROOT DECLARATION "<?xml-stylesheet?><!-- 2 -->\n" ROOT);
    expect_seen(&two, "Leak_DefinitelyLost 77/2 x1 check 1: leaky@p.c:7\n"
                      "Leak_DefinitelyLost 77/2 x1 check 2: leaky@p.c:7\n");
    Read wrong = read_text("<!--\n\n--> <?a\n?>\n<valgrindoutput>\n<protocolversion>9</protocolversion>");
    expect_error(&wrong, HEAPGATE_ERROR_FORMAT,
                 "x.xml:6: expected protocol 4, 5 or 6 in <protocolversion>, found \"9\"");
    g_autofree char *much = g_strnfill(10000, ' '), *far = g_strconcat("<!--", much, "-->", ROOT, NULL);
    ck_assert(memcheck_recognise(far, strlen(far)));
    done(&two);
    done(&wrong);
}
END_TEST

START_TEST(test_memcheck_refuses_other_tools)
{
    Read read = read_text(OPENING("4", "helgrind") FINISHED CLOSE);
    expect_error(&read, HEAPGATE_ERROR_FORMAT,
                 "x.xml:6: expected memcheck in <protocoltool>, found \"helgrind\"");
    done(&read);
}
END_TEST

START_TEST(test_memcheck_numbers_may_hold_commas)
{
    Read read = read_text(
        HEAD FINISHED LEAK("0x0", "Leak_DefinitelyLost", "64,146", "1,024", "1,001 of 2,000", "f") CLOSE);
    expect_seen(&read, "Leak_DefinitelyLost 64146/1024 x1 check 1: f@p.c:7\n");
    done(&read);
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
        Read read = read_text(text);
        expect_error(&read, HEAPGATE_ERROR_FORMAT, cases[i].message);
        done(&read);
    }
}
END_TEST

START_TEST(test_memcheck_sums_do_not_overflow)
{
    Read read =
        read_text(HEAD FINISHED LEAK("0x0", "Leak_DefinitelyLost", "9223372036854775807", "1", "1 of 2", "f")
                      LEAK("0x1", "Leak_DefinitelyLost", "1", "1", "2 of 2", "f") CLOSE);
    expect_error(&read, HEAPGATE_ERROR_FORMAT, "x.xml:17: expected sums below 2^63 in <error>, found \"\"");
    done(&read);
}
END_TEST

/* What a parent and two children leave in one file, seen in public: each its header, the last alone its end.
 */
START_TEST(test_memcheck_tells_forks_that_share_a_file)
{
    Read read = read_text(HEAD INVALID("0x0") OPENING("4", "memcheck") WHO("43") INVALID("0x0")
                              OPENING("4", "memcheck") WHO("44")
                                  FINISHED LEAK("0x1", "Leak_DefinitelyLost", "8", "1", "1 of 1", "f") CLOSE);
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
    done(&read);
}
END_TEST

START_TEST(test_memcheck_tells_forks_that_interleave)
{
    Read read = read_text(HEAD "<error><unique>0x0</unique><kind>Inva" OPENING("4", "memcheck") WHO("43")
                              FINISHED "lidRead</kind></error>" CLOSE);
    ck_assert_int_eq(read.error->code, HEAPGATE_ERROR_TRUNCATED);
    ck_assert(g_str_has_prefix(read.error->message, "x.xml:15: expected one process's output"));
    done(&read);
}
END_TEST

/* Without %p, 3.19's forked processes write no header: one document, then the ends of the others. */
START_TEST(test_memcheck_reads_what_forks_append_without_a_header)
{
    Read read =
        read_text(HEAD FINISHED LEAK("0x0", "Leak_DefinitelyLost", "33", "1", "1 of 1", "child")
                      CLOSE FINISHED LEAK("0x0", "Leak_DefinitelyLost", "77", "1", "1 of 1", "parent") CLOSE);
    ck_assert_int_eq(read.error->code, HEAPGATE_ERROR_TRUNCATED);
    expect_kind(&read, 0, "Leak_DefinitelyLost", 2, 110, 2);
    done(&read);
}
END_TEST

START_TEST(test_memcheck_accepts_whole_documents_in_a_row)
{
    Read read = read_text(HEAD FINISHED INVALID("0x0") CLOSE OPENING("4", "memcheck") WHO("43")
                              FINISHED INVALID("0x0") CLOSE);
    ck_assert(read.good && read.summary.complete);
    ck_assert_uint_eq(read.summary.errors, 2);
    ck_assert_str_eq(read.summary.problem, "2 processes wrote to this file, one after another");
    done(&read);
}
END_TEST

START_TEST(test_memcheck_knows_a_forked_process_by_what_it_does_not_say)
{
    Read read = read_text(OPENING("4", "memcheck") WHO("43") FINISHED CLOSE);
    ck_assert(read.good && read.summary.forked);
    done(&read);
}
END_TEST

START_TEST(test_memcheck_skips_text_after_the_root_and_says_so)
{
    Read old = read_text(HEAD FINISHED INVALID("0x0") CLOSE "ine>12</line>\n" INVALID("0x7") CLOSE);
    ck_assert(old.good && old.summary.complete);
    ck_assert_uint_eq(old.summary.errors, 1);
    ck_assert_str_eq(old.summary.problem,
                     "x.xml:19: expected the end of the file after </valgrindoutput>, found "
                     "\"ine>12</line>\", which was not read");
    Read fatal = read_text(HEAD FINISHED CLOSE "FATAL:  terminating \x01\xff connection\nmore\n");
    ck_assert(fatal.good && fatal.summary.complete);
    ck_assert_ptr_nonnull(strstr(fatal.summary.problem, "x.xml:18: "));
    ck_assert_ptr_nonnull(strstr(fatal.summary.problem, "\"FATAL:  terminating \\001"));
    done(&old);
    done(&fatal);
}
END_TEST

START_TEST(test_memcheck_gives_what_was_written_before_a_kill)
{
    Read read = read_text(HEAD INVALID("0x0") "<error><unique>0x1</unique>\n<kind>Inv");
    expect_error(&read, HEAPGATE_ERROR_TRUNCATED,
                 "x.xml:15: expected </valgrindoutput>, found the end of the file: "
                 "Valgrind was killed, or the disk is full");
    ck_assert_uint_eq(read.summary.errors, 1);
    ck_assert(!read.summary.complete && !read.summary.finished);
    expect_kind(&read, 0, "InvalidRead", 1, 0, 0);
    done(&read);
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
        Read read = read_bytes(sample, cut);
        ck_assert_msg(read.error != NULL && read.error->code == HEAPGATE_ERROR_TRUNCATED, "cut at %zu: %s",
                      cut, read.error != NULL ? read.error->message : "no error");
        guint64 whole = 0;
        g_autofree char *text = g_strndup(sample, cut);
        for (const char *at = text; (at = strstr(at, "</error>")) != NULL; at++)
            whole++;
        ck_assert_msg(read.summary.errors == whole, "cut at %zu", cut);
        done(&read);
    }
}
END_TEST

START_TEST(test_memcheck_closed_without_finished_is_truncated)
{
    Read read = read_text(HEAD INVALID("0x0") CLOSE);
    expect_error(&read, HEAPGATE_ERROR_TRUNCATED,
                 "x.xml: expected <state>FINISHED</state>, found none: the program "
                 "did not run to its end under Valgrind");
    ck_assert_uint_eq(read.summary.errors, 1);
    done(&read);
}
END_TEST

START_TEST(test_memcheck_names_a_fatal_signal)
{
    Read read =
        read_text(HEAD "<fatal_signal><tid>1</tid><signo>11</signo><signame>SIGSEGV</signame><stack>" FRAME(
            "main") "</stack></fatal_signal>" FINISHED CLOSE);
    ck_assert(read.good && read.summary.complete);
    ck_assert_str_eq(read.summary.fatal_signal, "SIGSEGV");
    ck_assert_str_eq(read.summary.problem, "the program was killed by SIGSEGV");
    done(&read);
}
END_TEST

START_TEST(test_memcheck_takes_errors_with_parts_missing_or_unknown)
{
    Read read = read_text(HEAD "<error></error><error/><error><kind>New_Kind</kind><novelty><stack>" FRAME(
        "no") "</stack></novelty><stack><frame><ip>0x1</ip></frame><frame><ip>0x2</ip><obj>/lib/x.so</obj>"
              "</frame><frame><fn>f</fn></frame></stack></error>" FINISHED CLOSE);
    expect_seen(&read, "(none) 0/0 x1 check 0:\n(none) 0/0 x1 check 0:\n"
                       "New_Kind 0/0 x1 check 0: (null)@(null):0 (null)@(null):0 f@(null):0\n");
    expect_kind(&read, 0, "(none)", 2, 0, 0);
    done(&read);
}
END_TEST

START_TEST(test_memcheck_counts_occurrences)
{
    Read read = read_text(HEAD INVALID("0x0") INVALID(
        "0x1") "<errorcounts><pair><count>3</count><unique>0x0</unique>"
               "</pair></errorcounts>" FINISHED "<errorcounts>\n<pair><count>181061</count><unique>0x0"
               "</unique></pair>\n<pair><count>5</count><unique>0x99</unique></pair></errorcounts>" CLOSE);
    expect_seen(&read,
                "InvalidRead 0/0 x181061 check 0: reader@p.c:7\nInvalidRead 0/0 x1 check 0: reader@p.c:7\n");
    expect_kind(&read, 0, "InvalidRead", 2, 0, 0);
    done(&read);
    Read wrong = read_text(HEAD "<errorcounts>\n<pair><count>x</count></pair></errorcounts>" FINISHED CLOSE);
    expect_error(&wrong, HEAPGATE_ERROR_FORMAT, "x.xml:14: expected a number in <count>, found \"x\"");
    done(&wrong);
}
END_TEST

START_TEST(test_memcheck_takes_the_first_stack_alone)
{
    Read read = read_text(HEAD INVALID("0x0") FINISHED CLOSE);
    expect_seen(&read, "InvalidRead 0/0 x1 check 0: reader@p.c:7\n");
    done(&read);
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
    Read read = read_text(HEAD LEAK("0x0", "Leak_DefinitelyLost", "16", "1", "1 of 2",
                                    "f") LEAK("0x1", "Leak_StillReachable", "100", "1", "2 of 2", "g")
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
    done(&read);
}
END_TEST

START_TEST(test_memcheck_checks_without_numbers_are_told_by_messages)
{
#define BARE "<error><kind>Leak_DefinitelyLost</kind><xwhat><leakedbytes>8</leakedbytes></xwhat></error>"
    Read read = read_text("<valgrindoutput>" BARE BARE MESSAGE("mark") BARE FINISHED CLOSE);
    expect_kind(&read, 0, "Leak_DefinitelyLost", 1, 8, 0);
    done(&read);
}
END_TEST

START_TEST(test_memcheck_a_check_at_exit_that_finds_nothing_counts)
{
    Read read = read_text(HEAD LEAK("0x0", "Leak_StillReachable", "16", "1", "1 of 1", "f") FINISHED CLOSE);
    ck_assert_uint_eq(read.summary.kinds->len, 0);
    expect_seen(&read, "Leak_StillReachable 16/1 x1 check 1, superseded: f@p.c:7\n");
    done(&read);
    /* Without --leak-check=full there is none. */
    Read summary = read_text("<valgrindoutput>" LEAK("0x0", "Leak_StillReachable", "16", "1", "1 of 1", "f")
                                 FINISHED CLOSE);
    expect_kind(&summary, 0, "Leak_StillReachable", 1, 16, 1);
    done(&summary);
}
END_TEST

START_TEST(test_memcheck_trims_client_messages)
{
    Read read = read_text(HEAD MESSAGE("  heapgate-mark end 1 2 3 4 \n  ") MESSAGE("a &lt;&amp; \x02\xff")
                              FINISHED CLOSE);
    expect_seen(&read, "[heapgate-mark end 1 2 3 4]\n[a <& ??]\n");
    done(&read);
}
END_TEST

START_TEST(test_memcheck_leaves_out_the_allocators_frames_alone)
{
    Read read = read_text(
        HEAD "<error><kind>K</kind><stack>" PRELOAD("memalign") PRELOAD("posix_memalign") FRAME("malloc")
            PRELOAD("calloc") "</stack></error><error><stack>" PRELOAD(
                "operator new[](unsigned long)") "</stack></error><error><stack>" PRELOAD("strlen") "</"
                                                                                                    "stack></"
                                                                                                    "error"
                                                                                                    ">" FINISHED
                                                                                                        CLOSE);
    expect_seen(&read, "K 0/0 x1 check 0: malloc@p.c:7 calloc@(null):0\n(none) 0/0 x1 check 0:\n"
                       "(none) 0/0 x1 check 0: strlen@(null):0\n");
    done(&read);
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
        Read read = read_text(text);
        ck_assert_msg(read.good, "%s: %s", names[i], read.error != NULL ? read.error->message : "");
        expect_seen(&read, "InvalidRead 0/0 x1 check 0: f@p.c:7\n");
        done(&read);
    }
    /* Nowhere else is markup text. */
    g_autofree char *elsewhere =
        g_strdup(HEAD "<error><unique>0x1</unique><what>a <& b</what></error>" CLOSE);
    Read read = read_text(elsewhere);
    ck_assert(!read.good);
    done(&read);
}
END_TEST

START_TEST(test_memcheck_malformed_xml_is_one_sentence_with_its_line)
{
    Read tags = read_text(HEAD "<error>\n<kind>K</error>\n" FINISHED CLOSE);
    expect_error(&tags, HEAPGATE_ERROR_FORMAT,
                 "x.xml:14: expected well-formed XML, found </error> for the <kind> of line 14");
    Read entity = read_text(HEAD "<error>&bomb;</error>\n" FINISHED CLOSE);
    ck_assert_int_eq(entity.error->code, HEAPGATE_ERROR_FORMAT);
    ck_assert(g_str_has_prefix(entity.error->message, "x.xml:13: expected well-formed XML, found "));
    done(&tags);
    done(&entity);
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
        Read read = read_text(cases[i].text);
        expect_error(&read, HEAPGATE_ERROR_FORMAT, cases[i].message);
        ck_assert(!memcheck_recognise(cases[i].text, strlen(cases[i].text)));
        done(&read);
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
    Read too_deep = read_text(deep->str), too_wide = read_text(wide->str);
    ck_assert_int_eq(too_deep.error->code, HEAPGATE_ERROR_FORMAT);
    ck_assert(too_wide.good);
    guint frames = 0;
    for (const char *at = too_wide.seen->str; (at = strstr(at, "f@p.c")) != NULL; at++)
        frames++;
    ck_assert_uint_eq(frames, 500);
    g_string_free(deep, TRUE);
    g_string_free(wide, TRUE);
    done(&too_deep);
    done(&too_wide);
}
END_TEST

START_TEST(test_memcheck_bounds_the_number_of_documents)
{
    GString *many = g_string_new(NULL);
    for (int i = 0; i < 4097; i++)
        g_string_append(many, "<valgrindoutput></valgrindoutput>\n");
    Read read = read_text(many->str);
    expect_error(&read, HEAPGATE_ERROR_FORMAT,
                 "x.xml:4097: expected at most 4096 documents in one file, found more");
    g_string_free(many, TRUE);
    done(&read);
}
END_TEST

START_TEST(test_memcheck_counts_lines_beyond_sixteen_bits)
{
    GString *text = g_string_new(HEAD);
    for (int i = 0; i < 100000; i++)
        g_string_append_c(text, '\n');
    g_string_append(text, "<error>\n<xwhat><leakedbytes>x</leakedbytes></xwhat></error>" FINISHED CLOSE);
    Read read = read_text(text->str);
    expect_error(&read, HEAPGATE_ERROR_FORMAT,
                 "x.xml:100014: expected a number in <leakedbytes>, found \"x\"");
    g_string_free(text, TRUE);
    done(&read);
}
END_TEST

START_TEST(test_memcheck_is_silent)
{
    g_autofree char *folder = runner_temporary(), *path = g_build_filename(folder, "stderr", NULL),
                    *said = NULL;
    fflush(stderr);
    int kept = dup(2);
    ck_assert_ptr_nonnull(freopen(path, "w", stderr));
    Read read = read_text(HEAD "<error>\n<kind>&x;&#1;</error>\n" FINISHED CLOSE),
         cut = read_text(HEAD "<error>");
    fflush(stderr);
    dup2(kept, 2);
    ck_assert(g_file_get_contents(path, &said, NULL, NULL));
    ck_assert_str_eq(said, "");
    runner_remove(folder);
    done(&read);
    done(&cut);
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
    tcase_add_test(tcase, test_memcheck_tells_forks_that_share_a_file);
    tcase_add_test(tcase, test_memcheck_tells_forks_that_interleave);
    tcase_add_test(tcase, test_memcheck_reads_what_forks_append_without_a_header);
    tcase_add_test(tcase, test_memcheck_accepts_whole_documents_in_a_row);
    tcase_add_test(tcase, test_memcheck_knows_a_forked_process_by_what_it_does_not_say);
    tcase_add_test(tcase, test_memcheck_skips_text_after_the_root_and_says_so);
    tcase_add_test(tcase, test_memcheck_gives_what_was_written_before_a_kill);
    tcase_add_test(tcase, test_memcheck_loses_no_whole_error_at_any_cut);
    tcase_add_test(tcase, test_memcheck_closed_without_finished_is_truncated);
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
    tcase_add_test(tcase, test_memcheck_malformed_xml_is_one_sentence_with_its_line);
    tcase_add_test(tcase, test_memcheck_refuses_what_is_no_memcheck_file);
    tcase_add_test(tcase, test_memcheck_bounds_depth_frames_and_text);
    tcase_add_test(tcase, test_memcheck_bounds_the_number_of_documents);
    tcase_add_test(tcase, test_memcheck_counts_lines_beyond_sixteen_bits);
    tcase_add_test(tcase, test_memcheck_is_silent);
}
