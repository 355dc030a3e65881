/* heapgate show and heapgate diff, run as a user runs them. */
#include <gio/gio.h>
#include <json-glib/json-glib.h>
#include <string.h>

#include "runner.h"

#define CORPUS "tests/fuzz/corpus/"

typedef struct {
    int status;
    char *output;
    char *errors;
} Outcome;

static void outcome_clear(Outcome *self)
{
    g_free(self->output);
    g_free(self->errors);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Outcome, outcome_clear)

static const char *program(void)
{
    const char *chosen = g_getenv("HEAPGATE_BINARY");
    return chosen != NULL ? chosen : runner_path("build/heapgate");
}

static char *text_of(GBytes *bytes)
{
    return g_bytes_get_size(bytes) > 0 ? g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes))
                                       : g_strdup("");
}

/* arguments: behind the program's name, NULL at their end. */
static Outcome run(const char *const *arguments)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_ptr_array_add(argv, (gpointer)program());
    for (const char *const *argument = arguments; *argument != NULL; argument++)
        g_ptr_array_add(argv, (gpointer)*argument);
    g_ptr_array_add(argv, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocess) process =
        g_subprocess_newv((const char *const *)argv->pdata,
                          G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE, &error);
    ck_assert_msg(process != NULL, "%s", error != NULL ? error->message : "");
    Outcome outcome = {0};
    /* As bytes: not everything that goes wrong is UTF-8. */
    g_autoptr(GBytes) output = NULL, errors = NULL;
    ck_assert(g_subprocess_communicate(process, NULL, NULL, &output, &errors, NULL));
    ck_assert(g_subprocess_get_if_exited(process));
    outcome.status = g_subprocess_get_exit_status(process);
    outcome.output = text_of(output);
    outcome.errors = text_of(errors);
    return outcome;
}

#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

/* Writes text to FOLDER/NAME; (transfer full). */
static char *write_file(const char *folder, const char *name, const char *text, gssize length)
{
    char *path = g_build_filename(folder, name, NULL);
    ck_assert(g_file_set_contents(path, text, length, NULL));
    return path;
}

/* The first part of a corpus file, in a file of its own; (transfer full). */
static char *cut_file(const char *folder, const char *corpus, gsize keep)
{
    g_autofree char *text = NULL;
    gsize length;
    ck_assert(g_file_get_contents(runner_path(corpus), &text, &length, NULL));
    ck_assert_uint_gt(length, keep);
    return write_file(folder, "cut", text, (gssize)keep);
}

#define SNAPSHOT(n, time, heap, tree)                                                                        \
    "#-----------\nsnapshot=" #n "\n#-----------\ntime=" #time "\nmem_heap_B=" #heap                         \
    "\nmem_heap_extra_B=8\nmem_stacks_B=0\nheap_tree=" tree
static const char before_text[] =
    "desc: (none)\ncmd: ./prog\ntime_unit: i\n" SNAPSHOT(0, 0, 0, "empty\n") SNAPSHOT(
        1, 50, 1000,
        "peak\n") "n2: 1000 (heap allocation functions) malloc/new/new[], --alloc-fns, etc.\n"
                  " n1: 900 0x1: keep (t.c:3)\n  n0: 900 0x2: main (t.c:9)\n n0: 100 0x3: main (t.c:8)\n";
static const char after_text[] = "desc: (none)\ncmd: ./prog\ntime_unit: i\n" SNAPSHOT(0, 0, 0, "empty\n")
    SNAPSHOT(1, 50, 1500,
             "peak\n") "n2: 1500 (heap allocation functions) malloc/new/new[], --alloc-fns, etc.\n"
                       " n1: 850 0x1: keep (t.c:4)\n  n0: 850 0x2: main (t.c:19)\n n0: 650 0x3: "
                       "\033[2Jwipe\xff (t.c:8)\n";

