/* libheapgate.so in other people's processes: what it promises them, and what its books say. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "ledgers.h"
#include "runner.h"

static Ledgers *run_way(const char *way)
{
    const char *argv[] = {runner_path("build/tests/guest/paths"), way, NULL};
    return ledgers_run(argv, TRUE, 0);
}

static Ledgers *run_well(const char *way, guint ledgers)
{
    Ledgers *ran = run_way(way);
    ck_assert_msg(ran->wait_status == 0, "%s: status %x: %s", way, ran->wait_status, ran->out);
    ck_assert_msg(ran->received->len == ledgers, "%s: %u ledgers", way, ran->received->len);
    return ran;
}

/* The site that holds exactly one block of this size. */
static const LedgerSite *site_holding(const Received *received, gint64 bytes)
{
    for (guint i = 1; i < received->header->sites; i++)
        if (received_sites(received)[i].live_bytes == bytes)
            return &received_sites(received)[i];
    return NULL;
}

/* To the byte. */
static void check_books(const Received *received)
{
    received_check_books(received, 0);
}

static const LedgerModule *module_of(const Received *received, guint node)
{
    guint64 address = received_nodes(received)[node].address;
    for (guint i = 0; i < received->header->modules; i++) {
        const LedgerModule *module = &received_modules(received)[i];
        if (address >= module->start && address < module->end && module->loaded_at <= node &&
            (module->unloaded_at == 0 || node < module->unloaded_at))
            return module;
    }
    return NULL;
}

START_TEST(test_each_function_answers_as_it_does_alone)
{
    const char *argv[] = {"promises", NULL};
    g_autoptr(Ledgers) alone = ledgers_run(argv, FALSE, 0), traced = ledgers_run(argv, TRUE, 0);
    ck_assert_uint_gt(strlen(alone->out), 10000);
    ck_assert_str_eq(alone->out, traced->out);
    ck_assert_uint_eq(alone->received->len, 0);
    check_books(ledgers_at(traced, 0));
    ck_assert_uint_eq(ledgers_at(traced, 0)->header->unknown_frees, 0);
}
END_TEST

START_TEST(test_without_a_harness_nothing_happens)
{
    const char *argv[] = {"/usr/bin/env", "HEAPGATE_SOCKET=/nonexistent/socket",
                          runner_path("build/tests/guest/paths"), "descriptors", NULL};
    g_autoptr(Ledgers) ran = ledgers_run(argv, TRUE, 0);
    ck_assert_int_eq(ran->wait_status, 0);
    ck_assert_uint_eq(ran->received->len, 1); /* env's own */
}
END_TEST

START_TEST(test_no_descriptor_is_left_open)
{
    const char *argv[] = {"paths", "descriptors", NULL};
    g_autoptr(Ledgers) alone = ledgers_run(argv, FALSE, 0), traced = ledgers_run(argv, TRUE, 0);
    ck_assert_uint_eq(traced->received->len, 1);
    ck_assert_str_eq(alone->out, traced->out);
}
END_TEST

START_TEST(test_marks_give_births_and_the_end_mark_what_is_there)
{
    g_autoptr(Ledgers) ran = run_well("marks", 1);
    const Received *received = ledgers_at(ran, 0);
    const LedgerHeader *header = received->header;
    check_books(received);
    ck_assert_uint_eq(header->marks, 6);
    ck_assert_uint_eq(header->end_mark, 6);
    ck_assert_str_eq(received_marks(received)[5].name, "end");
    ck_assert_str_eq(received_marks(received)[0].name, "iteration");
    guint found = 0;
    for (guint i = 0; i < header->end_records; i++) {
        LedgerEndRecord record = received_end_records(received)[i];
        found += record.blocks == 1 && record.bytes == 100 + record.birth;
    }
    ck_assert_uint_eq(found, 4); /* the first pass's was freed */
    ck_assert_int_eq(received_end_sum(received).bytes, header->end_live_bytes);
    ck_assert_int_eq(header->end_live_bytes, received_marks(received)[5].live_bytes);
    ck_assert_int_eq(header->live_bytes, header->end_live_bytes - 101 + 7);
    ck_assert_uint_eq(header->changes > 4, 1);
}
END_TEST

