/* Instruments: the table, what they launch, and what they make of files that are missing, damaged or good. */
#include "instrument/instrument.h"

#include <glib/gstdio.h>
#include <string.h>

#include "remains.h"
#include "runner.h"

enum { PID = 4711 };

static Measurement *collect(const Instrument *instrument)
{
    return remains_collect(instrument, PID, NULL);
}

/* There is a problem, it says this, and no metric is set: nothing can be taken for 0 bytes. */
static void check_problem(const Instrument *instrument, const char *expected)
{
    g_autoptr(Measurement) measurement = collect(instrument);
    ck_assert_msg(measurement->problem != NULL, "no problem; expected: %s", expected);
    ck_assert_msg(strstr(measurement->problem, expected) != NULL, "expected: %s\nfound: %s", expected,
                  measurement->problem);
}

START_TEST(test_every_instrument_has_a_whole_row)
{
    guint count = 0;
    g_autofree char *names = instruments_names();
    for (const Instrument *const *row = instruments_all(); *row != NULL; row++, count++) {
        ck_assert_ptr_eq(instrument_find((*row)->name), *row);
        ck_assert_ptr_nonnull(strstr(names, (*row)->name));
        ck_assert(g_str_has_suffix((*row)->summary, "."));
        ck_assert_uint_ge((*row)->capture_runs, 2);
        ck_assert((*row)->probe != NULL && (*row)->launch != NULL && (*row)->mark != NULL &&
                  (*row)->collect != NULL);
    }
    ck_assert_uint_ge(count, 2);
    ck_assert_ptr_null(instrument_find("heaptrack"));
}
END_TEST

START_TEST(test_the_program_and_its_arguments_come_last_and_as_they_are)
{
    for (const Instrument *const *row = instruments_all(); *row != NULL; row++) {
        Launch launch = {.argv = g_ptr_array_new_with_free_func(g_free)};
        (*row)->launch(remains.scenario, "/usr/bin/sqlite3", "/tmp/heapgate-ABCDEF/output", &launch);
        guint n = launch.argv->len;
        ck_assert_uint_ge(n, 3);
        /* What runs a program of its own before must not take the program's arguments for its own. */
        if (n > 3)
            ck_assert_str_eq(g_ptr_array_index(launch.argv, n - 4), "--");
        ck_assert_str_eq(g_ptr_array_index(launch.argv, n - 3), "/usr/bin/sqlite3");
        ck_assert_str_eq(g_ptr_array_index(launch.argv, n - 2), "a b");
        ck_assert_str_eq(g_ptr_array_index(launch.argv, n - 1), "%p");
        g_autofree char *variable = g_strconcat("HEAPGATE_INSTRUMENT=", (*row)->name, NULL);
        ck_assert(g_strv_contains((const char *const *)launch.env, variable));
        ck_assert(
            g_strv_contains((const char *const *)launch.env, "HEAPGATE_MARKS=/tmp/heapgate-ABCDEF/output"));
        ck_assert_msg(g_strcmp0(launch.own_pipes, (*row)->by_valgrind ? "vgdb-" : NULL) == 0, "%s: %s",
                      (*row)->name, launch.own_pipes);
        g_ptr_array_unref(launch.argv);
        g_strfreev(launch.env);
        g_free(launch.ledger_socket);
    }
}
END_TEST

START_TEST(test_files_are_found_by_prefix_and_suffix_in_order_of_name)
{
    const char *const names[] = {"massif.20.out", "massif.10.out", "massif.10.exit.ms", "x.massif.30.out"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        remains_write(names[i], "", 0);
    g_autoptr(GPtrArray) paths = instrument_files(remains.folder, "massif.", ".out");
    ck_assert_uint_eq(paths->len, 2);
    ck_assert_int_eq(instrument_file_pid(g_ptr_array_index(paths, 0), "massif."), 10);
    ck_assert_int_eq(instrument_file_pid(g_ptr_array_index(paths, 1), "massif."), 20);
    ck_assert_int_eq(instrument_file_pid("/a/memcheck.10.xml", "massif."), 0);
    g_autoptr(GPtrArray) none = instrument_files("/not/there", "", "");
    ck_assert_uint_eq(none->len, 0);
}
END_TEST

START_TEST(test_no_output_is_a_problem_that_repeats_valgrinds_own_words)
{
    static const Instrument *const rows[] = {&instrument_massif, &instrument_memcheck};
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_unlink(remains.stderr_path);
        check_problem(rows[i], "left no output for sqlite3, so nothing was measured");
        remains_write("stderr", "==4711== \n==4711== valgrind: failed to start tool\n==4711== \n", -1);
        check_problem(rows[i], "failed to start tool");
    }
}
END_TEST

