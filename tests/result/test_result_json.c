#include "result/result_json.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "error.h"
#include "result/json_scan.h"
#include "runner.h"
#include "report/sample.h"

static char *render(Result *result)
{
    char *text = sample_write(&report_json, result);
    result_free(result);
    return text;
}

static Result *parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    Result *result = result_json_read(text, strlen(text), "result.json", &error);
    ck_assert_msg(result != NULL, "%s", error != NULL ? error->message : "no error");
    return result;
}

/* The message of reading this. */
static char *refuse(const char *text, gsize length)
{
    g_autoptr(GError) error = NULL;
    Result *result = result_json_read(text, length, "result.json", &error);
    ck_assert_msg(result == NULL && error != NULL, "accepted: %.200s", text);
    ck_assert(g_error_matches(error, HEAPGATE_ERROR, HEAPGATE_ERROR_FORMAT));
    ck_assert_msg(g_str_has_prefix(error->message, "result.json:"), "%s", error->message);
    return g_strdup(error->message);
}

/* What reading says when `from` in a good file is `to`. */
static void check_edit(const char *from, const char *to, const char *expected)
{
    g_autofree char *text = render(sample_regressed());
    GString *edited = g_string_new(text);
    ck_assert_msg(g_string_replace(edited, from, to, 1) == 1, "%s", from);
    g_autofree char *message = refuse(edited->str, edited->len);
    ck_assert_msg(strstr(message, expected) != NULL, "expected: %s\nfound: %s", expected, message);
    g_string_free(edited, TRUE);
}

START_TEST(test_result_written_read_and_written_again_has_the_same_bytes)
{
    Result *results[] = {sample_passing(), sample_regressed(), sample_every_verdict(),
                         sample_hostile(), sample_many(3, 3),  sample_empty()};
    for (gsize i = 0; i < G_N_ELEMENTS(results); i++) {
        g_autofree char *once = render(results[i]), *again = render(parse(once));
        ck_assert_str_eq(once, again);
    }
}
END_TEST

START_TEST(test_every_report_of_a_result_that_was_read_is_the_same)
{
    g_autoptr(Result) result = sample_regressed();
    g_autofree char *text = sample_write(&report_json, result);
    g_autoptr(Result) copy = parse(text);
    for (const Report *const *report = reports_all(); *report != NULL; report++) {
        g_autofree char *one = sample_write(*report, result), *two = sample_write(*report, copy);
        ck_assert_str_eq(one, two);
    }
}
END_TEST

START_TEST(test_hostile_names_become_json_that_settles)
{
    g_autofree char *once = render(sample_hostile());
    Result *first = parse(once);
    g_autofree char *again = render(first), *third = render(parse(again));
    ck_assert_str_eq(again, third);
    ck_assert(g_utf8_validate(once, -1, NULL));
}
END_TEST

START_TEST(test_result_json_speaks_the_terms_of_the_field)
{
    g_autofree char *text = render(sample_regressed());
    const char *const terms[] = {"\"retained\"",  "\"call_sites\"",  "\"marks\"",     "\"timeline\"",
                                 "\"processes\"", "\"environment\"", "\"version\":4,"};
    for (gsize i = 0; i < G_N_ELEMENTS(terms); i++)
        ck_assert_msg(strstr(text, terms[i]) != NULL, "%s", terms[i]);
    sample_check_golden("result-regressed.json", text);
}
END_TEST

START_TEST(test_wrong_types_are_named_by_their_path)
{
    check_edit(
        "\"iterations\":27", "\"iterations\":\"many\"",
        "result.json: expected \"scenarios[2].instruments[0].measurement.iterations\" to be a whole number, "
        "found a string");
    check_edit("\"now\":11010048", "\"now\":null",
               "\"scenarios[0].instruments[0].comparisons[0].now\" to be a whole number, found null");
    check_edit("\"now\":11010048", "\"then\":1", "comparisons[0].now\" to be there, found nothing");
    check_edit("\"now\":11010048", "\"now\":1.5", "to be a whole number, found a fraction");
    check_edit("\"name\":\"json-large\"", "\"name\":{}",
               "\"scenarios[0].name\" to be a string, found an object");
    check_edit("\"tags\":[", "\"tags\":[1,", "\"scenarios[0].tags[0]\" to be a string, found a whole number");
    check_edit("\"metric\":\"peak\"", "\"metric\":\"pique\\u001b\"",
               "comparisons[0].metric\" to be a metric's name, found \"pique\xef\xbf\xbd\"");
    check_edit("\"verdict\":\"regressed\"", "\"verdict\":\"fine\"", "\"verdict\" to be pass, improved, new");
    check_edit("1500000000,", "true,", "timeline.points[1][0]\" to be a number, found a boolean");
    check_edit("1500000000,", "", "timeline.points[1]\" to be a time and one or two numbers of bytes");
    check_edit("1500000000,", "1e999,", "timeline.points[1][0]\" to be a number, found one too large");
}
END_TEST

