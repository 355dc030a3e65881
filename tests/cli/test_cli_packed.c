/* Packed files on the command line: every format that heapgate reads, packed by each packer, and what is too
 * large, cut off or damaged. */
#include <string.h>

#include "formats/ledger/ledger_pack.h"
#include "formats/packers.h"
#include "project.h"
#include "runner.h"

#define CORPUS "tests/fuzz/corpus/"
#define RESULT "tests/report/golden/result-regressed.json"

enum { PIECE_BYTES = 1 << 20, DEFAULT_PIECES = 256 /* the limit, 256 MiB */ };

static void write_bytes(const TestProject *project, const char *name, const GByteArray *bytes)
{
    ck_assert(
        g_file_set_contents(test_project_path(project, name), (const char *)bytes->data, bytes->len, NULL));
}

/* A file, packed, as `packed` in the project; its bytes, (transfer full). */
static GByteArray *pack_file(const TestProject *project, const Packer *packer, const char *file)
{
    g_autofree char *bytes = NULL;
    gsize length;
    ck_assert_msg(g_file_get_contents(file, &bytes, &length, NULL), "%s", file);
    GByteArray *packed = packer->pack(bytes, length);
    write_bytes(project, "packed", packed);
    return packed;
}

/* What heapgate prints with these words before this file; (transfer full). */
static char *printed_of(TestProject *project, const char *words, const char *path)
{
    g_autofree char *line = g_strdup_printf("%s %s", words, path);
    ck_assert_msg(test_project_run(project, line) == 0, "%s: %s", line, project->output);
    return g_strdup(project->output);
}

static void check_same(TestProject *project, const char *words, const char *file)
{
    g_autofree char *plain = printed_of(project, words, file);
    for (guint i = 0; i < N_PACKERS; i++) {
        g_byte_array_unref(pack_file(project, &packers[i], file));
        g_autofree char *packed = printed_of(project, words, test_project_path(project, "packed"));
        ck_assert_msg(strcmp(packed, plain) == 0, "%s %s by %s: %s", words, file, packers[i].name, packed);
    }
}

/* The ledger of a program, as `exec` packs it and as the plain saved form; (transfer full). */
static void make_ledgers(TestProject *project, char **packed, char **plain)
{
    test_project_expect(project, 0, "exec -o seen /bin/true", "saved: seen/", NULL);
    g_autoptr(GDir) folder = g_dir_open(test_project_path(project, "seen"), 0, NULL);
    *packed = g_build_filename(test_project_path(project, "seen"), g_dir_read_name(folder), NULL);
    *plain = g_build_filename(test_project_path(project, "plain"), NULL);
    g_autofree char *bytes = NULL;
    gsize length;
    ck_assert(g_file_get_contents(*packed, &bytes, &length, NULL));
    g_autoptr(GByteArray) saved = ledger_unpack(bytes, length, PIECE_BYTES, "seen", NULL);
    ck_assert_ptr_nonnull(saved);
    write_bytes(project, "plain", saved);
}

static void check_views(TestProject *project, const char *file)
{
    check_same(project, "show", file);
    check_same(project, "show --json", file);
    check_same(project, "show --folded", file);
}

START_TEST(test_every_format_is_read_packed_as_it_is_plain)
{
    static const char *const files[] = {CORPUS "massif/few-snapshots.out", CORPUS "massif/allocated.ms",
                                        CORPUS "memcheck/marks.xml", CORPUS "dhat/heap.json"};
    g_autoptr(TestProject) project = test_project_new();
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++)
        check_views(project, runner_path(files[i]));
    g_autofree char *packed = NULL, *plain = NULL;
    make_ledgers(project, &packed, &plain);
    check_views(project, packed);
    check_views(project, plain);
    check_same(project, "report", packed);
    check_same(project, "report --format=verdict", runner_path(RESULT));
    g_byte_array_unref(pack_file(project, &packers[0], runner_path(RESULT)));
    g_autofree char *line = g_strdup_printf("diff packed %s", runner_path(RESULT));
    test_project_expect(project, 0, line, ": no change", NULL);
}
END_TEST