START_TEST(test_show_json_has_the_promised_keys_in_order)
{
    const struct {
        const char *file, *output;
    } cases[] = {
        {CORPUS "massif/labels.out",
         "{\"format\":\"massif\",\"command\":\"python3 -c import sys\\nprint(1)\",\"time_unit\":\"B\","
         "\"snapshots\":1,\"detailed\":1,\"peak_marker\":{\"snapshot\":0,\"heap_bytes\":30,\"extra_bytes\":1,"
         "\"stacks_bytes\":2},\"max\":{\"snapshot\":0,\"total_bytes\":33},\"last\":{\"snapshot\":0,"
         "\"total_bytes\":33}}\n"},
        {CORPUS "massif/empty.ms",
         "{\"format\":\"massif\",\"command\":\"./e\",\"time_unit\":\"ms\",\"snapshots\":2,\"detailed\":2,"
         "\"peak_marker\":null,\"max\":{\"snapshot\":0,\"total_bytes\":0},\"last\":{\"snapshot\":1,"
         "\"total_bytes\":0}}\n"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Outcome) outcome = RUN("show", "--json", runner_path(cases[i].file));
        ck_assert_str_eq(outcome.output, cases[i].output);
        ck_assert_int_eq(outcome.status, 0);
    }
}
END_TEST

/* The object's keys, joined by blanks; (transfer full). */
static char *keys_of(const char *text)
{
    g_autoptr(JsonNode) root = json_from_string(text, NULL);
    ck_assert_msg(root != NULL && JSON_NODE_HOLDS_OBJECT(root), "%s", text);
    g_autoptr(GList) members = json_object_get_members(json_node_get_object(root));
    GString *keys = g_string_new(NULL);
    for (GList *member = members; member != NULL; member = member->next)
        g_string_append_printf(keys, "%s%s", keys->len > 0 ? " " : "", (const char *)member->data);
    return g_string_free(keys, FALSE);
}

START_TEST(test_show_json_of_memcheck_and_dhat_has_the_promised_keys)
{
    g_auto(Outcome) memcheck = RUN("show", "--json", runner_path(CORPUS "memcheck/marks.xml"));
    g_autofree char *memcheck_keys = keys_of(memcheck.output);
    ck_assert_str_eq(memcheck_keys, "format protocol errors kinds complete problem");
    ck_assert_int_eq(memcheck.status, 0);
    g_auto(Outcome) dhat = RUN("show", "--json", runner_path(CORPUS "dhat/heap.json"));
    g_autofree char *dhat_keys = keys_of(dhat.output);
    ck_assert_str_eq(dhat_keys, "format mode program_points peak_bytes end_bytes total_bytes");
    ck_assert_int_eq(dhat.status, 0);
}
END_TEST

#define AD_HOC(units)                                                                                        \
    "{\"dhatFileVersion\":2,\"mode\":\"ad-hoc\",\"cmd\":\"./d\",\"pps\":[{\"tb\":" units                     \
    ",\"tbk\":50,\"fs\":[1,2]}],\"ftbl\":[\"[root]\",\"0x1: record (d.c:5)\",\"0x2: main (d.c:16)\"]}\n"

START_TEST(test_dhat_events_are_shown_by_call_site_in_their_own_unit)
{
    g_autofree char *folder = runner_temporary();
    g_autofree char *before = write_file(folder, "before", AD_HOC("175"), -1);
    g_autofree char *after = write_file(folder, "after", AD_HOC("1180"), -1);
    g_auto(Outcome) units = RUN("show", after);
    ck_assert_str_eq(units.output, "dhat  ./d\n"
                                   "  mode     ad-hoc, 1 program point\n"
                                   "  units    1,180 in 50 events\n\n"
                                   "units, by call site:\n"
                                   "  100.0 %  1,180  record  d.c:5\n"
                                   "  in 50 events      main  d.c:16\n");
    g_auto(Outcome) folded = RUN("show", "--folded", after);
    ck_assert_str_eq(folded.output, "main;record 1180\n");
    g_auto(Outcome) diff = RUN("diff", before, after);
    ck_assert_ptr_nonnull(strstr(diff.output, "units: 1,180, was 175: +1,005"));
    ck_assert_ptr_nonnull(strstr(diff.output, "+1,005   record  d.c:5\n  was 175    main  d.c:16\n"));
    g_auto(Outcome) copied = RUN("show", runner_path(CORPUS "dhat/copy.json"));
    ck_assert_ptr_nonnull(strstr(copied.output, "\ncopied, by call site:\n"));
    ck_assert_ptr_nonnull(strstr(copied.output, "open_path"));
    g_auto(Outcome) stacks = RUN("show", "--folded", "--metric=copied", runner_path(CORPUS "dhat/copy.json"));
    ck_assert_ptr_nonnull(strstr(stacks.output, ";open_path;mempcpy 366\n"));
    g_auto(Outcome) none = RUN("show", "--folded", "--metric=peak", runner_path(CORPUS "dhat/copy.json"));
    ck_assert_int_eq(none.status, 2);
    ck_assert_ptr_nonnull(strstr(none.errors, "has no metric \"peak\"; it has copied"));
    runner_remove(folder);
}
END_TEST

