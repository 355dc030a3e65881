/* Every program that leaks on purpose is called, by the metric and by the function; its healthy twin is not.
 */
#include <stdio.h>
#include <string.h>

#include "cli/project.h"
#include "report/passage_of_run.h"
#include "runner.h"

enum { NOTHING = -1 };

typedef struct {
    const char *scenario; /* the fixture's name, "-9" for a second argument */
    const char *arguments;
    gboolean marks; /* iterations */
    const char *instrument;
    int metric;           /* that must be called; NOTHING: none, this instrument cannot see it */
    const char *function; /* that must be named */
} Fixture;

/* tests/fixtures/README.md, row by row. Rows of one fixture stand in one table. */

/* What every iteration leaves behind. */
static const Fixture plain[] = {
    {"lost_block", "", TRUE, "massif", METRIC_GROWTH, "print_receipt"},
    {"lost_block", "", TRUE, "heap", METRIC_GROWTH, "print_receipt"},
    {"lost_block", "", TRUE, "memcheck", METRIC_LOST, "print_receipt"},
    {"reachable_growth", "", TRUE, "massif", METRIC_GROWTH, "remember_visitor"},
    {"reachable_growth", "", TRUE, "heap", METRIC_GROWTH, "remember_visitor"},
    {"reachable_growth", "", TRUE, "memcheck", NOTHING, NULL},
    {"sixteen_bytes", "", TRUE, "massif", METRIC_GROWTH, "tag_session"},
    {"sixteen_bytes", "", TRUE, "heap", METRIC_GROWTH, "tag_session"},
};

/* What is there at a peak, elsewhere, or until the exit. */
static const Fixture of_levels[] = {
    {"peak_only", "", TRUE, "massif", METRIC_PEAK, "load_everything_at_once"},
    {"peak_only", "", TRUE, "heap", METRIC_PEAK, "load_everything_at_once"},
    {"peak_only", "", TRUE, "memcheck", NOTHING, NULL},
    {"moved_site", "", TRUE, "massif", METRIC_PEAK, "keep_original"},
    {"moved_site", "", TRUE, "heap", METRIC_PEAK, "keep_original"},
    {"moved_site", "", TRUE, "memcheck", NOTHING, NULL},
    {"freed_at_exit", "", TRUE, "massif", METRIC_RETAINED, "open_session"},
    {"freed_at_exit", "", TRUE, "heap", METRIC_RETAINED, "open_session"},
    {"freed_at_exit", "", TRUE, "memcheck", NOTHING, NULL},
};

/* What processes other than the first one leak. */
static const Fixture of_processes[] = {
    {"child_fork", "", FALSE, "massif", METRIC_RETAINED, "copy_request"},
    {"child_fork", "", FALSE, "heap", METRIC_RETAINED, "copy_request"},
    {"child_fork", "", FALSE, "memcheck", METRIC_LOST, "copy_request"},
    {"child_exec", "", FALSE, "massif", METRIC_RETAINED, "render_page"},
    {"child_exec", "", FALSE, "heap", METRIC_RETAINED, "render_page"},
    {"child_exec", "", FALSE, "memcheck", METRIC_LOST, "render_page"},
};

/* Names and depths of stacks. */
static const Fixture of_stacks[] = {
    {"cxx_templates", "", TRUE, "massif", METRIC_GROWTH, "shop::Shelf<shop::Order>::pack_box(unsigned long)"},
    {"cxx_templates", "", TRUE, "heap", METRIC_GROWTH, "shop::Shelf<shop::Order>::pack_box(unsigned long)"},
    {"cxx_templates", "", TRUE, "massif", METRIC_GROWTH, "main::{lambda(int)#2}::operator()(int) const"},
    {"cxx_templates", "", TRUE, "heap", METRIC_GROWTH, "main::{lambda(int)#2}::operator()(int) const"},
    {"cxx_templates", "", TRUE, "memcheck", METRIC_LOST, "shop::Shelf<shop::Order>::pack_box(unsigned long)"},
    {"deep_recursion", "", TRUE, "massif", METRIC_GROWTH, "note_leaf"},
    {"deep_recursion", "", TRUE, "heap", METRIC_GROWTH, "note_leaf"},
    {"deep_recursion", "", TRUE, "memcheck", METRIC_LOST, "note_leaf"},
};

