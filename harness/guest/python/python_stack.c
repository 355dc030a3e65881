#include "python_stack.h"

#include <string.h>

#include "unwind/frame_step.h"
#include "python.h"
#include "python_check.h"
#include "python_frames.h"
#include "python_run.h"
#include "python_trail.h"
#include "books/stack_tree.h"

_Static_assert(LEDGER_NODES <= 1 << 29, "a node and a flag fit into a memo");

enum { SITES_SHIFT = 9 };

/* The site of a function of the interpreter's interface that a node calls. */
typedef struct {
    uintptr_t interface;
    uint32_t node, site;
} InterfaceSite;

struct PythonDesk {
    PythonTrail *python;
    PythonRuns *runs;
    InterfaceSite sites[1 << SITES_SHIFT];
};

PythonDesk *python_desk_new(void)
{
    PythonDesk *self = guest_map(sizeof *self);
    if (self == NULL)
        return NULL;
    self->python = python_trail_new();
    self->runs = python_runs_new();
    if (self->python != NULL && self->runs != NULL)
        return self;
    python_desk_free(self);
    return NULL;
}

void python_desk_free(PythonDesk *self)
{
    if (self == NULL)
        return;
    python_trail_free(self->python);
    python_runs_free(self->runs);
    guest_unmap(self, sizeof *self);
}

void python_desk_clear(PythonDesk *self)
{
    python_trail_clear(self->python);
    python_runs_clear(self->runs);
    memset(self->sites, 0, sizeof self->sites);
}

/* Where no node can be made, the stack ends further out. */
static uint32_t node_within(LedgerHeader *header, uint32_t outer, uintptr_t address)
{
    uint32_t node = stack_tree_child(header, outer, address, 0);
    return LIKELY(node != 0) ? node : outer;
}

/* The node of the run's frames that are kept, which begin at the root. */
static uint32_t kept_node(LedgerHeader *header, PythonDesk *desk, const PythonRun *run, uint32_t root)
{
    const NativeWalk *walk = &run->walk;
    if (walk->frames == 0)
        return root;
    for (uint32_t i = python_run_nodes(desk->runs, run, root); i < walk->frames; i++)
        walk->nodes[i] = node_within(header, i > 0 ? walk->nodes[i - 1] : root, walk->kept[i]);
    return walk->nodes[walk->frames - 1];
}

static uint32_t interface_site(LedgerHeader *header, PythonDesk *desk, uint32_t node, uintptr_t interface)
{
    uint64_t hash = (interface ^ (uint64_t)node << 32) * UINT64_C(0x9e3779b97f4a7c15);
    InterfaceSite *found = &desk->sites[hash >> (64 - SITES_SHIFT)];
    if (found->interface != interface || found->node != node) {
        uint32_t inner = node_within(header, node, interface);
        *found = (InterfaceSite){interface, node, inner != 0 ? stack_tree_site(header, inner) : 0};
    }
    return found->site;
}

/* The site of the run's frames below those of Python; 0: neither has one that is known. */
static uint32_t site_below(LedgerHeader *header, PythonDesk *desk, const PythonTrailEnd *end,
                           const PythonRun *run)
{
    enum { MEMO_KEY, MEMO_SITE };
    uint32_t key = UINT32_C(1) << 31 | end->node << 1 | end->imports; /* a node has fewer bits */
    if (run->memo != NULL && LIKELY(run->memo[MEMO_KEY] == key))
        return run->memo[MEMO_SITE];
    uint32_t node = kept_node(header, desk, run, end->node), site;
    if (run->walk.interface != 0 && !end->imports)
        site = interface_site(header, desk, node, run->walk.interface);
    else
        site = node != 0 ? stack_tree_site(header, node) : 0;
    if (run->memo != NULL) {
        run->memo[MEMO_KEY] = key;
        run->memo[MEMO_SITE] = site;
    }
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
    if (top == 0 || top == python_frames_end(thread_state))
        return 0;
    PythonRun run;
    bool early = python.layout.frames != PYTHON_FRAMES_SHIMS || python.layout.thread_mark != 0;
    if (UNLIKELY(desk == NULL) ||
        (early && !python_run_find(desk->runs, start, python_innermost_mark(thread_state), &run)))
        return unread(header);
    if (!early && !python_is_interpreter(start->pc) && is_interrupted(start))
        return unread(header);
    PythonTrailEnd end = python_trail_follow(desk->python, header, thread_state, top, start);
    if (!early && (end.mark == 0 || !python_run_find(desk->runs, start, end.mark, &run)))
        return unread(header);
    python_check_request();
    return site_below(header, desk, &end, &run);
}