/* A file of massif's: each row of `rows` is a snapshot's bytes, each with one site "work" called by main. */
static char *massif_text(const char *const *sizes)
{
    GString *text = g_string_new("desc: (none)\ncmd: ./work\ntime_unit: i\n");
    for (guint i = 0; sizes[i] != NULL; i++)
        g_string_append_printf(
            text,
            "#-----------\nsnapshot=%u\n#-----------\ntime=%u\nmem_heap_B=%s\nmem_heap_extra_B=0\n"
            "mem_stacks_B=0\nheap_tree=%s\nn1: %s (heap allocation functions) malloc/new/new[], "
            "--alloc-fns, etc.\n n1: %s 0x1: work (work.c:3)\n  n0: %s 0x2: main (work.c:9)\n",
            i, i * 100, sizes[i], sizes[i + 1] == NULL ? "peak" : "detailed", sizes[i], sizes[i], sizes[i]);
    return g_string_free(text, FALSE);
}

static void write_massif(const char *name, const char *const *sizes)
{
    g_autofree char *text = massif_text(sizes);
    remains_write(name, text, -1);
}

static const char *const run_sizes[] = {"100", "5000", NULL}, *const exit_sizes[] = {"48", "3", NULL};

START_TEST(test_massif_files_become_peak_and_retained_by_call_site)
{
    write_massif("massif.4711.out", run_sizes);
    write_massif("massif.4711.exit.ms", exit_sizes);
    g_autoptr(Measurement) measurement = collect(&instrument_massif);
    ck_assert_msg(measurement->problem == NULL, "%s", measurement->problem);
    ck_assert_int_eq(measurement_value(measurement, METRIC_PEAK), 5000);
    ck_assert_int_eq(measurement_value(measurement, METRIC_RETAINED), 48);
    ck_assert_ptr_null(measurement_find(measurement, METRIC_GROWTH));
    const CallSite *site = call_sites_find(measurement_find(measurement, METRIC_RETAINED)->sites,
                                           "work (work.c) < main (work.c)");
    ck_assert_ptr_nonnull(site);
    ck_assert_int_eq(site->bytes, 48);
    ck_assert_int_eq(site->blocks, 3);
    ck_assert_uint_eq(measurement->processes->len, 1);
    ck_assert_str_eq(measurement->time_unit, "instructions");
}
END_TEST

START_TEST(test_massif_children_are_added_and_do_not_stand_for_their_parent)
{
    write_massif("massif.5000.out", run_sizes);
    write_massif("massif.5000.exit.ms", exit_sizes);
    check_problem(&instrument_massif, "left no output for sqlite3");
    write_massif("massif.4711.out", run_sizes);
    write_massif("massif.4711.exit.ms", exit_sizes);
    g_autoptr(Measurement) measurement = collect(&instrument_massif);
    ck_assert_int_eq(measurement_value(measurement, METRIC_PEAK), 10000);
    ck_assert_int_eq(measurement_value(measurement, METRIC_RETAINED), 96);
    ck_assert_uint_eq(measurement->processes->len, 2);
}
END_TEST

START_TEST(test_massif_files_that_are_empty_missing_or_cut_are_problems)
{
    g_autofree char *whole = massif_text(run_sizes);
    write_massif("massif.4711.exit.ms", exit_sizes);
    remains_write("massif.4711.out", "", 0);
    check_problem(&instrument_massif, "massif.4711.out");
    remains_write("massif.4711.out", "desc: x\ncmd: y\n", -1);
    check_problem(&instrument_massif, "massif.4711.out");
    remains_write("massif.4711.out", whole, (gssize)strlen(whole) - 60);
    check_problem(&instrument_massif, "massif.4711.out");
    write_massif("massif.4711.out", run_sizes);
    remains_write("massif.4711.exit.ms", "", 0);
    check_problem(&instrument_massif, "massif.4711.exit.ms");
    g_autofree char *exit_path = g_build_filename(remains.folder, "massif.4711.exit.ms", NULL);
    g_unlink(exit_path);
    check_problem(&instrument_massif, "massif.4711.exit.ms");
}
END_TEST

