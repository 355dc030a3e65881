#include "report/console.h"

#include <string.h>

#include "report/explain.h"
#include "report/passage.h"
#include "passage_of_run.h"
#include "runner.h"
#include "sample.h"

static char *print_wide(Result *result, ConsoleFlags flags, guint width)
{
    g_autoptr(Findings) findings = findings_new(result);
    g_autoptr(GOutputStream) stream = g_memory_output_stream_new_resizable();
    ck_assert(console_write(findings, flags, width, stream, NULL));
    GMemoryOutputStream *memory = G_MEMORY_OUTPUT_STREAM(stream);
    char *text =
        g_strndup(g_memory_output_stream_get_data(memory), g_memory_output_stream_get_data_size(memory));
    result_free(result);
    return text;
}

static char *print(Result *result, ConsoleFlags flags)
{
    return print_wide(result, flags, 0);
}

static const InstrumentResult *first_instrument(const Result *result, guint scenario)
{
    return g_ptr_array_index(((ScenarioResult *)g_ptr_array_index(result->scenarios, scenario))->instruments,
                             0);
}

/* The passage of a scenario's first instrument. */
static char *explain(const Result *result, guint scenario)
{
    const ScenarioResult *found = g_ptr_array_index(result->scenarios, scenario);
    return passage_of_run(result, found->name, first_instrument(result, scenario)->instrument);
}

START_TEST(test_console_shows_what_grew_and_where)
{
    g_autofree char *text = print(sample_regressed(), 0);
    sample_check_golden("console-regressed.txt", text);
}
END_TEST

START_TEST(test_console_says_what_to_do_about_every_verdict)
{
    g_autofree char *text = print(sample_every_verdict(), 0);
    sample_check_golden("console-every-verdict.txt", text);
}
END_TEST

START_TEST(test_console_says_the_smallest_leak_a_pass_could_have_seen)
{
    g_autofree char *text = print(sample_passing(), 0);
    ck_assert_ptr_nonnull(strstr(text, "sees leaks from 16 B/iteration"));
    ck_assert_ptr_nonnull(strstr(text, "sees leaks from 1 B lost"));
    ck_assert(g_str_has_suffix(text, "\n2 scenarios pass\n"));
    sample_check_golden("console-passing.txt", text);
}
END_TEST

/* The lines of the table, before the first empty one after the header, are no wider; but a single word may
 * be: a path is not broken. */
static void check_table(const char *text, guint width)
{
    const char *begin = strstr(text, "\n\n");
    ck_assert_ptr_nonnull(begin);
    const char *end = strstr(begin + 2, "\n\n");
    ck_assert_ptr_nonnull(end);
    g_autofree char *table = g_strndup(begin + 2, (gsize)(end - begin) - 2);
    g_auto(GStrv) lines = g_strsplit(table, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++) {
        const char *word = strrchr(lines[i], ' ');
        gboolean is_word = word != NULL && word > lines[i] && word[-1] == ' ';
        ck_assert_msg(strlen(lines[i]) <= width || is_word, "%zu columns are more than %u:\n%s",
                      strlen(lines[i]), width, lines[i]);
    }
}

START_TEST(test_console_keeps_to_the_width_of_the_terminal)
{
    for (guint width = 80; width < 160; width += 10) {
        g_autofree char *passing = print_wide(sample_passing(), 0, width);
        g_autofree char *every = print_wide(sample_every_verdict(), 0, width);
        check_table(passing, width);
        check_table(every, width);
        if (width == 80)
            sample_check_golden("console-80-columns.txt", every);
    }
}
END_TEST

START_TEST(test_console_of_a_terminal_with_room_is_what_it_is_without_one)
{
    g_autofree char *whole = print(sample_every_verdict(), 0);
    g_autofree char *wide = print_wide(sample_every_verdict(), 0, 160);
    ck_assert_str_eq(wide, whole);
}
END_TEST

/* Every word of the table stands there, however narrow it is. */
START_TEST(test_console_loses_nothing_where_it_is_narrow)
{
    g_autofree char *whole = print(sample_every_verdict(), 0);
    g_autofree char *narrow = print_wide(sample_every_verdict(), 0, 1);
    g_autoptr(GRegex) blanks = g_regex_new("\\s+", 0, 0, NULL);
    g_autofree char *words = g_regex_replace_literal(blanks, whole, -1, 0, " ", 0, NULL);
    g_autofree char *now = g_regex_replace_literal(blanks, narrow, -1, 0, " ", 0, NULL);
    ck_assert_str_eq(now, words);
}
END_TEST

