/* Baselines as text: written for people, read again, refused where they are wrong. */
#include "gate/baseline.h"

#include <string.h>

#include "error.h"
#include "runner.h"
#include "sample_baseline.h"

enum { MIB = 1024 * 1024 };

START_TEST(test_a_baseline_is_text_that_a_person_can_review)
{
    g_autoptr(Baseline) self = sample_baseline();
    g_autofree char *text = baseline_format(self);
    ck_assert_str_eq(
        text,
        "# Written by `heapgate update`. Review it as you review code: these numbers are what later runs "
        "are held to.\n"
        "format: 3\n"
        "scenario: order-entry\n"
        "environment:\n"
        "  platform: debian-12-x86_64\n"
        "  architecture: x86_64\n"
        "  libc: glibc 2.36\n"
        "  python: CPython 3.11.2\n"
        "captured:\n"
        "  at: 2025-03-01T12:00:00Z\n"
        "  commit: 0123456789abcdef\n"
        "  reason: first capture\n"
        "instruments:\n"
        "  massif:\n"
        "    tool: Valgrind 3.19.0, 24 frames\n"
        "    runs: 3\n"
        "    duration: 1234 ms\n"
        "    metrics:\n"
        "      peak:\n"
        "        value: 10485760\n"
        "        spread: 17\n"
        "        highest: 10485770\n"
        "        cutoff: 4096\n"
        "        call_sites:\n"
        "        - bytes: 6291456\n"
        "          blocks: 12\n"
        "          stack: std::vector<int, std::allocator<int> >::push_back(int const&) (v.h) < ??? "
        "(libx.so)\n"
        "        - bytes: 4194304\n"
        "          slack: 27\n"
        "          stack: copy (edit.c) < main (main.c)\n"
        "        other_sites: |\n"
        "          07000000ab 4097  0e000000ab 4098  15000000ab 4099  1c000000ab 4100  23000000ab 4101\n"
        "          2a000000ab 4102\n"
        "      retained:\n"
        "        value: 48\n"
        "        spread: 0\n"
        "  memcheck:\n"
        "    runs: 2\n"
        "    duration: 0 ms\n"
        "    metrics:\n"
        "      lost:\n"
        "        value: 0\n"
        "        spread: 0\n"
        "...\n");
}
END_TEST

START_TEST(test_a_baseline_read_again_says_the_same_in_the_same_bytes)
{
    g_autoptr(Baseline) self = sample_baseline(), copy = baseline_round_trip(self);
    const BaselineInstrument *massif = baseline_find(copy, "massif");
    ck_assert_str_eq(copy->scenario, "order-entry");
    ck_assert_str_eq(copy->reason, "first capture");
    ck_assert_ptr_null(environment_difference(self->environment, copy->environment));
    ck_assert_str_eq(massif->tool, "Valgrind 3.19.0, 24 frames");
    ck_assert_int_eq(massif->runs, 3);
    ck_assert_int_eq(massif->duration_us, 1234000);
    ck_assert_int_eq(baseline_instrument_find(massif, METRIC_PEAK)->value, 10 * MIB);
    ck_assert_int_eq(baseline_instrument_find(massif, METRIC_PEAK)->spread, 17);
    const BaselineFigure *peak = baseline_instrument_find(massif, METRIC_PEAK);
    ck_assert_int_eq(peak->cutoff_bytes, 4096);
    ck_assert_int_eq(baseline_slack(peak),
                     44); /* the largest is 10 above the value, and the runs differ by 17 */
    gint64 slack = 0;
    ck_assert(site_sizes_find(peak->slack, site_sizes_hash("copy (edit.c) < main (main.c)"), &slack));
    ck_assert_int_eq(slack, 27);
    ck_assert_uint_eq(site_sizes_count(peak->others), 6);
    ck_assert_uint_eq(call_sites_count(baseline_instrument_find(massif, METRIC_PEAK)->sites), 2);
    ck_assert_ptr_null(baseline_instrument_find(massif, METRIC_GROWTH));
    ck_assert_ptr_null(baseline_find(copy, "heap"));
}
END_TEST

