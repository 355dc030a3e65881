/* YAML by tables of fields: every error has its place. */
#include "scenario/yaml_file.h"

#include <string.h>

#include "error.h"
#include "runner.h"

typedef struct {
    char *text;
    GStrv list;
    gint64 bytes, duration, count;
    double percent;
} Target;

static const YamlField fields[] = {
    {"text", yaml_file_read_string, offsetof(Target, text)},
    {"list", yaml_file_read_strings, offsetof(Target, list)},
    {"bytes", yaml_file_read_bytes, offsetof(Target, bytes)},
    {"duration", yaml_file_read_duration, offsetof(Target, duration)},
    {"count", yaml_file_read_count, offsetof(Target, count)},
    {"percent", yaml_file_read_percent, offsetof(Target, percent)},
    {NULL},
};

static void target_clear(Target *self)
{
    g_free(self->text);
    g_strfreev(self->list);
}

static gboolean read_into(const char *bytes, gsize length, Target *target, GError **error)
{
    g_autoptr(YamlFile) yaml = yaml_file_load(bytes, length, "f.yaml", error);
    return yaml != NULL && yaml_file_read_mapping(yaml, yaml_file_root(yaml), fields, target, error);
}

static void check_refused_bytes(const char *bytes, gsize length, const char *expected)
{
    Target target = {0};
    g_autoptr(GError) error = NULL;
    gboolean read = read_into(bytes, length, &target, &error);
    target_clear(&target);
    ck_assert_msg(!read && error != NULL, "accepted: %s", bytes);
    ck_assert(g_error_matches(error, HEAPGATE_ERROR, HEAPGATE_ERROR_CONFIG));
    ck_assert_msg(g_str_has_prefix(error->message, expected), "expected: %s\nfound: %s\nin: %s", expected,
                  error->message, bytes);
}

static void check_refused(const char *text, const char *expected)
{
    check_refused_bytes(text, strlen(text), expected);
}

START_TEST(test_every_kind_of_value_is_read)
{
    const char *text =
        "text: some words\nlist: [a, 'b c', \"d\\n\"]\nbytes: 1.5 KiB\nduration: 2 min\ncount: 7\n"
        "percent: 2.5\n";
    Target target = {0};
    g_autoptr(GError) error = NULL;
    ck_assert_msg(read_into(text, strlen(text), &target, &error), "%s", error != NULL ? error->message : "");
    ck_assert_str_eq(target.text, "some words");
    ck_assert_uint_eq(g_strv_length(target.list), 3);
    ck_assert_str_eq(target.list[2], "d\n");
    ck_assert_int_eq(target.bytes, 1536);
    ck_assert_int_eq(target.duration, 120000000);
    ck_assert_int_eq(target.count, 7);
    ck_assert_double_eq(target.percent, 2.5);
    target_clear(&target);
}
END_TEST

START_TEST(test_wrong_values_are_told_with_what_was_expected)
{
    check_refused("text: [a]", "f.yaml:1:7: expected one value, found a list");
    check_refused("text: {a: b}", "f.yaml:1:7: expected one value, found a mapping");
    check_refused("list: a", "f.yaml:1:7: expected a list, found a single value");
    check_refused("list: {a: b}", "f.yaml:1:7: expected a list, found a mapping");
    check_refused("list: [a, [b]]", "f.yaml:1:11: expected one value, found a list");
    check_refused("bytes: 64 KB", "f.yaml:1:8: expected a size such as 0 B, 64 KiB");
    check_refused("bytes:", "f.yaml:1:7: expected a size");
    check_refused("duration: 120",
                  "f.yaml:1:11: expected a duration such as 500 ms, 120 s or 5 min, found \"120\"");
    check_refused("duration: -1 s", "f.yaml:1:11: expected a duration");
    check_refused("count: 1.5", "f.yaml:1:8: expected a whole number, found \"1.5\"");
    check_refused("count: -1", "f.yaml:1:8: expected a whole number, found \"-1\"");
    check_refused("count: 9223372036854775808", "f.yaml:1:8: expected a whole number");
    check_refused("percent: 5 %", "f.yaml:1:10: expected a percentage such as 5 or 2.5, found \"5 %\"");
    check_refused("percent: -5", "f.yaml:1:10: expected a percentage");
    check_refused("percent: nan", "f.yaml:1:10: expected a percentage");
    check_refused("percent: 1e9", "f.yaml:1:10: expected a percentage");
    check_refused("percent: 0x10", "f.yaml:1:10: expected a percentage");
    check_refused("bytes: 0x10", "f.yaml:1:8: expected a size");
}
END_TEST