START_TEST(test_other_versions_and_formats_are_refused_with_what_to_do)
{
    check_edit("\"version\":4", "\"version\":7",
               "expected \"version\" to be 4, found 7: another heapgate wrote it; run the scenarios again");
    check_edit("\"heapgate-result\"", "\"other\"", "expected \"format\" to be \"heapgate-result\"");
}
END_TEST

START_TEST(test_call_sites_of_one_key_are_refused)
{
    g_autofree char *text = render(sample_passing());
    GString *edited = g_string_new(text);
    g_string_replace(edited, "\"function\":\"copy_attribute\"", "\"function\":\"x\"", 0);
    result_free(parse(edited->str));
    g_string_free(edited, TRUE);
    const char *at = strstr(text, "\"call_sites\":[") + strlen("\"call_sites\":[");
    const char site[] = "{\"bytes\":1,\"blocks\":1,\"stack\":null},";
    g_autofree char *twice = g_strdup_printf("%.*s%s%s%s", (int)(at - text), text, site, site, at);
    g_autofree char *message = refuse(twice, strlen(twice));
    ck_assert_ptr_nonnull(strstr(message, "call_sites[1]\" to be a new call site"));
}
END_TEST

static guint count(const char *text, const char *words)
{
    guint found = 0;
    for (const char *at = strstr(text, words); at != NULL; at = strstr(at + 1, words))
        found++;
    return found;
}

START_TEST(test_frames_and_stacks_that_call_sites_share_are_written_once)
{
    g_autofree char *text = render(sample_regressed());
    ck_assert_uint_eq(count(text, "\"function\":\"copy_attribute\""), 1);
    ck_assert_uint_eq(count(text, "\"stack\":15"), 4);
    ck_assert_uint_eq(count(text, "[13,14]"), 1);
}
END_TEST

START_TEST(test_delta_keeps_the_key_that_its_frames_do_not_tell)
{
    g_autofree char *text = render(sample_regressed());
    ck_assert_uint_eq(count(text, "\"key\""), 0);
    GString *edited = g_string_new(text);
    g_string_replace(edited, "{\"base_bytes\":4194304,", "{\"key\":\"a baseline's\",\"base_bytes\":4194304,",
                     1);
    g_autofree char *again = render(parse(edited->str));
    ck_assert_ptr_nonnull(strstr(again, "{\"key\":\"a baseline's\",\"base_bytes\":4194304,"));
    g_string_free(edited, TRUE);
}
END_TEST

START_TEST(test_stacks_that_cannot_be_are_refused)
{
    check_edit("\"stack\":11}", "\"stack\":16}",
               "comparisons[0].deltas[0].stack\" to be the place of one of 16 stacks, found 16");
    check_edit("\"stack\":11}", "\"stack\":-1}", "deltas[0].stack\" to be from 0 to ");
    check_edit("\"stack\":11}", "\"stack\":[11]}", "deltas[0].stack\" to be a whole number, found an array");
    check_edit(",\"stack\":11}", "}", "deltas[0].stack\" to be there, found nothing");
    check_edit("[2,1]", "[14,1]", "\"stacks[2][0]\" to be the place of one of 14 frames, found 14");
    check_edit("[2,1]", "[2,2]", "\"stacks[2][1]\" to be the place of one of 2 stacks before it, found 2");
    check_edit("[2,1]", "[]",
               "\"stacks[2]\" to be a frame, and its caller where it has one, found an array of");
    check_edit("[2,1]", "[2,1,0]",
               "\"stacks[2]\" to be a frame, and its caller where it has one, found an array of");
    check_edit("[2,1]", "[\"2\"]", "\"stacks[2][0]\" to be a whole number, found a string");
    check_edit("\"stacks\":[", "\"stocks\":[", "\"stacks\" to be there, found nothing");
    check_edit("\"frames\":[", "\"frames\":[[],", "\"frames[0]\" to be an object, found an array");
    check_edit("\"line\":22353", "\"line\":-1", "\"frames[0].line\" to be from 0 to 4294967295, found -1");
    check_edit("\"function\":\"main\"", "\"function\":7", "\"frames[0].function\" to be a string");
}
END_TEST

