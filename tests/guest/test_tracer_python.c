/* Python under libheapgate.so: its frames in the stacks, its small objects in the books. */
#include <stdio.h>
#include <string.h>

#include "pythons.h"
#include "runner.h"

/* The last program of a run of one process after the other; the others led to it. */
static const Received *last_of(const Ledgers *ran)
{
    ck_assert_msg(ran->wait_status == 0, "status %x: %s", ran->wait_status, ran->out);
    return ledgers_at(ran, ran->received->len - 1);
}

/* What a script expects of one group of objects: a line "BLOCKS BYTES OFFSETS STACK". */
typedef struct {
    gint64 blocks, bytes;
    const char *offsets, *stack;
} Expected;

static gboolean parse(char *line, Expected *expected)
{
    char *save, *field[4];
    for (guint i = 0; i < 4; i++)
        if ((field[i] = strtok_r(i == 0 ? line : NULL, " ", &save)) == NULL)
            return FALSE;
    *expected = (Expected){g_ascii_strtoll(field[0], NULL, 10), g_ascii_strtoll(field[1], NULL, 10), field[2],
                           field[3]};
    return TRUE;
}

/* ranges: "10-20,40-60", or "-" for any. */
static gboolean is_within(guint32 offset, const char *ranges)
{
    guint from, to;
    int used;
    if (strcmp(ranges, "-") == 0)
        return TRUE;
    for (; sscanf(ranges, "%u-%u%n", &from, &to, &used) == 2; ranges += ranges[used] == ',' ? used + 1 : used)
        if (offset >= from && offset < to)
            return TRUE;
    return FALSE;
}

/* Live at the sites whose Python frames are these, of objects of this size: the same line may have left
 * something of another on the interpreter's free lists. */
static Sum live_at(const GArray *blocks, char **stacks, const guint32 *offsets, const Expected *expected)
{
    Sum sum = {0};
    guint64 size = (guint64)(expected->bytes / expected->blocks);
    for (guint i = 0; i < blocks->len; i++) {
        const ReceivedBlock *block = &g_array_index(blocks, ReceivedBlock, i);
        if (block->size != size || stacks[block->site] == NULL ||
            strcmp(stacks[block->site], expected->stack) != 0 ||
            !is_within(offsets[block->site], expected->offsets))
            continue;
        sum.bytes += (gint64)size;
        sum.blocks++;
    }
    return sum;
}

/* Each line of the output is found in the books. */
static guint check_expected(const Received *received, const char *python, const char *out)
{
    guint sites = received->header->sites, checked = 0;
    g_auto(GStrv) lines = g_strsplit(out, "\n", -1), stacks = g_new0(char *, sites + 1);
    g_autofree guint32 *offsets = g_new0(guint32, sites);
    g_autoptr(GArray) blocks = received_blocks(received);
    char *none = stacks[0] = g_strdup("");
    for (guint i = 1; i < sites; i++)
        stacks[i] = received_python_stack(received, i, &offsets[i]);
    (void)none;
    for (char **line = lines; *line != NULL; line++) {
        Expected expected;
        if (!parse(*line, &expected))
            continue;
        Sum live = live_at(blocks, stacks, offsets, &expected);
        ck_assert_msg(live.blocks == expected.blocks && live.bytes == expected.bytes,
                      "%s: %s at %s: %ld blocks of %ld bytes, expected %ld of %ld", python, expected.stack,
                      expected.offsets, live.blocks, live.bytes, expected.blocks, expected.bytes);
        checked++;
    }
    return checked;
}

static void check_sums(const Received *received, const char *python)
{
    Sum sites = received_live_by_sites(received), records = received_live_by_records(received);
    ck_assert_msg(sites.bytes == received->header->live_bytes && records.bytes == sites.bytes &&
                      records.blocks == sites.blocks,
                  "%s: %ld by the header, %ld by sites, %ld by records", python, received->header->live_bytes,
                  sites.bytes, records.bytes);
    ck_assert_int_eq(received_peak_by_sites(received), received->header->peak_bytes);
}

static void check_python(const Received *received, const char *python)
{
    const LedgerHeader *header = received->header;
    ck_assert_msg(header->python_state == LEDGER_PYTHON_ON, "%s: state %u", python, header->python_state);
    ck_assert_uint_eq(header->python_version >> 24, 3);
    ck_assert_msg(header->python_unread == 0, "%s: %lu stacks not read", python, header->python_unread);
    ck_assert_uint_eq(header->full_codes + header->full_text, 0);
}

