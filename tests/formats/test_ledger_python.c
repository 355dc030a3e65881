/* Python frames in a ledger: their names, and what is left of a mixed stack. */
#include <string.h>

#include "formats/ledger/ledger_python.h"
#include "formats/ledger/ledger_sites.h"
#include "made_ledger.h"
#include "runner.h"

/* 3.11: one code unit on the first line, two more on the line after it. */
static const guint8 table[] = {0xd0, 0x00, 0x00, 0xd9, 0x00, 0x00};

/* An interpreter at 0x10000 that calls itself; an extension at 0x20000. */
static void make_interpreter(MadeLedger *made)
{
    made_ledger_init(made);
    made->header.python_state = LEDGER_PYTHON_ON;
    made->header.python_version = 0x030b02f0;
    made_ledger_module(made, "/usr/bin/python3.11", 0x10000, 0x20000);
    made_ledger_module(made, "/usr/lib/python3/dist-packages/_speedups.cpython-311.so", 0x20000, 0x30000);
}

static void name(Ledger *ledger, guint32 node, const char *function, const char *object)
{
    LedgerName one = {.function = (guint32)ledger->strings->len};
    g_string_append_len(ledger->strings, function, (gssize)strlen(function) + 1);
    one.object = (guint32)ledger->strings->len;
    g_string_append_len(ledger->strings, object, (gssize)strlen(object) + 1);
    g_array_append_val(ledger->names, one);
    ledger_place_of(ledger, node)->name = ledger->names->len;
}

static char *key_of(const Ledger *ledger, guint32 node)
{
    g_autoptr(GArray) frames = g_array_new(FALSE, FALSE, sizeof(Frame));
    ledger_add_frames(ledger, node, LEDGER_KEY_FRAMES, frames);
    return call_site_key((const Frame *)(void *)frames->data, frames->len);
}

START_TEST(test_python_frames_have_function_file_and_line)
{
    g_auto(MadeLedger) made = {0};
    make_interpreter(&made);
    guint32 code = made_ledger_code(&made, "Job.run", "/srv/engine/jobs.py", 40, table, sizeof table);
    guint32 node = made_ledger_node(&made, 0, LEDGER_PYTHON_FRAME(code, 4));
    made_ledger_site(&made, node, 100, 0, 0);
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    g_autoptr(GArray) frames = g_array_new(FALSE, FALSE, sizeof(Frame));
    ledger_add_frames(ledger, node, LEDGER_KEY_FRAMES, frames);
    ck_assert_uint_eq(frames->len, 1);
    const Frame *frame = &g_array_index(frames, Frame, 0);
    ck_assert_str_eq(frame->function, "Job.run");
    ck_assert_str_eq(frame->file, "/srv/engine/jobs.py");
    ck_assert_uint_eq(frame->line, 41);
    g_autofree char *key = key_of(ledger, node);
    ck_assert_str_eq(key, "Job.run (jobs.py)");
}
END_TEST

START_TEST(test_the_interpreter_is_left_out_but_for_the_innermost_of_its_interface)
{
    g_auto(MadeLedger) made = {0};
    make_interpreter(&made);
    guint32 code = made_ledger_code(&made, "run", "jobs.py", 40, table, sizeof table);
    guint32 outermost = made_ledger_node(&made, 0, 0x10100);
    guint32 python = made_ledger_node(&made, outermost, LEDGER_PYTHON_FRAME(code, 0));
    guint32 call = made_ledger_node(&made, python, 0x10200);
    guint32 append = made_ledger_node(&made, call, 0x10300);
    guint32 resize = made_ledger_node(&made, append, 0x10400);
    guint32 get = made_ledger_node(&made, resize, 0x10500);
    guint32 extension = made_ledger_node(&made, call, 0x20100);
    guint32 start = made_ledger_node(&made, 0, 0x10600);
    guint32 start_inner = made_ledger_node(&made, outermost, 0x10680);
    guint32 start_type = made_ledger_node(&made, start_inner, 0x10700);
    made_ledger_site(&made, get, 100, 0, 0);
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    const char *interpreter = "/usr/bin/python3.11";
    name(ledger, outermost, "Py_RunMain", interpreter);
    name(ledger, call, "PyObject_Vectorcall", interpreter);
    name(ledger, append, "PyList_Append", interpreter);
    name(ledger, resize, "list_resize", interpreter);
    name(ledger, get, "PyMem_Realloc", interpreter);
    name(ledger, start, "init_types", interpreter);
    name(ledger, start_inner, "???~123456", interpreter);
    name(ledger, start_type, "PyType_Ready", interpreter);
    name(ledger, extension, "speed_up", "/usr/lib/python3/dist-packages/_speedups.cpython-311.so");
    g_autofree char *key = key_of(ledger, get), *other = key_of(ledger, extension);
    ck_assert_str_eq(key, "PyList_Append (python3.11) < run (jobs.py)");
    ck_assert_str_eq(other, "speed_up (_speedups.cpython-311.so) < run (jobs.py)");
    g_autofree char *native = key_of(ledger, outermost), *own = key_of(ledger, start_type),
                    *nameless = key_of(ledger, start);
    ck_assert_str_eq(native, "Py_RunMain (python3.11)");
    ck_assert_str_eq(own, "PyType_Ready (python3.11) < Py_RunMain (python3.11)");
    ck_assert_str_eq(nameless, "init_types (python3.11)");
}
END_TEST