/* More iterations than births can tell apart, more names than there are records for them, and then the end.
 */
START_TEST(test_the_end_mark_is_there_however_many_marks_came_before)
{
    g_autoptr(Ledgers) ran = run_well("many_marks", 1);
    const LedgerHeader *header = ledgers_at(ran, 0)->header;
    ck_assert_uint_eq(header->iterations, 300000);
    ck_assert_uint_eq(header->full_marks, 0);
    ck_assert_uint_lt(header->marks, LEDGER_MARKS);
    ck_assert_uint_eq(header->named_marks, LEDGER_NAMED_MARKS + 100);
    ck_assert_uint_eq(header->end_mark, header->marks);
    ck_assert_int_eq(header->end_live_bytes - header->live_bytes, 1000);
    const LedgerMark *marks = received_marks(ledgers_at(ran, 0));
    for (guint i = 1; i < header->marks; i++) {
        guint64 group = ledger_iteration_group(marks[i].iteration);
        ck_assert_uint_eq(marks[i].iteration % group, 0);
        if (marks[i].iteration > 0 && marks[i - 1].iteration > 0)
            ck_assert_uint_le(marks[i].iteration - marks[i - 1].iteration, group);
    }
}
END_TEST

START_TEST(test_temporary_is_what_the_next_deallocation_frees)
{
    g_autoptr(Ledgers) ran = run_well("temporary", 1);
    guint64 temporary = 0;
    for (guint i = 1; i < ledgers_at(ran, 0)->header->sites; i++)
        temporary += received_sites(ledgers_at(ran, 0))[i].temporary_blocks;
    ck_assert_uint_eq(temporary, 10);
}
END_TEST

START_TEST(test_the_peak_is_that_of_each_site)
{
    g_autoptr(Ledgers) ran = run_well("peak", 1);
    const Received *received = ledgers_at(ran, 0);
    check_books(received);
    ck_assert_int_eq(received->header->peak_bytes, received->header->live_bytes - 400 + 1500);
}
END_TEST

START_TEST(test_sizes_longer_than_a_record_has_room_for_are_kept_whole)
{
    g_autoptr(Ledgers) ran = run_well("long", 1);
    const Received *received = ledgers_at(ran, 0);
    check_books(received);
    gint64 limit = G_GINT64_CONSTANT(1) << LEDGER_SIZE_BITS;
    ck_assert_ptr_nonnull(site_holding(received, 3 * limit + 7));
    ck_assert_ptr_nonnull(site_holding(received, 2 * limit + 9));
    ck_assert_uint_eq(received->header->unseen_frees, 0);
    ck_assert_int_gt(received->header->live_bytes, 6 * limit);
    ck_assert_int_eq(received_end_sum(received).bytes, received->header->live_bytes);
}
END_TEST

START_TEST(test_every_good_end_is_known_and_a_killed_process_has_none)
{
    static const struct {
        const char *way;
        int status;
        gboolean ended;
    } rows[] = {
        {"exit", 0, TRUE}, {"_exit", 3 << 8, TRUE}, {"quick_exit", 4 << 8, TRUE}, {"abort", SIGABRT, FALSE}};
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Ledgers) ran = run_way(rows[i].way);
        ck_assert_int_eq(ran->wait_status & ~0x80, rows[i].status);
        ck_assert_uint_eq(ran->received->len, 1);
        ck_assert_msg((ledgers_at(ran, 0)->header->ended_ns != 0) == rows[i].ended, "%s", rows[i].way);
        ck_assert_ptr_nonnull(site_holding(ledgers_at(ran, 0), 1000));
        check_books(ledgers_at(ran, 0));
    }
}
END_TEST

