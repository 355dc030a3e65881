/* Growth at call sites: which of many grow, and what others account for. */
#include "model/growth.h"

#include "runner.h"
#include "scenario/scenario.h"

enum { FEWEST = SCENARIO_FEWEST_COUNTED, MOST = 48, HEAP = 40 * 1024 * 1024 };

/* Tables of call sites, one for each point; freed with the array. */
static GPtrArray *tables_new(guint points)
{
    GPtrArray *tables = g_ptr_array_new_with_free_func((GDestroyNotify)call_sites_free);
    for (guint t = 0; t < points; t++)
        g_ptr_array_add(tables, call_sites_new());
    return tables;
}

static void add_at(GPtrArray *tables, guint table, const char *allocator, const char *caller, gint64 bytes)
{
    const Frame frames[] = {{.function = allocator, .file = "list.c"},
                            {.function = caller, .file = "jobs.c"},
                            {.function = "main", .file = "main.c"}};
    call_sites_add(g_ptr_array_index(tables, table), frames, G_N_ELEMENTS(frames), bytes, 0);
}

/* What grows in tables. */
typedef struct {
    CallSites *growing, *doubtful;
    gint64 total, smallest;
} Tabled;

static void tabled_clear(Tabled *self)
{
    call_sites_free(self->growing);
    call_sites_free(self->doubtful);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Tabled, tabled_clear)

static Tabled growth_of_tables(const GPtrArray *tables)
{
    Growth growth = {call_sites_new(), call_sites_new(), 0, 0};
    growth_of_call_sites(tables, &growth);
    return (Tabled){growth.sites, growth.doubtful, growth.total, growth.smallest};
}

/* What one call site retains: so much at the first point, and `step` bytes more at each that follows. */
typedef struct {
    const char *allocator, *caller;
    gint64 first, step;
} Line;

/* The growth of tables in which each line, up to one without an allocator, is a call site. */
static Tabled growth_of_lines(guint points, const Line *lines)
{
    g_autoptr(GPtrArray) tables = tables_new(points);
    for (guint t = 0; t < points; t++)
        for (const Line *line = lines; line->allocator != NULL; line++)
            add_at(tables, t, line->allocator, line->caller, line->first + line->step * t);
    return growth_of_tables(tables);
}

START_TEST(test_a_leaking_call_site_is_named_among_many_that_do_not_leak)
{
    g_autoptr(GPtrArray) tables = tables_new(18);
    for (guint t = 0; t < tables->len; t++) {
        add_at(tables, t, "load", "open_document", HEAP);
        add_at(tables, t, "append", "undo", 32 * (t % 4));
        add_at(tables, t, "insert", "cache", 512 * MIN(t, 4));
        add_at(tables, t, "copy", "edit", 16 * t);
    }
    g_auto(Tabled) tabled = growth_of_tables(tables);
    ck_assert_int_eq(tabled.total, 16);
    ck_assert_uint_eq(call_sites_count(tabled.growing), 1);
    ck_assert_str_eq(call_sites_get(tabled.growing, 0)->key, "copy (list.c) < edit (jobs.c) < main (main.c)");
    ck_assert_int_eq(call_sites_get(tabled.growing, 0)->bytes, 16);
}
END_TEST

START_TEST(test_a_call_site_that_first_appears_later_or_last_is_not_called_and_hides_nothing)
{
    for (guint first = 6; first < 18; first++) {
        g_autoptr(GPtrArray) tables = tables_new(18);
        for (guint t = first; t < tables->len; t++)
            add_at(tables, t, "copy", "edit", 1700);
        g_auto(Tabled) tabled = growth_of_tables(tables);
        ck_assert_int_eq(tabled.total, 0);
        ck_assert_uint_eq(call_sites_count(tabled.growing), 0);
        ck_assert_int_eq(tabled.smallest, 1);
    }
}
END_TEST

START_TEST(test_work_that_moves_between_two_callers_leaks_nothing)
{
    for (guint points = FEWEST + 1; points <= MOST; points++) {
        static const Line lines[] = {
            {"new_node", "parse", 100 * MOST, -100}, {"new_node", "edit", 0, 100}, {0}};
        g_auto(Tabled) tabled = growth_of_lines(points, lines);
        ck_assert_int_eq(tabled.total, 0);
        ck_assert_uint_eq(call_sites_count(tabled.growing), 0);
    }
}
END_TEST

