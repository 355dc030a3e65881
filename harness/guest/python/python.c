#include "python.h"

#include <dlfcn.h>
#include <string.h>

#include "python_code.h"
#include "python_interface.h"
#include "python_memory.h"
#include "malloc/symbol_find.h"

Python python;

/* Oldest first. Those that all versions have are all there, or it is no CPython: others export one or the
 * other. Of the newer ones those behind one that is missing are not used. */
static const struct {
    const char *name;
    size_t at;     /* in PythonFunctions */
    uint8_t since; /* the version 3.N that brought it; 0: all have it */
} wanted[] = {
    {"Py_GetVersion", offsetof(PythonFunctions, version), 0},
    {"PyGILState_GetThisThreadState", offsetof(PythonFunctions, thread_state), 0},
    {"Py_AddPendingCall", offsetof(PythonFunctions, add_pending_call), 0},
    {"PyObject_GetAttrString", offsetof(PythonFunctions, attribute), 0},
    {"PySys_GetObject", offsetof(PythonFunctions, of_sys), 0},
    {"PyLong_AsLong", offsetof(PythonFunctions, as_long), 0},
    {"Py_DecRef", offsetof(PythonFunctions, release), 0},
    {"PyErr_Clear", offsetof(PythonFunctions, error_clear), 0},
    {"PyCode_Type", offsetof(PythonFunctions, code_type), 0},
    {"PyMem_GetAllocator", offsetof(PythonFunctions, get_allocator), 4},
    {"PyMem_SetAllocator", offsetof(PythonFunctions, set_allocator), 4},
    {"_PyRuntime", offsetof(PythonFunctions, runtime), 7},
    {"PyThreadState_GetFrame", offsetof(PythonFunctions, thread_frame), 9},
    {"PyFrame_GetBack", offsetof(PythonFunctions, frame_back), 9},
    {"PyObject_CallNoArgs", offsetof(PythonFunctions, call), 9},
    {"PyFrame_GetCode", offsetof(PythonFunctions, frame_code), 9},
};

static bool find_functions(const SymbolTable *symbols, PythonFunctions *functions)
{
    for (unsigned i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        void *found = symbol_find(symbols, wanted[i].name, NULL);
        if (found == NULL)
            return wanted[i].since > 0;
        memcpy((char *)functions + wanted[i].at, &found, sizeof found);
    }
    return true;
}

static uint32_t number_at(const char **text)
{
    uint32_t number = 0;
    while (**text >= '0' && **text <= '9' && number < 256)
        number = number * 10 + (uint32_t)(*(*text)++ - '0');
    return number & 255;
}

/* "3.12.1 (main, ...)" or "3.13.0rc2": as PY_VERSION_HEX. */
static uint32_t version_parse(const char *text)
{
    uint32_t version = 0;
    for (unsigned shift = 24;; shift -= 8) {
        version |= number_at(&text) << shift;
        if (*text != '.' || shift == 8)
            break;
        text++;
    }
    uint32_t level = *text == 'a' ? 0xa : *text == 'b' ? 0xb : *text == 'r' ? 0xc : 0xf;
    while (*text >= 'a' && *text <= 'z')
        text++;
    return version | level << 4 | (level != 0xf ? number_at(&text) & 15 : 0);
}

/* Of an interpreter from 3.13 on: is it built without the global lock? */
static bool is_free_threaded(uint32_t version, const void *runtime)
{
    uint64_t words[3] = {0};
    if (runtime == NULL)
        return false;
    memcpy(words, runtime, sizeof words);
    return version >> 16 >= 0x030d && memcmp(words, "xdebugpy", 8) == 0 && words[2] != 0;
}

static uint32_t python_state_of(const Python *self)
{
    PythonLayout layout;
    if (self->call.set_allocator == NULL)
        return LEDGER_PYTHON_HIDDEN;
    if (self->call.frame_code == NULL)
        return LEDGER_PYTHON_UNKNOWN;
    if (is_free_threaded(self->version, self->call.runtime))
        return LEDGER_PYTHON_THREADED;
    return python_layout_find(self->version, self->call.runtime, &layout) ? LEDGER_PYTHON_ON
                                                                          : LEDGER_PYTHON_UNKNOWN;
}