/* Runs each command that opens a file on `packed`; it must end with 2 and one line that ends in the text. */
static void check_refused(TestProject *project, const char *text)
{
    static const char *const commands[] = {"show",   "show --folded", "diff packed",
                                           "report", "report -o out", "run --recorded"};
    g_autofree char *whole = g_strdup_printf("heapgate: packed: %s\n", text);
    test_project_write(project, "scenarios/one.yaml", "run: [/bin/true]\n");
    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_autofree char *line = g_strdup_printf("%s packed", commands[i]);
        ck_assert_msg(test_project_run(project, line) == 2, "%s: %s", line, project->output);
        ck_assert_msg(strcmp(project->output, whole) == 0, "%s: %s", line, project->output);
    }
}

/* zstd's alone, which is the quickest: that each packer is held to a size test_packed.c shows. */
START_TEST(test_file_that_unpacks_to_more_than_256_mib_is_one_sentence)
{
    g_autoptr(TestProject) project = test_project_new();
    g_autofree char *zeros = g_malloc0(PIECE_BYTES);
    g_autoptr(GByteArray) piece = packers[N_PACKERS - 1].pack(zeros, PIECE_BYTES), all = g_byte_array_new();
    for (guint i = 0; i < DEFAULT_PIECES; i++)
        g_byte_array_append(all, piece->data, piece->len);
    write_bytes(project, "packed", all);
    test_project_expect(project, 2, "show packed", "found a NUL byte", NULL);
    g_byte_array_append(all, piece->data, piece->len);
    write_bytes(project, "packed", all);
    test_project_expect(project, 2, "show --max-size=257MiB packed", "found a NUL byte", NULL);
    check_refused(project, "the zstd stream holds more than 256 MiB; --max-size takes more");
}
END_TEST

START_TEST(test_less_can_be_asked_for_wherever_a_file_is_opened)
{
    g_autoptr(TestProject) project = test_project_new();
    test_project_write(project, "scenarios/one.yaml", "run: [/bin/true]\n");
    static const char *const lines[] = {"show --max-size=1KiB packed", "diff --max-size=1KiB packed packed",
                                        "report --max-size=1KiB packed",
                                        "run --max-size=1KiB --recorded packed"};
    g_byte_array_unref(pack_file(project, &packers[0], runner_path(RESULT)));
    for (gsize i = 0; i < G_N_ELEMENTS(lines); i++)
        test_project_expect(project, 2, lines[i], "the gzip stream holds more than 1.00 KiB", NULL);
    g_autofree char *packed = NULL, *plain = NULL;
    make_ledgers(project, &packed, &plain);
    g_autofree char *ledger = g_strdup_printf("show --max-size=100 %s", packed);
    test_project_expect(project, 2, ledger, "the saved ledger holds more than 100 B", NULL);
    static const char *const sizes[] = {"0", "2GiB", "much", "-1", "''"};
    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autofree char *line = g_strdup_printf("show --max-size=%s packed", sizes[i]);
        test_project_expect(project, 2, line, "expected a size below 2 GiB, such as --max-size=1GiB", NULL);
    }
}
END_TEST

START_TEST(test_packed_file_that_was_cut_or_damaged_is_one_sentence)
{
    g_autoptr(TestProject) project = test_project_new();
    for (guint i = 0; i < N_PACKERS; i++) {
        g_autoptr(GByteArray) packed = pack_file(project, &packers[i], runner_path(RESULT));
        g_autofree char *damaged =
            g_strdup_printf("the %s stream is damaged: it cannot be unpacked", packers[i].name);
        g_autofree char *cut = g_strdup_printf(
            "the %s stream was cut off: nothing of it is read; copy the whole file", packers[i].name);
        packed->data[packed->len / 2] ^= 0xff;
        write_bytes(project, "packed", packed);
        check_refused(project, damaged);
        packed->data[packed->len / 2] ^= 0xff;
        g_byte_array_set_size(packed, packed->len / 2);
        write_bytes(project, "packed", packed);
        check_refused(project, cut);
    }
}
END_TEST

SUITE(cli_packed, 120)
{
    tcase_add_test(tcase, test_every_format_is_read_packed_as_it_is_plain);
    tcase_add_test(tcase, test_file_that_unpacks_to_more_than_256_mib_is_one_sentence);
    tcase_add_test(tcase, test_less_can_be_asked_for_wherever_a_file_is_opened);
    tcase_add_test(tcase, test_packed_file_that_was_cut_or_damaged_is_one_sentence);
}
