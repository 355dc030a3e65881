#include "python_check.h"

#include "books/own.h"
#include "python.h"
#include "python_frames.h"
#include "python_memory.h"

enum { NOT_YET, REQUESTED, DONE };
static uint32_t requested;

/* (transfer none): somebody else holds the object, too. */
static void *borrowed(void *object)
{
    if (object != NULL)
        python.call.release(object);
    return object;
}

static bool frame_is_at(void *frame, uint32_t offset)
{
    void *number = python.call.attribute(frame, "f_lasti");
    if (number == NULL) {
        python.call.error_clear();
        return false;
    }
    long at = python.call.as_long(number);
    python.call.release(number);
    return at == (long)offset || (at < 0 && offset == 0);
}

/* The next frame that runs; NULL: there is none. */
static const PythonFrame *next_of(const PythonChain *chain, uint32_t *i, uint32_t *offset)
{
    while (*i < chain->count) {
        const PythonFrame *frame = &chain->frames[(*i)++];
        if (frame->code != PYTHON_MARK && python_frame_runs(frame, offset))
            return frame;
    }
    return NULL;
}

static bool agrees(const PythonChain *chain, void *thread_state)
{
    uint32_t i = 0, offset;
    void *theirs = python.call.thread_frame(thread_state);
    for (;;) {
        const PythonFrame *ours = next_of(chain, &i, &offset);
        if (ours == NULL || theirs == NULL) {
            bool both = ours == NULL && (theirs == NULL || chain->cut);
            borrowed(theirs);
            return both;
        }
        bool same =
            (uintptr_t)borrowed(python.call.frame_code(theirs)) == ours->code && frame_is_at(theirs, offset);
        void *back = python.call.frame_back(theirs);
        python.call.release(theirs);
        theirs = back;
        if (!same) {
            borrowed(theirs);
            return false;
        }
    }
}

static void check_frames(void)
{
    void *thread_state = python.call.thread_state();
    PythonChain *chain = guest_map(sizeof *chain);
    if (!python_on() || thread_state == NULL || chain == NULL)
        return;
    python_frames_read(chain, (uintptr_t)thread_state);
    if (!agrees(chain, thread_state))
        python_off(LEDGER_PYTHON_MISMATCH);
    guest_unmap(chain, sizeof *chain);
}

/* sys._jit.is_enabled(), from 3.14 on. */
static bool jit_is_enabled(void)
{
    void *jit = python.call.of_sys("_jit");
    void *question = jit != NULL ? python.call.attribute(jit, "is_enabled") : NULL;
    void *answer = question != NULL ? python.call.call(question) : NULL;
    bool enabled = answer != NULL && python.call.as_long(answer) > 0;
    if (question != NULL)
        python.call.release(question);
    if (answer != NULL)
        python.call.release(answer);
    python.call.error_clear();
    return enabled;
}

/* Compiled code writes a frame's instruction down late, and 3.14's cannot be unwound through. */
static void check_jit(void)
{
    if (python_on() && jit_is_enabled())
        python_off(LEDGER_PYTHON_JIT);
}

/* What the interpreter's functions make on the way is no growth of the program's. */
static int check(void *unused)
{
    (void)unused;
    __atomic_store_n(&requested, DONE, __ATOMIC_RELEASE);
    own_begin();
    python_memory_settle();
    check_frames();
    check_jit();
    own_end();
    return 0;
}

static void request(uint32_t from)
{
    if (LIKELY(__atomic_load_n(&requested, __ATOMIC_RELAXED) != from) ||
        !__atomic_compare_exchange_n(&requested, &from, REQUESTED, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        return;
    if (python.call.add_pending_call(check, NULL) != 0)
        __atomic_store_n(&requested, from, __ATOMIC_RELEASE);
}

void python_check_request(void)
{
    request(NOT_YET);
}

void python_check_again(void)
{
    request(DONE);
}
