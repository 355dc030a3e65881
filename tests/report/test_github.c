#include "report/report.h"

#include <string.h>

#include "report/place.h"
#include "runner.h"
#include "sample.h"

static char *render(const Report *report, Result *result)
{
    char *text = sample_write(report, result);
    result_free(result);
    return text;
}

static guint count(const char *text, const char *what)
{
    guint n = 0;
    for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
        n++;
    return n;
}

START_TEST(test_annotations_name_the_line_that_grew)
{
    g_autofree char *text = render(&report_annotations, sample_regressed());
    ck_assert_ptr_nonnull(
        strstr(text, "::error file=scenarios/programs/roundtrip.c,line=112,title=heapgate%3A xml-"));
    ck_assert_ptr_nonnull(strstr(text, "::error file=shell.c,line=14312,title="));
    sample_check_golden("annotations-regressed.txt", text);
}
END_TEST

/* Where the project's folder is not here. */
static void check_place(const Frame *frames, guint n_frames, const char *root, const char *file, guint line)
{
    g_autoptr(Places) places = places_new(root);
    guint found_line = 0;
    g_autofree char *found = places_find(places, frames, n_frames, &found_line);
    ck_assert_str_eq(found, file);
    ck_assert_uint_eq(found_line, line);
}

START_TEST(test_annotations_stand_beside_the_projects_line_not_the_librarys)
{
    Frame frames[] = {
        {.function = "strdup", .file = "./string/strdup.c", .line = 42},
        {.function = "copy", .file = "/build/libcopy-1/copy.c", .line = 7},
        {.function = "receive", .file = "/home/me/inbox/build/../inbox.c", .line = 17},
        {.function = "main", .file = "/home/me/inbox/main.c", .line = 34},
    };
    check_place(frames, 4, "/home/me/inbox", "/home/me/inbox/build/../inbox.c", 17);
    check_place(frames, 4, "/home/me/in", "./string/strdup.c", 42);    /* that is another folder */
    check_place(frames, 4, NULL, "./string/strdup.c", 42);             /* better than nothing */
    check_place(frames, 2, "/home/me/inbox", "./string/strdup.c", 42); /* none of the project */
    frames[2].file = "inbox.c";
    check_place(frames, 4, NULL, "inbox.c", 17);
}
END_TEST

START_TEST(test_annotations_of_every_verdict_have_their_kind_worst_first)
{
    g_autofree char *text = render(&report_annotations, sample_every_verdict());
    const char *const order[] = {"::error file=scenarios/programs/roundtrip.c",
                                 "::error file=scenarios/broken-run.yaml",
                                 "::warning file=scenarios/incomparable-run.yaml",
                                 "::warning file=scenarios/new-run.yaml", "::notice file=shell.c"};
    const char *at = text;
    for (gsize i = 0; i < G_N_ELEMENTS(order); i++) {
        at = strstr(at, order[i]);
        ck_assert_msg(at != NULL, "%s not in its place in\n%s", order[i], text);
    }
    ck_assert_uint_eq(count(text, "\n"), 6);
}
END_TEST

START_TEST(test_annotations_stop_at_ten_of_a_kind_and_say_how_many_more)
{
    g_autofree char *text = render(&report_annotations, sample_many(25, 1));
    ck_assert_uint_eq(count(text, "::error "), 10);
    ck_assert_uint_eq(count(text, "\n"), 10);
    ck_assert(g_str_has_suffix(text, "%0A15 more errors are not shown here: see the step summary\n"));
    ck_assert_ptr_nonnull(strstr(text, "scenario-00024")); /* the largest excess */
    ck_assert_ptr_null(strstr(text, "scenario-00000"));
    g_autofree char *ten = render(&report_annotations, sample_many(10, 1));
    ck_assert_uint_eq(count(ten, "not shown"), 0);
}
END_TEST

START_TEST(test_annotations_cannot_be_broken_out_of)
{
    g_autofree char *text = render(&report_annotations, sample_hostile());
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] != NULL && lines[i][0] != '\0'; i++) {
        ck_assert_msg(g_str_has_prefix(lines[i], "::error ") || g_str_has_prefix(lines[i], "::warning ") ||
                          g_str_has_prefix(lines[i], "::notice "),
                      "%s", lines[i]);
        char *properties = strchr(lines[i], ' ') + 1, *end = strstr(properties, "::");
        ck_assert_ptr_nonnull(end);
        *end = '\0';
        ck_assert_ptr_null(strchr(properties, ':'));
        ck_assert_uint_le(count(properties, ","), 2);
        ck_assert_uint_eq(count(properties, "="), count(properties, ",") + 1 + count(properties, "a='"));
    }
    ck_assert_ptr_nonnull(strstr(text, "x%2Cy%3A%250A"));
    ck_assert_ptr_null(strchr(text, '\r'));
    ck_assert_ptr_null(strchr(text, '\033'));
}
END_TEST

