#include "formats/valgrind/dhat.h"

#include <string.h>

#include "error.h"
#include "formats/allocator.h"
#include "formats/frame_label.h"
#include "runner.h"

#define HEAD                                                                                                 \
    "{\"dhatFileVersion\":2\n,\"mode\":\"heap\",\"verb\":\"Allocated\"\n,\"bklt\":true\n,\"cmd\":\"./p "     \
    "-a\"\n,\"pid\":7\n"
#define POINT(tb, gb, eb, fs)                                                                                \
    "{\"tb\":" tb ",\"tbk\":3,\"tl\":9,\"mb\":1,\"mbk\":1,\"gb\":" gb ",\"gbk\":2,\"eb\":" eb                \
    ",\"ebk\":1,\"rb\":0,\"wb\":0,\"acc\":[-4,0,2],\"fs\":[" fs "]}\n"
#define TABLE                                                                                                \
    ",\"ftbl\":\n[\"[root]\"\n,\"0x1: malloc (in /usr/libexec/valgrind/vgpreload_dhat-amd64-linux.so)\"\n"   \
    ",\"0x2: leak (t.c:6)\"\n,\"0x3: main (t.c:9)\"\n,\"0x4: ??? (in /lib/x.so)\"\n]\n}\n"

typedef struct {
    CallSites *sites;
    DhatFile file;
    gboolean good;
    GError *error;
} Read;

static Read read_bytes(const char *bytes, gsize length, DhatNumber number)
{
    Read result = {.sites = call_sites_new()};
    g_autofree char *exact = g_memdup2(bytes, MAX(length, 1));
    result.good = dhat_file_read(&result.file, exact, length, "d.json", &result.error);
    dhat_points_add_to(&result.file.points, number, result.sites);
    ck_assert(result.good == (result.error == NULL));
    return result;
}

static Read read_text(const char *text)
{
    return read_bytes(text, strlen(text), DHAT_END);
}

static void done(Read *self)
{
    call_sites_free(self->sites);
    dhat_file_clear(&self->file);
    g_clear_error(&self->error);
}

static void expect_error(const char *text, const char *message)
{
    Read read = read_text(text);
    ck_assert(!read.good);
    ck_assert_str_eq(read.error->message, message);
    ck_assert_int_eq(read.error->code, HEAPGATE_ERROR_FORMAT);
    done(&read);
}

static void expect_site(const Read *self, const char *key, gint64 bytes, gint64 blocks)
{
    const CallSite *site = call_sites_find(self->sites, key);
    ck_assert_msg(site != NULL, "%s", key);
    ck_assert_int_eq(site->bytes, bytes);
    ck_assert_int_eq(site->blocks, blocks);
}

static const char sample[] =
    HEAD ",\"pps\":\n[" POINT("30", "20", "10", "1,2,3") "," POINT("300", "200", "100", "1,4,3") "]\n" TABLE;

START_TEST(test_dhat_reads_points_and_sums)
{
    Read read = read_text(sample);
    ck_assert_msg(read.good, "%s", read.error != NULL ? read.error->message : "");
    ck_assert_str_eq(read.file.mode, "heap");
    ck_assert_str_eq(read.file.command, "./p -a");
    ck_assert_int_eq(read.file.pid, 7);
    ck_assert_uint_eq(read.file.points.points->len, 2);
    ck_assert_int_eq(read.file.sums[DHAT_TOTAL].bytes, 330);
    ck_assert_int_eq(read.file.sums[DHAT_TOTAL].blocks, 6);
    ck_assert_int_eq(read.file.sums[DHAT_PEAK].bytes, 220);
    ck_assert_int_eq(read.file.sums[DHAT_END].bytes, 110);
    expect_site(&read, "leak (t.c) < main (t.c)", 10, 1);
    expect_site(&read, "??? (x.so) < main (t.c)", 100, 1);
    done(&read);
}
END_TEST

START_TEST(test_dhat_gives_the_number_asked_for)
{
    const gint64 bytes[] = {30, 20, 10}, blocks[] = {3, 2, 1};
    for (int number = DHAT_TOTAL; number <= DHAT_END; number++) {
        Read read = read_bytes(sample, strlen(sample), number);
        expect_site(&read, "leak (t.c) < main (t.c)", bytes[number], blocks[number]);
        done(&read);
    }
}
END_TEST

