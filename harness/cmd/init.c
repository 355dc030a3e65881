/* heapgate init: a first scenario, heapgate.yaml and a workflow, or a pre-push hook, or a copy of heapgate.h.
 * Never overwrites, and what was deleted does not come back. */
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "command.h"
#include "error.h"
#include "init_start.h"
#include "instrument/installed.h"

/* The project may be in a folder of the repository, and git runs hooks at its top. */
static const char hook_text[] =
    "#!/bin/sh\n"
    "# Written by heapgate init --hook: no memory regression leaves this machine.\n"
    "exec %s\n";

/* A link that leads nowhere is there, too. */
static gboolean is_there(const char *path)
{
    return g_file_test(path, G_FILE_TEST_EXISTS) || g_file_test(path, G_FILE_TEST_IS_SYMLINK);
}

/* Writes a file with its folders and says so; one that is there stays as it is. */
static gboolean write_new(const char *path, const char *text, int mode, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    if (is_there(path)) {
        g_print("%s: is there already, left as it is\n", path);
        return TRUE;
    }
    g_autoptr(GError) cause = NULL;
    if (g_mkdir_with_parents(folder, 0777) == 0 &&
        g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, mode, &cause)) {
        g_print("%s: written\n", path);
        return TRUE;
    }
    g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN, "%s cannot be written: %s", path,
                cause != NULL ? cause->message : g_strerror(errno));
    return FALSE;
}

/* What shows that this folder is a project already: its heapgate.yaml, or the first scenario; NULL: nothing
 * does. (transfer full). */
static char *find_beginning(void)
{
    if (is_there("heapgate.yaml"))
        return g_strdup("heapgate.yaml");
    g_autoptr(GDir) folder = g_dir_open("scenarios", 0, NULL);
    for (const char *name; folder != NULL && (name = g_dir_read_name(folder)) != NULL;)
        if (g_str_has_suffix(name, ".yaml"))
            return g_build_filename("scenarios", name, NULL);
    return NULL;
}

/* What is there of a beginning would keep the next init from writing the rest. paths: of files that this one
 * wrote. */
static void take_back(const GPtrArray *paths)
{
    for (guint i = paths->len; i-- > 0;) {
        const char *path = g_ptr_array_index(paths, i);
        if (g_unlink(path) == 0)
            g_print("%s: removed again\n", path);
    }
}

/* A project that has begun keeps what it has, and what is not there was taken away by somebody. */
static void write_start(GError **error)
{
    g_autofree char *beginning = find_beginning();
    g_autoptr(Start) start = start_new();
    g_autoptr(GPtrArray) written = g_ptr_array_new();
    for (guint i = 0; i < start->files->len; i++) {
        const StartFile *file = g_ptr_array_index(start->files, i);
        gboolean is_new = !is_there(file->path);
        if (beginning != NULL && is_new) {
            g_print("%s: not there, and not written: %s shows that this is a project already\n", file->path,
                    beginning);
        } else if (!write_new(file->path, file->text, 0666, error)) {
            take_back(written);
            return;
        } else if (is_new) {
            g_ptr_array_add(written, file->path);
        }
    }
    g_print("%s", start->advice);
}

static const char header_head[] = "/* Copied by `heapgate init --header` from heapgate " HEAPGATE_VERSION
                                  ": who builds this needs no heapgate. Sources that are built where\n"
                                  " * even this file is missing include it so:\n"
                                  " *\n"
                                  " *     #ifdef __has_include\n"
                                  " *     #if __has_include(\"heapgate.h\")\n"
                                  " *     #include \"heapgate.h\"\n"
                                  " *     #endif\n"
                                  " *     #endif\n"
                                  " *     #ifndef HEAPGATE_H\n"
                                  " *     #define heapgate_mark(name) ((void)0)\n"
                                  " *     #define heapgate_iteration() ((void)0)\n"
                                  " *     #endif\n"
                                  " */\n";

/* The header goes where the project keeps its own. */
static void copy_header(GError **error)
{
    g_autofree char *installed =
        installed_find("the header", "../harness/include/heapgate.h", "../include/heapgate.h", error);
    g_autofree char *text = NULL, *copy = NULL;
    if (installed == NULL || !g_file_get_contents(installed, &text, NULL, error))
        return;
    const char *path = g_file_test("include", G_FILE_TEST_IS_DIR) ? "include/heapgate.h" : "heapgate.h";
    copy = g_strconcat(header_head, text, NULL);
    if (write_new(path, copy, 0666, error))
        g_print(
            "next: #include \"heapgate.h\"; commit it. Its first lines show how to build without it, too\n");
}

/* What git rev-parse says here; (transfer full). */
static char *ask_git(const char *question, const char *argument, GError **error)
{
    const char *argv[] = {"git", "rev-parse", question, argument, NULL};
    g_autofree char *text = NULL;
    int status = 0;
    if (g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
                     &text, NULL, &status, NULL) &&
        g_spawn_check_wait_status(status, NULL))
        return g_strdup(g_strchomp(text));
    g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE,
                "init --hook: this is no git repository; change into one");
    return NULL;
}

/* prefix: this folder as seen from the repository's top, "" there; (transfer full). */
static char *hook_command(const char *prefix)
{
    g_autofree char *quoted = g_shell_quote(prefix);
    return *prefix == '\0' ? g_strdup("heapgate run --quiet")
                           : g_strdup_printf("heapgate run --quiet -C %s", quoted);
}

static void install_hook(GError **error)
{
    /* Where git looks for hooks here: worktrees and core.hooksPath included. */
    g_autofree char *folder = ask_git("--git-path", "hooks", error);
    g_autofree char *prefix = folder != NULL ? ask_git("--show-prefix", NULL, error) : NULL;
    if (prefix == NULL)
        return;
    g_autofree char *path = g_build_filename(folder, "pre-push", NULL);
    g_autofree char *command = hook_command(prefix), *text = g_strdup_printf(hook_text, command);
    g_autofree char *present = NULL;
    if (g_file_get_contents(path, &present, NULL, NULL) && strcmp(present, text) != 0) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE,
                    "%s is there already and does something else; add the line \"%s\" to it", path, command);
        return;
    }
    write_new(path, text, 0777, error);
}

static int command_init_run(int argc, char **argv, GError **error)
{
    gboolean with_hook = FALSE, with_header = FALSE, helped = FALSE;
    const GOptionEntry entries[] = {
        {"hook", 0, 0, G_OPTION_ARG_NONE, &with_hook,
         "Install a pre-push hook that runs the gate, and nothing else", NULL},
        {"header", 0, 0, G_OPTION_ARG_NONE, &with_header,
         "Copy heapgate.h into the project, so that others build it without heapgate, and nothing else",
         NULL},
        {NULL},
    };
    if (!command_parse(&command_init, entries, &argc, &argv, &helped, error) || helped)
        return 0;
    if (argc != 1) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE,
                    "init: \"%s\" was not expected; it takes no argument", argv[1]);
        return 0;
    }
    if (with_hook && with_header)
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE, "init: either --hook or --header");
    else if (with_hook)
        install_hook(error);
    else if (with_header)
        copy_header(error);
    else
        write_start(error);
    return 0;
}

const Command command_init = {
    .name = "init",
    .arguments = "",
    .summary = "Write a first scenario, heapgate.yaml and a GitHub workflow; or a pre-push hook, or a copy "
               "of heapgate.h.",
    .run = command_init_run,
};