START_TEST(test_a_forked_child_begins_its_own_ledger_and_leaves_its_parents)
{
    static const char *const ways[] = {"fork", "raw_fork", "atfork"};
    for (gsize i = 0; i < G_N_ELEMENTS(ways); i++) {
        g_autoptr(Ledgers) ran = run_well(ways[i], 2);
        const Received *parent = ledgers_at(ran, 0), *child = ledgers_at(ran, 1);
        check_books(parent);
        check_books(child);
        ck_assert_uint_eq(parent->header->forked, 0);
        ck_assert_uint_eq(child->header->forked, 1);
        ck_assert_uint_eq(child->header->parent_pid, parent->header->pid);
        ck_assert_ptr_nonnull(site_holding(parent, 1000));
        ck_assert_ptr_null(site_holding(child, 1000));
        gint64 own = strcmp(ways[i], "atfork") == 0 ? 77 : 333;
        ck_assert_ptr_nonnull(site_holding(child, own));
        ck_assert_ptr_null(site_holding(parent, own));
        ck_assert_uint_eq(child->header->unknown_frees, strcmp(ways[i], "fork") == 0);
    }
}
END_TEST

START_TEST(test_children_of_a_process_with_threads_have_whole_books)
{
    g_autoptr(Ledgers) ran = run_well("fork_threads", 11);
    for (guint i = 0; i < 11; i++)
        received_check_books(ledgers_at(ran, i), 2 * 100);
}
END_TEST

START_TEST(test_what_is_started_is_traced_by_every_door)
{
    static const char *const ways[] = {"vfork", "spawn", "exec"};
    for (gsize i = 0; i < G_N_ELEMENTS(ways); i++) {
        g_autoptr(Ledgers) ran = run_well(ways[i], 2);
        gboolean exec = strcmp(ways[i], "exec") == 0;
        ck_assert_ptr_nonnull(site_holding(ledgers_at(ran, 0), exec ? 2000 : 1000));
        ck_assert_ptr_nonnull(site_holding(ledgers_at(ran, 1), 1000));
        ck_assert_uint_eq(ledgers_at(ran, 1)->header->forked, 0);
        ck_assert_uint_ne(ledgers_at(ran, 0)->header->ended_ns, 0);
        ck_assert_uint_ne(ledgers_at(ran, 1)->header->ended_ns, 0);
        check_books(ledgers_at(ran, 0));
    }
    g_autoptr(Ledgers) failed = run_well("vfork_fails", 1);
    ck_assert_uint_ne(ledgers_at(failed, 0)->header->ended_ns, 0);
}
END_TEST

START_TEST(test_programs_that_clear_the_environment_are_followed)
{
    g_autoptr(Ledgers) ran = run_way("exec_cleared");
    ck_assert_int_eq(ran->wait_status, 0);
    guint programs = 0;
    for (guint i = 0; i < ran->received->len; i++)
        programs += ledgers_at(ran, i)->header->forked == 0 && site_holding(ledgers_at(ran, i), 1000) != NULL;
    ck_assert_uint_eq(programs, 8);
}
END_TEST

START_TEST(test_threads_may_outlive_main_and_allocate_while_they_end)
{
    g_autoptr(Ledgers) outlive = run_well("outlive", 1);
    check_books(ledgers_at(outlive, 0));
    ck_assert_ptr_nonnull(site_holding(ledgers_at(outlive, 0), 1234));
    ck_assert_ptr_nonnull(site_holding(ledgers_at(outlive, 0), 1000));
    g_autoptr(Ledgers) ends = run_well("thread_ends", 1);
    check_books(ledgers_at(ends, 0));
    ck_assert_uint_eq(ledgers_at(ends, 0)->header->unknown_frees, 0);
    ck_assert_ptr_null(site_holding(ledgers_at(ends, 0), 20));
}
END_TEST

/* With an allocator of another library below the tracer, one that a handler may enter. */
static Ledgers *run_on_bump(const char *way)
{
    g_autofree char *preload = g_strdup_printf("LD_PRELOAD=%s:%s", runner_path("build/libheapgate.so"),
                                               runner_path("build/tests/guest/bump.so"));
    const char *argv[] = {"/usr/bin/env", preload, runner_path("build/tests/guest/paths"), way, NULL};
    Ledgers *ran = ledgers_run(argv, TRUE, 0);
    ck_assert_int_eq(ran->wait_status, 0);
    ck_assert_uint_ge(ran->received->len, 2);
    return ran;
}

