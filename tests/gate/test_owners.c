/* Owners: what many call sites have in common is one line. */
#include "gate/owners.h"

#include "runner.h"

static const Frame open_dialog = {.function = "open_dialog", .file = "main.cpp", .line = 13};
static const Frame other = {.function = "load", .file = "main.cpp", .line = 40};
static const Frame python = {
    .function = "show", .file = "/srv/app/view.py", .line = 7, .object = FRAME_PYTHON_OBJECT};
static const Frame installed = {.function = "render",
                                .file = "/usr/lib/python3/dist-packages/r.py",
                                .line = 9,
                                .object = FRAME_PYTHON_OBJECT};

static void add(GPtrArray *deltas, guint number, const Frame *owner, const Frame *above, gint64 bytes)
{
    g_autofree char *function = g_strdup_printf("QWidget%u::QWidget", number);
    const Frame frames[] = {{.function = function, .object = "/usr/lib/libQt6Widgets.so"},
                            above != NULL ? *above : *owner,
                            *owner};
    g_autoptr(CallSites) sites = call_sites_new();
    call_sites_add(sites, frames, G_N_ELEMENTS(frames), bytes, 1);
    const CallSite *site = call_sites_get(sites, 0);
    g_ptr_array_add(deltas, site_delta_new(site->key, site->frames, site->n_frames, 0, bytes, 1));
}

static void check(const GPtrArray *owners, guint index, const char *function, gint64 bytes, gint64 sites)
{
    ck_assert_uint_lt(index, owners->len);
    const SiteDelta *owner = g_ptr_array_index(owners, index);
    ck_assert_uint_eq(owner->n_frames, 1);
    ck_assert_str_eq(owner->frames[0].function, function);
    ck_assert_int_eq(owner->delta_bytes, bytes);
    ck_assert_int_eq(owner->delta_blocks, sites);
}

START_TEST(test_what_one_line_keeps_is_summed_there)
{
    g_autoptr(GPtrArray) deltas = g_ptr_array_new_with_free_func((GDestroyNotify)site_delta_free);
    for (guint i = 0; i < 76; i++)
        add(deltas, i, &open_dialog, NULL, 100);
    for (guint i = 0; i < 3; i++) /* too few to be told */
        add(deltas, 100 + i, &other, NULL, 100000);
    add(deltas, 200, &open_dialog, NULL, -5000); /* what went away is no gain */
    g_autoptr(GPtrArray) owners = owners_of(deltas);
    ck_assert_uint_eq(owners->len, 1);
    check(owners, 0, "open_dialog", 7600, 76);
}
END_TEST

START_TEST(test_the_programs_python_owns_what_libraries_and_the_interpreter_do_for_it)
{
    const Frame interpreter = {.function = "PyDict_New", .file = "Objects/dictobject.c", .line = 851};
    g_autoptr(GPtrArray) deltas = g_ptr_array_new_with_free_func((GDestroyNotify)site_delta_free);
    for (guint i = 0; i < 5; i++)
        add(deltas, i, &python, i % 2 ? &installed : &interpreter, 10);
    g_autoptr(GPtrArray) owners = owners_of(deltas);
    ck_assert_uint_eq(owners->len, 1);
    check(owners, 0, "show", 50, 5);
}
END_TEST

START_TEST(test_the_largest_three_are_told)
{
    g_autoptr(GPtrArray) deltas = g_ptr_array_new_with_free_func((GDestroyNotify)site_delta_free);
    for (guint line = 1; line <= 5; line++)
        for (guint i = 0; i < OWNER_FEWEST_SITES; i++) {
            Frame frame = {.function = "work", .file = "main.c", .line = line};
            add(deltas, 10 * line + i, &frame, NULL, line);
        }
    g_autoptr(GPtrArray) owners = owners_of(deltas);
    ck_assert_uint_eq(owners->len, OWNERS_MOST);
    check(owners, 0, "work", 5 * OWNER_FEWEST_SITES, OWNER_FEWEST_SITES);
    check(owners, 2, "work", 3 * OWNER_FEWEST_SITES, OWNER_FEWEST_SITES);
}
END_TEST

SUITE(owners, 10)
{
    tcase_add_test(tcase, test_what_one_line_keeps_is_summed_there);
    tcase_add_test(tcase, test_the_programs_python_owns_what_libraries_and_the_interpreter_do_for_it);
    tcase_add_test(tcase, test_the_largest_three_are_told);
}
