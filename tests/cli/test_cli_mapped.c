/* What a program maps itself, from its source to the verdict. */
#include <string.h>

#include "project.h"
#include "run/host.h"
#include "runner.h"

/* A program that passes over its work twenty times. setup: before it; work: one pass, of which the number is
 * i and leaky whether it is to leak. */
static void write_program(TestProject *project, const char *setup, const char *work)
{
    test_project_write(
        project, "work.c",
        "#define _GNU_SOURCE\n"
        "#include <heapgate.h>\n#include <pthread.h>\n#include <stdlib.h>\n#include <string.h>\n"
        "#include <sys/mman.h>\n#include <unistd.h>\n"
        "enum { MIB = 1 << 20, RW = PROT_READ | PROT_WRITE, OWN = MAP_PRIVATE | MAP_ANONYMOUS };\n"
        "static int leaky;\n%s\n"
        "__attribute__((noinline)) static void pass(int i)\n{\n    %s\n}\n"
        "int main(int argc, char **argv)\n{\n"
        "    leaky = argc > 1 && strcmp(argv[1], \"leaky\") == 0;\n"
        "    free(malloc(100));\n"
        "    for (int i = 0; i < 20; i++) {\n        pass(i);\n        heapgate_iteration();\n    }\n"
        "    heapgate_mark(\"end\");\n    return 0;\n}\n",
        setup, work);
    g_autofree char *compile = g_strdup_printf("cc -g -O1 -fno-builtin -pthread -I%s -o work work.c",
                                               runner_path("harness/include"));
    ck_assert_int_eq(test_project_shell(project, compile), 0);
}

/* mode: "healthy" or "leaky". */
static void write_scenario(TestProject *project, const char *mode, const char *lines)
{
    test_project_write(project, "scenarios/work.yaml",
                       "run: [./work, %s]\ninstruments: [heap]\nworkflow: {iterations: 20}\n%s", mode, lines);
}

/* The healthy program passes and the leaky one is red, with these texts printed. */
static void check_leak(const char *setup, const char *work, const char *metric, const char *function)
{
    g_autoptr(TestProject) project = test_project_new();
    write_program(project, setup, work);
    write_scenario(project, "healthy", "");
    test_project_expect(project, 0, "update --runs 1 --reason first", "written; commit it", NULL);
    test_project_expect(project, 0, "run", "1 scenario passes", NULL);
    write_scenario(project, "leaky", "");
    test_project_expect(project, 1, "run", "REGRESSED", metric, function, NULL);
}

START_TEST(test_a_mapping_lost_in_every_iteration_is_red_and_named)
{
    check_leak("__attribute__((noinline)) static char *map_frame(void)\n{\n"
               "    char *frame = mmap(NULL, MIB, RW, OWN, -1, 0);\n    return memset(frame, 1, MIB);\n}",
               "char *frame = map_frame(); if (!leaky) munmap(frame, MIB);",
               "mapped growth 1.00 MiB/iteration, was 0 B", "map_frame");
}
END_TEST

START_TEST(test_a_page_left_of_each_mapping_is_red)
{
    check_leak("__attribute__((noinline)) static char *map_frame(void)\n{\n"
               "    char *frame = mmap(NULL, MIB, RW, OWN, -1, 0);\n    return memset(frame, 1, MIB);\n}",
               "char *frame = map_frame(); munmap(frame, leaky ? MIB - 4096 : MIB);",
               "mapped growth 4.00 KiB/iteration", "map_frame");
}
END_TEST

START_TEST(test_a_mapping_that_grows_by_mremap_is_red)
{
    check_leak("static char *log;\nstatic size_t size = MIB;\n"
               "__attribute__((noinline)) static void extend_log(void)\n{\n"
               "    log = mremap(log, size, size + 65536, MREMAP_MAYMOVE);\n    size += 65536;\n}",
               "if (log == NULL) log = mmap(NULL, size, RW, OWN, -1, 0); if (leaky) extend_log();",
               "mapped growth 64.0 KiB/iteration", "extend_log");
}
END_TEST

