/* Baselines: their text, the way to the disk and back, and how they are captured. */
#include "gate/baseline.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"
#include "gate/compare.h"
#include "runner.h"

enum { KIB = 1024, MIB = 1024 * 1024 };

static BaselineFigure *set_metric(BaselineInstrument *instrument, MetricId id, gint64 value, gint64 spread)
{
    BaselineFigure *figure = baseline_figure_new(id);
    figure->value = value;
    figure->spread = spread;
    baseline_instrument_put(instrument, figure);
    return figure;
}

static Baseline *sample(void)
{
    Baseline *self = baseline_new("order-entry");
    const Environment environment = {.platform = "debian-12-x86_64",
                                     .architecture = "x86_64",
                                     .libc = "glibc 2.36",
                                     .python = "CPython 3.11.2"};
    environment_free(self->environment);
    self->environment = environment_copy(&environment);
    self->captured_at = g_strdup("2025-03-01T12:00:00Z");
    self->commit = g_strdup("0123456789abcdef");
    self->reason = g_strdup("first capture");
    BaselineInstrument *memcheck = baseline_instrument_new("memcheck"),
                       *massif = baseline_instrument_new("massif");
    g_ptr_array_add(self->instruments, memcheck);
    g_ptr_array_add(self->instruments, massif);
    massif->tool = g_strdup("Valgrind 3.19.0, 24 frames");
    massif->runs = 3;
    massif->duration_us = 1234000;
    memcheck->runs = 2;
    set_metric(memcheck, METRIC_LOST, 0, 0);
    set_metric(massif, METRIC_RETAINED, 48, 0);
    BaselineFigure *peak = set_metric(massif, METRIC_PEAK, 10 * MIB, 17);
    peak->highest = 10 * MIB + 10;
    peak->cutoff_bytes = 4096;
    peak->slack = site_sizes_new();
    site_sizes_add(peak->slack, site_sizes_hash("copy (edit.c) < main (main.c)"), 27);
    peak->others = site_sizes_new();
    for (gint64 i = 1; i <= 6; i++)
        site_sizes_add(peak->others, (guint64)(i * 7) << 32 | 0xab, 4096 + i);
    peak->sites = call_sites_new();
    call_sites_add_key(peak->sites, "copy (edit.c) < main (main.c)", 4 * MIB, 0);
    call_sites_add_key(peak->sites,
                       "std::vector<int, std::allocator<int> >::push_back(int const&) (v.h) < ??? (libx.so)",
                       6 * MIB, 12);
    return self;
}

static Baseline *parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    Baseline *self = baseline_parse(text, strlen(text), "b.yaml", NULL, &error);
    ck_assert_msg(self != NULL, "%s\n%s", error != NULL ? error->message : "no error", text);
    return self;
}

/* Formats, parses and formats again: the same bytes. Returns what was read. */
static Baseline *round_trip(const Baseline *self)
{
    g_autofree char *once = baseline_format(self);
    Baseline *copy = parse(once);
    g_autofree char *again = baseline_format(copy);
    ck_assert_str_eq(once, again);
    return copy;
}

START_TEST(test_a_baseline_is_text_that_a_person_can_review)
{
    g_autoptr(Baseline) self = sample();
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
    g_autoptr(Baseline) self = sample(), copy = round_trip(self);
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
        g_autoptr(Baseline) self = sample();
        g_free(self->reason);
        self->reason = g_strdup(texts[i]);
        call_sites_add_key(baseline_instrument_find(baseline_find(self, "massif"), METRIC_PEAK)->sites,
                           texts[i], 1, 1);
        g_autoptr(Baseline) copy = round_trip(self);
        ck_assert_str_eq(copy->reason, texts[i]);
        ck_assert_ptr_nonnull(call_sites_find(
            baseline_instrument_find(baseline_find(copy, "massif"), METRIC_PEAK)->sites, texts[i]));
    }
}
END_TEST

START_TEST(test_text_that_is_no_utf8_is_mended_instead_of_ending_the_program)
{
    g_autoptr(Baseline) self = sample();
    g_free(self->reason);
    self->reason = g_strdup("cut \xc3");
    g_autoptr(Baseline) copy = round_trip(self);
    ck_assert_str_eq(copy->reason, "cut \xef\xbf\xbd");
}
END_TEST