/* What comes and goes, and does not come back as often. */
static const Fixture of_rhythms[] = {
    {"sawtooth", "", TRUE, "massif", METRIC_GROWTH, "queue_event"},
    {"sawtooth", "", TRUE, "heap", METRIC_GROWTH, "queue_event"},
    /* Two teeth in 20 iterations are too few to tell what stays from what falls with the next: retained
       tells. */
    {"sawtooth-9", ", '9'", TRUE, "massif", METRIC_RETAINED, "queue_event"},
    {"sawtooth-9", ", '9'", TRUE, "heap", METRIC_RETAINED, "queue_event"},
    {"cache", "", TRUE, "massif", METRIC_GROWTH, "cache_entry"},
    {"cache", "", TRUE, "heap", METRIC_GROWTH, "cache_entry"},
    {"doubling", "", TRUE, "massif", METRIC_GROWTH, "copy_text"},
    {"doubling", "", TRUE, "heap", METRIC_GROWTH, "copy_text"},
    {"turnover", "", TRUE, "massif", METRIC_GROWTH, "refresh_page"},
    {"turnover", "", TRUE, "heap", METRIC_GROWTH, "refresh_page"},
    {"queue", "", TRUE, "massif", METRIC_GROWTH, "note_job"},
    {"queue", "", TRUE, "heap", METRIC_GROWTH, "note_job"},
};

/* What a program cuts from memory that it maps or allocates itself. */
static const Fixture of_own_memory[] = {
    {"mapped_ring", "", TRUE, "heap", METRIC_MAPPED_GROWTH, "map_frame"},
    {"mapped_ring", "", TRUE, "heap", METRIC_MAPPED, "map_frame"},
    {"mapped_ring", "", TRUE, "massif", NOTHING, NULL},
    {"pool_block", "", TRUE, "massif", METRIC_GROWTH, "take_order"},
    {"pool_block", "", TRUE, "heap", METRIC_GROWTH, "take_order"},
    {"pool_block", "", TRUE, "memcheck", METRIC_LOST, "take_order"},
    {"pool_slab", "", TRUE, "massif", METRIC_GROWTH, "take_order"},
    {"pool_slab", "", TRUE, "heap", METRIC_GROWTH, "take_order"},
    {"pool_slab", "", TRUE, "memcheck", METRIC_LOST, "take_order"},
};

/* Writes one scenario for each fixture, with all the instruments its rows name. */
static void write_scenarios(TestProject *project, const Fixture *fixtures, gsize n, const char *mode)
{
    for (gsize i = 0; i < n; i++) {
        const Fixture *fixture = &fixtures[i];
        g_autofree char *program = g_strndup(fixture->scenario, strcspn(fixture->scenario, "-"));
        g_autofree char *relative = g_strconcat("build/tests/fixtures/", program, NULL);
        g_autofree char *file = g_strdup_printf("scenarios/%s.yaml", fixture->scenario);
        g_autofree char *instruments = g_strdup(fixture->instrument);
        for (gsize other = 0; other < n; other++)
            if (strcmp(fixtures[other].scenario, fixture->scenario) == 0 &&
                strstr(instruments, fixtures[other].instrument) == NULL) {
                char *both = g_strjoin(", ", instruments, fixtures[other].instrument, NULL);
                g_free(instruments);
                instruments = both;
            }
        test_project_write(project, file, "run: [%s, %s%s]\ninstruments: [%s]\n%s", runner_path(relative),
                           mode, fixture->arguments, instruments,
                           fixture->marks ? "workflow: {warmup: 4, iterations: 24}\n" : "");
    }
}

