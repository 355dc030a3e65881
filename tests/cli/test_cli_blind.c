/* A gate is never green having seen nothing of a program that its scenario runs. */
#include <string.h>

#include "project.h"
#include "runner.h"

#define SCENARIO "scenarios/work.yaml"

/* The scenario is a shell that runs these lines; blind: what it need not see. */
static TestProject *project_of(const char *lines, const char *blind)
{
    TestProject *project = test_project_new();
    test_project_write(project, "lines.sh", "%s\n", lines);
    test_project_write(project, SCENARIO,
                       "run: [/bin/sh, lines.sh]\nfiles: [../lines.sh]\ninstruments: [heap]\n%s", blind);
    return project;
}

static const char *program(const char *name)
{
    g_autofree char *path = g_build_filename("build/tests/guest", name, NULL);
    return runner_path(path);
}

static const struct {
    const char *program, *arguments, *problem;
} blind_children[] = {
    {"own_malloc", "",
     "the tracer saw nothing of own_malloc, which /bin/sh started, because it has its own malloc"},
    {"static_child", "",
     "the tracer saw nothing of static_child, which /bin/sh started, because it is linked statically"},
    {"crowded", "sandbox",
     "the tracer saw nothing of crowded, which /bin/sh started, because the system refused it a memory file"},
};

START_TEST(test_a_blind_child_breaks_the_measurement_unless_it_is_named)
{
    const char *name = blind_children[_i].program;
    g_autofree char *line = g_strdup_printf("%s %s", program(name), blind_children[_i].arguments),
                    *named = g_strdup_printf("heap: {blind: [%s]}\n", name);
    g_autoptr(TestProject) project = project_of(line, "");
    test_project_expect(project, 3, "run", "BROKEN", blind_children[_i].problem, named, NULL);
    test_project_write(project, SCENARIO,
                       "run: [/bin/sh, lines.sh]\nfiles: [../lines.sh]\ninstruments: [heap]\n%s", named);
    test_project_expect(project, 0, "update --runs 1 --reason first", NULL);
    test_project_expect(project, 0, "run", "1 scenario passes", NULL);
}
END_TEST

/* YAML holds no such bytes: a pattern stands for them. */
START_TEST(test_a_blind_child_whose_name_is_no_text_is_named_by_a_pattern)
{
    g_autofree char *lines =
        g_strdup_printf("cp %s \"$(printf 'st\\377')\"; \"./$(printf 'st\\377')\"", program("static_child"));
    g_autoptr(TestProject) project = project_of(lines, "");
    test_project_expect(project, 3, "run", "BROKEN", "the tracer saw nothing of st?, which /bin/sh started",
                        "heap: {blind: [st?]}", NULL);
    test_project_write(project, SCENARIO,
                       "run: [/bin/sh, lines.sh]\nfiles: [../lines.sh]\ninstruments: [heap]\n"
                       "heap: {blind: [st?]}\n");
    test_project_expect(project, 3, "run", "no baseline", NULL);
}
END_TEST

START_TEST(test_a_scenario_that_becomes_a_blind_program_is_broken)
{
    g_autofree char *line = g_strdup_printf("exec %s", program("static_child"));
    g_autoptr(TestProject) project = project_of(line, "");
    test_project_expect(project, 3, "run", "BROKEN", "the tracer saw nothing of static_child", NULL);
}
END_TEST

START_TEST(test_what_the_c_library_gave_out_past_the_tracer_breaks_the_measurement_unless_it_is_named)
{
    g_autofree char *line = g_strdup_printf("%s early %s", program("past"), program("past_plugin_bare.so"));
    g_autoptr(TestProject) project = project_of(line, "");
    test_project_expect(project, 3, "run", "BROKEN",
                        "the tracer's books of past are not whole: the C library gave out 1.",
                        "heap: {blind: [NAME]}", NULL);
    test_project_write(
        project, SCENARIO,
        "run: [/bin/sh, lines.sh]\nfiles: [../lines.sh]\ninstruments: [heap]\nheap: {blind: [past]}\n");
    test_project_expect(project, 0, "update --runs 1 --reason first", NULL);
    test_project_expect(project, 0, "run", "1 scenario passes", "past: the C library gave out 1.", NULL);
}
END_TEST

START_TEST(test_naming_everything_blind_is_no_way_to_a_pass)
{
    g_autoptr(TestProject) project = test_project_new();
    test_project_write(project, SCENARIO, "run: [%s]\ninstruments: [heap]\nheap: {blind: ['*']}\n",
                       program("static_child"));
    test_project_expect(project, 3, "run", "BROKEN", "the tracer saw nothing of", NULL);
}
END_TEST

START_TEST(test_children_that_allocate_nothing_or_cannot_be_started_are_no_problem)
{
    g_autoptr(TestProject) project =
        project_of("/bin/true; true; ( true ); /not/there; sh -c true; env true; true", "");
    test_project_expect(project, 0, "update --runs 1 --reason first", NULL);
    test_project_expect(project, 0, "run", "1 scenario passes", NULL);
}
END_TEST

/* Killed while they start, at whatever instant. */
START_TEST(test_children_that_are_left_behind_at_once_are_no_problem)
{
    g_autoptr(TestProject) project =
        project_of("sleep 1000 & (setsid sleep 1000 &); true",
                   "allow: {peak: {floor: 1 MiB}, retained: {floor: 1 MiB}, mapped_peak: {floor: 64 MiB}, "
                   "mapped: {floor: 64 MiB}, call_site: {floor: 64 MiB}}\n");
    test_project_expect(project, 0, "update --runs 1 --reason first", NULL);
    for (guint i = 0; i < 10; i++)
        test_project_expect(project, 0, "run", "1 scenario passes", NULL);
}
END_TEST

SUITE(cli_blind, 60)
{
    tcase_add_loop_test(tcase, test_a_blind_child_breaks_the_measurement_unless_it_is_named, 0,
                        G_N_ELEMENTS(blind_children));
    tcase_add_test(tcase, test_a_blind_child_whose_name_is_no_text_is_named_by_a_pattern);
    tcase_add_test(tcase, test_a_scenario_that_becomes_a_blind_program_is_broken);
    tcase_add_test(
        tcase, test_what_the_c_library_gave_out_past_the_tracer_breaks_the_measurement_unless_it_is_named);
    tcase_add_test(tcase, test_naming_everything_blind_is_no_way_to_a_pass);
    tcase_add_test(tcase, test_children_that_are_left_behind_at_once_are_no_problem);
    tcase_add_test(tcase, test_children_that_allocate_nothing_or_cannot_be_started_are_no_problem);
}