/* Runs the shapes by every n-th interpreter, with a setting of the environment and an option. */
static void check_shapes(const char *test, const char *setting, const char *option, guint n)
{
    g_autoptr(GPtrArray) pythons = pythons_find(test);
    const char *script = runner_path("tests/guest/programs/python_shapes.py");
    for (guint i = 0; i < pythons->len; i += n) {
        const char *python = pythons->pdata[i];
        const char *argv[] = {"/usr/bin/env", setting, python, option, script, NULL};
        g_autoptr(Ledgers) ran = ledgers_run(argv, TRUE, 0);
        const Received *received = last_of(ran);
        check_python(received, python);
        if (i == 0)
            check_sums(received, python);
        ck_assert_uint_eq(check_expected(received, python, ran->out), 9 + 200);
        ck_assert_msg(received->header->peak_mapped_bytes < 1 << 20, "%s: %ld mapped", python,
                      received->header->peak_mapped_bytes);
    }
}

START_TEST(test_each_object_is_where_python_says_it_was_made)
{
    check_shapes("each object", "PYTHONMALLOC=pymalloc", "-B", 1);
}
END_TEST

START_TEST(test_objects_are_found_under_other_allocators_too)
{
    check_shapes("malloc", "PYTHONMALLOC=malloc", "-B", 2);
    check_shapes("development mode", "PYTHONMALLOC=", "-Xdev", 3);
    check_shapes("tracemalloc", "PYTHONMALLOC=debug", "-Xtracemalloc=1", 4);
}
END_TEST

START_TEST(test_a_program_that_only_looks_like_python_is_left_alone)
{
    const char *argv[] = {"no_python", NULL};
    g_autoptr(Ledgers) ran = ledgers_run(argv, TRUE, 0);
    ck_assert_uint_eq(last_of(ran)->header->python_state, LEDGER_PYTHON_NOT);
    ck_assert_str_eq(ran->out, "1\n");
}
END_TEST

/* 50,000 objects of 80 bytes and more are there at the mark. */
#define KEEPS                                                                                                \
    "import ctypes\nkept = [b'%060d' % i for i in range(50000)]\n"                                           \
    "ctypes.PyDLL(None).heapgate_tracer_mark(b'end')\nprint(len(kept))\n"

START_TEST(test_an_interpreter_of_an_older_version_is_measured_whole)
{
    static const char *const settings[] = {"PYTHONMALLOC=pymalloc", "PYTHONMALLOC=debug",
                                           "PYTHONMALLOC=malloc"};
    g_autofree char *python =
        pythons_version("3.8", "test_an_interpreter_of_an_older_version_is_measured_whole");
    for (gsize i = 0; python != NULL && i < G_N_ELEMENTS(settings); i++) {
        const char *argv[] = {"/usr/bin/env", settings[i], python, "-c", KEEPS, NULL};
        g_autoptr(Ledgers) ran = ledgers_run(argv, TRUE, 0);
        const Received *received = last_of(ran);
        ck_assert_uint_eq(received->header->python_state, LEDGER_PYTHON_UNKNOWN);
        ck_assert_uint_eq(received->header->python_version >> 16, 0x0308);
        ck_assert_str_eq(ran->out, "50000\n");
        ck_assert_int_gt(received->header->end_live_bytes, 50000 * 90);
        ck_assert_int_gt(received->header->end_live_blocks, 50000);
        ck_assert_int_lt(received->header->peak_mapped_bytes, 3 << 20); /* no arenas */
        check_sums(received, python);
    }
}
END_TEST

START_TEST(test_a_forked_child_has_codes_of_its_own)
{
    g_autoptr(GPtrArray) pythons = pythons_find("fork");
    const char *script = runner_path("tests/guest/programs/python_shapes.py");
    for (guint i = 0; i < pythons->len; i += 2) {
        const char *argv[] = {pythons->pdata[i], "-B", script, "fork", NULL};
        g_autoptr(Ledgers) ran = ledgers_run(argv, TRUE, 0);
        const Received *child = last_of(ran);
        ck_assert_uint_eq(child->header->forked, 1);
        check_python(child, argv[0]);
        ck_assert_uint_lt(child->header->codes, ledgers_at(ran, 0)->header->codes);
        const char *line = g_strrstr(g_strchomp(ran->out), "\n");
        ck_assert_uint_eq(check_expected(child, argv[0], line), 1);
    }
}
END_TEST

