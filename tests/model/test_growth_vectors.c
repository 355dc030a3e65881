/* The vectors that hold this growth rule and the Python module's (harness/python/heapgate/growth.py, by
 * tests/python/test_growth.py) together. */
#include <json-glib/json-glib.h>
#include <string.h>

#include "model/growth.h"
#include "runner.h"

static JsonParser *parser;
static JsonObject *vectors;

static void load(void)
{
    parser = json_parser_new();
    ck_assert(json_parser_load_from_file(parser, runner_path("tests/model/growth_vectors.json"), NULL));
    vectors = json_node_get_object(json_parser_get_root(parser));
}

static void unload(void)
{
    g_object_unref(parser);
}

static void append_bytes(GArray *series, JsonArray *values)
{
    for (guint i = 0; i < json_array_get_length(values); i++) {
        gint64 value = json_array_get_int_element(values, i);
        g_array_append_val(series, value);
    }
}

START_TEST(test_each_series_of_the_vectors_is_judged_as_written)
{
    JsonArray *all = json_object_get_array_member(vectors, "series");
    ck_assert_uint_gt(json_array_get_length(all), 20);
    for (guint i = 0; i < json_array_get_length(all); i++) {
        JsonObject *one = json_array_get_object_element(all, i);
        g_autoptr(GArray) series = g_array_new(FALSE, FALSE, sizeof(gint64));
        append_bytes(series, json_object_get_array_member(one, "bytes"));
        const GrowthSeries live = {.bytes = (const gint64 *)(gpointer)series->data,
                                   .oldest_freed = GROWTH_AGE_UNKNOWN};
        GrowthFound found = growth_of_series(&live, series->len);
        const char *what = json_object_get_string_member(one, "what");
        ck_assert_msg(found.evidence == (GrowthEvidence)json_object_get_int_member(one, "evidence") &&
                          found.bytes_per_iteration == json_object_get_int_member(one, "per_iteration"),
                      "%s: evidence %d, %" G_GINT64_FORMAT, what, found.evidence, found.bytes_per_iteration);
        gint64 bound = found.evidence == GROWTH_NONE ? growth_bound_of_series(&live, series->len, 1) : 0;
        ck_assert_msg(bound == 0 || bound == json_object_get_int_member(one, "bound"),
                      "%s: bound %" G_GINT64_FORMAT, what, bound);
    }
}
END_TEST

/* "new < open < main"; of Python where python says so. */
static void add_site(CallSites *sites, const char *stack, gboolean python)
{
    g_auto(GStrv) names = g_strsplit(stack, " < ", -1);
    Frame frames[8];
    guint count = g_strv_length(names);
    ck_assert_uint_le(count, G_N_ELEMENTS(frames));
    for (guint i = 0; i < count; i++)
        frames[i] = (Frame){.function = names[i], .object = python ? FRAME_PYTHON_OBJECT : NULL};
    call_sites_add(sites, frames, count, 0, 0);
}

/* What the vectors call a site: the rows are in the order of the table. */
static const char *stack_of(const CallSites *sites, const CallSite *site, JsonArray *rows)
{
    guint row = 0;
    while (strcmp(call_sites_get(sites, row)->key, site->key) != 0)
        row++;
    return json_object_get_string_member(json_array_get_object_element(rows, row), "stack");
}

/* What every site held at one point. */
static CallSites *table_at(const CallSites *sites, const GArray *live, guint points, guint t)
{
    CallSites *table = call_sites_new();
    for (guint row = 0; row < call_sites_count(sites); row++)
        call_sites_add_site(table, call_sites_get(sites, row), g_array_index(live, gint64, row * points + t),
                            0);
    return table;
}

static void check_table(JsonObject *one)
{
    gboolean python = json_object_get_boolean_member_with_default(one, "python", FALSE);
    const char *what = json_object_get_string_member(one, "what");
    JsonArray *rows = json_object_get_array_member(one, "rows");
    JsonObject *expected = json_object_get_object_member(one, "growing");
    g_autoptr(CallSites) sites = call_sites_new(), growing = call_sites_new(), doubtful = call_sites_new();
    g_autoptr(GArray) live = g_array_new(FALSE, FALSE, sizeof(gint64));
    for (guint r = 0; r < json_array_get_length(rows); r++) {
        JsonObject *row = json_array_get_object_element(rows, r);
        add_site(sites, json_object_get_string_member(row, "stack"), python);
        append_bytes(live, json_object_get_array_member(row, "bytes"));
    }
    guint points = live->len / call_sites_count(sites);
    g_autoptr(GPtrArray) tables = g_ptr_array_new_with_free_func((GDestroyNotify)call_sites_free);
    for (guint t = 0; t < points; t++)
        g_ptr_array_add(tables, table_at(sites, live, points, t));
    Growth growth = {growing, doubtful, 0, 0};
    growth_of_call_sites(tables, &growth);
    ck_assert_msg(growth.smallest == json_object_get_int_member(one, "smallest"),
                  "%s: smallest %" G_GINT64_FORMAT, what, growth.smallest);
    ck_assert_msg(call_sites_count(growing) == json_object_get_size(expected), "%s: %u grow", what,
                  call_sites_count(growing));
    for (guint i = 0; i < call_sites_count(growing); i++) {
        const CallSite *site = call_sites_get(growing, i);
        const char *stack = stack_of(sites, site, rows);
        ck_assert_msg(json_object_get_int_member_with_default(expected, stack, 0) == site->bytes,
                      "%s: %s grows by %" G_GINT64_FORMAT, what, site->key, site->bytes);
    }
}

START_TEST(test_each_table_of_the_vectors_is_judged_as_written)
{
    JsonArray *all = json_object_get_array_member(vectors, "tables");
    ck_assert_uint_gt(json_array_get_length(all), 3);
    for (guint i = 0; i < json_array_get_length(all); i++)
        check_table(json_array_get_object_element(all, i));
}
END_TEST

SUITE(growth_vectors, 10)
{
    tcase_add_checked_fixture(tcase, load, unload);
    tcase_add_test(tcase, test_each_series_of_the_vectors_is_judged_as_written);
    tcase_add_test(tcase, test_each_table_of_the_vectors_is_judged_as_written);
}
