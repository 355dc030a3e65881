#include "cfi.h"

#include <string.h>

#include "cfi_expression.h"

/* Opcodes; those above 0x3f keep an operand in their low six bits. */
enum {
    ADVANCE = 0x40,
    OFFSET = 0x80,
    RESTORE = 0xc0,
    NOP = 0x00,
    SET_LOC = 0x01,
    ADVANCE_1 = 0x02,
    ADVANCE_2 = 0x03,
    ADVANCE_4 = 0x04,
    OFFSET_EXTENDED = 0x05,
    RESTORE_EXTENDED = 0x06,
    UNDEFINED = 0x07,
    SAME_VALUE = 0x08,
    REGISTER = 0x09,
    REMEMBER_STATE = 0x0a,
    RESTORE_STATE = 0x0b,
    DEF_CFA = 0x0c,
    DEF_CFA_REGISTER = 0x0d,
    DEF_CFA_OFFSET = 0x0e,
    DEF_CFA_EXPRESSION = 0x0f,
    EXPRESSION = 0x10,
    OFFSET_EXTENDED_SIGNED = 0x11,
    DEF_CFA_SIGNED = 0x12,
    DEF_CFA_OFFSET_SIGNED = 0x13,
    VAL_OFFSET = 0x14,
    VAL_OFFSET_SIGNED = 0x15,
    VAL_EXPRESSION = 0x16,
    GNU_ARGS_SIZE = 0x2e,
    GNU_NEGATIVE_OFFSET = 0x2f,
};

/* One register's rule in few bytes: the place of an expression is worked out when the row is complete. */
typedef struct {
    uint8_t how;
    bool expression;
    union {
        int64_t offset; /* from the CFA */
        const uint8_t *code;
    };
} Saved;

typedef struct {
    Saved saved[CFI_REGISTERS];
    int64_t cfa_offset;
    const uint8_t *cfa_code; /* NULL: cfa_register + cfa_offset */
    uint64_t cfa_register;
} State;

enum { REMEMBERED = 4 };

typedef struct {
    const FrameDescription *description;
    State now, initial;
    State remembered[REMEMBERED];
    unsigned depth;
    uintptr_t location, look;
} Machine;

static void set_saved(Machine *self, uint64_t reg, Saved saved)
{
    if (reg < CFI_REGISTERS)
        self->now.saved[reg] = saved;
}

static void set_offset(Machine *self, uint64_t reg, int64_t factored)
{
    set_saved(self, reg, (Saved){CFI_SAVED, false, {factored * self->description->data_align}});
}

static void restore(Machine *self, uint64_t reg)
{
    if (reg < CFI_REGISTERS)
        self->now.saved[reg] = self->initial.saved[reg];
}

static void advance(Machine *self, uint64_t factored)
{
    self->location += factored * self->description->code_align;
}

/* A block: its length, then its bytes. Returns where its length is written. */
static const uint8_t *block(Bytes *bytes)
{
    const uint8_t *at = bytes->at;
    bytes_skip(bytes, bytes_uleb(bytes));
    return at;
}

static void define_cfa(Machine *self, uint64_t reg, int64_t offset)
{
    self->now.cfa_register = reg;
    self->now.cfa_offset = offset;
    self->now.cfa_code = NULL;
}

static void machine_remember(Machine *self, Bytes *bytes)
{
    if (self->depth == REMEMBERED)
        bytes->bad = true;
    else
        self->remembered[self->depth++] = self->now;
}

static void recall(Machine *self, Bytes *bytes)
{
    if (self->depth == 0)
        bytes->bad = true;
    else
        self->now = self->remembered[--self->depth];
}

/* The instructions about one register. False: not one of them. */
static bool run_register(Machine *self, uint8_t opcode, Bytes *bytes)
{
    uint64_t reg = 0;
    if (opcode == OFFSET_EXTENDED || opcode == RESTORE_EXTENDED || opcode == UNDEFINED ||
        opcode == SAME_VALUE || opcode == REGISTER ||
        (opcode >= EXPRESSION && opcode <= OFFSET_EXTENDED_SIGNED) ||
        (opcode >= VAL_OFFSET && opcode <= VAL_EXPRESSION) || opcode == GNU_NEGATIVE_OFFSET)
        reg = bytes_uleb(bytes);
    switch (opcode) {
    case OFFSET_EXTENDED:
        set_offset(self, reg, bytes_uleb(bytes));
        return true;
    case OFFSET_EXTENDED_SIGNED:
        set_offset(self, reg, bytes_sleb(bytes));
        return true;
    case GNU_NEGATIVE_OFFSET:
        set_offset(self, reg, -(int64_t)bytes_uleb(bytes));
        return true;
    case RESTORE_EXTENDED:
        restore(self, reg);
        return true;
    case UNDEFINED:
        set_saved(self, reg, (Saved){CFI_UNDEFINED, false, {0}});
        return true;
    case SAME_VALUE:
        set_saved(self, reg, (Saved){CFI_SAME, false, {0}});
        return true;
    case EXPRESSION:
        set_saved(self, reg, (Saved){CFI_SAVED, true, {.code = block(bytes)}});
        return true;
    case VAL_EXPRESSION:
        block(bytes);
        set_saved(self, reg, (Saved){CFI_OTHER, false, {0}});
        return true;
    case REGISTER:
    case VAL_OFFSET:
    case VAL_OFFSET_SIGNED:
        bytes_uleb(bytes);
        set_saved(self, reg, (Saved){CFI_OTHER, false, {0}});
        return true;
    default:
        return false;
    }
}

