#include "runner.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ftw.h>

typedef struct {
    const char *name;
    SuiteFill fill;
    double timeout_s;
} Entry;

enum { ENTRIES = 256, SKIPS = 256 };

/* Tests run in forked children: skips are counted in shared memory. */
typedef struct {
    gint count;
    char text[SKIPS][256];
} Skips;

static Entry entries[ENTRIES];
static int n_entries;
static Skips *skips;

void runner_register(const char *name, SuiteFill fill, double timeout_s)
{
    g_assert(n_entries < ENTRIES);
    entries[n_entries++] = (Entry){name, fill, timeout_s};
}

void runner_skip(const char *test, const char *reason)
{
    gint slot = g_atomic_int_add(&skips->count, 1);
    if (slot < SKIPS)
        g_snprintf(skips->text[slot], sizeof skips->text[slot], "%s: %s", test, reason);
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

/* Arguments are patterns of the suites to run; "-PATTERN" leaves suites out. */
static gboolean wanted(const char *name, int argc, char **argv)
{
    gboolean any = FALSE, chosen = FALSE;
    for (int i = 1; i < argc; i++) {
        gboolean leave_out = argv[i][0] == '-';
        gboolean matches = g_pattern_match_simple(argv[i] + leave_out, name);
        if (leave_out && matches)
            return FALSE;
        any |= !leave_out;
        chosen |= !leave_out && matches;
    }
    return chosen || !any;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const Entry *)a)->name, ((const Entry *)b)->name);
}

int main(int argc, char **argv)
{
    if (runner_root() == NULL) {
        g_autofree char *here = g_get_current_dir();
        g_setenv("HEAPGATE_ROOT", here, TRUE);
    }
    skips = mmap(NULL, sizeof *skips, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    g_assert(skips != MAP_FAILED);

    qsort(entries, n_entries, sizeof entries[0], by_name);
    SRunner *runner = srunner_create(NULL);
    int chosen = 0;
    for (int i = 0; i < n_entries; i++) {
        if (!wanted(entries[i].name, argc, argv))
            continue;
        Suite *suite = suite_create(entries[i].name);
        TCase *tcase = tcase_create(entries[i].name);
        tcase_set_timeout(tcase, entries[i].timeout_s);
        entries[i].fill(tcase);
        suite_add_tcase(suite, tcase);
        srunner_add_suite(runner, suite);
        chosen++;
    }
    if (chosen == 0) {
        fprintf(stderr, "no suite of that name\n");
        return EXIT_FAILURE;
    }
    srunner_run_all(runner, CK_ENV);
    int run = srunner_ntests_run(runner), failed = srunner_ntests_failed(runner);
    srunner_free(runner);

    int skipped = skips->count;
    for (int i = 0; i < skipped && i < SKIPS; i++)
        printf("skipped: %s\n", skips->text[i]);
    run -= skipped;
    if (skipped > 0)
        printf("%d passed, %d failed, %d skipped\n", run - failed, failed, skipped);
    else
        printf("%d passed, %d failed\n", run - failed, failed);
    return failed == 0 && run > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