START_TEST(test_an_exit_tree_cut_between_its_rows_is_a_problem)
{
    static const char *const bytes_only[] = {"48", NULL};
    write_massif("massif.4711.out", run_sizes);
    write_massif("massif.4711.exit.ms", bytes_only);
    check_problem(&instrument_massif, "massif.4711.exit.ms");
}
END_TEST

START_TEST(test_a_program_that_massif_saw_allocate_nothing_is_a_problem)
{
    static const char *const nothing =
        "desc: (none)\ncmd: ./work\ntime_unit: i\n#-----------\nsnapshot=0\n"
        "#-----------\ntime=0\nmem_heap_B=0\nmem_heap_extra_B=0\nmem_stacks_B=0\n"
        "heap_tree=empty\n#-----------\nsnapshot=1\n#-----------\ntime=0\nmem_heap_B=0\n"
        "mem_heap_extra_B=0\nmem_stacks_B=0\nheap_tree=empty\n";
    remains_write("massif.4711.out", nothing, -1);
    remains_write("massif.4711.exit.ms", nothing, -1);
    g_autoptr(Measurement) measurement = collect(&instrument_massif);
    ck_assert_ptr_nonnull(measurement->problem);
}
END_TEST

/* The files of `iterations` marked iterations, of which each leaves `leak` bytes, and of an end mark. */
static void write_marks(guint iterations, guint leak)
{
    for (guint i = 0; i <= iterations; i++) {
        gboolean end = i == iterations;
        g_autofree char *name = g_strdup_printf("mark.4711.%020u.%s", 1000 + i, end ? "end" : "iteration");
        g_autofree char *size = g_strdup_printf("%u", 1000 + leak * MIN(i, iterations - 1));
        const char *sizes[] = {size, NULL};
        write_massif(name, sizes);
    }
}

static void check_growth(guint iterations, guint leak, gboolean known)
{
    remains_load_scenario("workflow: {warmup: 3}\n");
    write_massif("massif.4711.out", run_sizes);
    write_massif("massif.4711.exit.ms", exit_sizes);
    write_marks(iterations, leak);
    g_autoptr(Measurement) measurement = collect(&instrument_massif);
    ck_assert_msg(measurement->problem == NULL, "%s", measurement->problem);
    ck_assert_uint_eq(measurement->iterations + measurement->warmup, iterations);
    ck_assert_int_eq(measurement_find(measurement, METRIC_GROWTH) != NULL, known);
    ck_assert_int_eq(measurement_value(measurement, METRIC_GROWTH), known ? leak : 0);
    ck_assert_int_eq(measurement_value(measurement, METRIC_RETAINED), 1000 + leak * (iterations - 1));
    ck_assert_uint_eq(measurement->marks->len, iterations + 1);
}

START_TEST(test_marks_become_growth_and_the_end_mark_what_is_retained)
{
    check_growth(20, 16, TRUE);
}
END_TEST

START_TEST(test_few_marks_become_no_growth)
{
    check_growth(10, 16, FALSE);
}
END_TEST

START_TEST(test_a_mark_that_is_damaged_is_a_problem)
{
    write_massif("massif.4711.out", run_sizes);
    write_massif("massif.4711.exit.ms", exit_sizes);
    remains_write("mark.4711.00000000000000001000.iteration", "", 0);
    check_problem(&instrument_massif, "mark.4711");
}
END_TEST

START_TEST(test_memcheck_files_that_are_empty_or_cut_are_problems)
{
    const char *const texts[] = {"", "<?xml version=\"1.0\"?>\n",
                                 "<?xml version=\"1.0\"?>\n<valgrindoutput>\n", "no xml at all"};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        remains_write("memcheck.4711.xml", texts[i], -1);
        check_problem(&instrument_memcheck, "memcheck.4711.xml");
    }
}
END_TEST

#define MEMCHECK_FRAME(function)                                                                             \
    "<frame><ip>0x1</ip><fn>" function "</fn><file>work.c</file><line>7</line></frame>"