START_TEST(test_show_of_a_file_cut_off_says_so_and_gives_what_it_has)
{
    const struct {
        const char *file;
        gsize keep;
    } cases[] = {{CORPUS "massif/few-snapshots.out", 500},
                 {CORPUS "memcheck/marks.xml", 2000},
                 {CORPUS "dhat/heap.json", 700}};
    g_autofree char *folder = runner_temporary();
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = cut_file(folder, cases[i].file, cases[i].keep);
        g_auto(Outcome) json = RUN("show", "--json", path);
        ck_assert_int_eq(json.status, 3);
        ck_assert_msg(strstr(json.output, "\"complete\":false") != NULL, "%s", json.output);
        ck_assert_ptr_nonnull(strstr(json.errors, path));
        g_auto(Outcome) text = RUN("show", path);
        ck_assert_int_eq(text.status, 3);
        ck_assert_uint_gt(strlen(text.output), 0);
    }
    runner_remove(folder);
}
END_TEST

START_TEST(test_show_refuses_what_it_does_not_know_with_file_and_line)
{
    const struct {
        const char *text, *message;
    } cases[] = {
        {"", ":1: expected a massif file (\"desc:\"), memcheck XML (\"<?xml\"), DHAT JSON (\"{\") or a saved "
             "ledger (\"HGSaved1\"), found "
             "an empty file"},
        {"\ndesc: x\n", "a saved ledger (\"HGSaved1\"), found an empty line"},
        {"\033[2Jhello\nworld", "a saved ledger (\"HGSaved1\"), found \"\\033[2Jhello\""},
        {"desc: D1\ncmd: ./t\nevents: Ir\n", ":3: expected \"time_unit:\", found \"events: Ir\""},
        {"desc: x\ncmd: ./t\ntime_unit: i\n#-----------\nsnapshot=one\n",
         ":5: expected \"snapshot=\" with a number below 2^63, found \"snapshot=one\""},
    };
    g_autofree char *folder = runner_temporary();
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = write_file(folder, "file", cases[i].text, -1);
        g_auto(Outcome) outcome = RUN("show", "--json", path);
        ck_assert_int_eq(outcome.status, 2);
        ck_assert_str_eq(outcome.output, "");
        ck_assert_msg(strstr(outcome.errors, cases[i].message) != NULL, "%s", outcome.errors);
    }
    runner_remove(folder);
}
END_TEST

START_TEST(test_show_prints_totals_a_chart_and_the_tree)
{
    g_autofree char *folder = runner_temporary();
    g_autofree char *path = write_file(folder, "massif.out", before_text, -1);
    g_auto(Outcome) outcome = RUN("show", path);
    ck_assert_int_eq(outcome.status, 0);
    const char *expected[] = {
        "massif  ./prog\n",
        "maximum    1008 B at snapshot 1: heap 1000 B, extra 8 B, stacks 0 B, massif's peak\n", "1008 B |",
        "50 i\n",
        "1000 B of heap at snapshot 1, by call site, callers below:\n"
        "   90.0 %       900 B  keep (t.c:3)\n"
        "                       main (t.c:9)\n"
        "   10.0 %       100 B  main (t.c:8)\n"};
    for (gsize i = 0; i < G_N_ELEMENTS(expected); i++)
        ck_assert_msg(strstr(outcome.output, expected[i]) != NULL, "missing %s in\n%s", expected[i],
                      outcome.output);
    g_auto(Outcome) cut = RUN("show", "--threshold", "20", path);
    ck_assert_ptr_nonnull(strstr(cut.output, "   10.0 %       100 B  in 1 place below the threshold\n"));
    ck_assert_ptr_null(strstr(cut.output, "main (t.c:8)"));
    runner_remove(folder);
}
END_TEST

