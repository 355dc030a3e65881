/* heapgate exec, run as a user runs it, and what reads its ledgers. */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "project.h"
#include "runner.h"

START_TEST(test_exec_passes_status_and_output_on_and_saves_a_ledger)
{
    g_autoptr(TestProject) project = test_project_new();
    test_project_expect(project, 7, "exec -o seen /bin/sh -c 'echo from the program; exit 7'",
                        "from the program", "peak ", "saved: seen/", NULL);
    g_autoptr(GDir) folder = g_dir_open(test_project_path(project, "seen"), 0, NULL);
    const char *name = folder != NULL ? g_dir_read_name(folder) : NULL;
    ck_assert_ptr_nonnull(name);
    g_autofree char *show = g_strdup_printf("show seen/%s", name),
                    *json = g_strdup_printf("show --json seen/%s", name);
    g_autofree char *folded = g_strdup_printf("show --folded seen/%s", name);
    g_autofree char *same = g_strdup_printf("diff seen/%s seen/%s", name, name);
    test_project_expect(project, 0, show, "ledger  /bin/sh -c", "retained", NULL);
    test_project_expect(project, 0, json, "\"format\":\"ledger\"", NULL);
    test_project_expect(project, 0, folded, "main;", NULL);
    test_project_expect(project, 0, same, NULL);
}
END_TEST

START_TEST(test_exec_of_a_killed_command_still_saves)
{
    g_autoptr(TestProject) project = test_project_new();
    test_project_expect(project, 128 + 9, "exec -o seen /bin/sh -c 'kill -KILL $$'", "saved: seen/", NULL);
}
END_TEST

START_TEST(test_exec_names_the_function_that_lost_a_block)
{
    g_autoptr(TestProject) project = test_project_new();
    g_autofree char *words =
        g_strdup_printf("exec -- %s leaky", runner_path("build/tests/fixtures/lost_block"));
    test_project_expect(project, 0, words, "retained 960 B in 24 blocks at the end mark", "print_receipt",
                        "lost_block.c:", NULL);
}
END_TEST

START_TEST(test_show_lines_puts_numbers_next_to_source)
{
    g_autoptr(TestProject) project = test_project_new();
    g_autofree char *words =
        g_strdup_printf("exec -o seen -- %s leaky", runner_path("build/tests/fixtures/lost_block"));
    test_project_expect(project, 0, words, NULL);
    g_autoptr(GDir) folder = g_dir_open(test_project_path(project, "seen"), 0, NULL);
    const char *name = folder != NULL ? g_dir_read_name(folder) : NULL;
    g_autofree char *show =
        g_strdup_printf("show --lines print_* --source %s seen/%s", runner_path("tests"), name);
    g_autofree char *none = g_strdup_printf("show --lines no_such seen/%s", name);
    test_project_expect(project, 0, show, "print_receipt  ", "lost_block.c", "960 B", "malloc(", NULL);
    test_project_expect(project, 2, none, "nothing was allocated in a function that fits \"no_such\"", NULL);
}
END_TEST

START_TEST(test_exec_saves_every_ledger_with_its_names)
{
    g_autoptr(TestProject) project = test_project_new();
    g_autofree char *program = g_strdup(runner_path("build/tests/fixtures/lost_block"));
    g_autofree char *words =
        g_strdup_printf("exec -o seen /bin/sh -c '%s leaky; %s leaky; exit 0'", program, program);
    test_project_expect(project, 0, words, "saved: seen/   see all of it", NULL);
    g_autoptr(GDir) folder = g_dir_open(test_project_path(project, "seen"), 0, NULL);
    guint named = 0;
    for (const char *name; (name = g_dir_read_name(folder)) != NULL;) {
        g_autofree char *show = g_strdup_printf("show seen/%s", name);
        if (!g_str_has_prefix(name, "lost_block."))
            continue;
        test_project_expect(project, 0, show, "print_receipt", "lost_block.c:", NULL);
        named++;
    }
    ck_assert_uint_eq(named, 2);
}
END_TEST

START_TEST(test_exec_shows_growth_of_marked_iterations_and_the_smallest_leak)
{
    g_autoptr(TestProject) project = test_project_new();
    g_autofree char *leaky =
        g_strdup_printf("exec -- %s leaky", runner_path("build/tests/fixtures/lost_block"));
    g_autofree char *healthy =
        g_strdup_printf("exec -- %s healthy", runner_path("build/tests/fixtures/lost_block"));
    test_project_expect(project, 0, leaky, "growth 40 B/iteration over 21 iterations after 3 of warm-up",
                        "sees leaks from 1 B/iteration", "growth 40 B/iteration, by call site:", NULL);
    test_project_expect(project, 0, healthy, "growth 0 B/iteration over 21 iterations", NULL);
#ifndef __SANITIZE_ADDRESS__ /* a heapgate that brings its own malloc cannot be traced */
    ck_assert_int_eq(test_project_shell(project, "heapgate exec -- sh -c 'heapgate mark iteration'"), 0);
    ck_assert_msg(strstr(project->output, "growth is not known: 1 iteration was marked, 11 are needed") !=
                      NULL,
                  "%s", project->output);
#endif
}
END_TEST

