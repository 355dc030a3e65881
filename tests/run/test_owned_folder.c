/* Temporary folders of the dead are removed, and nobody else's. */
#include "run/owned_folder.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runner.h"

/* A folder of this mode whose owner was killed, with a folder in it and a link that leads out of it;
 * (transfer full). Another heapgate may remove it at any time. */
static char *abandoned(const char *outside, guint mode)
{
    int ends[2];
    char path[64] = "";
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        OwnedFolder folder;
        gboolean made = owned_folder_make(&folder);
        g_autofree char *file = g_build_filename(folder.path, "work", NULL),
                        *link = g_build_filename(folder.path, "link", NULL);
        if (made && g_mkdir(file, 0700) == 0 && symlink(outside, link) == 0 &&
            g_chmod(folder.path, mode) == 0 && write(ends[1], folder.path, strlen(folder.path)) > 0)
            kill(getpid(), SIGKILL);
        _exit(1);
    }
    close(ends[1]);
    ck_assert(read(ends[0], path, sizeof path - 1) > 0);
    close(ends[0]);
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
    return g_strdup(path);
}

START_TEST(test_what_the_dead_left_behind_is_removed_and_what_it_links_to_is_not)
{
    char *outside = runner_temporary();
    g_autofree char *kept = g_build_filename(outside, "kept", NULL);
    ck_assert(g_file_set_contents(kept, "x", 1, NULL));
    g_autofree char *path = abandoned(outside, 0700);
    owned_folders_sweep();
    ck_assert(!g_file_test(path, G_FILE_TEST_EXISTS));
    ck_assert(g_file_test(kept, G_FILE_TEST_EXISTS));
    runner_remove(outside);
    g_free(outside);
}
END_TEST

START_TEST(test_what_is_held_or_was_never_owned_stays)
{
    OwnedFolder held;
    ck_assert(owned_folder_make(&held));
    ck_assert_uint_eq(strlen(held.path), strlen("/tmp/heapgate-XXXXXX"));
    char foreign[] = "/tmp/heapgate-XXXXXX", linked[] = "/tmp/heapgate-XXXXXX";
    ck_assert_ptr_nonnull(g_mkdtemp(foreign));
    ck_assert_ptr_nonnull(g_mkdtemp(linked));
    ck_assert_int_eq(g_rmdir(linked), 0);
    ck_assert_int_eq(symlink(held.path, linked), 0);
    owned_folders_sweep();
    ck_assert(g_file_test(held.path, G_FILE_TEST_IS_DIR));
    ck_assert(g_file_test(foreign, G_FILE_TEST_IS_DIR));
    ck_assert(g_file_test(linked, G_FILE_TEST_IS_SYMLINK));
    g_autofree char *path = g_strdup(held.path);
    owned_folder_remove(&held);
    ck_assert(!g_file_test(path, G_FILE_TEST_EXISTS));
    owned_folder_remove(&held);
    ck_assert_int_eq(g_unlink(linked), 0);
    ck_assert_int_eq(g_rmdir(foreign), 0);
}
END_TEST

/* Its mode says that others may write there: what they put there is not this user's to remove. */
START_TEST(test_what_others_may_write_to_stays)
{
    g_autofree char *path = abandoned("/", 0777);
    owned_folders_sweep();
    ck_assert(g_file_test(path, G_FILE_TEST_IS_DIR));
    ck_assert_int_eq(g_chmod(path, 0700), 0);
    owned_folders_sweep();
    ck_assert(!g_file_test(path, G_FILE_TEST_EXISTS));
}
END_TEST

SUITE(owned_folder, 30)
{
    tcase_add_test(tcase, test_what_the_dead_left_behind_is_removed_and_what_it_links_to_is_not);
    tcase_add_test(tcase, test_what_is_held_or_was_never_owned_stays);
    tcase_add_test(tcase, test_what_others_may_write_to_stays);
}
