/* Kinds of frames: decided by what was read, and carried by whatever holds the frame. */
#include "model/frame_kind.h"
#include "model/site_delta.h"
#include "runner.h"

static const struct {
    Frame frame;
    FrameKind kind;
} rows[] = {
    {{.function = "leak", .file = "app.c"}, FRAME_OWN},
    {{.function = "leak", .file = "/home/us/app.c", .object = "/home/us/app"}, FRAME_OWN},
    {{.function = "leak", .object = "/home/us/app"}, FRAME_OTHER},
    {{.function = "new_allocator", .file = "/usr/include/c++/12/bits/new_allocator.h"}, FRAME_OTHER},
    {{.function = "alloc::vec", .file = "/rustc/9fc6b/library/alloc/src/vec.rs"}, FRAME_OTHER},
    {{.function = "strdup", .file = "./string/strdup.c"}, FRAME_OTHER},
    {{.function = "xmlNewNode", .file = "tree.c", .object = "/usr/lib/libxml2.so.2"}, FRAME_OTHER},
    {{0}, FRAME_OTHER},
    {{.function = "malloc", .object = "/usr/libexec/valgrind/vgpreload_memcheck-amd64-linux.so"},
     FRAME_ALLOCATOR},
    {{.function = "malloc", .file = "vg_replace_malloc.c"}, FRAME_ALLOCATOR},
    {{.function = "malloc", .file = "my_malloc.c"}, FRAME_OWN},
    {{.function = "PyDict_New", .file = "Objects/dictobject.c", .object = "/opt/py/libpython3.12.so.1.0"},
     FRAME_INTERPRETER},
    {{.function = "PyDict_New", .object = "/usr/bin/python3.11"}, FRAME_INTERPRETER},
    {{.function = "PyInit_x", .file = "x.c", .object = "/home/us/python3.11-x.so"}, FRAME_OWN},
    {{.function = "show", .file = "/srv/app/view.py", .object = FRAME_PYTHON_OBJECT}, FRAME_OWN_PYTHON},
    {{.function = "<module>", .file = "<string>", .object = FRAME_PYTHON_OBJECT}, FRAME_OWN_PYTHON},
    {{.function = "<lambda>", .file = "<attrs generated init x>", .object = FRAME_PYTHON_OBJECT},
     FRAME_PYTHON},
    {{.function = "get", .file = "/v/lib/site-packages/r.py", .object = FRAME_PYTHON_OBJECT}, FRAME_PYTHON},
    {{.function = "loads", .file = "/usr/lib/python3.11/json/__init__.py", .object = FRAME_PYTHON_OBJECT},
     FRAME_PYTHON},
    {{.function = "show", .object = FRAME_PYTHON_OBJECT}, FRAME_PYTHON},
};

START_TEST(test_a_frame_is_of_the_kind_that_its_place_says)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        FrameKind kind = frame_kind_of(&rows[i].frame);
        ck_assert_msg(kind == rows[i].kind, "row %u: %d", i, kind);
        gboolean own = kind == FRAME_OWN || kind == FRAME_OWN_PYTHON;
        gboolean python = g_strcmp0(rows[i].frame.object, FRAME_PYTHON_OBJECT) == 0;
        ck_assert_int_eq(frame_kind_is_own(kind), own);
        ck_assert_int_eq(frame_kind_is_python(kind), python);
    }
}
END_TEST

/* Whatever a caller says: tables decide, and what is copied from them keeps it. */
START_TEST(test_tables_decide_the_kind_and_hand_it_on)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        Frame frame = rows[i].frame;
        frame.kind = FRAME_INTERPRETER;
        g_autoptr(CallSites) sites = call_sites_new(), others = call_sites_new();
        call_sites_add(sites, &frame, 1, 10, 1);
        const CallSite *site = call_sites_get(sites, 0);
        ck_assert_int_eq(site->frames[0].kind, rows[i].kind);
        call_sites_add_all(others, sites);
        ck_assert_int_eq(call_sites_get(others, 0)->frames[0].kind, rows[i].kind);
        g_auto(CallSite) copy = call_sites_copy(sites, 0);
        ck_assert_int_eq(copy.frames[0].kind, rows[i].kind);
        SiteDelta *delta = site_delta_new(site->key, site->frames, 1, 0, 10, 1);
        ck_assert_int_eq(delta->frames[0].kind, rows[i].kind);
        site_delta_free(delta);
    }
}
END_TEST

SUITE(frame_kind, 10)
{
    tcase_add_test(tcase, test_a_frame_is_of_the_kind_that_its_place_says);
    tcase_add_test(tcase, test_tables_decide_the_kind_and_hand_it_on);
}