static Read read_mode(const char *mode, const char *points)
{
    g_autofree char *text =
        g_strdup_printf("{\"dhatFileVersion\":2,\"mode\":\"%s\",\"bu\":\"unit\",\"pps\":[%s],\"ftbl\":["
                        "\"[root]\",\"0x1: memcpy (in /x/vgpreload_dhat.so)\",\"0x2: main (t.c:9)\"]}",
                        mode, points);
    return read_bytes(text, strlen(text), DHAT_TOTAL);
}

START_TEST(test_dhat_reads_every_mode)
{
    const struct {
        const char *mode;
        DhatKind kind;
    } cases[] = {{"heap", DHAT_OF_BLOCKS},
                 {"rust-heap", DHAT_OF_BLOCKS},
                 {"copy", DHAT_OF_COPIES},
                 {"ad-hoc", DHAT_OF_UNITS},
                 {"rust-ad-hoc", DHAT_OF_UNITS}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Read read = read_mode(cases[i].mode, "{\"tb\":5,\"tbk\":2,\"fs\":[1,2]}");
        ck_assert(read.good);
        ck_assert_int_eq(dhat_file_kind(&read.file), cases[i].kind);
        ck_assert_int_eq(read.file.sums[DHAT_TOTAL].bytes, 5);
        ck_assert_int_eq(read.file.sums[DHAT_TOTAL].blocks, 2);
        ck_assert_int_eq(read.file.sums[DHAT_END].bytes, 0);
        expect_site(&read, "memcpy (vgpreload_dhat.so) < main (t.c)", 5, 2);
        done(&read);
    }
    Read none = read_mode("ad-hoc", "");
    ck_assert(none.good);
    ck_assert_uint_eq(none.file.points.points->len, 0);
    done(&none);
}
END_TEST

START_TEST(test_dhat_every_cut_is_truncated_and_gives_what_it_had)
{
    gsize version = strlen("{\"dhatFileVersion\":2\n"), length = strlen(sample) - 2;
    for (gsize cut = version; cut < length; cut++) {
        Read read = read_bytes(sample, cut, DHAT_END);
        ck_assert_msg(read.error != NULL && read.error->code == HEAPGATE_ERROR_TRUNCATED, "cut at %zu: %s",
                      cut, read.error != NULL ? read.error->message : "no error");
        guint64 points = 0;
        g_autofree char *text = g_strndup(sample, cut);
        for (const char *at = text; (at = strstr(at, "]}")) != NULL; at++)
            points++;
        ck_assert_uint_eq(read.file.points.points->len, points);
        done(&read);
    }
    Read half = read_bytes(sample, strstr(sample, "\n,\"0x3") - sample, DHAT_END);
    ck_assert_str_eq(half.error->message,
                     "d.json:13: expected the rest of a DHAT file, found its end: Valgrind was "
                     "killed, or the disk is full");
    expect_site(&half, "leak (t.c) < ???", 10, 1);
    done(&half);
}
END_TEST

START_TEST(test_dhat_wrong_values_are_errors_with_their_line)
{
    expect_error(HEAD ",\"pps\":[\n" POINT("\"5\"", "0", "0", "") "]" TABLE,
                 "d.json:7: expected a number of bytes, found a string");
    expect_error(HEAD ",\"pps\":[\n" POINT("5", "-1", "0", "") "]" TABLE,
                 "d.json:7: expected a number that is not negative, found -1");
    expect_error(HEAD ",\"pps\":[\n" POINT("5", "1", "1.5", "") "]" TABLE,
                 "d.json:7: expected a number of bytes, found 1.5");
    expect_error(HEAD ",\"pps\":[\n" POINT("99999999999999999999", "1", "1", "") "]" TABLE,
                 "d.json:7: expected a number of bytes, found 99999999999999999999");
    expect_error(
        HEAD ",\"pps\":[\n" POINT("9223372036854775807", "1", "1", "") "," POINT("1", "1", "1", "") "]" TABLE,
        "d.json:8: expected sums below 2^63, found more");
    expect_error(HEAD ",\"pps\":[\n" POINT("1", "1", "1", "1,99") "]" TABLE,
                 "d.json:7: expected a frame number within the frame table, found 99 of 5");
    expect_error(HEAD ",\"pps\":[\n" POINT("1", "1", "1", "-1") "]" TABLE,
                 "d.json:7: expected a frame's number, found -1");
    expect_error(HEAD ",\"pps\":[\n" POINT("1", "1", "1", "[]") "]" TABLE,
                 "d.json:7: expected a frame's number, found a list");
    expect_error(HEAD ",\"pps\":[\n5]" TABLE, "d.json:7: expected a program point, an object, found 5");
    expect_error(HEAD ",\"pps\":\n{}" TABLE, "d.json:7: expected a list of program points, found an object");
    expect_error(HEAD ",\"pps\":[],\"ftbl\":[\n7]}", "d.json:7: expected a frame in quotes, found 7");
    expect_error(HEAD ",\"pps\":[],"
                      "\n\"cmd\":null}",
                 "d.json:7: expected a command in quotes, found null");
}
END_TEST

