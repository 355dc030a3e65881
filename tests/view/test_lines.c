/* The table by line: what each line of chosen functions allocated, next to its source. */
#include <string.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "formats/made_ledger.h"
#include "view/lines.h"
#include "report/text/source_text.h"
#include "runner.h"

/* 3.11: a code unit on each of lines first, +1, +1, +2. */
static const guint8 table[] = {0xd0, 0, 0, 0xd8, 0, 0, 0xd8, 0, 0, 0xe0, 0, 0};

static const char source[] = "import csv\n"
                             "\n"
                             "def read(path):\n"
                             "    rows = []\n"
                             "    for row in open(path):\n"
                             "        # kept\n"
                             "        rows.append(row)\n"
                             "    return rows\n";

/* main.py: read allocates on lines 4 and 7, where it calls itself. */
static Ledger *make(MadeLedger *made)
{
    made_ledger_init(made);
    made->header.python_state = LEDGER_PYTHON_ON;
    made->header.python_version = 0x030b02f0;
    guint32 code = made_ledger_code(made, "Table.read", "/build/7/app/main.py", 3, table, sizeof table);
    guint32 other = made_ledger_code(made, "write", "/build/7/app/main.py", 3, table, sizeof table);
    guint32 outer = made_ledger_node(made, 0, LEDGER_PYTHON_FRAME(code, 6));
    guint32 inner = made_ledger_node(made, outer, LEDGER_PYTHON_FRAME(code, 6));
    guint32 list = made_ledger_node(made, 0, LEDGER_PYTHON_FRAME(code, 2));
    guint32 sites[] = {
        made_ledger_site(made, inner, 700, 9, 900), made_ledger_site(made, list, 40, 9, 40),
        made_ledger_site(made, made_ledger_node(made, 0, LEDGER_PYTHON_FRAME(other, 0)), 5, 9, 5)};
    made->header.peak_number = 9;
    made_ledger_block(made, 0, 2, 700, sites[0], 0);
    made_ledger_block(made, 0, 200, 40, sites[1], 0);
    return made_ledger_read(made);
}

typedef struct {
    char *folder;
} Source;

static Source source_make(void)
{
    Source self = {runner_temporary()};
    g_autofree char *app = g_build_filename(self.folder, "app", NULL),
                    *path = g_build_filename(app, "main.py", NULL);
    ck_assert_int_eq(g_mkdir(app, 0700), 0);
    ck_assert(g_file_set_contents(path, source, -1, NULL));
    return self;
}

static void source_clear(Source *self)
{
    runner_remove(self->folder);
    g_free(self->folder);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Source, source_clear)

START_TEST(test_lines_of_a_function_stand_next_to_their_source)
{
    g_auto(MadeLedger) made = {0};
    g_auto(Source) folder = source_make();
    g_autoptr(Ledger) ledger = make(&made);
    g_autoptr(GString) output = g_string_new(NULL);
    ck_assert_uint_eq(lines_append(ledger, "read", folder.folder, FALSE, output), 1);
    const char *expected = "Table.read  /build/7/app/main.py\n"
                           "  line  allocated  blocks  retained  at peak  source\n"
                           "  4     1000 B     10      40 B      40 B         rows = []\n"
                           "  5                                               for row in open(path):\n"
                           "  6                                                   # kept\n"
                           "  7     1000 B     10      700 B     900 B            rows.append(row)\n";
    ck_assert_str_eq(output->str, expected);
}
END_TEST

START_TEST(test_lines_as_json_tell_a_lines_own_from_what_it_called)
{
    g_auto(MadeLedger) made = {0};
    g_autoptr(Ledger) ledger = make(&made);
    g_autoptr(GString) output = g_string_new(NULL);
    ck_assert_uint_eq(lines_append(ledger, "read", ".", TRUE, output), 1);
    const char *expected =
        "[{\"function\":\"Table.read\",\"file\":\"/build/7/app/main.py\",\"line\":4,"
        "\"whole\":{\"allocated_bytes\":1000,\"allocated_blocks\":10,\"retained_bytes\":40,"
        "\"retained_blocks\":1,\"peak_bytes\":40},"
        "\"own\":{\"allocated_bytes\":1000,\"allocated_blocks\":10,\"retained_bytes\":40,"
        "\"retained_blocks\":1,\"peak_bytes\":40}},"
        "{\"function\":\"Table.read\",\"file\":\"/build/7/app/main.py\",\"line\":7,"
        "\"whole\":{\"allocated_bytes\":1000,\"allocated_blocks\":10,\"retained_bytes\":700,"
        "\"retained_blocks\":1,\"peak_bytes\":900},"
        "\"own\":{\"allocated_bytes\":1000,\"allocated_blocks\":10,\"retained_bytes\":700,"
        "\"retained_blocks\":1,\"peak_bytes\":900}}]\n";
    ck_assert_str_eq(output->str, expected);
}
END_TEST