START_TEST(test_reasons_and_stacks_of_any_characters_come_back_as_they_were)
{
    const char *const texts[] = {"",
                                 "yes",
                                 "~",
                                 "null",
                                 "1",
                                 "- a: b",
                                 "# no comment",
                                 "a: b",
                                 "two\nlines\n",
                                 "\n\n  indented\n\n",
                                 " blanks ",
                                 "'\"\\",
                                 "%TAG !",
                                 "&a *a !tag",
                                 "\t",
                                 "\x01\x7f",
                                 "[1, {a: b}",
                                 "---\n...",
                                 "größer → 大",
                                 ("\xef\xbb\xbf"
                                  "BOM"),
                                 "🙂",
                                 "a\r\nb\rc",
                                 "@`|>",
                                 "\xc2\x85\xe2\x80\xa8"};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(Baseline) self = sample_baseline();
        g_free(self->reason);
        self->reason = g_strdup(texts[i]);
        call_sites_add_key(baseline_instrument_find(baseline_find(self, "massif"), METRIC_PEAK)->sites,
                           texts[i], 1, 1);
        g_autoptr(Baseline) copy = baseline_round_trip(self);
        ck_assert_str_eq(copy->reason, texts[i]);
        ck_assert_ptr_nonnull(call_sites_find(
            baseline_instrument_find(baseline_find(copy, "massif"), METRIC_PEAK)->sites, texts[i]));
    }
}
END_TEST

START_TEST(test_text_that_is_no_utf8_is_mended_instead_of_ending_the_program)
{
    g_autoptr(Baseline) self = sample_baseline();
    g_free(self->reason);
    self->reason = g_strdup("cut \xc3");
    g_autoptr(Baseline) copy = baseline_round_trip(self);
    ck_assert_str_eq(copy->reason, "cut \xef\xbf\xbd");
}
END_TEST

START_TEST(test_a_function_whose_name_is_no_utf8_is_the_same_call_site_in_a_baseline)
{
    const Frame frames[] = {{.function = "caf\xe9", .file = "m\xe9nu.c"},
                            {.function = "main", .file = "main.c"}};
    g_autoptr(CallSites) now = call_sites_new();
    g_autoptr(Baseline) self = sample_baseline();
    call_sites_add(now, frames, 2, 100, 1);
    const char *key = call_sites_get(now, 0)->key;
    call_sites_add_key(baseline_instrument_find(baseline_find(self, "massif"), METRIC_PEAK)->sites, key, 100,
                       1);
    g_autoptr(Baseline) copy = baseline_round_trip(self);
    ck_assert_ptr_nonnull(
        call_sites_find(baseline_instrument_find(baseline_find(copy, "massif"), METRIC_PEAK)->sites, key));
}
END_TEST

/* What reading this says. */
static char *refusal(const char *text, gsize length)
{
    g_autoptr(GError) error = NULL;
    Baseline *self = baseline_parse(text, length, "b.yaml", NULL, &error);
    ck_assert_msg(self == NULL && error != NULL, "accepted: %s", text);
    ck_assert(g_error_matches(error, HEAPGATE_ERROR, HEAPGATE_ERROR_CONFIG));
    return g_strdup(error->message);
}

static void check_refused(const char *text, const char *expected)
{
    g_autofree char *message = refusal(text, strlen(text));
    ck_assert_msg(g_str_has_prefix(message, expected), "expected: %s\nfound: %s\nin: %s", expected, message,
                  text);
}

/* Refused when `from` in the sample's text is `to`. */
static void check_edit(const char *from, const char *to, const char *expected)
{
    g_autoptr(Baseline) self = sample_baseline();
    g_autofree char *text = baseline_format(self);
    GString *edited = g_string_new(text);
    ck_assert_msg(g_string_replace(edited, from, to, 1) == 1, "%s", from);
    check_refused(edited->str, expected);
    g_string_free(edited, TRUE);
}

START_TEST(test_a_baseline_of_another_format_is_refused_with_what_to_do)
{
    check_edit(
        "format: 3", "format: 9",
        "b.yaml:2:9: expected baseline format 3, found 9; capture it again with heapgate update, or use the "
        "heapgate that wrote it");
    check_edit("format: 3", "format: one", "b.yaml:2:9: expected a whole number, found \"one\"");
}
END_TEST