START_TEST(test_a_function_whose_name_is_no_utf8_is_the_same_call_site_in_a_baseline)
{
    const Frame frames[] = {{.function = "caf\xe9", .file = "m\xe9nu.c"},
                            {.function = "main", .file = "main.c"}};
    g_autoptr(CallSites) now = call_sites_new();
    g_autoptr(Baseline) self = sample();
    call_sites_add(now, frames, 2, 100, 1);
    const char *key = call_sites_get(now, 0)->key;
    call_sites_add_key(baseline_instrument_find(baseline_find(self, "massif"), METRIC_PEAK)->sites, key, 100,
                       1);
    g_autoptr(Baseline) copy = round_trip(self);
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
    g_autoptr(Baseline) self = sample();
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
        parse("format: 2\nscenario: s\ninstruments:\n  heap:\n    runs: 3\n    metrics:\n"
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
    g_autoptr(Baseline) copy = round_trip(old); /* as --ratchet writes it into format 3 */
    ck_assert_ptr_null(baseline_instrument_find(baseline_find(copy, "heap"), METRIC_GROWTH)->doubtful);
    ck_assert_ptr_null(baseline_instrument_find(baseline_find(copy, "heap"), METRIC_RETAINED)->others);
}
END_TEST

START_TEST(test_that_nothing_was_doubtful_is_known_when_it_is_read_again)
{
    g_autoptr(Baseline) self = sample();
    BaselineFigure *growth = set_metric(baseline_find(self, "massif"), METRIC_GROWTH, 0, 0);
    growth->doubtful = site_sizes_new();
    site_sizes_add(growth->doubtful, 6, 0); /* it moved */
    g_autoptr(Baseline) copy = round_trip(self);
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
    g_autoptr(Baseline) self = sample();
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
    g_autoptr(Baseline) self = sample();
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
    g_autoptr(Baseline) self = sample();
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
    g_autoptr(Baseline) larger = sample();
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
    g_autoptr(Baseline) self = sample();
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
    g_autoptr(Baseline) one = sample(), two = sample();
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

/* As if a scenario asked for all there is. */
static Allow everything;

static void ask_for_everything(void)
{
    allow_init(&everything);
    for (const Metric *metric = metrics_all(); metric->name != NULL; metric++)
        allow_say(&everything, metric->id)->is_stated = TRUE;
}

/* Measurements that say these values of one metric. */
static GPtrArray *runs_of(MetricId id, const gint64 *values, guint n)
{
    GPtrArray *runs = g_ptr_array_new_with_free_func((GDestroyNotify)measurement_free);
    for (guint i = 0; i < n; i++) {
        Measurement *run = measurement_new("massif");
        CallSites *sites = call_sites_new();
        g_autofree char *key = g_strdup_printf("run%u (r.c)", i);
        call_sites_add_key(sites, key, values[i], 1);
        run->duration_us = 1000 * (i + 1);
        measurement_set(run, id, values[i], sites);
        g_ptr_array_add(runs, run);
    }
    return runs;
}

static void check_capture(MetricId id, const gint64 *values, guint n, gint64 median, gint64 spread)
{
    g_autoptr(GPtrArray) runs = runs_of(id, values, n);
    g_autoptr(GError) error = NULL;
    BaselineInstrument *captured = baseline_capture(runs, &everything, &error);
    ck_assert_msg(captured != NULL, "%s", error != NULL ? error->message : "");
    ck_assert_str_eq(captured->instrument, "massif");
    ck_assert_int_eq(captured->runs, n);
    ck_assert_ptr_nonnull(baseline_instrument_find(captured, id));
    ck_assert_int_eq(baseline_instrument_find(captured, id)->value, median);
    ck_assert_int_eq(baseline_instrument_find(captured, id)->spread, spread);
    baseline_instrument_free(captured);
}

START_TEST(test_captured_runs_give_their_median_and_their_spread)
{
    check_capture(METRIC_PEAK, (gint64[]){1000}, 1, 1000, 0);
    check_capture(METRIC_PEAK, (gint64[]){1000, 1000, 1000}, 3, 1000, 0);
    check_capture(METRIC_PEAK, (gint64[]){1017, 1000, 1001}, 3, 1001, 17);
    check_capture(METRIC_PEAK, (gint64[]){1000, 1010}, 2, 1010, 10);
    check_capture(METRIC_GROWTH, (gint64[]){0, 0, 0}, 3, 0, 0);
}
END_TEST

START_TEST(test_the_call_sites_are_those_of_the_median_run)
{
    const gint64 values[] = {1017, 1000, 1001};
    g_autoptr(GPtrArray) runs = runs_of(METRIC_PEAK, values, 3);
    BaselineInstrument *captured = baseline_capture(runs, &everything, NULL);
    const CallSites *sites = baseline_instrument_find(captured, METRIC_PEAK)->sites;
    ck_assert_uint_eq(call_sites_count(sites), 1);
    ck_assert_str_eq(call_sites_get(sites, 0)->key, "run2 (r.c)");
    baseline_instrument_free(captured);
}
END_TEST

static void check_disagree(MetricId id, gint64 one, gint64 two, const char *expected)
{
    g_autoptr(GPtrArray) runs = runs_of(id, (gint64[]){one, two}, 2);
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(baseline_capture(runs, &everything, &error));
    ck_assert(g_error_matches(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN));
    ck_assert_msg(g_str_has_prefix(error->message, expected), "expected: %s\nfound: %s", expected,
                  error->message);
}

/* The first run of a program that writes caches is another program's. */
START_TEST(test_a_first_run_that_differs_from_all_others_is_left_out)
{
    const struct {
        gint64 values[5];
        guint runs;
        gint64 left_out, value, spread;
    } cases[] = {{{1200 * KIB, MIB, MIB, MIB, MIB}, 5, 1, MIB, 0},
                 {{MIB + 1001, MIB, MIB + 200, MIB + 100, MIB}, 5, 1, MIB + 100, 200},
                 {{MIB + 1000, MIB, MIB + 200, MIB + 100, MIB}, 5, 0, MIB + 100, 1000},
                 {{MIB, MIB, MIB, MIB, MIB + 600}, 5, 0, MIB, 600},
                 {{MIB + 900, MIB + 600, MIB, MIB, MIB}, 5, 2, MIB, 0},
                 {{MIB + 600, MIB, MIB}, 3, 0, MIB, 600}};
    for (gsize c = 0; c < G_N_ELEMENTS(cases); c++) {
        g_autoptr(GPtrArray) runs = runs_of(METRIC_RETAINED, cases[c].values, cases[c].runs);
        BaselineInstrument *captured = baseline_capture(runs, &everything, NULL);
        ck_assert_int_eq(captured->left_out, cases[c].left_out);
        ck_assert_int_eq(captured->runs, cases[c].runs - cases[c].left_out);
        ck_assert_int_eq(baseline_instrument_find(captured, METRIC_RETAINED)->value, cases[c].value);
        ck_assert_int_eq(baseline_instrument_find(captured, METRIC_RETAINED)->spread, cases[c].spread);
        baseline_instrument_free(captured);
    }
}
END_TEST

START_TEST(test_runs_that_disagree_beyond_reason_make_no_baseline)
{
    check_disagree(METRIC_PEAK, 10 * MIB, 12 * MIB,
                   "massif: 2 runs gave a peak from 10.0 MiB to 12.0 MiB: they do not agree");
    check_disagree(METRIC_GROWTH, 99, 200,
                   "massif: 2 runs gave a growth from 99 B/iteration to 200 B/iteration");
    check_capture(METRIC_GROWTH, (gint64[]){100, 200}, 2, 200, 100);
    check_capture(METRIC_GROWTH, (gint64[]){0, 100}, 2, 0, 0); /* what not every run shows is doubtful */
    check_disagree(METRIC_LOST, 16, 17, "massif: 2 runs gave a lost from 16 B to 17 B");
    check_capture(METRIC_PEAK, (gint64[]){0, 64 * KIB}, 2, 64 * KIB, 64 * KIB);
    check_disagree(METRIC_PEAK, 0, 64 * KIB + 1, "massif: 2 runs gave a peak");
    check_capture(METRIC_PEAK, (gint64[]){9 * MIB, 10 * MIB}, 2, 10 * MIB, MIB);
    check_disagree(METRIC_PEAK, 9 * MIB - 1, 10 * MIB, "massif: 2 runs gave a peak");
}
END_TEST

START_TEST(test_a_metric_that_not_every_run_has_makes_no_baseline)
{
    const gint64 values[] = {1000, 1000, 1000};
    g_autoptr(GPtrArray) runs = runs_of(METRIC_PEAK, values, 3);
    measurement_set(g_ptr_array_index(runs, 1), METRIC_GROWTH, 0, NULL);
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(baseline_capture(runs, &everything, &error));
    ck_assert(g_error_matches(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN));
    ck_assert_msg(g_str_has_prefix(error->message, "massif: 1 of 3 runs measured growth"), "%s",
                  error->message);
}
END_TEST

/* How much work there was is held always, so that judging it can begin at any time; its call sites only where
 * it is judged, so that reviews stay short. */
START_TEST(test_what_passes_through_is_captured_without_call_sites_until_it_is_judged)
{
    const gint64 values[] = {1204, 1206, 1205};
    Allow allow;
    allow_init(&allow);
    for (int judged = 0; judged < 2; judged++) {
        g_autoptr(GPtrArray) runs = runs_of(METRIC_ALLOCATIONS, values, 3);
        allow_say(&allow, METRIC_ALLOCATIONS)->is_stated = judged;
        BaselineInstrument *captured = baseline_capture(runs, &allow, NULL);
        const BaselineFigure *allocations = baseline_instrument_find(captured, METRIC_ALLOCATIONS);
        ck_assert_ptr_nonnull(allocations);
        ck_assert_int_eq(allocations->value, 1205);
        ck_assert_int_eq(allocations->spread, 2);
        ck_assert((allocations->sites != NULL) == judged);
        baseline_instrument_free(captured);
    }
    allow_clear(&allow);
}
END_TEST

START_TEST(test_runs_that_disagree_in_what_is_not_judged_leave_it_out)
{
    const gint64 values[] = {1000, 2000};
    Allow allow;
    allow_init(&allow);
    g_autoptr(GPtrArray) runs = runs_of(METRIC_TEMPORARY, values, 2);
    for (guint i = 0; i < runs->len; i++)
        measurement_set(g_ptr_array_index(runs, i), METRIC_PEAK, 1000, NULL);
    BaselineInstrument *captured = baseline_capture(runs, &allow, NULL);
    ck_assert_ptr_nonnull(captured);
    ck_assert_ptr_nonnull(baseline_instrument_find(captured, METRIC_PEAK));
    ck_assert_ptr_null(baseline_instrument_find(captured, METRIC_TEMPORARY));
    baseline_instrument_free(captured);
    check_disagree(METRIC_TEMPORARY, 1000, 2000, "massif: 2 runs gave a temporary allocations from 1,000 to");
    allow_clear(&allow);
}
END_TEST

START_TEST(test_a_site_of_a_count_is_written_as_a_count)
{
    g_autoptr(GPtrArray) runs = runs_of(METRIC_ALLOCATIONS, (gint64[]){1204}, 1);
    g_autoptr(Baseline) self = sample();
    g_ptr_array_set_size(self->instruments, 0);
    g_ptr_array_add(self->instruments, baseline_capture(runs, &everything, NULL));
    g_autofree char *text = baseline_format(self);
    ck_assert_ptr_nonnull(strstr(text, "- count: 1204"));
    ck_assert_ptr_null(strstr(text, "bytes:"));
    g_autoptr(Baseline) copy = round_trip(self);
    const CallSites *sites =
        baseline_instrument_find(baseline_find(copy, "massif"), METRIC_ALLOCATIONS)->sites;
    ck_assert_int_eq(call_sites_total_bytes(sites), 1204);
}
END_TEST

/* A run of `n` call sites of this size each. */
static GPtrArray *run_of_sites(guint n, gint64 bytes)
{
    GPtrArray *runs = g_ptr_array_new_with_free_func((GDestroyNotify)measurement_free);
    Measurement *run = measurement_new("massif");
    CallSites *sites = call_sites_new();
    for (guint i = 0; i < n; i++) {
        g_autofree char *key = g_strdup_printf("f%05u (f.c) < main (main.c)", i);
        call_sites_add_key(sites, key, bytes + (i == 0), 1);
    }
    measurement_set(run, METRIC_PEAK, call_sites_total_bytes(sites), sites);
    g_ptr_array_add(runs, run);
    return runs;
}

static void check_sites(guint n, gint64 bytes, guint listed)
{
    g_autoptr(GPtrArray) runs = run_of_sites(n, bytes);
    BaselineInstrument *captured = baseline_capture(runs, &everything, NULL);
    const BaselineFigure *peak = baseline_instrument_find(captured, METRIC_PEAK);
    ck_assert_uint_eq(call_sites_count(peak->sites), listed);
    ck_assert_int_eq(peak->cutoff_bytes, 0);
    ck_assert_uint_eq(site_sizes_count(peak->others), n - listed);
    baseline_instrument_free(captured);
}

START_TEST(test_a_baseline_lists_the_largest_forty_sites_and_keeps_the_sizes_of_the_rest)
{
    check_sites(1, 1000, 1);
    check_sites(40, 1000, 40);
    check_sites(41, 1000, 40);
    check_sites(150, 1000, 40);
    check_sites(199, 1000, 40);
    check_sites(300, 1000, 0);
}
END_TEST

START_TEST(test_sizes_are_kept_up_to_a_bound_and_the_largest_of_the_rest_is_the_cutoff)
{
    g_autoptr(GPtrArray) runs = run_of_sites(17000, 20 * KIB);
    g_autoptr(Baseline) self = sample();
    g_ptr_array_set_size(self->instruments, 0);
    g_ptr_array_add(self->instruments, baseline_capture(runs, &everything, NULL));
    g_autoptr(Baseline) copy = round_trip(self);
    const BaselineFigure *peak = baseline_instrument_find(baseline_find(copy, "massif"), METRIC_PEAK);
    ck_assert_int_eq(peak->cutoff_bytes, 20 * KIB);
    ck_assert_uint_eq(call_sites_count(peak->sites), 0);
    ck_assert_uint_eq(site_sizes_count(peak->others), 1);
}
END_TEST

/* The verdict of a run against the baseline made of it, by way of the disk. */
START_TEST(test_a_run_passes_against_its_own_baseline_however_many_sites_it_has)
{
    const guint counts[] = {1, 40, 41, 199, 200, 201, 400};
    for (gsize c = 0; c < G_N_ELEMENTS(counts); c++) {
        g_autoptr(GPtrArray) runs = run_of_sites(counts[c], 20 * KIB);
        g_autoptr(Baseline) self = sample();
        g_ptr_array_set_size(self->instruments, 0);
        g_ptr_array_add(self->instruments, baseline_capture(runs, &everything, NULL));
        g_autoptr(Baseline) copy = round_trip(self);
        Allow allow;
        allow_init(&allow);
        const Reference reference = {copy, NULL, copy->environment, &allow};
        g_autoptr(InstrumentResult) result = compare(&reference, g_ptr_array_steal_index(runs, 0));
        ck_assert_msg(result->verdict == VERDICT_PASS, "%u sites: %s", counts[c],
                      verdict_name(result->verdict));
        allow_clear(&allow);
    }
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
    tcase_add_test(tcase, test_a_saved_baseline_is_found_again);
    tcase_add_test(tcase, test_no_baseline_is_no_error_and_those_of_other_platforms_are_named);
    tcase_add_test(tcase, test_a_baseline_that_is_there_and_cannot_be_used_is_an_error_and_never_no_baseline);
    tcase_add_test(tcase, test_a_disk_that_is_full_leaves_the_old_baseline_as_it_was);
    tcase_add_test(tcase, test_a_folder_that_cannot_be_made_is_an_error);
    tcase_add_test(tcase, test_a_baseline_is_whole_at_whatever_instant_saving_is_killed);
}

SUITE(capture, 20)
{
    tcase_add_checked_fixture(tcase, ask_for_everything, NULL);
    tcase_add_test(tcase, test_what_passes_through_is_captured_without_call_sites_until_it_is_judged);
    tcase_add_test(tcase, test_runs_that_disagree_in_what_is_not_judged_leave_it_out);
    tcase_add_test(tcase, test_a_site_of_a_count_is_written_as_a_count);
    tcase_add_test(tcase, test_captured_runs_give_their_median_and_their_spread);
    tcase_add_test(tcase, test_the_call_sites_are_those_of_the_median_run);
    tcase_add_test(tcase, test_a_first_run_that_differs_from_all_others_is_left_out);
    tcase_add_test(tcase, test_runs_that_disagree_beyond_reason_make_no_baseline);
    tcase_add_test(tcase, test_a_metric_that_not_every_run_has_makes_no_baseline);
    tcase_add_test(tcase, test_a_baseline_lists_the_largest_forty_sites_and_keeps_the_sizes_of_the_rest);
    tcase_add_test(tcase, test_sizes_are_kept_up_to_a_bound_and_the_largest_of_the_rest_is_the_cutoff);
    tcase_add_test(tcase, test_a_run_passes_against_its_own_baseline_however_many_sites_it_has);
}