START_TEST(test_endless_recursion_is_cut_and_survived)
{
    g_autoptr(GPtrArray) pythons = pythons_find("recursion");
    const char *script = runner_path("tests/guest/programs/python_shapes.py");
    for (guint i = 0; i < pythons->len; i += 2) {
        const char *argv[] = {pythons->pdata[i], "-B", script, "recursion", NULL};
        g_autoptr(Ledgers) ran = ledgers_run(argv, TRUE, 0);
        const Received *received = last_of(ran);
        check_expected(received, argv[0], ran->out);
        ck_assert_uint_gt(received->header->deep_stacks, 0);
    }
}
END_TEST

START_TEST(test_a_signal_in_the_middle_of_the_interpreter_is_survived)
{
    g_autoptr(GPtrArray) pythons = pythons_find("signals");
    const char *script = "import ctypes, sys, time\n"
                         "ctypes.CDLL(sys.argv[1]).begin(100)\n"
                         "end = time.monotonic() + 1\n"
                         "while time.monotonic() < end:\n"
                         "    list(map(lambda x: (lambda: x)(), (i for i in range(100))))\n";
    const char *library = runner_path("build/tests/guest/interrupts.so");
    for (guint i = 0; i < pythons->len; i++) {
        const char *argv[] = {pythons->pdata[i], "-B", "-S", "-c", script, library, NULL};
        g_autoptr(Ledgers) ran = ledgers_run(argv, TRUE, 0);
        const Received *received = last_of(ran);
        ck_assert_uint_gt(received->header->python_unread, 0);
    }
}
END_TEST

#define MAKES "def made():\n    return [bytes(4321)] * 3\nmade()"

/* NULL: the interpreter has no library. */
static Ledgers *run_embedded(const char *python, const char *option)
{
    g_autofree char *library = pythons_library(python), *home = pythons_home(python);
    const char *argv[] = {"embed", library, home, MAKES, option, NULL};
    return library != NULL ? ledgers_run(argv, TRUE, 0) : NULL;
}

static guint64 made_in(const Received *received, const char *function, guint64 size)
{
    guint64 blocks = 0;
    guint32 offset;
    for (guint i = 1; i < received->header->sites; i++) {
        const LedgerSite *site = &received_sites(received)[i];
        g_autofree char *stack = received_python_stack(received, i, &offset);
        if (strcmp(stack, function) == 0 && site->total_bytes == site->total_blocks * size)
            blocks += site->total_blocks;
    }
    return blocks;
}

START_TEST(test_an_interpreter_that_is_loaded_later_is_seen)
{
    g_autoptr(GPtrArray) pythons = pythons_find("embedded");
    for (guint i = 0; i < pythons->len; i++) {
        g_autoptr(Ledgers) ran = run_embedded(pythons->pdata[i], NULL);
        if (ran == NULL)
            continue;
        check_python(last_of(ran), pythons->pdata[i]);
        ck_assert_uint_eq(made_in(last_of(ran), "made<<module>", 4321 + 33), 2);
    }
}
END_TEST

START_TEST(test_an_interpreter_may_be_unloaded)
{
    g_autoptr(GPtrArray) pythons = pythons_find("unloaded");
    for (guint i = 0; i < pythons->len; i += 2) {
        g_autoptr(Ledgers) ran = run_embedded(pythons->pdata[i], "close");
        if (ran != NULL)
            ck_assert_uint_ge(made_in(last_of(ran), "made<<module>", 4321 + 33), 1);
    }
}
END_TEST

/* Runs an interpreter of a version, of what it publishes about itself one word is 8 less than the truth;
 * NULL: there is none. */
static Ledgers *run_misled(const char *version, guint word)
{
    g_autofree char *python = pythons_version(version, "misled");
    if (python == NULL)
        return NULL;
    g_autofree char *library = pythons_library(python), *home = pythons_home(python),
                    *folder = runner_temporary();
    g_autofree char *copy = pythons_misled(library != NULL ? library : python, word, folder);
    g_autofree char *setting = g_strconcat("PYTHONHOME=", home, NULL);
    const char *embedded[] = {"embed", copy, home, MAKES, NULL};
    const char *alone[] = {"/usr/bin/env", setting, copy, "-c", MAKES "\nmade()", NULL};
    Ledgers *ran = ledgers_run(library != NULL ? embedded : alone, TRUE, 0);
    runner_remove(folder);
    return ran;
}

