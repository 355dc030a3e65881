/* heapgate init: a first scenario, heapgate.yaml and a workflow, or a pre-push hook. Never overwrites. */
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "command.h"
#include "error.h"

typedef struct {
    const char *path;
    int mode;
    const char *text;
} Template;

static const Template templates[] = {
    {"heapgate.yaml", 0666,
     "# What scenarios that do not say otherwise get; every key is optional.\n"
     "timeout: 600 s\n"
     "instruments: [heap, memcheck]\n"
     "allow:\n"
     "  peak: {percent: 5, floor: 64 KiB}   # regressed above base + max(percent, floor, spread)\n"
     "  retained: {floor: 0 B}\n"
     "  growth: {floor: 0 B}\n"},
    {"scenarios/first.yaml", 0666,
     "# A scenario is a workflow and what it may cost. Put your own program here.\n"
     "about: A first scenario; replace the program by a workflow of yours\n"
     "run: [sh, -c, \"seq 2000 | sort -n | tail -n 1\"]\n"
     "expect: {exit: 0}\n"
     "# python: {call: \"package.module:function\"}  # instead of run; then also instruments: [heap]\n"
     "# stdin: input.txt                       # files are named relative to this folder\n"
     "# workflow: {warmup: 3, iterations: 20}  # the program marks each pass: #include <heapgate.h>\n"
     "# allow: {growth: {floor: 0 B}}\n"
     "tags: [fast]\n"},
    {".github/workflows/heapgate.yml", 0666,
     "name: heapgate\n"
     "on: [pull_request, push]\n"
     "permissions:\n"
     "  contents: read\n"
     "jobs:\n"
     "  gate:\n"
     "    runs-on: ubuntu-24.04\n"
     "    # Baselines hold for one environment: run where they were captured.\n"
     "    container: debian:12\n"
     "    steps:\n"
     "      - run: apt-get update && apt-get install -y --no-install-recommends git ca-certificates\n"
     "      - uses: actions/checkout@v4\n"
     "      # Build your programs here.\n"
     "      - uses: OWNER/heapgate/.github/actions/heapgate@v0.1.0\n"},
};

/* The project may be in a folder of the repository, and git runs hooks at its top. */
static const char hook_text[] =
    "#!/bin/sh\n"
    "# Written by heapgate init --hook: no memory regression leaves this machine.\n"
    "exec %s\n";

static gboolean write_template(const Template *template, const char *path, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    if (g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_print("%s: is there already, left as it is\n", path);
        return TRUE;
    }
    g_autoptr(GError) cause = NULL;
    if (g_mkdir_with_parents(folder, 0777) == 0 &&
        g_file_set_contents_full(path, template->text, -1, G_FILE_SET_CONTENTS_CONSISTENT, template->mode,
                                 &cause)) {
        g_print("%s: written\n", path);
        return TRUE;
    }
    g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_BROKEN, "%s cannot be written: %s", path,
                cause != NULL ? cause->message : g_strerror(errno));
    return FALSE;
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
    const Template hook = {path, 0777, text};
    write_template(&hook, path, error);
}

static int command_init_run(int argc, char **argv, GError **error)
{
    gboolean with_hook = FALSE, helped = FALSE;
    const GOptionEntry entries[] = {
        {"hook", 0, 0, G_OPTION_ARG_NONE, &with_hook,
         "Install a pre-push hook that runs the gate, and nothing else", NULL},
        {NULL},
    };
    if (!command_parse(&command_init, entries, &argc, &argv, &helped, error) || helped)
        return 0;
    if (argc != 1) {
        g_set_error(error, HEAPGATE_ERROR, HEAPGATE_ERROR_USAGE,
                    "init: \"%s\" was not expected; it takes no argument", argv[1]);
        return 0;
    }
    if (with_hook) {
        install_hook(error);
        return 0;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(templates); i++)
        if (!write_template(&templates[i], templates[i].path, error))
            return 0;
    g_print("next: heapgate run, then heapgate update --reason \"first capture\", then commit baselines/\n"
            "keep reports/ out of the repository: add it to .gitignore\n");
    return 0;
}

const Command command_init = {
    .name = "init",
    .arguments = "",
    .summary =
        "Write a first scenario, heapgate.yaml and a GitHub workflow; --hook installs a pre-push hook.",
    .run = command_init_run,
};
