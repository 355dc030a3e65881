/* Programs that should answer, and those that did not. */
#include "run/starts.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "instrument/heap.h"
#include "runner.h"

enum { FAMILY = 77 };

static const RollFile none = {0, 0}, this = {1, 100}, another = {1, 101}, interpreter = {1, 102};

static void add(Starts *self, guint32 number, guint32 kind, RollFile file, const char *path)
{
    RollEntry entry = {.kind = kind, .pid = 10, .ledger = 3, .file = file, .time_ns = number};
    g_strlcpy(entry.path, path, sizeof entry.path);
    starts_add(self, FAMILY, number, &entry);
}

static const UnseenProgram *only(const GPtrArray *missing)
{
    ck_assert_uint_eq(missing->len, 1);
    return g_ptr_array_index(missing, 0);
}

START_TEST(test_programs_that_answer_are_not_missing)
{
    g_autoptr(Starts) self = starts_new();
    add(self, 1, ROLL_EXEC, this, "/program");
    starts_answer(self, FAMILY, 1, &this, &this);
    starts_answer(self, FAMILY, 2, &this, &this); /* a child may be faster than a look at the roll */
    add(self, 2, ROLL_SPAWN, this, "/program");
    add(self, 3, ROLL_EXEC, this, "/script");
    starts_answer(self, FAMILY, 3, &another, &this);
    add(self, 4, ROLL_EXEC, this, "/script");
    starts_answer(self, FAMILY, 4, &this, &interpreter);
    add(self, 5, ROLL_EXEC, none, "nobody knows");
    starts_answer(self, FAMILY, 5, &another, &another);
    add(self, 6, ROLL_EXEC, this, "/says/why/it/has/no/books");
    starts_answer(self, FAMILY, 6, NULL, NULL);
    ck_assert_uint_eq(starts_missing(self)->len, 0);
}
END_TEST

START_TEST(test_a_program_that_came_after_a_blind_one_does_not_answer_for_it)
{
    g_autoptr(Starts) self = starts_new();
    add(self, 1, ROLL_SPAWN, this, "/blind");
    starts_answer(self, FAMILY, 1, &another, &another);
    ck_assert_str_eq(only(starts_missing(self))->path, "/blind");
}
END_TEST

START_TEST(test_the_answer_of_one_family_is_not_anothers)
{
    g_autoptr(Starts) self = starts_new();
    add(self, 1, ROLL_SPAWN, this, "/program");
    starts_answer(self, FAMILY + 1, 1, &this, &this);
    starts_answer(self, FAMILY, 2, &this, &this);
    starts_answer(self, 0, 0, &this, &this); /* a program that nobody entered */
    ck_assert_str_eq(only(starts_missing(self))->path, "/program");
}
END_TEST

START_TEST(test_what_has_no_books_and_what_found_no_room_is_missing)
{
    g_autoptr(Starts) self = starts_new();
    RollEntry entry = {.kind = ROLL_NO_BOOKS, .off_reason = LEDGER_OFF_NO_MEMORY, .path = "/bin/server"};
    starts_add(self, FAMILY, 1, &entry);
    starts_add_lost(self, 7);
    const GPtrArray *missing = starts_missing(self);
    ck_assert_uint_eq(missing->len, 2);
    ck_assert_ptr_nonnull(strstr(((UnseenProgram *)g_ptr_array_index(missing, 0))->reason, "ulimit -v"));
    ck_assert_ptr_nonnull(strstr(((UnseenProgram *)g_ptr_array_index(missing, 1))->reason, "7 more"));
}
END_TEST

START_TEST(test_which_process_became_which_is_told_by_the_entry)
{
    g_autoptr(Starts) self = starts_new();
    guint32 ledger = 0, pid = 0;
    add(self, 1, ROLL_EXEC, this, "/program");
    add(self, 2, ROLL_SPAWN, this, "/program");
    ck_assert(!starts_is_exec(self, FAMILY, 1, &ledger, &pid));
    starts_answer(self, FAMILY, 1, &this, &this);
    starts_answer(self, FAMILY, 2, &this, &this);
    ck_assert(starts_is_exec(self, FAMILY, 1, &ledger, &pid));
    ck_assert_uint_eq(ledger, 3);
    ck_assert_uint_eq(pid, 10);
    ck_assert(!starts_is_exec(self, FAMILY, 2, &ledger, &pid));
    ck_assert(starts_became_another(self, FAMILY, 3, 10));
    ck_assert(!starts_became_another(self, FAMILY, 3, 11));
}
END_TEST