START_TEST(test_exec_takes_the_number_of_iterations_of_warm_up)
{
    g_autoptr(TestProject) project = test_project_new();
    const struct {
        const char *warmup, *expected;
    } cases[] = {
        {"10", "growth 40 B/iteration over 14 iterations after 10 of warm-up"},
        {"0", "growth 40 B/iteration over 23 iterations after 1 of warm-up"},
        {"17", "growth is not known: 24 iterations were marked, 25 are needed"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *words = g_strdup_printf("exec --warmup %s -- %s leaky", cases[i].warmup,
                                                 runner_path("build/tests/fixtures/lost_block"));
        test_project_expect(project, 0, words, cases[i].expected, NULL);
    }
    test_project_expect(project, 2, "exec --warmup=-1 true", "--warmup=5, found -1", NULL);
    test_project_expect(project, 2, "exec --warmup=many true", "many", NULL);
}
END_TEST

/* The books of what the program maps itself are apart: no part of peak and retained. */
START_TEST(test_exec_and_result_show_what_a_program_mapped_itself)
{
    g_autoptr(TestProject) project = test_project_new();
    test_project_write(
        project, "map.c",
        "#include <stdlib.h>\n#include <sys/mman.h>\n"
        "int main(void)\n{\n    void *block = malloc(100);\n"
        "    char *map = mmap(0, 3 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);\n"
        "    return munmap(map, 2 << 20) != 0 || block == NULL;\n}\n");
    ck_assert_int_eq(test_project_shell(project, "cc -o map map.c"), 0);
    test_project_expect(project, 0, "exec -o seen -- ./map", "peak 100 B",
                        "mapped by the program itself, besides the heap: "
                        "at most 3.00 MiB, 1.00 MiB at the end",
                        NULL);
    ck_assert_int_eq(test_project_shell(project, "$heapgate show --json seen/*"), 0);
    ck_assert_ptr_nonnull(strstr(project->output, "\"mapped_bytes\":1048576,\"peak_mapped_bytes\":3145728"));
    test_project_write(project, "scenarios/map.yaml", "run: [./map]\ninstruments: [heap]\n");
    test_project_run(project, "run");
    g_autoptr(Result) result = test_project_result(project);
    const Measurement *measurement = test_result_find(result, "map", "heap")->measurement;
    ck_assert_int_eq(measurement_value(measurement, METRIC_MAPPED), 1 << 20);
    ck_assert_int_eq(measurement_value(measurement, METRIC_MAPPED_PEAK), 3 << 20);
}
END_TEST

START_TEST(test_ledgers_show_what_passed_through_by_call_site)
{
    g_autoptr(TestProject) project = test_project_new();
    g_autofree char *words =
        g_strdup_printf("exec -o seen -- %s leaky", runner_path("build/tests/fixtures/lost_block"));
    test_project_expect(project, 0, words, "in 24 allocations, 0 of them temporary", NULL);
    static const struct {
        const char *command, *expected;
    } cases[] = {
        {"show seen/*", "growth 40 B/iteration over 21 iterations"},
        {"show seen/*", "allocations 24, by call site:"},
        {"show seen/*", "total allocated 960 B, by call site:"},
        {"show --folded --metric allocations seen/*", "main;print_receipt 24\n"},
        {"show --folded --metric total_allocated seen/*", "main;print_receipt 960\n"},
        {"show --folded --metric growth seen/*", "main;print_receipt 40\n"},
        {"show --json seen/*", "\"allocations\":{\"value\":24,\"call_sites\":[{\"key\":\"print_receipt"},
        {"diff seen/* seen/*", "allocations: 24, was 24: no change"},
        {"show --pprof seen/* | gzip -d | strings", "alloc_objects"},
        {"show --pprof seen/* | gzip -d | strings", "inuse_space"},
        {"show --folded --metric lost seen/* || true",
         "has no metric \"lost\"; it has peak, retained, growth, allocations, temporary, total_allocated"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *script = g_strdup_printf("$heapgate %s", cases[i].command);
        ck_assert_msg(test_project_shell(project, script) == 0, "%s: %s", script, project->output);
        ck_assert_msg(strstr(project->output, cases[i].expected) != NULL, "%s: %s", script, project->output);
    }
}
END_TEST

START_TEST(test_exec_estimates_from_samples_and_says_so)
{
    g_autoptr(TestProject) project = test_project_new();
    g_autofree char *words =
        g_strdup_printf("exec --sample 4KiB -- %s leaky", runner_path("build/tests/fixtures/peak_only"));
    test_project_expect(project, 0, words, "sampled every 4.00 KiB on average: figures are estimates",
                        "load_everything_at_once", NULL);
    test_project_expect(project, 2, "exec --sample 12 true", "from 1 KiB to 1 GiB", "found \"12\"", NULL);
    test_project_expect(project, 2, "exec --sample lots true", "found \"lots\"", NULL);
}
END_TEST

START_TEST(test_exec_says_why_it_saw_nothing)
{
    g_autoptr(TestProject) project = test_project_new();
    test_project_write(project, "static.c", "int main(void) { return 0; }\n");
    const char *source = test_project_path(project, "static.c"),
               *program = test_project_path(project, "static");
    const char *argv[] = {"cc", "-static", "-o", program, source, NULL};
    int status = 1;
    if (!g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
                      NULL, NULL, &status, NULL) ||
        status != 0) {
        runner_skip("test_exec_says_why_it_saw_nothing", "no static C library");
        return;
    }
    test_project_expect(project, 0, "exec ./static",
                        "saw nothing of ./static, because it is linked statically", NULL);
    /* Of what its process was before there is no more to say than of itself. */
    test_project_expect(project, 0, "exec env ./static", "heapgate: env ./static (process",
                        "heapgate: static: the tracer saw nothing", NULL);
    test_project_write(project, "scenarios/static.yaml", "run: [%s]\ninstruments: [heap]\n", program);
    test_project_expect(project, 3, "run", "broken", NULL);
}
END_TEST

START_TEST(test_exec_leaves_a_program_its_limit_on_descriptors)
{
    g_autoptr(TestProject) project = test_project_new();
    struct rlimit before, few;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = (struct rlimit){200, before.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    test_project_write(project, "limit.sh", "echo limit $(ulimit -n)\n");
    test_project_expect(project, 0, "exec sh limit.sh", "limit 200", NULL);
    test_project_write(project, "scenarios/limit.yaml",
                       "run: [/bin/sh, -c, 'test $(ulimit -n) = 200']\ninstruments: [heap]\n");
    test_project_expect(project, 0, "update --runs 1 --reason first", NULL);
    setrlimit(RLIMIT_NOFILE, &before);
}
END_TEST

START_TEST(test_exec_without_a_command_is_usage)
{
    g_autoptr(TestProject) project = test_project_new();
    test_project_expect(project, 2, "exec", "expected a command", NULL);
    test_project_expect(project, 2, "exec /nowhere/program", "cannot be started", NULL);
}
END_TEST

START_TEST(test_marks_from_a_script_bound_what_is_retained)
{
    g_autoptr(TestProject) project = test_project_new();
    test_project_write(
        project, "scenarios/script.yaml",
        "run: [/bin/sh, -c, 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do heapgate mark iteration; done; "
        "heapgate mark end']\nenv: {PATH: \"%s:/usr/bin:/bin\"}\ninstruments: [heap]\n"
        "workflow: {warmup: 3, iterations: 12}\n",
        runner_path("build"));
    test_project_expect(project, 3, "run", "no baseline", "growth", NULL);
    Result *result = test_project_result(project);
    g_autofree char *name = g_path_get_basename(project->folder);
    ck_assert(g_path_is_absolute(result->root) && g_str_has_suffix(result->root, name));
    result_free(result);
}
END_TEST

SUITE(cli_exec, 60)
{
    tcase_add_test(tcase, test_exec_passes_status_and_output_on_and_saves_a_ledger);
    tcase_add_test(tcase, test_exec_of_a_killed_command_still_saves);
    tcase_add_test(tcase, test_exec_names_the_function_that_lost_a_block);
    tcase_add_test(tcase, test_show_lines_puts_numbers_next_to_source);
    tcase_add_test(tcase, test_exec_saves_every_ledger_with_its_names);
    tcase_add_test(tcase, test_exec_shows_growth_of_marked_iterations_and_the_smallest_leak);
    tcase_add_test(tcase, test_exec_takes_the_number_of_iterations_of_warm_up);
    tcase_add_test(tcase, test_exec_and_result_show_what_a_program_mapped_itself);
    tcase_add_test(tcase, test_ledgers_show_what_passed_through_by_call_site);
    tcase_add_test(tcase, test_exec_estimates_from_samples_and_says_so);
    tcase_add_test(tcase, test_exec_says_why_it_saw_nothing);
    tcase_add_test(tcase, test_exec_leaves_a_program_its_limit_on_descriptors);
    tcase_add_test(tcase, test_exec_without_a_command_is_usage);
    tcase_add_test(tcase, test_marks_from_a_script_bound_what_is_retained);
}