START_TEST(test_annotations_of_nothing_are_an_error)
{
    g_autofree char *text = render(&report_annotations, sample_empty());
    ck_assert(g_str_has_prefix(text, "::error title="));
}
END_TEST

START_TEST(test_summary_shows_the_worst_first)
{
    g_autofree char *text = render(&report_summary, sample_every_verdict());
    ck_assert(g_str_has_prefix(text, "## ❌ heapgate: 1 of 6 scenarios regressed"));
    ck_assert_ptr_nonnull(strstr(text, "|---|---|---|---|\n| regressed-run | massif | ❌ regressed |"));
    sample_check_golden("summary-every-verdict.md", text);
}
END_TEST

/* Every row has its five bars, every fence is closed by itself, and no HTML but ours stands outside fences.
 */
static void check_structure(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    const char *fence = NULL;
    for (guint i = 0; lines[i] != NULL; i++) {
        if (fence != NULL) {
            fence = strcmp(lines[i], fence) == 0 ? NULL : fence;
        } else if (g_str_has_suffix(lines[i], "`text")) {
            lines[i][strlen(lines[i]) - strlen("text")] = '\0';
            fence = lines[i];
        } else if (lines[i][0] == '|') {
            ck_assert_msg(count(lines[i], "|") - count(lines[i], "\\|") == 5, "%s", lines[i]);
            ck_assert_msg(count(lines[i], "<") == count(lines[i], "\\<"), "%s", lines[i]);
        } else if (strchr(lines[i], '<') != NULL) {
            ck_assert_msg(g_str_has_prefix(lines[i], "<details") || strcmp(lines[i], "</details>") == 0, "%s",
                          lines[i]);
            ck_assert_msg(count(lines[i], "<") <= 3, "%s", lines[i]);
        }
    }
    ck_assert_ptr_null(fence);
    ck_assert_uint_eq(count(text, "\n<details"), count(text, "\n</details>\n"));
}

START_TEST(test_summary_draws_the_course_of_a_run_below_its_passage)
{
    Result *result = sample_regressed();
    for (guint s = 0; s < result->scenarios->len; s++) {
        ScenarioResult *scenario = g_ptr_array_index(result->scenarios, s);
        InstrumentResult *first = g_ptr_array_index(scenario->instruments, 0);
        const TimelinePoint points[] = {{0, 0, 4096}, {1000, 512, 4096}, {2000, 1024, 4096}};
        g_array_set_size(first->measurement->timeline, 0);
        g_array_append_vals(first->measurement->timeline, points, G_N_ELEMENTS(points));
        g_free(first->measurement->time_unit);
        first->measurement->time_unit = g_strdup("ms");
    }
    g_autofree char *text = render(&report_summary, result);
    ck_assert_uint_eq(count(text, "\nheap over 2.0 s: \u2581"), 2);
    ck_assert_uint_eq(count(text, "; resident at most 4.00 KiB\n"), 2);
}
END_TEST

START_TEST(test_summary_cannot_be_broken_out_of)
{
    g_autofree char *text = render(&report_summary, sample_hostile());
    check_structure(text);
    ck_assert(g_utf8_validate(text, -1, NULL));
    sample_check_golden("summary-hostile.md", text);
}
END_TEST

START_TEST(test_summary_is_cut_between_passages_below_one_mebibyte)
{
    const guint sizes[][2] = {{900, 2}, {6000, 0}}; /* too many passages; too many rows */
    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autofree char *text = render(&report_summary, sample_many(sizes[i][0], sizes[i][1]));
        ck_assert_uint_lt(strlen(text), 1024 * 1024);
        ck_assert_uint_gt(strlen(text), 800 * 1024);
        ck_assert_ptr_nonnull(strstr(text, " more findings are left out: GitHub shows at most 1 MiB."));
        check_structure(text);
    }
}
END_TEST

START_TEST(test_summary_of_nothing_does_not_pass)
{
    g_autofree char *text = render(&report_summary, sample_empty());
    ck_assert(g_str_has_prefix(text, "## 🚫 heapgate: no scenario ran"));
}
END_TEST

SUITE(report_github, 30)
{
    tcase_add_test(tcase, test_annotations_name_the_line_that_grew);
    tcase_add_test(tcase, test_annotations_stand_beside_the_projects_line_not_the_librarys);
    tcase_add_test(tcase, test_annotations_of_every_verdict_have_their_kind_worst_first);
    tcase_add_test(tcase, test_annotations_stop_at_ten_of_a_kind_and_say_how_many_more);
    tcase_add_test(tcase, test_annotations_cannot_be_broken_out_of);
    tcase_add_test(tcase, test_annotations_of_nothing_are_an_error);
    tcase_add_test(tcase, test_summary_shows_the_worst_first);
    tcase_add_test(tcase, test_summary_draws_the_course_of_a_run_below_its_passage);
    tcase_add_test(tcase, test_summary_cannot_be_broken_out_of);
    tcase_add_test(tcase, test_summary_is_cut_between_passages_below_one_mebibyte);
    tcase_add_test(tcase, test_summary_of_nothing_does_not_pass);
}
