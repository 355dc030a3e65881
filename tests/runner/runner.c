#include "runner.h"

#include <ftw.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "crew.h"

enum { SUITES = 256, SKIPS = 256, LEAST_AT_ONCE = 2 };

/* What the processes of suites and tests tell the runner. */
typedef struct {
    SuiteCount counts[SUITES];
    gint n_skips;
    char skips[SKIPS][256];
} Shared;

static TestSuite suites[SUITES];
static int n_suites;
static Shared *shared;

void runner_register(const char *name, SuiteFill fill, double timeout_s, gboolean alone)
{
    g_assert(n_suites < SUITES);
    suites[n_suites++] = (TestSuite){name, fill, timeout_s, alone};
}

void runner_skip(const char *test, const char *reason)
{
    gint slot = g_atomic_int_add(&shared->n_skips, 1);
    if (slot < SKIPS)
        g_snprintf(shared->skips[slot], sizeof shared->skips[slot], "%s: %s", test, reason);
    suite_note_skip();
}

const char *runner_root(void)
{
    return g_getenv("HEAPGATE_ROOT");
}

const char *runner_path(const char *relative)
{
    g_autofree char *path = g_build_filename(runner_root(), relative, NULL);
    return g_intern_string(path);
}

char *runner_temporary(void)
{
    char *folder = g_dir_make_tmp("heapgate-test-XXXXXX", NULL);
    g_assert_nonnull(folder);
    return folder;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info, (void)type, (void)walk;
    return remove(path);
}

void runner_remove(const char *folder)
{
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

typedef struct {
    gboolean here; /* in this process, one suite after another: for a debugger or Valgrind */
    int at_once;
    gboolean no_skips;   /* a test that skips fails */
    GPtrArray *patterns; /* of suites' names; "-PATTERN" leaves suites out */
} Options;

static gboolean read_option(Options *self, const char *word)
{
    char *end = NULL;
    if (strcmp(word, "--no-skips") == 0)
        return self->no_skips = TRUE;
    if (g_str_has_prefix(word, "--jobs="))
        self->at_once = (int)g_ascii_strtoll(strchr(word, '=') + 1, &end, 10);
    return end != NULL && *end == '\0' && self->at_once > 0;
}

static gboolean read_options(Options *self, int argc, char **argv)
{
    self->here = g_strcmp0(g_getenv("CK_FORK"), "no") == 0;
    self->at_once = MAX(LEAST_AT_ONCE, (int)g_get_num_processors());
    for (int i = 1; i < argc; i++)
        if (!g_str_has_prefix(argv[i], "--"))
            g_ptr_array_add(self->patterns, argv[i]);
        else if (!read_option(self, argv[i]))
            return FALSE;
    return TRUE;
}

static gboolean wanted(const char *name, const GPtrArray *patterns)
{
    gboolean any = FALSE, chosen = FALSE;
    for (guint i = 0; i < patterns->len; i++) {
        const char *pattern = g_ptr_array_index(patterns, i);
        gboolean leave_out = pattern[0] == '-';
        gboolean matches = g_pattern_match_simple(pattern + leave_out, name);
        if (leave_out && matches)
            return FALSE;
        any |= !leave_out;
        chosen |= !leave_out && matches;
    }
    return chosen || !any;
}

static int by_timeout(const void *a, const void *b)
{
    const TestSuite *one = a, *other = b;
    int order = (one->timeout_s < other->timeout_s) - (one->timeout_s > other->timeout_s);
    return order != 0 ? order : strcmp(one->name, other->name);
}

/* Keeps the wanted suites alone in the table, those of the longest timeout first: when a long suite is begun
 * last, all processors but one wait for it. */
static void choose(const GPtrArray *patterns)
{
    int chosen = 0;
    for (int i = 0; i < n_suites; i++)
        if (wanted(suites[i].name, patterns))
            suites[chosen++] = suites[i];
    n_suites = chosen;
    qsort(suites, n_suites, sizeof suites[0], by_timeout);
}

static void print_counts(int passed, int failed, int skipped)
{
    printf("%d passed, %d failed", passed, failed);
    if (skipped > 0)
        printf(", %d skipped", skipped);
}

/* A suite whose process did not end well has failed, whatever it had counted. */
static void tell(const TestSuite *suite, SuiteCount *count, const char *fault, const char *output,
                 gsize length)
{
    printf("%s: ", suite->name);
    if (fault != NULL) {
        *count = (SuiteCount){.failed = 1};
        printf("%s\n", fault);
    } else {
        print_counts(count->passed, count->failed, count->skipped);
        printf(" in %.1f s\n", (double)count->took_us / G_USEC_PER_SEC);
    }
    if (length > 0)
        fwrite(output, 1, length, stdout);
    fflush(stdout);
}

static void run_here(void)
{
    for (int i = 0; i < n_suites; i++) {
        suite_run(&suites[i], &shared->counts[i]);
        tell(&suites[i], &shared->counts[i], NULL, NULL, 0);
    }
}

/* Of those that take a tenth of a second or more. */
static void print_slowest(void)
{
    Slowest all = {0};
    for (int i = 0; i < n_suites; i++)
        for (int k = 0; k < SLOWEST; k++)
            slowest_add(&all, &shared->counts[i].slowest.tests[k]);
    for (int k = 0; k < SLOWEST && all.tests[k].seconds >= 0.1; k++)
        printf("slow: %.1f s, %s\n", all.tests[k].seconds, all.tests[k].name);
}

static int sum_up(gboolean no_skips)
{
    int passed = 0, failed = 0, skipped = 0;
    print_slowest();
    for (int i = 0; i < shared->n_skips && i < SKIPS; i++)
        printf("skipped: %s\n", shared->skips[i]);
    for (int i = 0; i < n_suites; i++) {
        const SuiteCount *count = &shared->counts[i];
        passed += count->passed;
        failed += count->failed;
        skipped += count->skipped;
        if (count->failed > 0)
            printf("failed: %s\n", suites[i].name);
    }
    if (no_skips && skipped > 0) {
        printf("failed: --no-skips, and %d skipped\n", skipped);
        failed += skipped;
        skipped = 0;
    }
    print_counts(passed, failed, skipped);
    printf("\n");
    return failed == 0 && passed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    if (runner_root() == NULL) {
        g_autofree char *here = g_get_current_dir();
        g_setenv("HEAPGATE_ROOT", here, TRUE);
    }
    g_autoptr(GPtrArray) patterns = g_ptr_array_new();
    Options options = {.patterns = patterns};
    if (!read_options(&options, argc, argv)) {
        fprintf(stderr, "usage: run-tests [--jobs=N] [--no-skips] [SUITE...] [-SUITE...]\n");
        return EXIT_FAILURE;
    }
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    g_assert(shared != MAP_FAILED);
    choose(patterns);
    if (n_suites == 0) {
        fprintf(stderr, "no suite of that name\n");
        return EXIT_FAILURE;
    }
    if (options.here)
        run_here();
    else
        crew_run(suites, shared->counts, n_suites, options.at_once, tell);
    return sum_up(options.no_skips);
}
