/* README.md, word by word: what it says to type is typed by somebody who is new, and what it shows is
 * printed. Numbers, times and blanks may differ from machine to machine; words may not. */
#include <gio/gio.h>
#include <string.h>

#include "runner.h"

/* Somebody's home folder and what is installed in it. */
typedef struct {
    char *home;
    GStrv env;
} Newcomer;

/* A command and what README shows after it, both without the indent. */
typedef struct {
    GString *command, *shown;
} Step;

static char *newcomer_type(const Newcomer *self, const char *command)
{
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE);
    g_autofree char *folder = g_build_filename(self->home, "office", NULL);
    g_subprocess_launcher_set_cwd(launcher, folder);
    g_subprocess_launcher_set_environ(launcher, self->env);
    const char *argv[] = {"bash", "-c", command, NULL};
    g_autoptr(GSubprocess) process = g_subprocess_launcher_spawnv(launcher, argv, NULL);
    ck_assert_ptr_nonnull(process);
    char *output = NULL;
    ck_assert(g_subprocess_communicate_utf8(process, NULL, NULL, &output, NULL, NULL));
    return output;
}

static Newcomer newcomer_new(void)
{
    Newcomer self = {runner_temporary(), NULL};
    g_autofree char *folder = g_build_filename(self.home, "office", NULL);
    ck_assert_int_eq(g_mkdir_with_parents(folder, 0777), 0);
    g_autofree char *path = g_strdup_printf("%s/.local/bin:/usr/bin:/bin", self.home);
    g_autofree char *headers = g_strdup_printf("%s/.local/include", self.home);
    self.env = g_environ_setenv(g_get_environ(), "HOME", self.home, TRUE);
    self.env = g_environ_setenv(self.env, "PATH", path, TRUE);
    self.env = g_environ_setenv(self.env, "CPATH", headers, TRUE);
    self.env = g_environ_setenv(self.env, "ROOT", runner_root(), TRUE);
    self.env = g_environ_setenv(self.env, "GIT_CONFIG_NOSYSTEM", "1", TRUE);
    self.env = g_environ_setenv(self.env, "COLUMNS", "80", TRUE);
    g_free(newcomer_type(&self, "make -C \"$ROOT\" -s --no-print-directory install PREFIX=$HOME/.local"));
    return self;
}

static void newcomer_clear(Newcomer *self)
{
    runner_remove(self->home);
    g_free(self->home);
    g_strfreev(self->env);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Newcomer, newcomer_clear)

static void step_free(Step *self)
{
    g_string_free(self->command, TRUE);
    g_string_free(self->shown, TRUE);
    g_free(self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Step, step_free)

/* Takes the differences out that machines make: numbers, units of size and time, platforms, blanks. */
static char *plain_of(const char *text)
{
    static const struct {
        const char *pattern, *instead;
    } rows[] = {
        {"\\s+", " "},
        {"[a-z]+-[0-9.]+-(x86_64|aarch64)", "PLATFORM"},
        {"[0-9][0-9.,]*", "#"},
        {"# (ms|s|min)\\b", "# TIME"},
        {"# (B|KiB|MiB)\\b", "# SIZE"},
        {"[+-]# %", "# %"},
        {"^ | $", ""},
    };
    char *plain = g_strdup(text);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GRegex) regex = g_regex_new(rows[i].pattern, 0, 0, NULL);
        g_autofree char *before = plain;
        plain = g_regex_replace_literal(regex, before, -1, 0, rows[i].instead, 0, NULL);
    }
    return plain;
}

/* Is this what README shows? A line "..." stands for anything. Where lines are broken does not count: that
 * depends on how long numbers are. */
static gboolean is_as_shown(const char *shown, const char *printed)
{
    g_autofree char *now = plain_of(printed);
    g_auto(GStrv) lines = g_strsplit(shown, "\n", -1);
    g_autoptr(GString) pattern = g_string_new("^");
    for (guint i = 0; lines[i] != NULL; i++) {
        g_autofree char *plain = plain_of(lines[i]);
        g_autofree char *literal = g_regex_escape_string(plain, -1);
        g_string_append_printf(pattern, "%s ?", strcmp(lines[i], "...") == 0 ? ".*?" : literal);
    }
    g_string_append(pattern, "$");
    return g_regex_match_simple(pattern->str, now, 0, 0);
}

static void newcomer_do(const Newcomer *self, const Step *step)
{
    g_autofree char *typed = newcomer_type(self, step->command->str);
    g_autoptr(GString) told = g_string_new(typed);
    g_string_replace(told, self->home, "/home/ada", 0);
    g_autofree char *output = g_string_free(g_steal_pointer(&told), FALSE);
    ck_assert_msg(is_as_shown(step->shown->str, output), "$ %s\nREADME shows:\n%s\nand this comes:\n%s",
                  step->command->str, step->shown->str, output);
}