START_TEST(test_signal_handlers_may_allocate_at_any_instant)
{
    g_autoptr(Ledgers) ran = run_on_bump("signals");
    ck_assert_str_eq(ran->out, "3000 signals\n");
    const Received *received = ledgers_at(ran, ran->received->len - 1);
    check_books(received);
    ck_assert_ptr_nonnull(site_holding(received, 64));
    ck_assert_uint_eq(received->header->unknown_frees, 0);
    ck_assert_uint_eq(received->header->unseen_frees, 0);
}
END_TEST

START_TEST(test_another_allocator_stays_below_the_tracer)
{
    g_autoptr(Ledgers) ran = run_on_bump("peak");
    check_books(ledgers_at(ran, 1));
    ck_assert_int_eq(ledgers_at(ran, 1)->header->peak_bytes,
                     ledgers_at(ran, 1)->header->live_bytes - 400 + 1500);
    g_autoptr(Ledgers) small = run_on_bump("small");
    check_books(ledgers_at(small, 1));
    ck_assert_uint_eq(ledgers_at(small, 1)->header->unseen_frees, 0);
    g_autoptr(Ledgers) twice = run_on_bump("twice");
    check_books(ledgers_at(twice, 1));
    ck_assert_ptr_nonnull(site_holding(ledgers_at(twice, 1), 4444));
    ck_assert_uint_eq(ledgers_at(twice, 1)->header->unseen_frees, 1);
}
END_TEST

START_TEST(test_switched_stacks_are_walked_and_booked)
{
    g_autoptr(Ledgers) ran = run_well("context", 1);
    check_books(ledgers_at(ran, 0));
    ck_assert_ptr_nonnull(site_holding(ledgers_at(ran, 0), 555));
    ck_assert_ptr_nonnull(site_holding(ledgers_at(ran, 0), 556));
    ck_assert_ptr_nonnull(site_holding(ledgers_at(ran, 0), 1000));
}
END_TEST

START_TEST(test_a_closed_object_keeps_its_name_from_the_root_on)
{
    g_autoptr(Ledgers) ran = run_well("dlopen", 1);
    const Received *received = ledgers_at(ran, 0);
    check_books(received);
    for (gint64 i = 0; i < 3; i++) {
        const LedgerSite *site = site_holding(received, 10000 + i);
        ck_assert_ptr_nonnull(site);
        const LedgerModule *module = module_of(received, site->node);
        ck_assert_ptr_nonnull(module);
        ck_assert_str_eq(module->path, runner_path("build/tests/guest/plugin.so"));
        ck_assert_uint_ne(module->unloaded_at, 0);
        ck_assert_uint_eq(module->build_id_size, 20);
    }
}
END_TEST

START_TEST(test_own_mappings_are_counted_apart)
{
    g_autoptr(Ledgers) ran = run_well("mapping", 1);
    ck_assert_int_eq(ledgers_at(ran, 0)->header->mapped_bytes, 3 << 20);
    ck_assert_int_eq(ledgers_at(ran, 0)->header->peak_mapped_bytes, 4 << 20);
}
END_TEST

/* The ledger is that of the program that set the limit, before it became itself again. */
static void check_limited(const char *way, guint reason)
{
    g_autoptr(Ledgers) ran = run_well(way, 1);
    ck_assert_uint_eq(ledgers_at(ran, 0)->header->off_reason, LEDGER_OFF_NOT);
    ck_assert_uint_eq(ran->off->len, 1);
    ck_assert_uint_eq(g_array_index(ran->off, LedgerHello, 0).off_reason, reason);
}

START_TEST(test_a_program_is_named_as_it_was_started)
{
    g_autofree char *folder = runner_temporary();
    g_autofree char *other = g_build_filename(folder, "server", NULL);
    g_autofree char *shorter = g_build_filename(folder, "path", NULL);
    const char *paths = runner_path("build/tests/guest/paths");
    const char *names[][2] = {{other, "server"}, {shorter, "paths"}, {paths, "paths"}};
    ck_assert_int_eq(symlink(paths, other) + symlink(paths, shorter), 0);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *argv[] = {names[i][0], "exit", NULL};
        g_autoptr(Ledgers) ran = ledgers_run(argv, TRUE, 0);
        ck_assert_str_eq(ledgers_at(ran, 0)->header->program, names[i][1]);
        ck_assert_str_eq(ledgers_at(ran, 0)->header->executable, paths);
    }
    runner_remove(folder);
}
END_TEST