START_TEST(test_what_a_killed_process_did_not_become_is_not_missing)
{
    g_autoptr(Starts) self = starts_new();
    add(self, 5, ROLL_EXEC, this, "/program"); /* of process 10, at the time 5 */
    starts_begun(self, 10, 4);
    starts_add_killed(self, 11);
    ck_assert_uint_eq(starts_missing(self)->len, 1);
    g_autoptr(Starts) killed = starts_new();
    add(killed, 5, ROLL_EXEC, this, "/program");
    starts_begun(killed, 10, 4);
    starts_add_killed(killed, 10);
    ck_assert_uint_eq(starts_missing(killed)->len, 0);
    /* It has become the blind program, and that another one, which was seen and killed. */
    g_autoptr(Starts) blind = starts_new();
    add(blind, 5, ROLL_EXEC, this, "/blind");
    starts_begun(blind, 10, 4);
    starts_begun(blind, 10, 6);
    starts_add_killed(blind, 10);
    ck_assert_str_eq(only(starts_missing(blind))->path, "/blind");
}
END_TEST

START_TEST(test_a_file_that_is_gone_in_the_end_was_looked_at_before)
{
    g_autoptr(Starts) self = starts_new();
    struct stat info;
    g_autofree char *folder = runner_temporary(), *path = g_build_filename(folder, "gone", NULL),
                    *bytes = NULL;
    gsize length = 0;
    ck_assert(g_file_get_contents(runner_path("build/tests/guest/static_child"), &bytes, &length, NULL));
    ck_assert(g_file_set_contents(path, bytes, (gssize)length, NULL));
    ck_assert_int_eq(stat(path, &info), 0);
    RollEntry entry = {.kind = ROLL_EXEC, .file = {info.st_dev, info.st_ino}, .time_ns = 5};
    g_strlcpy(entry.path, path, sizeof entry.path);
    starts_peek(self, FAMILY, 1, &entry);
    ck_assert_int_eq(unlink(path), 0);
    starts_add(self, FAMILY, 1, &entry);
    ck_assert_ptr_nonnull(strstr(only(starts_missing(self))->reason, "linked statically"));
    runner_remove(folder);
}
END_TEST

static void write_program(const char *path, const char *text, int mode)
{
    ck_assert(g_file_set_contents(path, text, -1, NULL));
    ck_assert_int_eq(chmod(path, (mode_t)mode), 0);
}

START_TEST(test_a_file_says_why_it_is_blind)
{
    g_autofree char *folder = runner_temporary(), *script = g_build_filename(folder, "script", NULL),
                    *again = g_build_filename(folder, "again", NULL),
                    *plain = g_build_filename(folder, "plain", NULL),
                    *privileged = g_build_filename(folder, "privileged", NULL), *bytes = NULL;
    gsize length = 0;
    g_autofree char *line = g_strdup_printf("#! %s -x\n", runner_path("build/tests/guest/static_child")),
                    *second = g_strdup_printf("#!%s\n", script);
    write_program(script, line, 0755);
    write_program(again, second, 0755);
    write_program(plain, "#!/bin/sh\n", 0755);
    ck_assert(g_file_get_contents("/bin/sh", &bytes, &length, NULL));
    ck_assert(g_file_set_contents(privileged, bytes, (gssize)length, NULL));
    ck_assert_int_eq(chmod(privileged, 04755), 0);
    const struct {
        const char *path, *reason;
    } files[] = {
        {script, "static_child cannot be traced: it is linked statically"},
        {again, "static_child cannot be traced: it is linked statically"},
        {privileged, "set-uid"},
        {plain, "did not load"},
        {"/bin/sh", "did not load"},
        {NULL, "did not load"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *reason = heap_blind_reason(files[i].path);
        ck_assert_msg(strstr(reason, files[i].reason) != NULL, "%s: %s", files[i].path, reason);
    }
    runner_remove(folder);
}
END_TEST

SUITE(run_starts, 20)
{
    tcase_add_test(tcase, test_programs_that_answer_are_not_missing);
    tcase_add_test(tcase, test_a_program_that_came_after_a_blind_one_does_not_answer_for_it);
    tcase_add_test(tcase, test_the_answer_of_one_family_is_not_anothers);
    tcase_add_test(tcase, test_what_has_no_books_and_what_found_no_room_is_missing);
    tcase_add_test(tcase, test_which_process_became_which_is_told_by_the_entry);
    tcase_add_test(tcase, test_what_a_killed_process_did_not_become_is_not_missing);
    tcase_add_test(tcase, test_a_file_that_is_gone_in_the_end_was_looked_at_before);
    tcase_add_test(tcase, test_a_file_says_why_it_is_blind);
}