START_TEST(test_frames_that_the_interpreter_contradicts_are_off)
{
    static const struct {
        const char *version;
        guint instruction; /* the published word that says where a frame has it */
    } rows[] = {{"3.13", 31}, {"3.14", 34}, {"3.15", 42}};
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Ledgers) ran = run_misled(rows[i].version, rows[i].instruction);
        if (ran == NULL)
            continue;
        const Received *received = last_of(ran);
        ck_assert_msg(received->header->python_state == LEDGER_PYTHON_MISMATCH, "%s: state %u",
                      rows[i].version, received->header->python_state);
        ck_assert_uint_eq(made_in(received, "", 4321 + 33), 2);
        check_sums(received, rows[i].version);
    }
}
END_TEST

/* Here it only says that it is one. */
START_TEST(test_an_interpreter_without_the_global_lock_is_left_alone)
{
    static const char *const versions[] = {"3.13", "3.14", "3.15"};
    enum { FREE_THREADED = 2 };
    for (gsize i = 0; i < G_N_ELEMENTS(versions); i++) {
        g_autoptr(Ledgers) ran = run_misled(versions[i], FREE_THREADED);
        if (ran != NULL)
            ck_assert_uint_eq(last_of(ran)->header->python_state, LEDGER_PYTHON_THREADED);
    }
}
END_TEST

/* An interpreter without a JIT prints 0. */
static gboolean has_jit(const Ledgers *ran, const char *python)
{
    gboolean has = strcmp(ran->out, "1\n") == 0;
    g_autofree char *reason = g_strdup_printf("%s has no JIT", python);
    if (!has)
        runner_skip("test_frames_are_off_where_the_interpreter_compiles", reason);
    return has;
}

START_TEST(test_frames_are_off_where_the_interpreter_compiles)
{
    static const char *const versions[] = {"3.14", "3.15"};
    const char *script = "import sys\n"
                         "def hot(n):\n    for i in range(n): len([i, i])\n"
                         "for i in range(100): hot(10000)\n"
                         "print(int(getattr(sys, '_jit', None) is not None and sys._jit.is_enabled()))\n";
    for (gsize i = 0; i < G_N_ELEMENTS(versions); i++) {
        g_autofree char *python = pythons_version(versions[i], "jit");
        const char *with[] = {"/usr/bin/env", "PYTHON_JIT=1", python, "-c", script, NULL};
        const char *without[] = {"/usr/bin/env", "PYTHON_JIT=0", python, "-c", script, NULL};
        if (python == NULL)
            continue;
        g_autoptr(Ledgers) off = ledgers_run(with, TRUE, 0), on = ledgers_run(without, TRUE, 0);
        ck_assert_uint_eq(last_of(on)->header->python_state, LEDGER_PYTHON_ON);
        if (has_jit(off, python))
            ck_assert_uint_eq(last_of(off)->header->python_state, LEDGER_PYTHON_JIT);
    }
}
END_TEST

SUITE(tracer_python, 480)
{
    tcase_add_test(tcase, test_an_interpreter_that_is_loaded_later_is_seen);
    tcase_add_test(tcase, test_an_interpreter_may_be_unloaded);
    tcase_add_test(tcase, test_a_program_that_only_looks_like_python_is_left_alone);
    tcase_add_test(tcase, test_an_interpreter_of_an_older_version_is_measured_whole);
    tcase_add_test(tcase, test_a_forked_child_has_codes_of_its_own);
    tcase_add_test(tcase, test_a_signal_in_the_middle_of_the_interpreter_is_survived);
    tcase_add_test(tcase, test_endless_recursion_is_cut_and_survived);
    tcase_add_test(tcase, test_an_interpreter_without_the_global_lock_is_left_alone);
    tcase_add_test(tcase, test_frames_that_the_interpreter_contradicts_are_off);
    tcase_add_test(tcase, test_frames_are_off_where_the_interpreter_compiles);
    tcase_add_test(tcase, test_each_object_is_where_python_says_it_was_made);
    tcase_add_test(tcase, test_objects_are_found_under_other_allocators_too);
}
