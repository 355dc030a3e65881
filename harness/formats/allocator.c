#include "allocator.h"

#include <string.h>

#include "model/frame_kind.h"

static const char *const names[] = {
    "malloc",         "calloc",        "realloc", "reallocarray", "memalign",
    "posix_memalign", "aligned_alloc", "valloc",  "pvalloc",      "malloc_usable_size",
};

gboolean allocator_is_new(const char *function)
{
    return g_str_has_prefix(function, "operator new");
}

static gboolean is_allocator_name(const char *function)
{
    if (allocator_is_new(function) || g_str_has_prefix(function, "__builtin_new") ||
        g_str_has_prefix(function, "__builtin_vec_new"))
        return TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (strcmp(function, names[i]) == 0)
            return TRUE;
    return FALSE;
}

/* C++ writes their parameters behind them. */
gboolean allocator_is_mark(const char *function)
{
    static const char *const marks[] = {"heapgate_request_", "heapgate_block_taken", "heapgate_block_resized",
                                        "heapgate_slab"};
    for (gsize i = 0; i < G_N_ELEMENTS(marks); i++) {
        gsize length = strlen(marks[i]);
        if (strncmp(function, marks[i], length) == 0 && (function[length] == '\0' || function[length] == '('))
            return TRUE;
    }
    return FALSE;
}

gboolean allocator_is_frame(const Frame *frame)
{
    return frame->function != NULL &&
           (allocator_is_mark(frame->function) ||
            (frame_kind_of(frame) == FRAME_ALLOCATOR && is_allocator_name(frame->function)));
}

guint allocator_count_frames(const Frame *frames, guint n_frames)
{
    guint count = 0;
    while (count < n_frames && allocator_is_frame(&frames[count]))
        count++;
    return count;
}