/* Lines of README from a heading to a text that ends it; (transfer full). */
static GStrv lines_between(const char *heading, const char *end)
{
    g_autofree char *text = NULL;
    ck_assert(g_file_get_contents(runner_path("README.md"), &text, NULL, NULL));
    char *begin = strstr(text, heading);
    ck_assert_msg(begin != NULL, "README has no %s", heading);
    char *last = strstr(begin + strlen(heading), end);
    ck_assert_msg(last != NULL, "README has no %s after %s", end, heading);
    *last = '\0';
    return g_strsplit(begin, "\n", -1);
}

/* The name in "... is `NAME`:", by which README introduces a file; NULL: the line introduces none. (transfer
 * full). */
static char *file_named_by(const char *line)
{
    const char *begin = g_str_has_suffix(line, "`:") ? strchr(line, '`') : NULL;
    for (const char *next = begin; next != NULL && strchr(next + 1, '`') != strrchr(line, '`');)
        begin = next = strchr(next + 1, '`');
    return begin != NULL ? g_strndup(begin + 1, strlen(begin) - 3) : NULL;
}

/* A fenced block from lines[at] on becomes a file; returns the line that ends it. */
static guint newcomer_write(const Newcomer *self, const char *name, GStrv lines, guint at)
{
    g_autoptr(GString) content = g_string_new(NULL);
    g_autofree char *path = g_build_filename(self->home, "office", name, NULL);
    g_autofree char *folder = g_path_get_dirname(path);
    for (at++; strcmp(lines[at], "```") != 0; at++)
        g_string_append_printf(content, "%s\n", lines[at]);
    ck_assert_int_eq(g_mkdir_with_parents(folder, 0777), 0);
    ck_assert(g_file_set_contents(path, content->str, -1, NULL));
    return at;
}

/* Where the transcript goes on: the line's text without its indent, or NULL where it does not belong to it.
 */
static const char *transcript_line(const char *line)
{
    if (g_str_has_prefix(line, "    "))
        return line + 4;
    return *line == '\0' ? line : NULL;
}

/* A command, the rest of a here-document in it, and what is shown; returns the line that is none of it. */
static guint step_read(Step *self, GStrv lines, guint at)
{
    g_string_append(self->command, lines[at++] + strlen("    $ "));
    gboolean in_document = strstr(self->command->str, "<<'END'") != NULL;
    for (const char *line; lines[at] != NULL && (line = transcript_line(lines[at])) != NULL; at++) {
        if (g_str_has_prefix(line, "$ "))
            break;
        g_string_append_printf(in_document ? self->command : self->shown, in_document ? "\n%s" : "%s\n",
                               line);
        in_document = in_document && strcmp(line, "END") != 0;
    }
    return at;
}

/* Follows README from a heading to a text: writes its files, types its commands. */
static void newcomer_follow(const Newcomer *self, const char *heading, const char *end)
{
    g_auto(GStrv) lines = lines_between(heading, end);
    g_autofree char *name = NULL, *prefix = g_strdup_printf("%s/.local/", self->home);
    guint steps = 0;
    for (guint i = 0; lines[i] != NULL;) {
        if (name != NULL && g_str_has_prefix(lines[i], "```")) {
            i = newcomer_write(self, name, lines, i) + 1;
            g_clear_pointer(&name, g_free);
        } else if (g_str_has_prefix(lines[i], "    $ ")) {
            g_autoptr(Step) step = g_new(Step, 1);
            *step = (Step){g_string_new(NULL), g_string_new(NULL)};
            i = step_read(step, lines, i);
            g_string_replace(step->command, "/usr/local/", prefix, 0);
            newcomer_do(self, step);
            steps++;
        } else if (lines[i][0] != '\0') {
            g_free(name);
            name = file_named_by(lines[i++]);
        } else {
            i++;
        }
    }
    ck_assert_msg(steps > 0, "README has nothing to type after %s", heading);
}

START_TEST(test_readme_leads_a_c_program_from_nothing_to_a_failing_run)
{
    g_auto(Newcomer) newcomer = newcomer_new();
    newcomer_follow(&newcomer, "\n## Five minutes", "\n## Just looking");
}
END_TEST

START_TEST(test_readme_leads_a_python_program_from_nothing_to_a_mend)
{
    g_auto(Newcomer) newcomer = newcomer_new();
    g_autofree char *missing = newcomer_type(&newcomer, "python3 -c 'import ensurepip' 2>&1");
    if (missing[0] != '\0') {
        runner_skip("readme: Python", missing);
        return;
    }
    newcomer_follow(&newcomer, "\n## Python", "\n**A test**");
}
END_TEST

SUITE(readme, 240)
{
    tcase_add_test(tcase, test_readme_leads_a_c_program_from_nothing_to_a_failing_run);
    tcase_add_test(tcase, test_readme_leads_a_python_program_from_nothing_to_a_mend);
}