/* A process with the right to may lift it for a moment. */
START_TEST(test_a_hard_limit_on_files_is_lifted_or_switches_the_tracer_off_and_says_so)
{
    const char *argv[] = {runner_path("build/tests/guest/paths"), "small_files", NULL};
    g_autoptr(Ledgers) ran = ledgers_run(argv, TRUE, 0);
    ck_assert_int_eq(ran->wait_status, 0);
    ck_assert_uint_eq(ran->received->len + ran->off->len, 2);
    if (ran->off->len > 0)
        ck_assert_uint_eq(g_array_index(ran->off, LedgerHello, 0).off_reason, LEDGER_OFF_FILE_SIZE);
}
END_TEST

START_TEST(test_a_limit_on_memory_switches_the_tracer_off_and_says_so)
{
    check_limited("small_memory", LEDGER_OFF_NO_MEMORY);
}
END_TEST

START_TEST(test_a_program_with_its_own_malloc_is_found_out)
{
    const char *argv[] = {"own_malloc", NULL};
    g_autoptr(Ledgers) ran = ledgers_run(argv, TRUE, 0);
    ck_assert_int_eq(ran->wait_status, 0);
    ck_assert_uint_eq(ledgers_at(ran, 0)->header->off_reason, LEDGER_OFF_OWN_MALLOC);
}
END_TEST

/* Its table of symbols names malloc, at an address of its own, but does not define it. */
START_TEST(test_a_program_that_takes_mallocs_address_is_traced)
{
    const char *argv[] = {"malloc_address", NULL};
    g_autoptr(Ledgers) ran = ledgers_run(argv, TRUE, 0);
    ck_assert_int_eq(ran->wait_status, 0);
    ck_assert_uint_eq(ledgers_at(ran, 0)->header->off_reason, LEDGER_OFF_NOT);
    ck_assert_ptr_nonnull(site_holding(ledgers_at(ran, 0), 1000));
}
END_TEST

SUITE(tracer, 240)
{
    tcase_add_test(tcase, test_each_function_answers_as_it_does_alone);
    tcase_add_test(tcase, test_without_a_harness_nothing_happens);
    tcase_add_test(tcase, test_no_descriptor_is_left_open);
    tcase_add_test(tcase, test_marks_give_births_and_the_end_mark_what_is_there);
    tcase_add_test(tcase, test_the_end_mark_is_there_however_many_marks_came_before);
    tcase_add_test(tcase, test_temporary_is_what_the_next_deallocation_frees);
    tcase_add_test(tcase, test_the_peak_is_that_of_each_site);
    tcase_add_test(tcase, test_sizes_longer_than_a_record_has_room_for_are_kept_whole);
    tcase_add_test(tcase, test_every_good_end_is_known_and_a_killed_process_has_none);
    tcase_add_test(tcase, test_a_forked_child_begins_its_own_ledger_and_leaves_its_parents);
    tcase_add_test(tcase, test_children_of_a_process_with_threads_have_whole_books);
    tcase_add_test(tcase, test_what_is_started_is_traced_by_every_door);
    tcase_add_test(tcase, test_programs_that_clear_the_environment_are_followed);
    tcase_add_test(tcase, test_threads_may_outlive_main_and_allocate_while_they_end);
    tcase_add_test(tcase, test_signal_handlers_may_allocate_at_any_instant);
    tcase_add_test(tcase, test_another_allocator_stays_below_the_tracer);
    tcase_add_test(tcase, test_switched_stacks_are_walked_and_booked);
    tcase_add_test(tcase, test_a_closed_object_keeps_its_name_from_the_root_on);
    tcase_add_test(tcase, test_own_mappings_are_counted_apart);
    tcase_add_test(tcase, test_a_program_is_named_as_it_was_started);
    tcase_add_test(tcase, test_a_hard_limit_on_files_is_lifted_or_switches_the_tracer_off_and_says_so);
    tcase_add_test(tcase, test_a_limit_on_memory_switches_the_tracer_off_and_says_so);
    tcase_add_test(tcase, test_a_program_with_its_own_malloc_is_found_out);
    tcase_add_test(tcase, test_a_program_that_takes_mallocs_address_is_traced);
}