START_TEST(test_python_frames_that_make_no_sense_are_counted)
{
    static const guint8 no_table[60000];
    g_auto(MadeLedger) made = {0};
    make_interpreter(&made);
    guint32 code = made_ledger_code(&made, "\xff\xfe", "jobs.py", 40, no_table, sizeof no_table);
    guint32 nodes[] = {
        made_ledger_node(&made, 0, LEDGER_PYTHON_FRAME(code, 0xfffffff)),
        made_ledger_node(&made, 0, LEDGER_PYTHON_FRAME(code + 1, 0)),
        made_ledger_node(&made, 0, LEDGER_PYTHON_FRAME(0, 0)),
    };
    made.header.text = 8; /* the file's name is cut */
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    ck_assert_uint_eq(ledger->damaged, 2);
    g_autofree char *key = key_of(ledger, nodes[0]), *none = key_of(ledger, nodes[1]);
    ck_assert_ptr_nonnull(strstr(key, FRAME_PYTHON_OBJECT));
    ck_assert(g_utf8_validate(key, -1, NULL));
    ck_assert_str_eq(none, "???");
}
END_TEST

START_TEST(test_the_line_shown_is_that_which_has_most)
{
    g_auto(MadeLedger) made = {0};
    make_interpreter(&made);
    guint32 code = made_ledger_code(&made, "run", "jobs.py", 40, table, sizeof table);
    guint32 first = made_ledger_node(&made, 0, LEDGER_PYTHON_FRAME(code, 0));
    guint32 second = made_ledger_node(&made, 0, LEDGER_PYTHON_FRAME(code, 2));
    made.header.peak_number = 9;
    made_ledger_site(&made, first, 10, 9, 900);
    made_ledger_site(&made, second, 20, 9, 800);
    made_ledger_block(&made, 0, 2, 10, 1, 0);
    made_ledger_block(&made, 0, 20, 20, 2, 0);
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    g_autoptr(CallSites) kept = call_sites_new(), peak = call_sites_new();
    ck_assert_int_eq(ledger_add_sites(ledger, LEDGER_NUMBER_KEPT, kept), 30);
    ledger_add_sites(ledger, LEDGER_NUMBER_PEAK, peak);
    ck_assert_uint_eq(call_sites_count(kept), 1);
    ck_assert_int_eq(call_sites_get(kept, 0)->bytes, 30);
    ck_assert_uint_eq(call_sites_get(kept, 0)->frames[0].line, 41);
    ck_assert_uint_eq(call_sites_get(peak, 0)->frames[0].line, 40);
}
END_TEST

START_TEST(test_files_that_were_linked_are_named_by_where_they_lie)
{
    g_auto(MadeLedger) made = {0};
    make_interpreter(&made);
    static const char *const cases[][2] = {{"/tmp/run/work/engine/jobs.py", "/srv/engine/jobs.py"},
                                           {"/tmp/run/work/engine", "/srv/engine"},
                                           {"/tmp/run/work/engines.py", "/tmp/run/work/engines.py"},
                                           {"engine/jobs.py", "engine/jobs.py"}};
    guint32 nodes[G_N_ELEMENTS(cases)];
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        guint32 code = made_ledger_code(&made, "run", cases[i][0], 40, table, sizeof table);
        nodes[i] = made_ledger_node(&made, 0, LEDGER_PYTHON_FRAME(code, 0));
    }
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    ledger_keys(ledger); /* what is remembered must not stay as it was */
    ledger_move_files(ledger, "/tmp/run/work/engine", "/srv/engine");
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GArray) frames = g_array_new(FALSE, FALSE, sizeof(Frame));
        ledger_add_frames(ledger, nodes[i], LEDGER_KEY_FRAMES, frames);
        ck_assert_str_eq(g_array_index(frames, Frame, 0).file, cases[i][1]);
    }
}
END_TEST

