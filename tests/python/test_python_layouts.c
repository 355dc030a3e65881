/* What the Python module shares with C: the layouts of ledger.h (every constant, every field's place and
 * every record's size) and the numbers of the rule of growth, printed by both and compared as text. */
#include "guest/ledger.h"
#include "model/growth_rule.h"

#include <stddef.h>

#include "python_module.h"
#include "runner.h"

#define PUT(type, name)                                                                                      \
    g_string_append_printf(text, "%s.%s %zu %zu\n", record, #name, offsetof(Record, name),                   \
                           sizeof(((Record *)NULL)->name));

#define RECORD(name)                                                                                         \
    static void put_##name(GString *text)                                                                    \
    {                                                                                                        \
        static const char record[] = #name;                                                                  \
        typedef name Record;
#define FIELD(type, name)                     PUT(type, name)
#define ALIGNED(type, name, bytes)            PUT(type, name)
#define EITHER(type, name, other_type, other) PUT(type, name)
#define ARRAY(type, name, count)              PUT(type, name)
#define END(name)                                                                                            \
    g_string_append_printf(text, "%s %zu\n", record, sizeof(Record));                                        \
    }
#include "guest/ledger_records.def"

static void put_records(GString *text)
{
#define RECORD(name) put_##name(text);
#define FIELD(type, name)
#define ALIGNED(type, name, bytes)
#define EITHER(type, name, other_type, other)
#define ARRAY(type, name, count)
#define END(name)
#include "guest/ledger_records.def"
}

static void put_constants(GString *text)
{
#define CONSTANT(name) g_string_append_printf(text, "%s %" G_GUINT64_FORMAT "\n", #name, (guint64)(name));
#include "python/ledger_constants.def"
}

static void put_rule(GString *text)
{
#define COUNT(name, value) g_string_append_printf(text, "%s %d\n", #name, GROWTH_##name);
#define SHARE(name, value) g_string_append_printf(text, "%s %.17g\n", #name, GROWTH_##name);
#include "model/growth_rule.def"
    g_string_append_printf(text, "NONE %d\nDOUBTFUL %d\nSURE %d\n", GROWTH_NONE, GROWTH_DOUBTFUL,
                           GROWTH_SURE);
}

static void check_same(const GString *text, const char *script)
{
    g_autofree char *printed = python_output("/usr/bin/python3", script);
    g_auto(GStrv) ours = g_strsplit(text->str, "\n", -1), theirs = g_strsplit(printed, "\n", -1);
    for (guint i = 0; ours[i] != NULL || theirs[i] != NULL; i++)
        ck_assert_str_eq(theirs[i], ours[i]);
    ck_assert_uint_gt(g_strv_length(ours), 10);
}

START_TEST(test_the_python_module_reads_the_layouts_of_ledger_h)
{
    g_autoptr(GString) text = g_string_new(NULL);
    put_constants(text);
    put_records(text);
    check_same(text, "ledger_layout.py");
}
END_TEST

START_TEST(test_the_python_module_judges_by_the_numbers_of_growth_h)
{
    g_autoptr(GString) text = g_string_new(NULL);
    put_rule(text);
    check_same(text, "growth_rule.py");
}
END_TEST

SUITE(python_layouts, 30)
{
    tcase_add_test(tcase, test_the_python_module_reads_the_layouts_of_ledger_h);
    tcase_add_test(tcase, test_the_python_module_judges_by_the_numbers_of_growth_h);
}