START_TEST(test_a_line_that_only_calls_has_nothing_of_its_own)
{
    g_auto(MadeLedger) made = {0};
    made_ledger_init(&made);
    made.header.python_state = LEDGER_PYTHON_ON;
    made.header.python_version = 0x030b02f0;
    guint32 code = made_ledger_code(&made, "read", "main.py", 3, table, sizeof table);
    guint32 outer = made_ledger_node(&made, 0, LEDGER_PYTHON_FRAME(code, 2));
    made_ledger_site(&made, made_ledger_node(&made, outer, LEDGER_PYTHON_FRAME(code, 6)), 700, 9, 900);
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    g_autoptr(GString) output = g_string_new(NULL);
    ck_assert_uint_eq(lines_append(ledger, "read", ".", TRUE, output), 1);
    const char *calling = strstr(output->str, "\"line\":4"), *allocating = strstr(output->str, "\"line\":7");
    ck_assert_ptr_nonnull(strstr(calling, "\"own\":{\"allocated_bytes\":0,"));
    ck_assert(strstr(calling, "\"own\":{\"allocated_bytes\":0,") < allocating);
    ck_assert_ptr_nonnull(strstr(allocating, "\"own\":{\"allocated_bytes\":1000,"));
}
END_TEST

START_TEST(test_lines_are_shown_without_source_too)
{
    g_auto(MadeLedger) made = {0};
    g_autoptr(Ledger) ledger = make(&made);
    g_autofree char *empty = runner_temporary();
    g_autoptr(GString) output = g_string_new(NULL);
    ck_assert_uint_eq(lines_append(ledger, "*", empty, FALSE, output), 2);
    ck_assert_ptr_nonnull(strstr(output->str, "  7     1000 B     10      700 B     900 B\n"));
    ck_assert_ptr_null(strstr(output->str, "\n  5 "));
    ck_assert_uint_eq(lines_append(ledger, "nothing", empty, FALSE, output), 0);
    runner_remove(empty);
}
END_TEST

START_TEST(test_source_is_never_read_from_outside_its_folder)
{
    g_auto(Source) folder = source_make();
    g_autofree char *app = g_build_filename(folder.folder, "app", NULL);
    g_autofree char *outside = g_build_filename(folder.folder, "secret.py", NULL);
    g_autofree char *link = g_build_filename(app, "link.py", NULL);
    ck_assert(g_file_set_contents(outside, "secret\n", -1, NULL));
    ck_assert_int_eq(symlink(outside, link), 0);
    ck_assert_ptr_null(source_text_open(app, "../secret.py"));
    ck_assert_ptr_null(source_text_open(app, outside));
    ck_assert_ptr_null(source_text_open(app, "link.py"));
    ck_assert_ptr_null(source_text_open(app, ""));
    g_autoptr(SourceText) found = source_text_open(app, "/elsewhere/app/main.py");
    ck_assert_str_eq(source_text_line(found, 3), "def read(path):");
    ck_assert_str_eq(source_text_line(found, 0), "");
    ck_assert_str_eq(source_text_line(found, 99), "");
}
END_TEST

SUITE(lines, 30)
{
    tcase_add_test(tcase, test_lines_of_a_function_stand_next_to_their_source);
    tcase_add_test(tcase, test_lines_as_json_tell_a_lines_own_from_what_it_called);
    tcase_add_test(tcase, test_a_line_that_only_calls_has_nothing_of_its_own);
    tcase_add_test(tcase, test_lines_are_shown_without_source_too);
    tcase_add_test(tcase, test_source_is_never_read_from_outside_its_folder);
}