START_TEST(test_python_frames_survive_saving)
{
    g_auto(MadeLedger) made = {0};
    make_interpreter(&made);
    guint32 code = made_ledger_code(&made, "run", "jobs.py", 40, table, sizeof table);
    guint32 node = made_ledger_node(&made, 0, LEDGER_PYTHON_FRAME(code, 0));
    g_autoptr(Ledger) ledger = made_ledger_read(&made);
    g_autoptr(GByteArray) saved = ledger_save(ledger);
    g_autoptr(Ledger) again = ledger_load((const char *)saved->data, saved->len, "saved", NULL);
    ck_assert_ptr_nonnull(again);
    g_autofree char *key = key_of(again, node);
    ck_assert_str_eq(key, "run (jobs.py)");
}
END_TEST

/* What is read of an interpreter that contradicts it may be anything until that is found out. */
START_TEST(test_an_instruction_beyond_all_code_is_no_other_code)
{
    guint64 address = LEDGER_PYTHON_FRAME(5, G_MAXUINT32);
    ck_assert_uint_eq(LEDGER_PYTHON_CODE(address), 5);
    ck_assert(ledger_frame_is(address, LEDGER_FRAME_PYTHON));
}
END_TEST

START_TEST(test_an_interpreter_with_its_jit_on_is_another_one)
{
    LedgerHeader header = {.python_version = 0x030f00f0, .python_state = LEDGER_PYTHON_ON};
    g_autofree char *plain = ledger_python_name(&header);
    ck_assert_str_eq(plain, "CPython 3.15.0");
    header.python_state = LEDGER_PYTHON_JIT;
    g_autofree char *compiles = ledger_python_name(&header);
    ck_assert_str_eq(compiles, "CPython 3.15.0 with its JIT");
}
END_TEST

START_TEST(test_notes_say_why_there_are_no_python_frames)
{
    static const struct {
        guint32 state;
        guint64 unread;
        const char *says;
    } rows[] = {
        {LEDGER_PYTHON_NOT, 0, NULL},
        {LEDGER_PYTHON_ON, 0, NULL},
        {LEDGER_PYTHON_ON, 3, "could not be read: 3"},
        {LEDGER_PYTHON_UNKNOWN, 0, "CPython 3.16.0 is not one of"},
        {LEDGER_PYTHON_THREADED, 0, NULL},
        {LEDGER_PYTHON_HIDDEN, 0, NULL},
        {LEDGER_PYTHON_MISMATCH, 0, "was not what its own"},
        {LEDGER_PYTHON_JIT, 0, "PYTHON_JIT=0 brings the lines"},
    };
    LedgerHeader unloaded = {.python_version = 0x030c01f0, .python_state = LEDGER_PYTHON_UNKNOWN};
    g_autofree char *gone = ledger_python_note(&unloaded);
    ck_assert(strstr(gone, "3.12.1 was loaded; it was unloaded") != NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        LedgerHeader header = {
            .python_version = 0x031000a1, .python_state = rows[i].state, .python_unread = rows[i].unread};
        g_autofree char *note = ledger_python_note(&header);
        ck_assert_msg((note == NULL) == (rows[i].says == NULL), "row %zu", i);
        ck_assert(note == NULL || strstr(note, rows[i].says) != NULL);
    }
}
END_TEST

START_TEST(test_an_interpreter_that_hides_its_objects_is_not_seen)
{
    static const struct {
        guint32 state;
        const char *says;
    } rows[] = {
        {LEDGER_PYTHON_NOT, NULL},      {LEDGER_PYTHON_ON, NULL},
        {LEDGER_PYTHON_UNKNOWN, NULL},  {LEDGER_PYTHON_THREADED, "without the global lock"},
        {LEDGER_PYTHON_MISMATCH, NULL}, {LEDGER_PYTHON_HIDDEN, "the first whose allocators can be watched"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        LedgerHeader header = {.python_version = 0x031000a1, .python_state = rows[i].state};
        g_autofree char *reason = ledger_python_hidden(&header);
        ck_assert_msg((reason == NULL) == (rows[i].says == NULL), "row %zu", i);
        ck_assert(reason == NULL || strstr(reason, rows[i].says) != NULL);
    }
}
END_TEST

SUITE(ledger_python, 30)
{
    tcase_add_test(tcase, test_an_instruction_beyond_all_code_is_no_other_code);
    tcase_add_test(tcase, test_an_interpreter_with_its_jit_on_is_another_one);
    tcase_add_test(tcase, test_an_interpreter_that_hides_its_objects_is_not_seen);
    tcase_add_test(tcase, test_python_frames_have_function_file_and_line);
    tcase_add_test(tcase, test_the_interpreter_is_left_out_but_for_the_innermost_of_its_interface);
    tcase_add_test(tcase, test_python_frames_that_make_no_sense_are_counted);
    tcase_add_test(tcase, test_the_line_shown_is_that_which_has_most);
    tcase_add_test(tcase, test_files_that_were_linked_are_named_by_where_they_lie);
    tcase_add_test(tcase, test_python_frames_survive_saving);
    tcase_add_test(tcase, test_notes_say_why_there_are_no_python_frames);
}