/* What format 2 says is judged as it was; of what its successor says besides nothing is known. */
START_TEST(test_a_baseline_of_the_format_before_is_read)
{
    g_autoptr(Baseline) old =
        baseline_parse_well("format: 2\nscenario: s\ninstruments:\n  heap:\n    runs: 3\n    metrics:\n"
                            "      retained:\n        value: 1048\n        spread: 40\n        cutoff: 48\n"
                            "        call_sites:\n        - bytes: 1000\n          stack: copy < main\n"
                            "      growth:\n        value: 0\n        spread: 0\n");
    const BaselineInstrument *heap = baseline_find(old, "heap");
    const BaselineFigure *retained = baseline_instrument_find(heap, METRIC_RETAINED),
                         *growth = baseline_instrument_find(heap, METRIC_GROWTH);
    ck_assert_int_eq(old->format, 2);
    ck_assert_int_eq(retained->cutoff_bytes, 48);
    ck_assert_int_eq(baseline_slack(retained), 80);
    ck_assert_ptr_null(retained->others);
    ck_assert_ptr_null(growth->doubtful);
    g_autoptr(Baseline) copy = baseline_round_trip(old); /* as --ratchet writes it into format 3 */
    ck_assert_ptr_null(baseline_instrument_find(baseline_find(copy, "heap"), METRIC_GROWTH)->doubtful);
    ck_assert_ptr_null(baseline_instrument_find(baseline_find(copy, "heap"), METRIC_RETAINED)->others);
}
END_TEST

START_TEST(test_that_nothing_was_doubtful_is_known_when_it_is_read_again)
{
    g_autoptr(Baseline) self = sample_baseline();
    BaselineFigure *growth = baseline_set(baseline_find(self, "massif"), METRIC_GROWTH, 0, 0);
    growth->doubtful = site_sizes_new();
    site_sizes_add(growth->doubtful, 6, 0); /* it moved */
    g_autoptr(Baseline) copy = baseline_round_trip(self);
    const BaselineFigure *read = baseline_instrument_find(baseline_find(copy, "massif"), METRIC_GROWTH);
    ck_assert_ptr_nonnull(read->doubtful);
    ck_assert(baseline_figure_same(read, growth));
    site_sizes_add(growth->doubtful, 7, 1);
    ck_assert(!baseline_figure_same(read, growth));
}
END_TEST

/* A file that was cut off holds less than was captured. */
START_TEST(test_a_baseline_that_was_cut_off_at_a_line_is_refused)
{
    g_autoptr(Baseline) self = sample_baseline();
    g_autofree char *text = baseline_format(self);
    guint refused = 0;
    for (char *end = strrchr(text, '\n'); end != NULL; end = strrchr(text, '\n')) {
        *end = '\0';
        g_autofree char *cut = g_strconcat(text, "\n", NULL);
        g_autoptr(GError) error = NULL;
        g_autoptr(Baseline) read = baseline_parse(cut, strlen(cut), "b.yaml", NULL, &error);
        ck_assert_msg(g_str_has_suffix(cut, "\n...\n") == (read != NULL), "%s", cut);
        refused += read == NULL;
    }
    ck_assert_uint_gt(refused, 30);
}
END_TEST

START_TEST(test_wrong_values_are_refused_where_they_stand)
{
    check_edit("07000000ab 4097", "07000000ab",
               "b.yaml:31:22: expected pairs of a hash (10 hexadecimal digits)");
    check_edit("07000000ab 4097", "7ab 4097", "b.yaml:31:22: expected pairs of a hash");
    check_edit("07000000ab 4097", "07000000ab -4097", "b.yaml:31:22: expected pairs of a hash");
    check_edit("value: 48", "value: -48", "b.yaml:35:16: expected a size such as");
    check_edit("value: 48", "value: [48]", "b.yaml:35:16: expected one value, found a list");
    check_edit("value: 48", "values: 48",
               "b.yaml:35:9: unknown key \"values\"; expected one of value, spread");
    check_edit("spread: 17", "value: 17", "b.yaml:21:9: \"value\" is given twice");
    check_edit("value: 48\n", "cutoff: 48\n", "b.yaml:35:9: expected a key \"value\"");
    check_edit("value: 48", "value: 99999999999999999999", "b.yaml:35:16: expected a size");
    check_edit("retained:", "retain:", "b.yaml:34:7: \"retain\" is not a metric");
    check_edit("peak:", "retained:", "b.yaml:34:7: \"retained\" is given twice");
    check_edit("runs: 3", "runs: some", "b.yaml:16:11: expected a whole number");
    check_edit("duration: 1234 ms", "duration: 1234", "b.yaml:17:15: expected a duration");
    check_edit("blocks: 12", "blocks: -12", "b.yaml:26:19: expected a whole number");
    check_edit("          stack: copy (edit.c) < main (main.c)\n", "",
               "b.yaml:28:11: expected a key \"stack\"");
    check_edit("python: ", "perl: ", "b.yaml:8:3: unknown key \"perl\"");
    check_edit("reason: first capture", "reason: {}", "b.yaml:12:11: expected one value, found a mapping");
    check_edit("memcheck:", "massif:", "b.yaml:37:3: \"massif\" is given twice");
}
END_TEST

