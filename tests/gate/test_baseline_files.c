/* Baselines on the disk: found, kept whole, and refused where they cannot be used. */
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"
#include "runner.h"
#include "sample_baseline.h"

enum { MIB = 1024 * 1024 };

/* A project in a fresh folder. */
typedef struct {
    char *root;
    Project *project;
} Place;

static Place place_new(void)
{
    Place self = {.root = runner_temporary()};
    g_autofree char *scenarios = g_build_filename(self.root, "scenarios", NULL);
    ck_assert_int_eq(g_mkdir(scenarios, 0700), 0);
    self.project = project_find(self.root, NULL);
    ck_assert_ptr_nonnull(self.project);
    return self;
}

static void place_free(Place *self)
{
    project_free(self->project);
    runner_remove(self->root);
    g_free(self->root);
}

/* Saves the sample as the baseline of `platform`; (transfer full): its path. */
static char *save(const Place *place, const char *platform)
{
    g_autoptr(Baseline) self = sample_baseline();
    g_autoptr(GError) error = NULL;
    char *path = baseline_path(place->project, platform, self->scenario);
    ck_assert_msg(baseline_save(self, path, &error), "%s", error != NULL ? error->message : "");
    return path;
}

START_TEST(test_a_saved_baseline_is_found_again)
{
    Place place = place_new();
    g_autofree char *path = save(&place, "debian-12-x86_64"), *elsewhere = NULL;
    g_autoptr(Baseline) loaded = NULL;
    ck_assert(g_str_has_suffix(path, "/baselines/debian-12-x86_64/order-entry.yaml"));
    ck_assert(baseline_load(place.project, "debian-12-x86_64", "order-entry", &loaded, &elsewhere, NULL));
    ck_assert_ptr_nonnull(loaded);
    ck_assert_ptr_null(elsewhere);
    place_free(&place);
}
END_TEST

START_TEST(test_no_baseline_is_no_error_and_those_of_other_platforms_are_named)
{
    Place place = place_new();
    g_autofree char *none = NULL, *elsewhere = NULL;
    Baseline *loaded = NULL;
    ck_assert(baseline_load(place.project, "debian-12-x86_64", "order-entry", &loaded, &none, NULL));
    ck_assert_ptr_null(loaded);
    ck_assert_ptr_null(none);
    g_autofree char *path = save(&place, "ubuntu-24.04-x86_64");
    ck_assert(g_str_has_suffix(path, "/baselines/ubuntu-24.04-x86_64/order-entry.yaml"));
    ck_assert(baseline_load(place.project, "debian-12-x86_64", "order-entry", &loaded, &elsewhere, NULL));
    ck_assert_ptr_null(loaded);
    ck_assert_str_eq(elsewhere, "ubuntu-24.04-x86_64");
    place_free(&place);
}
END_TEST

/* What loading says when the baseline's file is this; NULL: a folder. */
static void check_load_refused(const char *text, gsize length, const char *expected)
{
    Place place = place_new();
    g_autofree char *path = save(&place, "p"), *elsewhere = NULL;
    g_autoptr(GError) error = NULL;
    Baseline *loaded = NULL;
    g_unlink(path);
    if (text != NULL)
        ck_assert(g_file_set_contents(path, text, (gssize)length, NULL));
    else
        ck_assert_int_eq(g_mkdir(path, 0700), 0);
    ck_assert(!baseline_load(place.project, "p", "order-entry", &loaded, &elsewhere, &error));
    ck_assert_ptr_null(loaded);
    ck_assert(g_error_matches(error, HEAPGATE_ERROR, HEAPGATE_ERROR_CONFIG));
    ck_assert_msg(g_str_has_prefix(error->message, expected), "expected: %s\nfound: %s", expected,
                  error->message);
    place_free(&place);
}

START_TEST(test_a_baseline_that_is_there_and_cannot_be_used_is_an_error_and_never_no_baseline)
{
    const char *other = "scenario: xml\ninstruments: {massif: {metrics: {peak: {value: 1}}}}\n";
    check_load_refused(
        other, strlen(other),
        "baselines/p/order-entry.yaml:1:11: expected the baseline of order-entry, found that of "
        "\"xml\"");
    check_load_refused("", 0, "baselines/p/order-entry.yaml:1:1: expected keys and values, found nothing");
    check_load_refused(NULL, 0, "baselines/p/order-entry.yaml cannot be read: ");
    g_autofree char *huge = g_strnfill(16 * MIB + 1, '#');
    check_load_refused(huge, 16 * MIB + 1,
                       "baselines/p/order-entry.yaml cannot be read: it is larger than 16 MiB");
}
END_TEST