/* A reservation is nothing; what is made of it is. */
START_TEST(test_a_reservation_that_is_committed_bit_by_bit_is_red)
{
    check_leak("static char *arena;\n"
               "__attribute__((noinline)) static void commit(size_t at)\n{\n"
               "    mprotect(arena + at, 65536, RW);\n}",
               "if (arena == NULL) arena = mmap(NULL, 4096UL * MIB, PROT_NONE, OWN | MAP_NORESERVE, -1, 0); "
               "if (leaky) commit((size_t)i * 65536);",
               "mapped growth 64.0 KiB/iteration", "commit");
}
END_TEST

/* What comes and goes, and what others map on the program's behalf. */
static const struct {
    const char *setup, *work;
} healthy[] = {
    {"static char *ring[4];",
     "if (ring[i % 4] != NULL) munmap(ring[i % 4], MIB); ring[i % 4] = mmap(NULL, MIB, RW, OWN, -1, 0);"},
    {"static char *place;", "if (place == NULL) place = mmap(NULL, MIB, RW, OWN, -1, 0); "
                            "mmap(place, MIB, RW, OWN | MAP_FIXED, -1, 0);"},
    {"static void *nothing(void *argument)\n{\n    free(malloc(MIB));\n    return argument;\n}",
     "for (int n = 0; n < 5; n++) { pthread_t thread; pthread_create(&thread, NULL, nothing, NULL); "
     "pthread_join(thread, NULL); }"},
    {"static void *kept[20];", "if (i < 3) kept[i] = mmap(NULL, MIB, RW, OWN, -1, 0);"},
};

START_TEST(test_mappings_that_come_and_go_and_threads_are_green)
{
    g_autoptr(TestProject) project = test_project_new();
    write_program(project, healthy[_i].setup, healthy[_i].work);
    write_scenario(project, "healthy", "");
    test_project_expect(project, 0, "update --reason first", NULL);
    for (int again = 0; again < 3; again++)
        test_project_expect(project, 0, "run", "1 scenario passes", NULL);
}
END_TEST

START_TEST(test_a_program_that_maps_nothing_is_told_nothing_of_it)
{
    g_autoptr(TestProject) project = test_project_new();
    write_program(project, "", "free(malloc(10)); (void)i;");
    write_scenario(project, "healthy", "");
    test_project_expect(project, 0, "update --runs 1 --reason first", NULL);
    ck_assert_ptr_null(strstr(project->output, "mapped"));
    test_project_expect(project, 0, "run", "1 scenario passes", NULL);
    ck_assert_ptr_null(strstr(project->output, "mapped"));
}
END_TEST

/* Without malloc, too, something is measured. */
START_TEST(test_an_allowance_and_a_ceiling_are_kept)
{
    g_autoptr(TestProject) project = test_project_new();
    write_program(project, "",
                  "char *frame = mmap(NULL, MIB, RW, OWN, -1, 0); if (!leaky) munmap(frame, MIB);");
    write_scenario(project, "healthy", "");
    test_project_expect(project, 0, "update --runs 1 --reason first", NULL);
    write_scenario(
        project, "leaky",
        "allow: {mapped: {floor: 64 MiB}, mapped_peak: {floor: 64 MiB}, mapped_growth: {floor: 2 MiB}}\n");
    test_project_expect(project, 0, "run", "mapped growth 1.00 MiB/iteration", "1 scenario passes", NULL);
    write_scenario(
        project, "leaky",
        "allow: {mapped: {floor: 64 MiB}, mapped_peak: {floor: 64 MiB}, mapped_growth: {floor: 2 MiB}, "
        "ceiling: {mapped_peak: 10 MiB}}\n");
    test_project_expect(project, 1, "run", "mapped peak 20.0 MiB is above the ceiling of 10.0 MiB", NULL);
}
END_TEST

