#include "report/text/stack.h"

#include <string.h>

#include "model/frame_kind.h"
#include "runner.h"

/* (transfer full). */
static char *shown(Frame *frames, guint n_frames)
{
    for (guint i = 0; i < n_frames; i++)
        frames[i].kind = frame_kind_of(&frames[i]);
    g_autoptr(Columns) columns = columns_new("", " ");
    stack_add(columns, "16 B", NULL, "key", frames, n_frames);
    ck_assert_uint_le(columns_lines(columns), STACK_FRAMES);
    return columns_render(columns);
}

/* make_shared takes ten frames of the library's between the program and operator new. */
START_TEST(test_the_middle_that_is_cut_is_the_librarys_and_never_the_projects)
{
    Frame frames[14];
    for (guint i = 0; i < G_N_ELEMENTS(frames); i++)
        frames[i] =
            (Frame){.function = "std::allocate", .file = "/usr/include/c++/12/bits/alloc.h", .line = i + 1};
    frames[10] = (Frame){.function = "audit_note", .file = "/home/us/orders/note.cc", .line = 5};
    frames[11] = (Frame){.function = "handle", .file = "orders.cc", .line = 8};
    frames[12] = (Frame){.function = "main", .file = "orders.cc", .line = 20};
    frames[13] = (Frame){.function = "__libc_start_main", .file = "../csu/libc-start.c", .line = 1};
    g_autofree char *text = shown(frames, G_N_ELEMENTS(frames));
    ck_assert_ptr_nonnull(strstr(text, "audit_note"));
    ck_assert_ptr_nonnull(strstr(text, "handle"));
    ck_assert_ptr_nonnull(strstr(text, "main"));
    ck_assert_ptr_nonnull(strstr(text, " more"));
}
END_TEST

START_TEST(test_of_a_stack_with_python_the_programs_python_stays)
{
    Frame frames[14];
    for (guint i = 0; i < G_N_ELEMENTS(frames); i++)
        frames[i] = (Frame){.function = "_PyObject_Call", .file = "Objects/call.c", .line = i + 1};
    frames[9] = (Frame){.function = "report", .file = "jobs.py", .object = FRAME_PYTHON_OBJECT, .line = 24};
    g_autofree char *text = shown(frames, G_N_ELEMENTS(frames));
    ck_assert_ptr_nonnull(strstr(text, "report"));
}
END_TEST

SUITE(report_stack, 10)
{
    tcase_add_test(tcase, test_the_middle_that_is_cut_is_the_librarys_and_never_the_projects);
    tcase_add_test(tcase, test_of_a_stack_with_python_the_programs_python_stays);
}