START_TEST(test_show_makes_control_characters_in_names_harmless)
{
    g_autofree char *folder = runner_temporary();
    g_autofree char *path = write_file(folder, "massif.out", after_text, -1);
    const char *modes[] = {"--threshold=0", "--json"};
    for (gsize i = 0; i < G_N_ELEMENTS(modes); i++) {
        g_auto(Outcome) outcome = RUN("show", modes[i], path);
        ck_assert_int_eq(outcome.status, 0);
        ck_assert_ptr_null(strchr(outcome.output, '\033'));
        ck_assert(g_utf8_validate(outcome.output, -1, NULL));
    }
    g_auto(Outcome) diff = RUN("diff", path, path);
    ck_assert_ptr_null(strchr(diff.output, '\033'));
    runner_remove(folder);
}
END_TEST

START_TEST(test_show_explains_a_wrong_command_line)
{
    const char *none[] = {"show", NULL}, *two[] = {"show", "a", "b", NULL},
               *option[] = {"show", "--tree", "a", NULL},
               *threshold[] = {"show", "--threshold=-1", "a", NULL},
               *metric[] = {"show", "--metric=peak", CORPUS "massif", NULL},
               *missing[] = {"show", "/nonexistent/file", NULL}, *folder[] = {"show", "/", NULL};
    const char *const *cases[] = {none, two, option, threshold, metric, missing, folder};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Outcome) outcome = run(cases[i]);
        ck_assert_msg(outcome.status == 2, "case %zu: %d", i, outcome.status);
        ck_assert_str_eq(outcome.output, "");
        ck_assert_uint_gt(strlen(outcome.errors), 20);
    }
}
END_TEST

START_TEST(test_diff_names_what_grew_and_shrank_largest_first)
{
    g_autofree char *folder = runner_temporary();
    g_autofree char *before = write_file(folder, "before", before_text, -1);
    g_autofree char *after = write_file(folder, "after", after_text, -1);
    g_auto(Outcome) outcome = RUN("diff", before, after);
    ck_assert_int_eq(outcome.status, 0);
    const char *total = strstr(outcome.output, "peak: 1.46 KiB, was 1000 B: +500 B (+50.0 %)\n");
    ck_assert_msg(total != NULL, "%s", outcome.output);
    const char *grew = strstr(total, "+650 B"), *gone = strstr(total, "-100 B"),
               *shrank = strstr(total, "-50 B");
    ck_assert(grew != NULL && gone != NULL && shrank != NULL && grew < gone && gone < shrank);
    ck_assert_ptr_nonnull(strstr(outcome.output, "was 900 B"));
    ck_assert_ptr_nonnull(strstr(outcome.output, "retained: 1.46 KiB, was 1000 B"));
    g_auto(Outcome) top = RUN("diff", "--top", "1", before, after);
    ck_assert_ptr_nonnull(strstr(top.output, "in 2 more call sites"));
    ck_assert_ptr_null(strstr(top.output, "-50 B"));
    runner_remove(folder);
}
END_TEST

START_TEST(test_diff_json_is_one_object_with_totals_and_sites)
{
    g_autofree char *folder = runner_temporary();
    g_autofree char *before = write_file(folder, "before", before_text, -1);
    g_autofree char *after = write_file(folder, "after", after_text, -1);
    g_auto(Outcome) outcome = RUN("diff", "--json", before, after);
    g_autoptr(JsonNode) root = json_from_string(outcome.output, NULL);
    ck_assert_ptr_nonnull(root);
    JsonArray *figures = json_object_get_array_member(json_node_get_object(root), "figures");
    ck_assert_uint_eq(json_array_get_length(figures), 2);
    JsonObject *peak = json_array_get_object_element(figures, 0);
    ck_assert_str_eq(json_object_get_string_member(peak, "metric"), "peak");
    ck_assert_int_eq(json_object_get_int_member(peak, "delta"), 500);
    JsonArray *sites = json_object_get_array_member(peak, "sites");
    ck_assert_uint_eq(json_array_get_length(sites), 3);
    ck_assert_int_eq(json_object_get_int_member(json_array_get_object_element(sites, 2), "delta"), -50);
    ck_assert_str_eq(json_object_get_string_member(json_array_get_object_element(sites, 2), "key"),
                     "keep (t.c) < main (t.c)");
    runner_remove(folder);
}
END_TEST

