#include "frame_kind.h"

#include <string.h>

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

gboolean frame_is_allocator(const Frame *frame)
{
    return (frame->object != NULL && g_str_has_prefix(base_name(frame->object), "vgpreload_")) ||
           (frame->file != NULL && strcmp(base_name(frame->file), "vg_replace_malloc.c") == 0);
}

gboolean frame_is_python(const Frame *frame)
{
    return g_strcmp0(frame->object, FRAME_PYTHON_OBJECT) == 0;
}

/* Python code that is installed, the interpreter's or by pip, or heapgate's that drives a workflow. */
gboolean frame_is_own_python(const Frame *frame)
{
    static const char *const libraries[] = {"/lib/python", "/site-packages/", "/dist-packages/",
                                            "/python/heapgate/", "<frozen "};
    if (!frame_is_python(frame) || frame->file == NULL)
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(libraries); i++)
        if (strstr(frame->file, libraries[i]) != NULL)
            return FALSE;
    /* Code that a library made at run time; "<string>" is that of python -c. */
    return frame->file[0] != '<' || strcmp(frame->file, "<string>") == 0 ||
           strcmp(frame->file, "<stdin>") == 0;
}

/* Native code with a source of its own: not the system's headers, and not what names its sources from where
 * it was built, as glibc does. */
static gboolean is_own_native(const Frame *frame)
{
    static const char *const systems[] = {"/usr/", "/lib/", "/lib64/", "/rustc/", "/build/", "."};
    if (frame->file == NULL || *frame->file == '\0' || frame_is_python(frame))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(systems); i++)
        if (g_str_has_prefix(frame->file, systems[i]) ||
            (frame->object != NULL && g_str_has_prefix(frame->object, systems[i])))
            return FALSE;
    return TRUE;
}

gboolean frame_is_own(const Frame *frame)
{
    return frame_is_own_python(frame) || is_own_native(frame);
}
