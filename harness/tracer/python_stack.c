#include "python_stack.h"

#include "frame_step.h"
#include "python.h"
#include "python_check.h"
#include "python_frames.h"
#include "python_run.h"
#include "python_trail.h"
#include "stack_tree.h"

_Static_assert(LEDGER_NODES <= 1 << 26, "a node and a flag fit into a memo");

struct PythonDesk {
    PythonTrail *trail;
    PythonRuns *runs;
};

PythonDesk *python_desk_new(void)
{
    PythonDesk *self = guest_map(sizeof *self);
    if (self == NULL)
        return NULL;
    self->trail = python_trail_new();
    self->runs = python_runs_new();
    if (self->trail != NULL && self->runs != NULL)
        return self;
    python_desk_free(self);
    return NULL;
}

void python_desk_free(PythonDesk *self)
{
    if (self == NULL)
        return;
    python_trail_free(self->trail);
    python_runs_free(self->runs);
    guest_unmap(self, sizeof *self);
}

void python_desk_clear(PythonDesk *self)
{
    python_trail_clear(self->trail);
    python_runs_clear(self->runs);
}

/* Where no node can be made, the stack ends further out. */
static uint32_t node_within(LedgerHeader *header, uint32_t outer, uintptr_t address)
{
    uint32_t node = stack_tree_child(header, outer, address, 0);
    return LIKELY(node != 0) ? node : outer;
}

/* The site of the run's frames below those of Python; 0: neither has one that is known. */
static uint32_t site_below(LedgerHeader *header, const PythonTrailEnd *end, const PythonRun *run)
{
    enum { MEMO_KEY, MEMO_SITE };
    uint32_t key = UINT32_C(1) << 31 | end->node << 1 | end->imports; /* a node has 26 bits */
    if (LIKELY(run->memo[MEMO_KEY] == key))
        return run->memo[MEMO_SITE];
    uint32_t node = end->node;
    for (uint32_t i = 0; i < run->frames; i++)
        node = node_within(header, node, run->kept[i]);
    if (run->interface != 0 && !end->imports)
        node = node_within(header, node, run->interface);
    uint32_t site = node != 0 ? stack_tree_site(header, node) : 0;
    run->memo[MEMO_KEY] = key;
    run->memo[MEMO_SITE] = site;
    return site;
}

static uint32_t unread(LedgerHeader *header)
{
    atomic_add(&header->python_unread, 1, guest_shared());
    return 0;
}

/* Did a signal come in the middle of the interpreter, whose frames may be half made? */
static bool is_interrupted(const UnwindStart *start)
{
    Frame frame = frame_begin(start, 0);
    StepResult result = STEP_ON;
    while (result == STEP_ON && !python_is_interpreter(frame.pc)) {
        StepWords words;
        result = frame_step(&frame, &words, start);
    }
    return result == STEP_ON && frame.exact;
}

/* The run comes first where the thread names its mark: it tells whether the frames may be read. */
uint32_t python_stack_site(LedgerHeader *header, const UnwindStart *start, PythonDesk *desk)
{
    uintptr_t thread_state = (uintptr_t)python.call.thread_state();
    uintptr_t top = thread_state != 0 ? python_frame_top(thread_state) : 0;
    if (top == 0)
        return 0;
    PythonRun run;
    bool early = python.layout.frames != PYTHON_FRAMES_SHIMS || python.layout.thread_mark != 0;
    if (UNLIKELY(desk == NULL) ||
        (early && !python_run_find(desk->runs, start, python_innermost_mark(thread_state), &run)))
        return unread(header);
    if (!early && !python_is_interpreter(start->pc) && is_interrupted(start))
        return unread(header);
    PythonTrailEnd end = python_trail_follow(desk->trail, header, thread_state, top, start);
    if (!early && (end.mark == 0 || !python_run_find(desk->runs, start, end.mark, &run)))
        return unread(header);
    python_check_request();
    return site_below(header, &end, &run);
}