START_TEST(test_diff_reads_every_kind_of_file_against_itself)
{
    const char *files[] = {CORPUS "massif/few-snapshots.out", CORPUS "massif/allocated.ms",
                           CORPUS "memcheck/marks.xml", CORPUS "dhat/heap.json",
                           "tests/report/golden/result-regressed.json"};
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_auto(Outcome) outcome = RUN("diff", runner_path(files[i]), runner_path(files[i]));
        ck_assert_msg(outcome.status == 0, "%s: %s", files[i], outcome.errors);
        ck_assert_msg(strstr(outcome.output, ": no change\n") != NULL, "%s: %s", files[i], outcome.output);
        ck_assert_ptr_null(strstr(outcome.output, "+"));
    }
}
END_TEST

/* The same leak in a library, whose path is this. (transfer full). */
static char *write_massif_of(const char *folder, const char *name, const char *library)
{
    g_autofree char *text =
        g_strdup_printf("desc: (none)\ncmd: ./prog\ntime_unit: i\n" SNAPSHOT(
                            0, 50, 1000, "peak\n") "n1: 1000 (heap allocation functions) malloc/new/new[], "
                                                   "--alloc-fns, etc.\n n0: 1000 0x1: keep (in %s)\n",
                        library);
    return write_file(folder, name, text, -1);
}

START_TEST(test_diff_takes_a_library_unpacked_under_another_name_for_the_same)
{
    g_autofree char *folder = runner_temporary();
    g_autofree char *before = write_massif_of(folder, "before", "/tmp/unpacked-1.so");
    g_autofree char *after = write_massif_of(folder, "after", "/tmp/unpacked-2.so");
    g_autofree char *lasting = write_massif_of(folder, "lasting", "/opt/app/libfoo-1.so");
    g_autofree char *other = write_massif_of(folder, "other", "/opt/app/libfoo-2.so");
    g_auto(Outcome) same = RUN("diff", before, after), two = RUN("diff", lasting, other);
    ck_assert_msg(strstr(same.output, "keep") == NULL, "%s", same.output);
    ck_assert_msg(strstr(two.output, "-1000 B") != NULL && strstr(two.output, "+1000 B") != NULL, "%s",
                  two.output);
    runner_remove(folder);
}
END_TEST

START_TEST(test_diff_refuses_files_of_two_kinds_and_files_cut_off)
{
    g_auto(Outcome) mixed =
        RUN("diff", runner_path(CORPUS "massif/labels.out"), runner_path(CORPUS "dhat/heap.json"));
    ck_assert_int_eq(mixed.status, 2);
    ck_assert_ptr_nonnull(strstr(mixed.errors, "expected two files of one kind, found massif in "));
    g_autofree char *folder = runner_temporary();
    g_autofree char *path = cut_file(folder, CORPUS "massif/few-snapshots.out", 500);
    g_auto(Outcome) cut = RUN("diff", runner_path(CORPUS "massif/labels.out"), path);
    ck_assert_int_eq(cut.status, 3);
    ck_assert_str_eq(cut.output, "");
    g_auto(Outcome) one = RUN("diff", path);
    ck_assert_int_eq(one.status, 2);
    runner_remove(folder);
}
END_TEST

SUITE(cli_show, 20)
{
    tcase_add_test(tcase, test_show_json_has_the_promised_keys_in_order);
    tcase_add_test(tcase, test_show_json_of_memcheck_and_dhat_has_the_promised_keys);
    tcase_add_test(tcase, test_dhat_events_are_shown_by_call_site_in_their_own_unit);
    tcase_add_test(tcase, test_show_of_a_file_cut_off_says_so_and_gives_what_it_has);
    tcase_add_test(tcase, test_show_refuses_what_it_does_not_know_with_file_and_line);
    tcase_add_test(tcase, test_show_prints_totals_a_chart_and_the_tree);
    tcase_add_test(tcase, test_show_makes_control_characters_in_names_harmless);
    tcase_add_test(tcase, test_show_explains_a_wrong_command_line);
    tcase_add_test(tcase, test_diff_names_what_grew_and_shrank_largest_first);
    tcase_add_test(tcase, test_diff_json_is_one_object_with_totals_and_sites);
    tcase_add_test(tcase, test_diff_reads_every_kind_of_file_against_itself);
    tcase_add_test(tcase, test_diff_takes_a_library_unpacked_under_another_name_for_the_same);
    tcase_add_test(tcase, test_diff_refuses_files_of_two_kinds_and_files_cut_off);
}