/* A frame of a MiB, and stacks of it; the first call site names one that is so deep, the second another. */
static char *large_stacks(guint first, guint second)
{
    g_autofree char *text = render(sample_regressed()), *name = g_strnfill(1 << 20, 'f');
    GString *edited = g_string_new(text);
    g_string_truncate(edited, strstr(text, " \"frames\":[") - text);
    g_string_append_printf(edited, "\"frames\":[{\"function\":\"%s\"}],\"stacks\":[[0]", name);
    for (guint i = 1; i < MAX(first, second); i++)
        g_string_append_printf(edited, ",[0,%u]", i - 1);
    g_string_append(edited, "]}");
    for (guint i = 0; i < 2; i++) {
        g_autofree char *to = g_strdup_printf("\"call_sites\":[{\"bytes\":1,\"blocks\":1,\"stack\":%u}]",
                                              (i == 0 ? first : second) - 1);
        g_string_replace(edited, "\"call_sites\":null", to, 1);
    }
    return g_string_free(edited, FALSE);
}

START_TEST(test_small_file_cannot_name_more_stacks_than_memory_holds)
{
    g_autofree char *deep = large_stacks(1100, 1), *many = large_stacks(600, 600);
    const char *too_large = "stack\" to be one that fits into 1 GiB with those before it, found a larger one";
    g_autofree char *once = refuse(deep, strlen(deep)), *twice = refuse(many, strlen(many));
    ck_assert_msg(strstr(once, "figures[0].call_sites[0]") != NULL && strstr(once, too_large) != NULL, "%s",
                  once);
    ck_assert_msg(strstr(twice, "figures[1].call_sites[0]") != NULL && strstr(twice, too_large) != NULL, "%s",
                  twice);
}
END_TEST

static void check_kept(const char *path)
{
    g_autofree char *text = NULL;
    ck_assert_msg(g_file_get_contents(path, &text, NULL, NULL), "%s", path);
    result_free(parse(text));
}

START_TEST(test_results_that_are_kept_in_the_repository_can_be_read)
{
    check_kept(runner_path("scenarios/recorded/result.json"));
    g_autoptr(GDir) seeds = g_dir_open(runner_path("tests/fuzz/corpus/result"), 0, NULL);
    ck_assert_ptr_nonnull(seeds);
    for (const char *name = g_dir_read_name(seeds); name != NULL; name = g_dir_read_name(seeds)) {
        g_autofree char *path = g_build_filename("tests/fuzz/corpus/result", name, NULL);
        check_kept(runner_path(path));
    }
}
END_TEST

