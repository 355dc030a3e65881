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

/* _Py_DebugOffsets of 3.13, in words. */
enum {
    OFFSETS_VERSION = 1,
    OFFSETS_THREAD_TOP = 23,
    OFFSETS_FRAME_BACK = 29,
    OFFSETS_FRAME_CODE = 30,
    OFFSETS_FRAME_AT = 31,
    OFFSETS_FRAME_LOCALS = 32,
    OFFSETS_FRAME_OWNER = 33,
    OFFSETS_CODE_FILE = 35,
    OFFSETS_CODE_QUALIFIED_NAME = 37,
    OFFSETS_CODE_LINE_TABLE = 38,
    OFFSETS_CODE_FIRST_LINE = 39,
    OFFSETS_CODE_FIRST_UNIT = 43,
    OFFSETS_ASCII_SIZE = 70,
    OFFSETS_WORDS = 73,
};

static bool published(uint32_t version, const void *runtime, PythonLayout *layout)
{
    uint64_t words[OFFSETS_WORDS];
    if (runtime == NULL || memcmp(runtime, "xdebugpy", 8) != 0)
        return false;
    memcpy(words, runtime, sizeof words);
    if (words[OFFSETS_VERSION] >> 16 != version >> 16)
        return false;
    *layout = (PythonLayout){
        .frames = PYTHON_FRAMES_SHIMS,
        .thread_top = (uint16_t)words[OFFSETS_THREAD_TOP],
        .back = (uint16_t)words[OFFSETS_FRAME_BACK],
        .code = (uint16_t)words[OFFSETS_FRAME_CODE],
        .at = (uint16_t)words[OFFSETS_FRAME_AT],
        .owner = (uint16_t)words[OFFSETS_FRAME_OWNER],
        .locals = (uint16_t)words[OFFSETS_FRAME_LOCALS],
        .first_unit = (uint16_t)words[OFFSETS_CODE_FIRST_UNIT],
        .first_traceable = (uint16_t)(words[OFFSETS_CODE_FIRST_UNIT] - 16), /* and co_extra between them */
        .first_line = (uint16_t)words[OFFSETS_CODE_FIRST_LINE],
        .file = (uint16_t)words[OFFSETS_CODE_FILE],
        .name = (uint16_t)words[OFFSETS_CODE_QUALIFIED_NAME],
        .line_table = (uint16_t)words[OFFSETS_CODE_LINE_TABLE],
        .ascii_text = (uint16_t)words[OFFSETS_ASCII_SIZE],
        .compact_text = (uint16_t)(words[OFFSETS_ASCII_SIZE] + 16), /* UTF-8 copy and its length */
    };
    return true;
}

bool python_layout_find(uint32_t version, const void *runtime, PythonLayout *layout)
{
    if (version >> 16 == 0x030d)
        return published(version, runtime, layout);
    for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].version == version >> 16) {
            *layout = known[i].layout;
            return true;
        }
    return false;
}