/* The instructions about the CFA. False: not one of them. */
static bool run_cfa(Machine *self, uint8_t opcode, Bytes *bytes)
{
    uint64_t reg;
    switch (opcode) {
    case DEF_CFA:
        reg = bytes_uleb(bytes);
        define_cfa(self, reg, bytes_uleb(bytes));
        return true;
    case DEF_CFA_SIGNED:
        reg = bytes_uleb(bytes);
        define_cfa(self, reg, bytes_sleb(bytes) * self->description->data_align);
        return true;
    case DEF_CFA_REGISTER:
        define_cfa(self, bytes_uleb(bytes), self->now.cfa_offset);
        return true;
    case DEF_CFA_OFFSET:
        define_cfa(self, self->now.cfa_register, bytes_uleb(bytes));
        return true;
    case DEF_CFA_OFFSET_SIGNED:
        define_cfa(self, self->now.cfa_register, bytes_sleb(bytes) * self->description->data_align);
        return true;
    case DEF_CFA_EXPRESSION:
        self->now.cfa_code = block(bytes);
        return true;
    default:
        return false;
    }
}

/* The rest; an instruction that is not known spoils the row. */
static void run_other(Machine *self, uint8_t opcode, Bytes *bytes)
{
    switch (opcode) {
    case NOP:
        break;
    case SET_LOC:
        self->location = eh_frame_address(bytes, self->description->encoding, 0);
        break;
    case ADVANCE_1:
        advance(self, bytes_unsigned(bytes, 1));
        break;
    case ADVANCE_2:
        advance(self, bytes_unsigned(bytes, 2));
        break;
    case ADVANCE_4:
        advance(self, bytes_unsigned(bytes, 4));
        break;
    case REMEMBER_STATE:
        machine_remember(self, bytes);
        break;
    case RESTORE_STATE:
        recall(self, bytes);
        break;
    case GNU_ARGS_SIZE:
        bytes_uleb(bytes);
        break;
    default:
        bytes->bad = true;
    }
}

static bool machine_run(Machine *self, Bytes bytes)
{
    while (!bytes.bad && bytes.at < bytes.end && self->location <= self->look) {
        uint8_t opcode = bytes_unsigned(&bytes, 1), operand = opcode & 0x3f;
        switch (opcode & 0xc0) {
        case ADVANCE:
            advance(self, operand);
            break;
        case OFFSET:
            set_offset(self, operand, bytes_uleb(&bytes));
            break;
        case RESTORE:
            restore(self, operand);
            break;
        default:
            if (!run_register(self, opcode, &bytes) && !run_cfa(self, opcode, &bytes))
                run_other(self, opcode, &bytes);
        }
    }
    return !bytes.bad;
}

/* The code of an expression lies in the description's own program or in the common one. */
static const uint8_t *end_of(const FrameDescription *description, const uint8_t *code)
{
    const Bytes *own = &description->program;
    return code >= own->at && code < own->end ? own->end : description->initial.end;
}

static void fill_row(const Machine *self, CfiRow *row)
{
    const State *now = &self->now;
    const FrameDescription *description = self->description;
    row->signal = description->signal;
    row->cfa = (CfiPlace){now->cfa_offset, now->cfa_register, false};
    row->cfa_known = now->cfa_register < CFI_REGISTERS;
    if (now->cfa_code != NULL)
        row->cfa_known =
            cfi_evaluate(now->cfa_code, end_of(description, now->cfa_code), false, self->look, &row->cfa);
    for (unsigned reg = 0; reg < CFI_REGISTERS; reg++) {
        const Saved *saved = &now->saved[reg];
        row->how[reg] = saved->how;
        row->saved[reg] = (CfiPlace){saved->offset, CFI_CFA, false};
        if (saved->expression && (!cfi_evaluate(saved->code, end_of(description, saved->code), true,
                                                self->look, &row->saved[reg]) ||
                                  row->saved[reg].dereference))
            row->how[reg] = CFI_OTHER;
    }
}

bool cfi_row(const FrameDescription *description, uintptr_t look, CfiRow *row)
{
    if (description->return_column != CFI_RIP)
        return false;
    Machine machine;
    machine.description = description;
    memset(&machine.now, 0, sizeof machine.now);
    machine.now.cfa_register = UINT64_MAX;
    machine.initial = machine.now; /* a common program may restore, though it should not */
    machine.depth = 0;
    machine.location = machine.look = look;
    if (!machine_run(&machine, description->initial))
        return false;
    machine.initial = machine.now;
    machine.location = description->start;
    if (!machine_run(&machine, description->program))
        return false;
    fill_row(&machine, row);
    return true;
}

bool cfi_find(uintptr_t look, CfiRow *row)
{
    FrameDescription description;
    return eh_frame_find(look, &description) && cfi_row(&description, look, row);
}