START_TEST(test_console_shows_call_sites_of_a_pass_when_verbose)
{
    g_autofree char *text = print(sample_passing(), CONSOLE_VERBOSE);
    sample_check_golden("console-verbose.txt", text);
}
END_TEST

START_TEST(test_quiet_console_prints_only_what_is_not_a_pass)
{
    g_autofree char *pass = print(sample_passing(), CONSOLE_QUIET);
    ck_assert_str_eq(pass, "2 scenarios pass\n");
    g_autofree char *red = print(sample_regressed(), CONSOLE_QUIET);
    ck_assert_ptr_null(strstr(red, "sqlite-order-entry"));
    ck_assert_ptr_nonnull(strstr(red, "copy_attribute"));
}
END_TEST

START_TEST(test_console_colours_only_when_asked)
{
    g_autofree char *plain = print(sample_every_verdict(), 0),
                    *coloured = print(sample_every_verdict(), CONSOLE_COLOUR);
    ck_assert_ptr_null(strchr(plain, '\033'));
    ck_assert_ptr_nonnull(strstr(coloured, "\033[1;31mREGRESSED\033[0m"));
    GString *stripped = g_string_new(coloured);
    const char *codes[] = {"\033[1;31m", "\033[32m", "\033[33m", "\033[36m", "\033[1m", "\033[0m"};
    for (gsize i = 0; i < G_N_ELEMENTS(codes); i++)
        g_string_replace(stripped, codes[i], "", 0);
    ck_assert_str_eq(stripped->str, plain);
    g_string_free(stripped, TRUE);
}
END_TEST

START_TEST(test_console_lets_no_control_character_through)
{
    g_autofree char *text = print(sample_hostile(), CONSOLE_VERBOSE);
    ck_assert(g_utf8_validate(text, -1, NULL));
    for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        ck_assert_msg(c == '\n' || (!g_unichar_iscntrl(c) && c != 0x202e), "U+%04X in:\n%s", c, text);
    }
    sample_check_golden("console-hostile.txt", text);
}
END_TEST

START_TEST(test_console_without_scenarios_does_not_pass)
{
    g_autofree char *text = print(sample_empty(), 0);
    ck_assert_ptr_nonnull(strstr(text, "BROKEN"));
    ck_assert(g_str_has_suffix(text, "no scenario ran: nothing was measured\n"));
}
END_TEST

START_TEST(test_console_of_many_failures_stays_readable)
{
    g_autofree char *text = print(sample_many(100, 5), 0);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    ck_assert_uint_lt(g_strv_length(lines), 100 + 13 * 41 + 10);
    ck_assert_ptr_nonnull(strstr(text, "88 more did not pass"));
    ck_assert_ptr_nonnull(strstr(text, "100 of 100 scenarios regressed"));
}
END_TEST

START_TEST(test_passage_has_at_most_40_lines_and_every_failing_metric)
{
    for (guint deltas = 0; deltas < 30; deltas += 3) {
        g_autoptr(Result) many = sample_many(1, deltas);
        g_autofree char *passage = explain(many, 0);
        g_auto(GStrv) lines = g_strsplit(passage, "\n", -1);
        ck_assert_msg(g_strv_length(lines) - 1 <= PASSAGE_LINES, "%s", passage);
        for (const Metric *metric = metrics_all(); metric->name != NULL; metric++)
            ck_assert_msg(strstr(passage, metric->title) != NULL, "%s", passage);
        ck_assert_ptr_nonnull(strstr(passage, "a memory error is never intended"));
    }
}
END_TEST

START_TEST(test_passage_shows_a_stack_once_and_leaves_out_malloc)
{
    g_autoptr(Result) result = sample_regressed();
    g_autofree char *passage = explain(result, 2);
    ck_assert_ptr_null(strstr(passage, "malloc"));
    ck_assert_ptr_nonnull(strstr(passage, "(as above)"));
    char *first = strstr(passage, "edit_document");
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_null(strstr(first + 1, "edit_document"));
}
END_TEST

static char *explain_numbers(gint64 base, gint64 now, gint64 limit)
{
    Comparison *comparison = comparison_new(METRIC_PEAK);
    comparison->verdict = VERDICT_REGRESSED;
    comparison->has_base = TRUE;
    comparison->base = base;
    comparison->now = now;
    comparison->limit = limit;
    char *text = explain_comparison(comparison);
    comparison_free(comparison);
    return text;
}