START_TEST(test_a_call_site_that_is_listed_twice_is_refused)
{
    check_edit("stack: copy (edit.c) < main (main.c)",
               "stack: copy (edit.c) < main (main.c)\n        - bytes: 1\n          stack: copy (edit.c) < "
               "main (main.c)",
               "b.yaml:31:11: \"copy (edit.c) < main (main.c)\" is listed twice");
}
END_TEST

START_TEST(test_what_is_no_baseline_is_refused)
{
    check_refused("", "b.yaml:1:1: expected keys and values, found nothing");
    check_refused("{}", "b.yaml:1:1: expected \"scenario\" and \"instruments\"");
    check_refused("scenario: s\n", "b.yaml:1:1: expected \"scenario\" and \"instruments\"");
    check_refused("scenario: s\ninstruments: {}\n", "b.yaml:1:1: expected \"scenario\" and \"instruments\"");
    check_refused("scenario: s\ninstruments: []\n", "b.yaml:2:14: expected keys and values, found a list");
    check_refused("<<<<<<< ours\nformat: 1\n=======\nformat: 1\n>>>>>>> theirs\n", "b.yaml:");
    check_refused("scenario: s\ninstruments: {massif: {metrics: {peak: {value: 1, call_sites: {a: b}}}}}",
                  "b.yaml:2:63: expected a list, found a mapping");
}
END_TEST

START_TEST(test_every_beginning_of_a_baseline_is_read_or_refused)
{
    g_autoptr(Baseline) self = sample_baseline();
    g_autofree char *text = baseline_format(self);
    gsize length = strlen(text);
    for (gsize cut = 0; cut < length; cut++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Baseline) read = baseline_parse(text, cut, "b.yaml", NULL, &error);
        ck_assert_msg((read != NULL) != (error != NULL), "cut at %zu", cut);
        ck_assert(error == NULL || g_str_has_prefix(error->message, "b.yaml:"));
    }
}
END_TEST

START_TEST(test_a_baseline_that_refers_to_itself_is_refused)
{
    check_refused("scenario: s\ninstruments: &i {massif: *i}\n", "b.yaml:2:18: unknown key \"massif\"");
    check_refused("scenario: s\ninstruments: {massif: {metrics: {peak: &p {value: 1, call_sites: [*p]}}}}\n",
                  "b.yaml:2:44: unknown key \"value\"");
}
END_TEST

SUITE(baseline, 60)
{
    tcase_add_test(tcase, test_a_baseline_is_text_that_a_person_can_review);
    tcase_add_test(tcase, test_a_baseline_read_again_says_the_same_in_the_same_bytes);
    tcase_add_test(tcase, test_reasons_and_stacks_of_any_characters_come_back_as_they_were);
    tcase_add_test(tcase, test_text_that_is_no_utf8_is_mended_instead_of_ending_the_program);
    tcase_add_test(tcase, test_a_function_whose_name_is_no_utf8_is_the_same_call_site_in_a_baseline);
    tcase_add_test(tcase, test_a_baseline_of_another_format_is_refused_with_what_to_do);
    tcase_add_test(tcase, test_a_baseline_of_the_format_before_is_read);
    tcase_add_test(tcase, test_that_nothing_was_doubtful_is_known_when_it_is_read_again);
    tcase_add_test(tcase, test_a_baseline_that_was_cut_off_at_a_line_is_refused);
    tcase_add_test(tcase, test_wrong_values_are_refused_where_they_stand);
    tcase_add_test(tcase, test_a_call_site_that_is_listed_twice_is_refused);
    tcase_add_test(tcase, test_what_is_no_baseline_is_refused);
    tcase_add_test(tcase, test_every_beginning_of_a_baseline_is_read_or_refused);
    tcase_add_test(tcase, test_a_baseline_that_refers_to_itself_is_refused);
}
