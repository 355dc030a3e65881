#include "frame_kind.h"

#include <string.h>

#include "text.h"

static gboolean is_allocator(const Frame *frame)
{
    return g_str_has_prefix(text_base_name(frame->object), "vgpreload_") ||
           strcmp(text_base_name(frame->file), "vg_replace_malloc.c") == 0;
}

/* The executable python3.N, or libpython3. */
static gboolean is_interpreter(const Frame *frame)
{
    const char *object = text_base_name(frame->object);
    return g_str_has_prefix(object, "libpython3") ||
           (g_str_has_prefix(object, "python3") && strstr(object, ".so") == NULL);
}

/* Not the interpreter's library, no installed package, and not heapgate's own module, which drives
 * workflows. */
static gboolean is_own_python(const char *file)
{
    static const char *const libraries[] = {"/lib/python", "/site-packages/", "/dist-packages/",
                                            "/python/heapgate/", "<frozen "};
    if (file == NULL)
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(libraries); i++)
        if (strstr(file, libraries[i]) != NULL)
            return FALSE;
    /* Other names in <> are code that a library made at run time; "<string>" is the code of python -c. */
    return file[0] != '<' || strcmp(file, "<string>") == 0 || strcmp(file, "<stdin>") == 0;
}

/* The source is known and lies in the project: not in the system's headers, and not where a distribution
 * built a library (glibc's debug information names "./malloc/malloc.c" or "/build/..."). */
static gboolean is_own_native(const Frame *frame)
{
    static const char *const systems[] = {"/usr/", "/lib/", "/lib64/", "/rustc/", "/build/", "."};
    if (frame->file == NULL || *frame->file == '\0')
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(systems); i++)
        if (g_str_has_prefix(frame->file, systems[i]) ||
            (frame->object != NULL && g_str_has_prefix(frame->object, systems[i])))
            return FALSE;
    return TRUE;
}

FrameKind frame_kind_of(const Frame *frame)
{
    if (g_strcmp0(frame->object, FRAME_PYTHON_OBJECT) == 0)
        return is_own_python(frame->file) ? FRAME_OWN_PYTHON : FRAME_PYTHON;
    if (is_allocator(frame))
        return FRAME_ALLOCATOR;
    if (is_interpreter(frame))
        return FRAME_INTERPRETER;
    return is_own_native(frame) ? FRAME_OWN : FRAME_OTHER;
}