static void python_tell(LedgerHeader *header)
{
    if (header == NULL)
        return;
    header->python_version = python.version;
    __atomic_store_n(&header->python_state, python.state, __ATOMIC_RELEASE);
}

/* Remembered stacks are native ones. */
static void python_begin(void)
{
    if (python.hooked)
        python_memory_open();
    python_tell(guest_desk->header);
    if (!python_on())
        return;
    __atomic_fetch_add(&guest_generation, 1, __ATOMIC_ACQ_REL);
}

/* The first interpreter is the one. */
static bool consider(uintptr_t start, uintptr_t end, const SymbolTable *symbols)
{
    static uint32_t busy;
    size_t loop_size;
    Python found = {.start = start, .end = end};
    if (__atomic_load_n(&python.state, __ATOMIC_ACQUIRE) != LEDGER_PYTHON_NOT ||
        !find_functions(symbols, &found.call))
        return false;
    found.loop_start = (uintptr_t)symbol_find(symbols, "_PyEval_EvalFrameDefault", &loop_size);
    if (__atomic_exchange_n(&busy, 1, __ATOMIC_ACQ_REL) != 0)
        return false;
    found.loop_end = found.loop_start + loop_size;
    found.version = version_parse(found.call.version());
    uint32_t state = python_state_of(&found);
    if (state == LEDGER_PYTHON_ON && found.loop_start == 0)
        state = LEDGER_PYTHON_UNKNOWN;
    found.hooked = state != LEDGER_PYTHON_HIDDEN && state != LEDGER_PYTHON_THREADED;
    if (state == LEDGER_PYTHON_ON && !(python_code_open() && python_interface_open(symbols, start, end)))
        state = LEDGER_PYTHON_UNKNOWN;
    python_layout_find(found.version, found.call.runtime, &found.layout);
    python = found;
    __atomic_store_n(&python.state, state, __ATOMIC_RELEASE);
    python_begin();
    return true;
}

static int consider_loaded(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size, (void)data;
    const ElfW(Dyn) *dynamic = NULL;
    uintptr_t start = UINTPTR_MAX, end = 0;
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        uintptr_t low = info->dlpi_addr + header->p_vaddr;
        if (header->p_type == PT_DYNAMIC)
            dynamic = (const ElfW(Dyn) *)low;
        if (header->p_type != PT_LOAD)
            continue;
        start = low < start ? low : start;
        end = low + header->p_memsz > end ? low + header->p_memsz : end;
    }
    SymbolTable symbols = symbol_table(info->dlpi_addr, dynamic);
    return consider(start, end, &symbols);
}

void python_open(void)
{
    dl_iterate_phdr(consider_loaded, NULL);
}

void python_see(uintptr_t start, uintptr_t end, const struct link_map *object)
{
    if (__atomic_load_n(&python.state, __ATOMIC_ACQUIRE) != LEDGER_PYTHON_NOT)
        return;
    SymbolTable symbols = symbol_table(object->l_addr, object->l_ld);
    consider(start, end, &symbols);
}

void python_off(uint32_t state)
{
    __atomic_store_n(&python.state, state, __ATOMIC_RELEASE);
    python_tell(guest_desk->header);
    __atomic_fetch_add(&guest_generation, 1, __ATOMIC_ACQ_REL);
}

/* Its functions must not be called any more. Another one that is loaded later is left alone. */
void python_closed(void)
{
    Dl_info info;
    if (!python_hooked() || dladdr(python.call.runtime, &info) != 0)
        return;
    python.hooked = false;
    if (python_on())
        python_off(LEDGER_PYTHON_UNKNOWN);
}

void python_ledger(LedgerHeader *header)
{
    header->codes = header->text = 1;
    if (python_on() && !python_code_open())
        python.state = LEDGER_PYTHON_UNKNOWN;
    python_tell(header);
}
