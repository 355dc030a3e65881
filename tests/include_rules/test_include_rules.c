/* Who may include whom (docs/design.md): dependencies point one way, because no room can include those
 * further on.
 */
#include <gio/gio.h>
#include <stdio.h>
#include <string.h>

#include "runner.h"

/* A room of harness/ and the rooms whose headers it may include, besides its own and harness/error.h. "" is
 * harness/ itself: main.c and error.c. A room within a room has a row of its own. A room that is not in this
 * table fails the test: give it a row.
 *
 * guest/ is a program's library: within it headers are named from guest/ on. */
#define IN_GUEST "guest guest/unwind guest/books guest/python guest/malloc guest/process"
static const struct {
    const char *room;
    const char *may_include;
} rules[] = {
    {"", "cmd"},
    {"cmd",
     "formats formats/ledger model scenario run instrument gate result view report history symbols guest"},
    {"model", ""},
    {"guest", "guest/unwind"},
    {"guest/unwind", "guest"},
    {"guest/books", IN_GUEST},
    {"guest/python", IN_GUEST},
    {"guest/malloc", IN_GUEST},
    {"guest/process", IN_GUEST},
    {"formats", "model"},
    {"formats/ledger", "formats model guest"},
    {"formats/valgrind", "formats model"},
    {"symbols", "model formats/ledger guest"},
    {"scenario", "model"},
    {"result", "model"},
    {"gate", "model scenario result"},
    {"instrument", "model formats formats/ledger formats/valgrind scenario symbols guest"},
    {"run", "model scenario instrument formats/ledger guest"},
    {"view", "model scenario result report/text formats/ledger formats/valgrind"},
    {"report", "model result report/text"},
    {"report/text", "model"},
    {"history", "model result"},
    {"include", ""},
    {"python", "guest model"},
    {"share", ""},
};

static const char *allowed_for(const char *room)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rules); i++)
        if (strcmp(rules[i].room, room) == 0)
            return rules[i].may_include;
    return NULL;
}

/* The room of an include as written in a source of `room`: "gate/baseline.h" is in gate, "baseline.h" in its
 * own, and from guest/books "ledger.h" in guest, if books/ has none. */
static char *room_of(const char *room, const char *include)
{
    const char *slash = strrchr(include, '/');
    gboolean in_guest = g_str_has_prefix(room, "guest");
    if (slash != NULL) {
        g_autofree char *named = g_strndup(include, slash - include);
        g_autofree char *within = g_strconcat("guest/", named, NULL);
        return g_strdup(in_guest && allowed_for(within) != NULL ? within : named);
    }
    if (strcmp(include, "error.h") == 0)
        return g_strdup("");
    g_autofree char *own = g_build_filename(runner_root(), "harness", room, include, NULL);
    return g_strdup(in_guest && !g_file_test(own, G_FILE_TEST_EXISTS) ? "guest" : room);
}

/* What is wrong with this source's includes, one line each, appended to problems. */
static void check_source(const char *room, const char *name, const char *text, GString *problems)
{
    g_auto(GStrv) allowed = g_strsplit(allowed_for(room), " ", -1);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++) {
        char include[256];
        if (sscanf(lines[i], " # include \"%255[^\"]\"", include) != 1)
            continue;
        g_autofree char *target = room_of(room, include);
        if (strcmp(target, room) == 0 || strcmp(target, "") == 0 ||
            g_strv_contains((const char *const *)allowed, target))
            continue;
        g_string_append_printf(problems, "harness/%s/%s:%u: %s/ may not include \"%s\"\n", room, name, i + 1,
                               room, include);
    }
}

/* Checks the sources of one folder and of those in it; returns how many there were. */
static guint check_room(const char *room, GString *problems)
{
    g_autofree char *folder = g_build_filename(runner_root(), "harness", room, NULL);
    g_autoptr(GDir) entries = g_dir_open(folder, 0, NULL);
    ck_assert_ptr_nonnull(entries);
    guint count = 0;
    const char *name;
    while ((name = g_dir_read_name(entries)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autofree char *inner = room[0] != '\0' ? g_strconcat(room, "/", name, NULL) : g_strdup(name);
        if (g_file_test(path, G_FILE_TEST_IS_DIR))
            count += check_room(inner, problems);
        if (!g_str_has_suffix(name, ".c") && !g_str_has_suffix(name, ".h"))
            continue;
        g_autofree char *text = NULL;
        ck_assert(g_file_get_contents(path, &text, NULL, NULL));
        if (allowed_for(room) == NULL)
            g_string_append_printf(problems, "harness/%s/ has no row in %s\n", room, __FILE__);
        else
            check_source(room, name, text, problems);
        count++;
    }
    return count;
}

START_TEST(test_no_room_includes_a_room_further_on)
{
    g_autoptr(GString) problems = g_string_new(NULL);
    guint sources = check_room("", problems);
    ck_assert_msg(problems->len == 0, "%s", problems->str);
    ck_assert_uint_gt(sources, 10);
}
END_TEST

START_TEST(test_a_forbidden_include_is_found_with_file_and_line)
{
    g_autoptr(GString) problems = g_string_new(NULL);
    check_source("formats/valgrind", "massif.c",
                 "#include <glib.h>\n#include \"massif.h\"\n#include \"error.h\"\n"
                 "#include \"model/metric.h\"\n  #  include \"run/phase.h\"\n",
                 problems);
    ck_assert_str_eq(
        problems->str,
        "harness/formats/valgrind/massif.c:5: formats/valgrind/ may not include \"run/phase.h\"\n");
}
END_TEST

START_TEST(test_reports_never_see_the_run)
{
    g_autoptr(GString) problems = g_string_new(NULL);
    check_source("report", "junit.c", "#include \"run/supervisor.h\"\n", problems);
    check_source("model", "metric.c", "#include \"report/report.h\"\n", problems);
    check_source("gate", "compare.c", "#include \"formats/valgrind/massif.h\"\n", problems);
    g_auto(GStrv) lines = g_strsplit(problems->str, "\n", -1);
    ck_assert_uint_eq(g_strv_length(lines), 4);
}
END_TEST

SUITE(include_rules, 10)
{
    tcase_add_test(tcase, test_no_room_includes_a_room_further_on);
    tcase_add_test(tcase, test_a_forbidden_include_is_found_with_file_and_line);
    tcase_add_test(tcase, test_reports_never_see_the_run);
}