/* What moves between callers of one function may be a leak beside a queue; within one cache it is not. */
START_TEST(test_work_that_moves_is_told_unless_its_function_has_one_caller)
{
    for (int shared = 0; shared < 2; shared++) {
        g_autoptr(GPtrArray) tables = tables_new(20);
        g_autoptr(CallSites) growing = call_sites_new(), doubtful = call_sites_new(),
                             moved = call_sites_new();
        for (guint t = 0; t < tables->len; t++)
            for (int gains = 0; gains < 2; gains++) {
                const Frame frames[] = {{.function = "new_node", .file = "list.c"},
                                        {.function = shared || gains ? "get" : "load", .file = "list.c"},
                                        {.function = gains ? "edit" : "parse", .file = "jobs.c"}};
                call_sites_add(g_ptr_array_index(tables, t), frames, G_N_ELEMENTS(frames),
                               100 * (gains ? t : MOST - t), 0);
            }
        Growth growth = {growing, doubtful, 0, 0, moved};
        growth_of_call_sites(tables, &growth);
        ck_assert_int_eq(growth.total, 0);
        ck_assert_uint_eq(call_sites_count(moved), shared ? 0 : 1);
        ck_assert_int_eq(call_sites_total_bytes(moved), shared ? 0 : 100);
    }
}
END_TEST

/* One cache turns over, beside a queue of the same function that loses ten times as much. */
START_TEST(test_a_cache_that_turns_over_beside_a_queue_leaks_nothing)
{
    static const char *const stacks[][2] = {{"get", "parse"}, {"get", "edit"}, {"load", "load"}};
    g_autoptr(GPtrArray) tables = tables_new(20);
    for (guint t = 0; t < tables->len; t++)
        for (gsize i = 0; i < G_N_ELEMENTS(stacks); i++) {
            const Frame frames[] = {{.function = "new_node", .file = "list.c"},
                                    {.function = stacks[i][0], .file = "list.c"},
                                    {.function = stacks[i][1], .file = "jobs.c"}};
            const gint64 bytes[] = {100 * (MOST - t), 100 * t, 1000 * (MOST - t)};
            call_sites_add(g_ptr_array_index(tables, t), frames, G_N_ELEMENTS(frames), bytes[i], 0);
        }
    g_auto(Tabled) tabled = growth_of_tables(tables);
    ck_assert_int_eq(tabled.total, 0);
    ck_assert_int_ge(tabled.smallest, 1001);
}
END_TEST

/* 100 bytes of 116 are what "parse" loses. */
START_TEST(test_of_a_gain_the_part_that_is_set_off_moved)
{
    g_autoptr(GPtrArray) tables = tables_new(20);
    g_autoptr(CallSites) growing = call_sites_new(), doubtful = call_sites_new(), moved = call_sites_new();
    for (guint t = 0; t < tables->len; t++) {
        add_at(tables, t, "new_node", "parse", 100 * (MOST - t));
        add_at(tables, t, "new_node", "edit", 116 * t);
    }
    Growth growth = {growing, doubtful, 0, 0, moved};
    growth_of_call_sites(tables, &growth);
    ck_assert_int_eq(growth.total, 16);
    ck_assert_int_eq(call_sites_total_bytes(moved), 100);
}
END_TEST

START_TEST(test_what_another_function_frees_does_not_excuse_a_leak)
{
    static const Line lines[] = {{"new_text", "parse", 100 * MOST, -100}, {"new_node", "edit", 0, 100}, {0}};
    g_auto(Tabled) tabled = growth_of_lines(20, lines);
    ck_assert_int_eq(tabled.total, 100);
}
END_TEST

START_TEST(test_a_leak_beneath_moving_work_is_called_by_what_is_left)
{
    static const Line lines[] = {{"new_node", "parse", 100 * MOST, -100},
                                 {"new_node", "edit", 0, 116},
                                 {"new_node", "print", 3000, 0},
                                 {0}};
    g_auto(Tabled) tabled = growth_of_lines(20, lines);
    ck_assert_int_eq(tabled.total, 16);
    ck_assert_uint_eq(call_sites_count(tabled.growing), 1);
    ck_assert_ptr_nonnull(strstr(call_sites_get(tabled.growing, 0)->key, "edit"));
}
END_TEST