START_TEST(test_keys_that_are_unknown_or_given_twice_are_told_where_they_stand)
{
    check_refused(
        "text: a\n  \n# what\nbites: 1\n",
        "f.yaml:4:1: unknown key \"bites\"; expected one of text, list, bytes, duration, count, percent");
    check_refused("text: a\ncount: 1\ntext: b\n", "f.yaml:3:1: \"text\" is given twice");
    check_refused("[a]: b", "f.yaml:1:1: expected one value, found a list");
    check_refused("\"te\\0xt\": b", "f.yaml:1:1: expected text, found a NUL character in it");
}
END_TEST

START_TEST(test_columns_count_characters_not_bytes)
{
    check_refused("{text: größer, bytes: x}", "f.yaml:1:23: expected a size");
}
END_TEST

START_TEST(test_what_is_no_mapping_is_told_where_it_begins)
{
    check_refused("", "f.yaml:1:1: expected keys and values, found nothing");
    check_refused("# a comment\n\n", "f.yaml:1:1: expected keys and values, found nothing");
    check_refused("---\n", "f.yaml:2:1: expected keys and values, found a single value");
    check_refused("# a comment\n\n  - a\n", "f.yaml:3:3: expected keys and values, found a list");
    check_refused("# a comment\nwords", "f.yaml:2:1: expected keys and values, found a single value");
}
END_TEST

START_TEST(test_what_is_no_yaml_is_told_where_it_goes_wrong)
{
    check_refused("text: a\n\tcount: 1\n",
                  "f.yaml:2:1: this is not YAML: found a tab character that violates indentation");
    check_refused("text: [a", "f.yaml:2:1: this is not YAML: did not find expected ',' or ']'");
    check_refused("text: 'a\n", "f.yaml:2:1: this is not YAML: found unexpected end of stream");
    check_refused("text: a: b\n",
                  "f.yaml:1:8: this is not YAML: mapping values are not allowed in this context");
    check_refused("text: @a\n", "f.yaml:1:7: this is not YAML: found character that cannot start any token");
    check_refused("text: !!\n", "f.yaml:1:9: this is not YAML: did not find expected tag URI");
    check_refused("%YAML 3.0\n---\ntext: a\n",
                  "f.yaml:1:1: this is not YAML: found incompatible YAML document");
}
END_TEST

START_TEST(test_bytes_that_are_no_text_are_told_where_they_stand)
{
    check_refused_bytes("text: a\ncount: \0\n", 17,
                        "f.yaml:2:8: this is not YAML: control characters are not allowed");
    check_refused("text: a\nlist: [\x01]\n",
                  "f.yaml:2:8: this is not YAML: control characters are not allowed");
    check_refused("text: a\ncount: \xff\n", "f.yaml:2:8: this is not YAML: invalid leading UTF-8 octet");
    check_refused("text: gr\xc3\xb6\xc3(er\n", "f.yaml:1:11: this is not YAML: invalid trailing UTF-8 octet");
    check_refused("text: a\nlist: \xc3", "f.yaml:2:7: this is not YAML: incomplete UTF-8 octet sequence");
    check_refused_bytes("\0\0\0\0", 4, "f.yaml:1:1: this is not YAML");
}
END_TEST