START_TEST(test_dhat_refuses_other_versions_and_files)
{
    expect_error("{\"dhatFileVersion\":1}", "d.json:1: expected dhatFileVersion 2, found 1");
    expect_error("{\"dhatFileVersion\":\"2\"}", "d.json:1: expected the version 2, found a string");
    expect_error("{\n\"mode\":\"heap\"}", "d.json:2: expected dhatFileVersion first, found another key");
    expect_error("[]", "d.json:1: expected a DHAT file, an object, found a list");
    expect_error("",
                 "d.json:1: expected a DHAT file, an object with dhatFileVersion, found the end of the file");
    expect_error("{\"dhatFileVersion\":2,\"mode\":\"heap\",\"pps\":[]}",
                 "d.json:1: expected dhatFileVersion, mode, pps and ftbl, found a file without one of them");
    ck_assert(dhat_recognise(sample, strlen(sample)));
    ck_assert(dhat_recognise(" {\n \"dhatFileVersion\"", 21));
    const char *others[] = {"", "{", "{\"dhat", "[\"dhatFileVersion\"]", "desc: x", "<?xml"};
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
        ck_assert(!dhat_recognise(others[i], strlen(others[i])));
}
END_TEST

START_TEST(test_dhat_malformed_json_is_one_sentence_with_its_line)
{
    Read read = read_text(HEAD ",\"pps\":[\n{\"tb\":5,}]}");
    ck_assert_int_eq(read.error->code, HEAPGATE_ERROR_FORMAT);
    ck_assert(g_str_has_prefix(read.error->message, "d.json:7: expected well-formed JSON, found "));
    ck_assert_ptr_null(strchr(read.error->message, '\n'));
    Read more = read_text("{\"dhatFileVersion\":2,\"mode\":\"x\",\"pps\":[],\"ftbl\":[]}\nmore");
    ck_assert_int_eq(more.error->code, HEAPGATE_ERROR_FORMAT);
    ck_assert(g_str_has_prefix(more.error->message, "d.json:2: "));
    done(&read);
    done(&more);
}
END_TEST

START_TEST(test_dhat_bounds_depth_and_frames)
{
    GString *deep = g_string_new(HEAD ",\"x\":"),
            *long_stack = g_string_new(HEAD ",\"pps\":[{\"eb\":1,\"fs\":[1");
    for (int i = 0; i < 1000; i++) {
        g_string_append_c(deep, '[');
        g_string_append(long_stack, i % 2 ? ",2" : ",4");
    }
    g_string_append(long_stack, "]}," POINT("1", "1", "8", "2") "]" TABLE);
    expect_error(deep->str, "d.json:6: expected lists and objects at most 32 deep, found more");
    Read read = read_text(long_stack->str);
    ck_assert_msg(read.good, "%s", read.error != NULL ? read.error->message : "");
    expect_site(&read, "leak (t.c)", 8, 1);
    done(&read);
    g_string_free(deep, TRUE);
    g_string_free(long_stack, TRUE);
}
END_TEST

START_TEST(test_dhat_skips_what_it_does_not_know)
{
    Read read = read_text(
        HEAD ",\"new\":{\"pps\":[1,{\"tb\":\"x\"}],\"ftbl\":null},\"pps\":[{\"new\":[[\"a\"]],\"tb\":1,"
             "\"fs\":[2],\"a key much longer than any that this reader knows\":1}]" TABLE);
    ck_assert_msg(read.good, "%s", read.error != NULL ? read.error->message : "");
    ck_assert_int_eq(read.file.sums[DHAT_TOTAL].bytes, 1);
    done(&read);
}
END_TEST