/* 400 bytes a time go from a queue; 16 stay of the same allocation. */
START_TEST(test_a_queue_that_is_worked_off_excuses_no_leak)
{
    static const Line lines[] = {{"new_node", "load", 400 * MOST, -400}, {"new_node", "audit", 0, 16}, {0}};
    g_auto(Tabled) tabled = growth_of_lines(28, lines);
    ck_assert_int_eq(tabled.total, 16);
    ck_assert_ptr_nonnull(strstr(call_sites_get(tabled.growing, 0)->key, "audit"));
    ck_assert_int_ge(tabled.smallest, 401);
}
END_TEST

START_TEST(test_two_leaks_of_one_function_share_what_is_set_off)
{
    static const Line lines[] = {{"new_node", "parse", 100 * MOST, -100},
                                 {"new_node", "edit", 0, 150},
                                 {"new_node", "print", 0, 50},
                                 {0}};
    g_auto(Tabled) tabled = growth_of_lines(20, lines);
    ck_assert_int_eq(tabled.total, 100);
    call_sites_sort(tabled.growing);
    ck_assert_int_eq(call_sites_get(tabled.growing, 0)->bytes, 75);
    ck_assert_int_eq(call_sites_get(tabled.growing, 1)->bytes, 25);
}
END_TEST

START_TEST(test_the_smallest_leak_is_one_byte_where_nothing_hides_and_unknown_where_too_short)
{
    g_autoptr(GPtrArray) tables = tables_new(20), few = tables_new(4);
    for (guint t = 0; t < tables->len; t++)
        add_at(tables, t, "load", "open_document", HEAP);
    g_auto(Tabled) tabled = growth_of_tables(tables), none = growth_of_tables(few);
    ck_assert_int_eq(tabled.total, 0);
    ck_assert_int_eq(tabled.smallest, 1);
    ck_assert_int_eq(none.total, 0);
    ck_assert_int_eq(none.smallest, 0);
}
END_TEST

/* The rule cannot see a leak below a long saw-tooth of the same call site; then it must not claim to. */
START_TEST(test_a_leak_below_a_saw_tooth_of_the_same_site_is_called_or_told_as_not_seen)
{
    for (guint counted = 2 * FEWEST; counted <= MOST; counted++)
        for (guint period = 1; 4 * period <= counted; period++)
            for (guint phase = 0; phase < period; phase++) {
                g_autoptr(GPtrArray) tables = tables_new(counted + 1);
                for (guint t = 0; t <= counted; t++)
                    add_at(tables, t, "append", "undo", HEAP + 16 * t + 1000 * ((t + phase) % period));
                g_auto(Tabled) tabled = growth_of_tables(tables);
                ck_assert_msg(tabled.total > 0 || tabled.smallest > 10, "%u counted, period %u, phase %u",
                              counted, period, phase);
            }
}
END_TEST

SUITE(growth_sites, 60)
{
    tcase_add_test(tcase, test_a_leaking_call_site_is_named_among_many_that_do_not_leak);
    tcase_add_test(tcase, test_a_call_site_that_first_appears_later_or_last_is_not_called_and_hides_nothing);
    tcase_add_test(tcase, test_work_that_moves_between_two_callers_leaks_nothing);
    tcase_add_test(tcase, test_work_that_moves_is_told_unless_its_function_has_one_caller);
    tcase_add_test(tcase, test_of_a_gain_the_part_that_is_set_off_moved);
    tcase_add_test(tcase, test_a_cache_that_turns_over_beside_a_queue_leaks_nothing);
    tcase_add_test(tcase, test_what_another_function_frees_does_not_excuse_a_leak);
    tcase_add_test(tcase, test_a_leak_beneath_moving_work_is_called_by_what_is_left);
    tcase_add_test(tcase, test_a_queue_that_is_worked_off_excuses_no_leak);
    tcase_add_test(tcase, test_two_leaks_of_one_function_share_what_is_set_off);
    tcase_add_test(tcase, test_the_smallest_leak_is_one_byte_where_nothing_hides_and_unknown_where_too_short);
    tcase_add_test(tcase, test_a_leak_below_a_saw_tooth_of_the_same_site_is_called_or_told_as_not_seen);
}