START_TEST(test_damaged_bytes_are_errors_with_a_line)
{
    const struct {
        const char *text, *expected;
    } cases[] = {
        {"", "found nothing"},
        {"  \n", "found nothing"},
        {"[]", "expected an object, found an array"},
        {"{}", "\"format\" to be there"},
        {"{\n\"a\": 'b'}", "result.json:2: expected JSON, found '''"},
        {"/* */ {}", "result.json:1: expected JSON, found '/'"},
        {"{\"a\": 9999999999999999999}", "at most 18 digits"},
        {"{\"a\": 0x10}", "expected"},
        {"{\"a\": \"b", "unterminated string"},
        {"{\"a\": \"\\ud800\"}", "expected the JSON"},
        {"{\"a\": \"\xff\"}", "expected the JSON"},
        {"\xff\xfe{", "expected JSON, found byte 255"},
        {"{\"a\":1,,}", "expected the JSON"},
        {"var x = {}", "expected JSON, found '='"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *message = refuse(cases[i].text, strlen(cases[i].text));
        ck_assert_msg(strstr(message, cases[i].expected) != NULL, "%s: %s", cases[i].text, message);
    }
    g_autofree char *zero = refuse("{\"a\":\0 1}", 9);
    ck_assert_ptr_nonnull(strstr(zero, "found byte 0"));
}
END_TEST

START_TEST(test_deep_nesting_is_refused_before_it_is_parsed)
{
    gsize depth = 1000000;
    g_autofree char *deep = g_strnfill(depth, '[');
    g_autofree char *message = refuse(deep, depth);
    ck_assert_str_eq(message, "result.json:1: expected brackets nested at most 32 deep, found more");
    ck_assert(json_scan(" \n{}\n", 5, "x", NULL));
    ck_assert(!json_scan("1 {}", 4, "x", NULL)); /* one value */
    ck_assert(!json_scan("{}\n{}", 5, "x", NULL));
    ck_assert(json_scan("\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[\"", 41, "x", NULL));
}
END_TEST

START_TEST(test_every_cut_of_a_file_is_an_error)
{
    g_autofree char *text = render(sample_every_verdict());
    gsize length = strlen(text);
    for (gsize cut = 0; cut + 2 < length; cut += 97)
        g_free(refuse(text, cut));
}
END_TEST

START_TEST(test_edited_verdicts_do_not_make_a_pass)
{
    g_autofree char *text = render(sample_regressed());
    GString *edited = g_string_new(text);
    gsize end = strstr(text, "\"scenarios\"") - text;
    g_string_truncate(edited, end);
    g_string_replace(edited, "\"verdict\":\"regressed\"", "\"verdict\":\"pass\"", 0);
    g_string_append(edited, text + end);
    g_autoptr(Result) result = parse(edited->str);
    ck_assert_int_eq(result->verdict, VERDICT_REGRESSED);
    ck_assert_uint_eq(result->counts[VERDICT_REGRESSED], 2);
    g_string_free(edited, TRUE);
}
END_TEST

START_TEST(test_results_are_recognised_by_their_first_bytes)
{
    g_autofree char *text = render(sample_empty());
    ck_assert(result_json_recognise(text, strlen(text)));
    ck_assert(result_json_recognise("{\"format\":\"heapgate-result\"", 27));
    ck_assert(!result_json_recognise("{\"format\":\"heapgate-result\"", 26));
    ck_assert(!result_json_recognise("{\"dhatFileVersion\":2}", 21));
    ck_assert(!result_json_recognise("", 0));
}
END_TEST

START_TEST(test_verdict_json_is_one_line_that_scripts_can_read)
{
    g_autoptr(Result) result = sample_every_verdict(), empty = sample_empty();
    g_autofree char *line = sample_write(&report_verdict, result),
                    *nothing = sample_write(&report_verdict, empty);
    sample_check_golden("verdict-every-verdict.json", line);
    ck_assert_ptr_eq(strchr(line, '\n'), line + strlen(line) - 1);
    ck_assert(g_str_has_prefix(nothing, "{\"verdict\":\"broken\",\"exit_status\":3,\"scenarios\":0,"));
    g_autoptr(Result) hostile = sample_hostile();
    g_autofree char *evil = sample_write(&report_verdict, hostile);
    g_autoptr(JsonParser) parser = json_parser_new();
    ck_assert(json_parser_load_from_data(parser, evil, -1, NULL));
    ck_assert_ptr_eq(strchr(evil, '\n'), evil + strlen(evil) - 1);
}
END_TEST

SUITE(result_json, 30)
{
    tcase_add_test(tcase, test_result_written_read_and_written_again_has_the_same_bytes);
    tcase_add_test(tcase, test_every_report_of_a_result_that_was_read_is_the_same);
    tcase_add_test(tcase, test_hostile_names_become_json_that_settles);
    tcase_add_test(tcase, test_result_json_speaks_the_terms_of_the_field);
    tcase_add_test(tcase, test_wrong_types_are_named_by_their_path);
    tcase_add_test(tcase, test_other_versions_and_formats_are_refused_with_what_to_do);
    tcase_add_test(tcase, test_call_sites_of_one_key_are_refused);
    tcase_add_test(tcase, test_frames_and_stacks_that_call_sites_share_are_written_once);
    tcase_add_test(tcase, test_delta_keeps_the_key_that_its_frames_do_not_tell);
    tcase_add_test(tcase, test_stacks_that_cannot_be_are_refused);
    tcase_add_test(tcase, test_small_file_cannot_name_more_stacks_than_memory_holds);
    tcase_add_test(tcase, test_results_that_are_kept_in_the_repository_can_be_read);
    tcase_add_test(tcase, test_damaged_bytes_are_errors_with_a_line);
    tcase_add_test(tcase, test_deep_nesting_is_refused_before_it_is_parsed);
    tcase_add_test(tcase, test_every_cut_of_a_file_is_an_error);
    tcase_add_test(tcase, test_edited_verdicts_do_not_make_a_pass);
    tcase_add_test(tcase, test_results_are_recognised_by_their_first_bytes);
    tcase_add_test(tcase, test_verdict_json_is_one_line_that_scripts_can_read);
}