START_TEST(test_frame_label_splits_every_form)
{
    const struct {
        const char *label, *function, *file, *object;
        guint line;
    } cases[] = {
        {"0x109390: leak (t.c:6)", "leak", "t.c", NULL, 6},
        {"0x1: ??? (in /usr/lib/x.so)", NULL, NULL, "/usr/lib/x.so", 0},
        {"0x1: operator new(unsigned long) (in /v/vgpreload_dhat.so)", "operator new(unsigned long)", NULL,
         "/v/vgpreload_dhat.so", 0},
        {"0x1: main::{lambda(int)#1}::operator()(int) const (cpp.cc:7)",
         "main::{lambda(int)#1}::operator()(int) const", "cpp.cc", NULL, 7},
        {"0x1: call(int (*)(int))", "call(int (*)(int))", NULL, NULL, 0},
        {"0x1: f (in /tmp/a (1)/x y.so)", "f", NULL, "/tmp/a (1)/x y.so", 0},
        {"0x1: f (dir/a b.c:3)", "f", "dir/a b.c", NULL, 3},
        {"0x1: app::work (src/lib.rs:123:23)", "app::work", "src/lib.rs", NULL, 123},
        {"0x1: <T as app::Work>::run (a (1)/b.rs:5:9)", "<T as app::Work>::run", "a (1)/b.rs", NULL, 5},
        {"0x1: f (odd:name.c:6)", "f", "odd:name.c", NULL, 6},
        {"0x1: f (:7:9)", "f", ":7", NULL, 9},
        {"0x1: f (t.c:99999999999)", "f", "t.c", NULL, G_MAXINT32},
        {"0x1: ???", NULL, NULL, NULL, 0},
        {"0x1:", "0x1:", NULL, NULL, 0},
        {"bare", "bare", NULL, NULL, 0},
        {"", NULL, NULL, NULL, 0},
        {")", ")", NULL, NULL, 0},
        {" (in )", NULL, NULL, "", 0},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *label = g_strdup(cases[i].label);
        Frame frame;
        frame_label_split(label, &frame);
        ck_assert_msg(g_strcmp0(frame.function, cases[i].function) == 0, "%s: %s", cases[i].label,
                      frame.function);
        ck_assert_msg(g_strcmp0(frame.file, cases[i].file) == 0, "%s: %s", cases[i].label, frame.file);
        ck_assert_msg(g_strcmp0(frame.object, cases[i].object) == 0, "%s: %s", cases[i].label, frame.object);
        ck_assert_uint_eq(frame.line, cases[i].line);
    }
}
END_TEST

START_TEST(test_allocator_frames_are_valgrinds_alone)
{
    const struct {
        Frame frame;
        gboolean own;
    } cases[] = {
        {{"malloc", NULL, "/usr/libexec/valgrind/vgpreload_memcheck-amd64-linux.so", 0}, TRUE},
        {{"operator new[](unsigned long, std::nothrow_t const&)", NULL, "vgpreload_dhat-amd64-linux.so", 0},
         TRUE},
        {{"malloc", "vg_replace_malloc.c", NULL, 381}, TRUE},
        {{"malloc", "my_malloc.c", "/bin/prog", 3}, FALSE},
        {{"strlen", NULL, "vgpreload_memcheck-amd64-linux.so", 0}, FALSE},
        {{NULL, NULL, "vgpreload_memcheck-amd64-linux.so", 0}, FALSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        ck_assert_msg(allocator_is_frame(&cases[i].frame) == cases[i].own, "case %zu", i);
}
END_TEST

SUITE(dhat, 20)
{
    tcase_add_test(tcase, test_dhat_reads_points_and_sums);
    tcase_add_test(tcase, test_dhat_gives_the_number_asked_for);
    tcase_add_test(tcase, test_dhat_reads_every_mode);
    tcase_add_test(tcase, test_dhat_every_cut_is_truncated_and_gives_what_it_had);
    tcase_add_test(tcase, test_dhat_wrong_values_are_errors_with_their_line);
    tcase_add_test(tcase, test_dhat_refuses_other_versions_and_files);
    tcase_add_test(tcase, test_dhat_malformed_json_is_one_sentence_with_its_line);
    tcase_add_test(tcase, test_dhat_bounds_depth_and_frames);
    tcase_add_test(tcase, test_dhat_skips_what_it_does_not_know);
}

SUITE(frame_label, 10)
{
    tcase_add_test(tcase, test_frame_label_splits_every_form);
    tcase_add_test(tcase, test_allocator_frames_are_valgrinds_alone);
}
