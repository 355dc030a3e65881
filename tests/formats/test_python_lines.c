/* Lines of Python code, held to what seven versions of the interpreter say of themselves
 * (python_lines/vectors.py). */
#include <string.h>

#include "formats/ledger/python_lines.h"
#include "runner.h"

static GByteArray *bytes_of_hex(const char *hex)
{
    GByteArray *bytes = g_byte_array_new();
    for (const char *at = hex; g_ascii_isxdigit(at[0]) && g_ascii_isxdigit(at[1]); at += 2) {
        guint8 byte = (guint8)(g_ascii_xdigit_value(at[0]) << 4 | g_ascii_xdigit_value(at[1]));
        g_byte_array_append(bytes, &byte, 1);
    }
    return bytes;
}

/* Returns how many instructions were looked at. */
static guint check_vector(const char *vector)
{
    g_auto(GStrv) fields = g_strsplit(vector, " ", 4);
    ck_assert_uint_eq(g_strv_length(fields), 4);
    guint32 version = (guint32)g_ascii_strtoull(fields[0], NULL, 16);
    gint32 first = (gint32)g_ascii_strtoll(fields[1], NULL, 10);
    g_autoptr(GByteArray) table = bytes_of_hex(fields[2]);
    g_auto(GStrv) lines = g_strsplit(fields[3], ",", -1);
    guint count = g_strv_length(lines);
    for (guint i = 0; i < count; i++) {
        guint expected = (guint)g_ascii_strtoull(lines[i], NULL, 10);
        guint found = python_line(version, table->data, table->len, first, 2 * i);
        ck_assert_msg(found == expected, "%x, code of line %d, offset %u: %u, not %u", version, first, 2 * i,
                      found, expected);
    }
    return count;
}

START_TEST(test_python_lines_are_those_the_interpreters_give)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    ck_assert(
        g_file_get_contents(runner_path("tests/formats/python_lines/vectors.txt"), &text, NULL, &error));
    g_auto(GStrv) vectors = g_strsplit(text, "\n", -1);
    guint looked_at = 0;
    for (guint i = 0; vectors[i] != NULL && *vectors[i] != '\0'; i++)
        looked_at += check_vector(vectors[i]);
    ck_assert_uint_gt(looked_at, 10000);
}
END_TEST

START_TEST(test_python_lines_of_a_cut_table_are_none)
{
    static const guint32 versions[] = {0x030a0000, 0x030b0000};
    for (gsize i = 0; i < G_N_ELEMENTS(versions); i++) {
        ck_assert_uint_eq(python_line(versions[i], NULL, 0, 7, 0), 0);
        const guint8 one = 4;
        ck_assert_uint_eq(python_line(0x030a0000, &one, 1, 7, 0), 0);
    }
    ck_assert_uint_eq(python_line(0x03090000, NULL, 0, 7, 40), 7);
}
END_TEST

START_TEST(test_python_lines_never_leave_what_a_line_can_be)
{
    static const guint8 far[] = {0xf0, 0x7e, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f,
                                 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f};
    for (gsize size = 1; size <= sizeof far; size++)
        ck_assert_uint_le(python_line(0x030b0000, far, size, G_MAXINT32, 0), G_MAXINT32);
    static const guint8 back[] = {0xe8, 0x3f}; /* without columns, 31 lines back */
    ck_assert_uint_eq(python_line(0x030b0000, back, sizeof back, 3, 0), 0);
}
END_TEST

SUITE(python_lines, 30)
{
    tcase_add_test(tcase, test_python_lines_are_those_the_interpreters_give);
    tcase_add_test(tcase, test_python_lines_of_a_cut_table_are_none);
    tcase_add_test(tcase, test_python_lines_never_leave_what_a_line_can_be);
}