/* Two kinds of error at one place are two, under names without addresses. */
START_TEST(test_memcheck_errors_say_what_happened_and_to_which_block)
{
    remains_write(
        "memcheck.4711.xml",
        "<?xml version=\"1.0\"?>\n<valgrindoutput>\n<protocolversion>4</protocolversion>\n"
        "<protocoltool>memcheck</protocoltool>\n<pid>4711</pid><ppid>1</ppid><tool>memcheck</tool>\n"
        "<status><state>RUNNING</state></status>\n"
        "<error><unique>0x0</unique><kind>InvalidRead</kind><what>Invalid read of size 4</what>"
        "<stack>" MEMCHECK_FRAME(
            "use") "</stack><auxwhat>Address 0x4a41048 is 8 bytes inside a block of "
                   "size 40 free'd</auxwhat><stack>" MEMCHECK_FRAME(
                       "drop") "</stack>"
                               "<auxwhat>Block was alloc'd at</auxwhat><stack>" MEMCHECK_FRAME(
                                   "make") "</stack></error>\n"
                                           "<error><unique>0x1</unique><kind>Overlap</kind><what>Source and "
                                           "destination overlap in memcpy(0x1ffe, "
                                           "0x1fff, 20)</what><stack>" MEMCHECK_FRAME(
                                               "use") "</stack></error>\n"
                                                      "<status><state>FINISHED</state></status>\n</"
                                                      "valgrindoutput>\n",
        -1);
    remains_write("memcheck.4711.exit.ms",
                  "snapshot=0\nmem_heap_B=0\nsnapshot=1\nmem_heap_B=0\nsnapshot=2\nmem_heap_B=80\nsnapshot="
                  "3\nmem_heap_B=2\n",
                  -1);
    g_autoptr(Measurement) measurement = collect(&instrument_memcheck);
    ck_assert_msg(measurement->problem == NULL, "%s", measurement->problem);
    ck_assert_int_eq(measurement_value(measurement, METRIC_ERRORS), 2);
    const CallSites *sites = measurement_find(measurement, METRIC_ERRORS)->sites;
    ck_assert_uint_eq(call_sites_count(sites), 2);
    ck_assert_ptr_nonnull(
        call_sites_find(sites, "invalid read of size 4 after free (memcheck) < use (work.c) < freed by "
                               "drop (work.c) < allocated by make (work.c)"));
    ck_assert_ptr_nonnull(call_sites_find(
        sites, "source and destination overlap in memcpy(*, *, 20) (memcheck) < use (work.c)"));
}
END_TEST

START_TEST(test_every_metric_is_measured_by_some_instrument)
{
    for (const Metric *metric = metrics_all(); metric->name != NULL; metric++) {
        ck_assert_msg(metric->instruments[0] != NULL, "%s", metric->name);
        for (guint i = 0; metric->instruments[i] != NULL; i++)
            ck_assert_msg(instrument_find(metric->instruments[i]) != NULL, "%s", metric->name);
    }
    g_autofree char *lost = g_strjoinv(" or ", (GStrv)metric_get(METRIC_LOST)->instruments);
    g_autofree char *peak = g_strjoinv(" or ", (GStrv)metric_get(METRIC_PEAK)->instruments);
    ck_assert_str_eq(lost, "memcheck");
    ck_assert_str_eq(peak, "heap or massif");
    ck_assert(metric_is_measured_by(METRIC_PEAK, "heap") && !metric_is_measured_by(METRIC_PEAK, "memcheck"));
}
END_TEST

SUITE(instrument, 20)
{
    tcase_add_checked_fixture(tcase, remains_setup, remains_teardown);
    tcase_add_test(tcase, test_every_instrument_has_a_whole_row);
    tcase_add_test(tcase, test_every_metric_is_measured_by_some_instrument);
    tcase_add_test(tcase, test_the_program_and_its_arguments_come_last_and_as_they_are);
    tcase_add_test(tcase, test_files_are_found_by_prefix_and_suffix_in_order_of_name);
    tcase_add_test(tcase, test_no_output_is_a_problem_that_repeats_valgrinds_own_words);
    tcase_add_test(tcase, test_massif_files_become_peak_and_retained_by_call_site);
    tcase_add_test(tcase, test_massif_children_are_added_and_do_not_stand_for_their_parent);
    tcase_add_test(tcase, test_massif_files_that_are_empty_missing_or_cut_are_problems);
    tcase_add_test(tcase, test_an_exit_tree_cut_between_its_rows_is_a_problem);
    tcase_add_test(tcase, test_a_program_that_massif_saw_allocate_nothing_is_a_problem);
    tcase_add_test(tcase, test_marks_become_growth_and_the_end_mark_what_is_retained);
    tcase_add_test(tcase, test_few_marks_become_no_growth);
    tcase_add_test(tcase, test_a_mark_that_is_damaged_is_a_problem);
    tcase_add_test(tcase, test_memcheck_files_that_are_empty_or_cut_are_problems);
    tcase_add_test(tcase, test_memcheck_errors_say_what_happened_and_to_which_block);
}