/* A baseline from before: it stays valid, says so, and takes the new rows without a reason. */
START_TEST(test_an_older_baseline_stays_valid_and_is_updated_without_a_reason)
{
    g_autoptr(TestProject) project = test_project_new();
    g_autofree char *path = g_strdup_printf("baselines/%s/work.yaml", host_environment()->platform);
    write_program(project, "",
                  "char *frame = mmap(NULL, 4 * MIB, RW, OWN, -1, 0); if (i > 0) munmap(frame, 4 * MIB);");
    write_scenario(project, "healthy", "");
    test_project_expect(project, 0, "update --runs 1 --reason first", NULL);
    g_autofree char *text = test_project_read(project, path);
    char *mapped = strstr(text, "      mapped_peak:"), *rest = strstr(text, "      allocations:");
    ck_assert(mapped != NULL && rest != NULL && mapped < rest);
    *mapped = '\0';
    test_project_write(project, path, "%s%s", text, rest);
    test_project_expect(project, 0, "run", "mapped 4.00 MiB  (not in the baseline yet)", "1 scenario passes",
                        NULL);
    test_project_expect(project, 0, "update --runs 1", "mapped                4.00 MiB (new)",
                        "written; commit it", NULL);
    test_project_expect(project, 0, "run", "mapped 4.00 MiB  +0.0 %", "1 scenario passes", NULL);
    test_project_expect(project, 0, "update --runs 1", "work.yaml: unchanged", NULL);
}
END_TEST

/* Never silently: neighbours in one granule, blocks taken twice, a slab that nobody declared. */
START_TEST(test_a_pool_whose_blocks_cannot_be_booked_is_broken)
{
    g_autoptr(TestProject) project = test_project_new();
    write_program(project, "static char *slab;",
                  "if (slab == NULL) slab = malloc(MIB); heapgate_block_taken(slab + i * 64, 64); "
                  "if (i > 0) heapgate_block_given_back(slab + i * 64);");
    write_scenario(project, "healthy", "");
    test_project_expect(project, 3, "run", "blocks of a pool were not counted", "heapgate_slab", NULL);
}
END_TEST

/* By the line of Python that maps; the arenas of Python's own allocator are none. */
START_TEST(test_what_python_maps_is_named_by_its_line)
{
    g_autoptr(TestProject) project = test_project_new();
    test_project_write(project, "scenarios/frames.py",
                       "import mmap\n"
                       "kept = []\n"
                       "def map_frame():\n"
                       "    return mmap.mmap(-1, 1 << 20)\n"
                       "def run(mode):\n"
                       "    frame = map_frame()\n"
                       "    junk = [str(i) for i in range(100000)]\n"
                       "    if mode == 'leaky':\n"
                       "        kept.append(frame)\n"
                       "    else:\n"
                       "        frame.close()\n");
    const char *scenario = "instruments: [heap]\npython: {script: frames.py, function: run, args: [%s], "
                           "iterations: 15}\n";
    test_project_write(project, "scenarios/frames.yaml", scenario, "healthy");
    test_project_expect(project, 0, "update --runs 1 --reason first", NULL);
    test_project_write(project, "scenarios/frames.yaml", scenario, "leaky");
    test_project_expect(project, 1, "run", "mapped growth 1.00 MiB/iteration, was 0 B", "map_frame", NULL);
}
END_TEST

SUITE(cli_mapped, 120)
{
    tcase_add_test(tcase, test_a_mapping_lost_in_every_iteration_is_red_and_named);
    tcase_add_test(tcase, test_a_page_left_of_each_mapping_is_red);
    tcase_add_test(tcase, test_a_mapping_that_grows_by_mremap_is_red);
    tcase_add_test(tcase, test_a_reservation_that_is_committed_bit_by_bit_is_red);
    tcase_add_loop_test(tcase, test_mappings_that_come_and_go_and_threads_are_green, 0,
                        G_N_ELEMENTS(healthy));
    tcase_add_test(tcase, test_a_program_that_maps_nothing_is_told_nothing_of_it);
    tcase_add_test(tcase, test_an_allowance_and_a_ceiling_are_kept);
    tcase_add_test(tcase, test_an_older_baseline_stays_valid_and_is_updated_without_a_reason);
    tcase_add_test(tcase, test_a_pool_whose_blocks_cannot_be_booked_is_broken);
    tcase_add_test(tcase, test_what_python_maps_is_named_by_its_line);
}