START_TEST(test_comparison_gives_all_digits_where_rounding_hides_the_difference)
{
    g_autofree char *rounded = explain_numbers(8388608, 11010048, 8808038);
    ck_assert_str_eq(rounded, "peak 10.5 MiB, was 8.00 MiB (+31.2 %), allowed 8.40 MiB");
    g_autofree char *exact = explain_numbers(8388608, 8388609, 8388608);
    ck_assert_str_eq(exact, "peak 8388609 B, was 8388608 B (+0.0 %), allowed 8388608 B");
}
END_TEST

START_TEST(test_comparison_within_its_allowance_says_that_call_sites_grew)
{
    g_autofree char *text = explain_numbers(8388608, 8388608, 8808038);
    ck_assert_str_eq(
        text, "peak 8.00 MiB, was 8.00 MiB (+0.0 %), within the allowed 8.40 MiB, but call sites in it grew");
}
END_TEST

START_TEST(test_passage_names_what_fails_besides)
{
    g_autoptr(Result) result = sample_regressed();
    Comparison *comparison = comparison_new(METRIC_ERRORS);
    comparison->verdict = VERDICT_BROKEN;
    comparison->sentence = g_strdup("it was not measured");
    instrument_result_add((InstrumentResult *)first_instrument(result, 2), comparison);
    g_autofree char *passage = explain(result, 2);
    ck_assert_ptr_nonnull(strstr(passage, "\n  errors broken: it was not measured\n"));
}
END_TEST

START_TEST(test_passage_keeps_a_sentence_that_says_more_than_the_numbers)
{
    g_autoptr(Result) result = sample_regressed();
    Comparison *growth = g_ptr_array_index(first_instrument(result, 2)->comparisons, 2);
    g_autofree char *own = explain(result, 2);
    ck_assert(g_str_has_prefix(own, "xml-roundtrip, massif: 48 B more in every iteration after warm-up\n"));
    g_free(growth->sentence);
    growth->sentence = g_strdup("it grows since the 4th iteration");
    g_autofree char *given = explain(result, 2);
    ck_assert(g_str_has_prefix(given, "xml-roundtrip, massif: it grows since the 4th iteration\n"));
}
END_TEST

START_TEST(test_advice_quotes_names_for_the_shell)
{
    ScenarioResult *scenario = scenario_result_new("a b; rm *", NULL, NULL, NULL);
    g_autofree char *advice = explain_advice(scenario, NULL, VERDICT_REGRESSED);
    ck_assert_str_eq(advice, "intended?  heapgate update 'a b; rm *' --reason \"...\"");
    scenario_result_free(scenario);
}
END_TEST

SUITE(report_console, 20)
{
    tcase_add_test(tcase, test_console_shows_what_grew_and_where);
    tcase_add_test(tcase, test_console_says_what_to_do_about_every_verdict);
    tcase_add_test(tcase, test_console_says_the_smallest_leak_a_pass_could_have_seen);
    tcase_add_test(tcase, test_console_keeps_to_the_width_of_the_terminal);
    tcase_add_test(tcase, test_console_of_a_terminal_with_room_is_what_it_is_without_one);
    tcase_add_test(tcase, test_console_loses_nothing_where_it_is_narrow);
    tcase_add_test(tcase, test_console_shows_call_sites_of_a_pass_when_verbose);
    tcase_add_test(tcase, test_quiet_console_prints_only_what_is_not_a_pass);
    tcase_add_test(tcase, test_console_colours_only_when_asked);
    tcase_add_test(tcase, test_console_lets_no_control_character_through);
    tcase_add_test(tcase, test_console_without_scenarios_does_not_pass);
    tcase_add_test(tcase, test_console_of_many_failures_stays_readable);
    tcase_add_test(tcase, test_passage_has_at_most_40_lines_and_every_failing_metric);
    tcase_add_test(tcase, test_passage_shows_a_stack_once_and_leaves_out_malloc);
    tcase_add_test(tcase, test_comparison_gives_all_digits_where_rounding_hides_the_difference);
    tcase_add_test(tcase, test_comparison_within_its_allowance_says_that_call_sites_grew);
    tcase_add_test(tcase, test_passage_names_what_fails_besides);
    tcase_add_test(tcase, test_passage_keeps_a_sentence_that_says_more_than_the_numbers);
    tcase_add_test(tcase, test_advice_quotes_names_for_the_shell);
}