START_TEST(test_a_nul_character_that_is_written_as_an_escape_is_refused)
{
    check_refused("text: \"a\\0b\"", "f.yaml:1:7: expected text, found a NUL character in it");
    check_refused("list: [a, \"\\0\"]", "f.yaml:1:11: expected text, found a NUL character in it");
    check_refused("count: \"1\\0\"", "f.yaml:1:8: expected text, found a NUL character in it");
}
END_TEST

START_TEST(test_a_second_document_is_refused)
{
    check_refused("text: a\n---\ncount: 1\n", "f.yaml:3:1: expected one document, found a second");
    check_refused("text: a\n---\n[\n", "f.yaml:4:1: this is not YAML: did not find expected node content");
    Target target = {0};
    const char *ended = "---\ntext: a\n...\n# the end\n";
    ck_assert(read_into(ended, strlen(ended), &target, NULL));
    target_clear(&target);
}
END_TEST

START_TEST(test_aliases_stand_for_what_they_name_and_for_nothing_else)
{
    Target target = {0};
    const char *text = "text: &t words\nlist: [*t, *t]\n";
    ck_assert(read_into(text, strlen(text), &target, NULL));
    ck_assert_str_eq(target.list[1], "words");
    target_clear(&target);
    check_refused("text: *nobody\n", "f.yaml:1:7: this is not YAML: found undefined alias");
    check_refused("text: &a x\nlist: &a [b]\ncount: &a 1\n",
                  "f.yaml:2:7: this is not YAML: second occurrence");
    check_refused("list: &l [a, *l]\n", "f.yaml:1:7: expected one value, found a list");
    check_refused("&r\ntext: *r\n", "f.yaml:1:1: expected one value, found a mapping");
    check_refused("*a : b\n", "f.yaml:1:1: this is not YAML: found undefined alias");
}
END_TEST

START_TEST(test_deep_nesting_is_refused_and_does_not_use_up_the_stack)
{
    enum { DEPTH = 500000 };
    g_autofree char *brackets = g_strnfill(DEPTH, '[');
    g_autofree char *text = g_strconcat("text: ", brackets, NULL);
    check_refused(text, "f.yaml:1:70: expected lists and mappings at most 64 deep, found more");
    check_refused_bytes(text, strlen("text: ") + 63, "f.yaml:2:1: this is not YAML");
}
END_TEST

START_TEST(test_every_beginning_of_a_file_is_read_or_refused)
{
    const char *text = "text: &a \"gr\xc3\xb6\\n\"\nlist:\n- *a\n- |\n  block\n- 'x'\nbytes: 1 KiB\n";
    for (gsize cut = 0; cut <= strlen(text); cut++) {
        Target target = {0};
        g_autoptr(GError) error = NULL;
        gboolean read = read_into(text, cut, &target, &error);
        ck_assert_msg(read == (error == NULL), "cut at %zu", cut);
        ck_assert(read || g_str_has_prefix(error->message, "f.yaml:"));
        target_clear(&target);
    }
}
END_TEST

SUITE(yaml_file, 20)
{
    tcase_add_test(tcase, test_every_kind_of_value_is_read);
    tcase_add_test(tcase, test_wrong_values_are_told_with_what_was_expected);
    tcase_add_test(tcase, test_keys_that_are_unknown_or_given_twice_are_told_where_they_stand);
    tcase_add_test(tcase, test_columns_count_characters_not_bytes);
    tcase_add_test(tcase, test_what_is_no_mapping_is_told_where_it_begins);
    tcase_add_test(tcase, test_what_is_no_yaml_is_told_where_it_goes_wrong);
    tcase_add_test(tcase, test_bytes_that_are_no_text_are_told_where_they_stand);
    tcase_add_test(tcase, test_a_nul_character_that_is_written_as_an_escape_is_refused);
    tcase_add_test(tcase, test_a_second_document_is_refused);
    tcase_add_test(tcase, test_aliases_stand_for_what_they_name_and_for_nothing_else);
    tcase_add_test(tcase, test_deep_nesting_is_refused_and_does_not_use_up_the_stack);
    tcase_add_test(tcase, test_every_beginning_of_a_file_is_read_or_refused);
}
