#include "python_layout.h"

#include <string.h>

static const struct {
    uint32_t version; /* major and minor */
    PythonLayout layout;
} known[] = {
    {0x0309,
     {.frames = PYTHON_FRAMES_OBJECTS,
      .thread_top = 24,
      .back = 24,
      .code = 32,
      .at = 104,
      .locals = 360,
      .index_unit = 1,
      .first_line = 40,
      .file = 104,
      .name = 112,
      .line_table = 120,
      .ascii_text = 48,
      .compact_text = 72}},
    {0x030a,
     {.frames = PYTHON_FRAMES_CFRAMES,
      .thread_top = 24,
      .thread_mark = 48,
      .thread_root = 264,
      .mark_back = 8,
      .back = 24,
      .code = 32,
      .at = 96,
      .locals = 352,
      .index_unit = 2,
      .first_line = 40,
      .file = 104,
      .name = 112,
      .line_table = 120,
      .ascii_text = 48,
      .compact_text = 72}},
    {0x030b,
     {.frames = PYTHON_FRAMES_CFRAMES,
      .top_in_mark = true,
      .thread_top = 8,
      .thread_mark = 56,
      .thread_root = 336,
      .mark_back = 16,
      .back = 48,
      .code = 32,
      .at = 56,
      .owner = 69,
      .locals = 72,
      .first_unit = 184,
      .first_traceable = 168,
      .first_line = 72,
      .file = 112,
      .name = 128,
      .line_table = 136,
      .ascii_text = 48,
      .compact_text = 72}},
    {0x030c,
     {.frames = PYTHON_FRAMES_SHIMS,
      .top_in_mark = true,
      .thread_top = 0,
      .thread_mark = 56,
      .back = 8,
      .code = 0,
      .at = 56,
      .owner = 70,
      .locals = 72,
      .first_unit = 192,
      .first_traceable = 176,
      .first_line = 68,
      .file = 112,
      .name = 128,
      .line_table = 136,
      .ascii_text = 40,
      .compact_text = 56}},
};

/* _Py_DebugOffsets begins with "xdebugpy", the version and whether it is free-threaded; where the rest has
 * what is wanted here, in words of it, each version decides anew. */
static const struct {
    uint32_t version; /* major and minor */
    uint8_t thread_top, thread_base;
    uint8_t back, code, at, locals, owner;
    uint8_t file, name, line_table, first_line, first_unit;
    uint8_t ascii_size;
} published[] = {
    {.version = 0x030d,
     .thread_top = 23,
     .back = 29,
     .code = 30,
     .at = 31,
     .locals = 32,
     .owner = 33,
     .file = 35,
     .name = 37,
     .line_table = 38,
     .first_line = 39,
     .first_unit = 43,
     .ascii_size = 70},
    {.version = 0x030e,
     .thread_top = 26,
     .back = 32,
     .code = 33,
     .at = 34,
     .locals = 35,
     .owner = 36,
     .file = 40,
     .name = 42,
     .line_table = 43,
     .first_line = 44,
     .first_unit = 48,
     .ascii_size = 80},
    {.version = 0x030f,
     .thread_top = 26,
     .thread_base = 27,
     .back = 40,
     .code = 41,
     .at = 42,
     .locals = 43,
     .owner = 44,
     .file = 48,
     .name = 50,
     .line_table = 51,
     .first_line = 52,
     .first_unit = 56,
     .ascii_size = 92},
};
enum { OFFSETS_VERSION = 1, OFFSETS_WORDS = 93 };

/* runtime: begins with offsets that are as these. */
static PythonLayout layout_published(unsigned i, const void *runtime)
{
    uint64_t words[OFFSETS_WORDS];
    memcpy(words, runtime, sizeof words);
#define PUBLISHED(field) ((uint16_t)words[published[i].field])
    return (PythonLayout){
        .frames = PYTHON_FRAMES_SHIMS,
        .thread_top = PUBLISHED(thread_top),
        .thread_base = published[i].thread_base != 0 ? PUBLISHED(thread_base) : 0,
        .back = PUBLISHED(back),
        .code = PUBLISHED(code),
        .at = PUBLISHED(at),
        .owner = PUBLISHED(owner),
        .locals = PUBLISHED(locals),
        .first_unit = PUBLISHED(first_unit),
        .first_traceable = (uint16_t)(PUBLISHED(first_unit) - 16), /* and co_extra between them */
        .first_line = PUBLISHED(first_line),
        .file = PUBLISHED(file),
        .name = PUBLISHED(name),
        .line_table = PUBLISHED(line_table),
        .ascii_text = PUBLISHED(ascii_size),
        .compact_text = (uint16_t)(PUBLISHED(ascii_size) + 16), /* UTF-8 copy and its length */
    };
#undef PUBLISHED
}

/* Do the offsets that the runtime begins with have the layout of this version? */
static bool runtime_publishes(const void *runtime, uint32_t version)
{
    uint64_t words[OFFSETS_VERSION + 1];
    if (runtime == NULL)
        return false;
    memcpy(words, runtime, sizeof words);
    return memcmp(words, "xdebugpy", sizeof words[0]) == 0 && words[OFFSETS_VERSION] >> 16 == version;
}

bool python_layout_find(uint32_t version, const void *runtime, PythonLayout *layout)
{
    for (unsigned i = 0; i < sizeof published / sizeof published[0]; i++)
        if (published[i].version == version >> 16 && runtime_publishes(runtime, version >> 16)) {
            *layout = layout_published(i, runtime);
            return true;
        }
    for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].version == version >> 16) {
            *layout = known[i].layout;
            return true;
        }
    return false;
}