static gboolean names_function(const Comparison *comparison, const char *function)
{
    for (guint i = 0; i < comparison->deltas->len; i++) {
        const SiteDelta *delta = g_ptr_array_index(comparison->deltas, i);
        if (delta->delta_bytes > 0 && strstr(delta->key, function) != NULL)
            return TRUE;
    }
    return FALSE;
}

static const Comparison *find_comparison(const InstrumentResult *result, MetricId metric)
{
    for (guint i = 0; i < result->comparisons->len; i++) {
        const Comparison *comparison = g_ptr_array_index(result->comparisons, i);
        if (comparison->metric == metric)
            return comparison;
    }
    return NULL;
}

/* One row; a failure's sentence, or NULL. */
static char *check_leaky(const Result *result, const Fixture *fixture)
{
    const InstrumentResult *found = test_result_find(result, fixture->scenario, fixture->instrument);
    const char *metric = fixture->metric != NOTHING ? metric_get(fixture->metric)->name : "nothing";
    const char *wrong = NULL;
    g_autofree char *passage = passage_of_run(result, fixture->scenario, found->instrument);
    if (fixture->metric == NOTHING) {
        wrong = found->verdict == VERDICT_PASS ? NULL : "it is called";
    } else {
        const Comparison *comparison = find_comparison(found, fixture->metric);
        if (comparison == NULL || comparison->verdict != VERDICT_REGRESSED)
            wrong = "it is not called";
        else if (!names_function(comparison, fixture->function))
            wrong = "its function is not named";
        else if (strstr(passage, fixture->function) == NULL)
            wrong = "its function is not printed";
    }
    return wrong != NULL
               ? g_strdup_printf("%s, %s, %s (%s): %s", fixture->scenario, fixture->instrument, metric,
                                 fixture->function != NULL ? fixture->function : "no function", wrong)
               : NULL;
}

static void report_wrong(char *sentence, GString *wrong)
{
    if (sentence != NULL)
        g_string_append_printf(wrong, "%s\n", sentence);
    g_free(sentence);
}

/* Every row is called when its fixture leaks, and nothing when it is healthy. */
static void check_fixtures(const Fixture *fixtures, gsize n)
{
    g_autoptr(TestProject) project = test_project_new();
    write_scenarios(project, fixtures, n, "healthy");
    test_project_expect(project, 0, "update --runs 1 --reason healthy", NULL);
    test_project_expect(project, 0, "run", "pass", NULL);
    write_scenarios(project, fixtures, n, "leaky");
    test_project_expect(project, 1, "run", NULL);
    g_autoptr(Result) result = test_project_result(project);
    g_autoptr(GString) wrong = g_string_new(NULL);
    for (gsize i = 0; i < n; i++)
        report_wrong(check_leaky(result, &fixtures[i]), wrong);
    if (wrong->len > 0)
        fprintf(stderr, "%s\n%s\n", project->output, wrong->str);
    ck_assert_msg(wrong->len == 0, "%.800s", wrong->str);
}

/* A suite for each table: they run side by side. */
#define FIXTURE_SUITE(suite, rows)                                                                           \
    START_TEST(test_##suite##_are_called_and_healthy_twins_are_not)                                          \
    {                                                                                                        \
        check_fixtures(rows, G_N_ELEMENTS(rows));                                                            \
    }                                                                                                        \
    END_TEST                                                                                                 \
                                                                                                             \
    SUITE(suite, 500)                                                                                        \
    {                                                                                                        \
        tcase_add_test(tcase, test_##suite##_are_called_and_healthy_twins_are_not);                          \
    }

FIXTURE_SUITE(fixtures, plain)
FIXTURE_SUITE(fixtures_of_levels, of_levels)
FIXTURE_SUITE(fixtures_of_processes, of_processes)
FIXTURE_SUITE(fixtures_of_stacks, of_stacks)
FIXTURE_SUITE(fixtures_of_rhythms, of_rhythms)
FIXTURE_SUITE(fixtures_of_own_memory, of_own_memory)