/* The files beside path, itself included. */
static guint count_files(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_autoptr(GDir) names = g_dir_open(folder, 0, NULL);
    guint count = 0;
    while (g_dir_read_name(names) != NULL)
        count++;
    return count;
}

START_TEST(test_a_disk_that_is_full_leaves_the_old_baseline_as_it_was)
{
    Place place = place_new();
    g_autofree char *path = save(&place, "p"), *before = NULL, *after = NULL;
    ck_assert(g_file_get_contents(path, &before, NULL, NULL));
    g_autoptr(Baseline) larger = sample_baseline();
    g_free(larger->reason);
    larger->reason = g_strnfill(20000, 'x');
    struct rlimit limit, old;
    getrlimit(RLIMIT_FSIZE, &old);
    limit = (struct rlimit){4096, old.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    g_autoptr(GError) error = NULL;
    gboolean saved = baseline_save(larger, path, &error);
    setrlimit(RLIMIT_FSIZE, &old);
    ck_assert(!saved);
    ck_assert(g_error_matches(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN));
    ck_assert_msg(strstr(error->message, "what was there before is unchanged") != NULL, "%s", error->message);
    ck_assert(g_file_get_contents(path, &after, NULL, NULL));
    ck_assert_str_eq(before, after);
    ck_assert_uint_eq(count_files(path), 1);
    place_free(&place);
}
END_TEST

START_TEST(test_a_folder_that_cannot_be_made_is_an_error)
{
    g_autoptr(Baseline) self = sample_baseline();
    g_autoptr(GError) error = NULL;
    ck_assert(!baseline_save(self, "/dev/null/p/order-entry.yaml", &error));
    ck_assert(g_error_matches(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN));
    ck_assert_msg(g_str_has_prefix(error->message, "/dev/null/p/order-entry.yaml cannot be written"), "%s",
                  error->message);
}
END_TEST

/* Saves two baselines in turn, telling through the pipe once the first is there, until it is killed. */
static void save_for_ever(const char *path, int ready)
{
    g_autoptr(Baseline) one = sample_baseline(), two = sample_baseline();
    g_free(two->reason);
    two->reason = g_strnfill(5000, 'y');
    for (guint i = 0;; i++) {
        if (!baseline_save(i % 2 == 0 ? one : two, path, NULL))
            _exit(1);
        if (i == 0 && write(ready, "r", 1) != 1)
            _exit(1);
    }
}

static void kill_while_saving(const char *path, guint after_us)
{
    int ready[2];
    char byte;
    ck_assert_int_eq(pipe(ready), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        save_for_ever(path, ready[1]);
    close(ready[1]);
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    gint64 until = g_get_monotonic_time() + after_us;
    while (g_get_monotonic_time() < until)
        continue;
    kill(child, SIGKILL);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
}

START_TEST(test_a_baseline_is_whole_at_whatever_instant_saving_is_killed)
{
    enum { KILLS = 50 };
    Place place = place_new();
    g_autofree char *path = save(&place, "p");
    for (guint i = 0; i < KILLS; i++) {
        kill_while_saving(path, i * 137 % 4000);
        g_autofree char *text = NULL, *elsewhere = NULL;
        g_autoptr(Baseline) loaded = NULL;
        g_autoptr(GError) error = NULL;
        ck_assert(g_file_get_contents(path, &text, NULL, NULL));
        ck_assert_msg(baseline_load(place.project, "p", "order-entry", &loaded, &elsewhere, &error), "%s",
                      error != NULL ? error->message : "");
        g_autofree char *again = baseline_format(loaded);
        ck_assert_str_eq(text, again);
    }
    place_free(&place);
}
END_TEST

SUITE(baseline_files, 60)
{
    tcase_add_test(tcase, test_a_saved_baseline_is_found_again);
    tcase_add_test(tcase, test_no_baseline_is_no_error_and_those_of_other_platforms_are_named);
    tcase_add_test(tcase, test_a_baseline_that_is_there_and_cannot_be_used_is_an_error_and_never_no_baseline);
    tcase_add_test(tcase, test_a_disk_that_is_full_leaves_the_old_baseline_as_it_was);
    tcase_add_test(tcase, test_a_folder_that_cannot_be_made_is_an_error);
    tcase_add_test(tcase, test_a_baseline_is_whole_at_whatever_instant_saving_is_killed);
}
