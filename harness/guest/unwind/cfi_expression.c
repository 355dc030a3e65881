#include "cfi_expression.h"

/* DW_OP_*. */
enum {
    OP_DEREF = 0x06,
    OP_CONST_1 = 0x08, /* then 1 signed, 2, 2 signed, 4, 4 signed, 8, 8 signed */
    OP_CONST_LAST = 0x0f,
    OP_CONST_ULEB = 0x10,
    OP_CONST_SLEB = 0x11,
    OP_AND = 0x1a,
    OP_MINUS = 0x1c,
    OP_PLUS = 0x22,
    OP_PLUS_ULEB = 0x23,
    OP_SHL = 0x24,
    OP_GE = 0x2a,
    OP_LITERAL = 0x30,
    OP_LITERAL_LAST = 0x4f,
    OP_REGISTER = 0x70,
    OP_REGISTER_LAST = 0x8f,
    NO_BASE = 0xff, /* the value is a plain number */
};

typedef struct {
    CfiPlace values[8];
    unsigned depth;
    bool bad;
} Stack;

static void stack_push(Stack *self, uint8_t base, int64_t offset)
{
    if (self->depth == sizeof self->values / sizeof self->values[0])
        self->bad = true;
    else
        self->values[self->depth++] = (CfiPlace){offset, base, false};
}

/* Two values give one: numbers any, a place only by adding a number to it before it is dereferenced. */
static void combine(Stack *self, uint8_t op)
{
    if (self->depth < 2) {
        self->bad = true;
        return;
    }
    CfiPlace b = self->values[--self->depth], *a = &self->values[self->depth - 1];
    if (op == OP_PLUS && a->base == NO_BASE) {
        CfiPlace swapped = *a;
        *a = b;
        b = swapped;
    }
    bool numbers = a->base == NO_BASE && b.base == NO_BASE;
    if (b.base != NO_BASE || a->dereference || (!numbers && op != OP_PLUS && op != OP_MINUS))
        self->bad = true;
    else if (op == OP_PLUS)
        a->offset += b.offset;
    else if (op == OP_MINUS)
        a->offset -= b.offset;
    else if (op == OP_AND)
        a->offset &= b.offset;
    else if (op == OP_SHL)
        a->offset = b.offset >= 0 && b.offset < 64 ? (int64_t)((uint64_t)a->offset << b.offset) : 0;
    else
        a->offset = a->offset >= b.offset;
}

static void dereference(Stack *self)
{
    CfiPlace *top = self->depth == 0 ? NULL : &self->values[self->depth - 1];
    if (top == NULL || top->base == NO_BASE || top->dereference)
        self->bad = true;
    else
        top->dereference = true;
}

static void run_operation(Stack *self, uint8_t op, Bytes *bytes, uintptr_t look)
{
    if (op >= OP_LITERAL && op <= OP_LITERAL_LAST) {
        stack_push(self, NO_BASE, op - OP_LITERAL);
    } else if (op >= OP_REGISTER && op <= OP_REGISTER_LAST) {
        int64_t offset = bytes_sleb(bytes);
        bool number =
            op == OP_REGISTER + CFI_RIP; /* the program counter is known: so are .plt's expressions */
        stack_push(self, number ? NO_BASE : op - OP_REGISTER, number ? (int64_t)look + offset : offset);
    } else if (op >= OP_CONST_1 && op <= OP_CONST_LAST) {
        unsigned size = 1u << ((op - OP_CONST_1) / 2);
        stack_push(self, NO_BASE, op & 1 ? bytes_signed(bytes, size) : (int64_t)bytes_unsigned(bytes, size));
    } else if (op == OP_CONST_ULEB || op == OP_CONST_SLEB) {
        stack_push(self, NO_BASE, op == OP_CONST_SLEB ? bytes_sleb(bytes) : (int64_t)bytes_uleb(bytes));
    } else if (op == OP_PLUS_ULEB) {
        stack_push(self, NO_BASE, bytes_uleb(bytes));
        combine(self, OP_PLUS);
    } else if (op == OP_PLUS || op == OP_MINUS || op == OP_AND || op == OP_SHL || op == OP_GE) {
        combine(self, op);
    } else if (op == OP_DEREF) {
        dereference(self);
    } else {
        self->bad = true;
    }
}

bool cfi_evaluate(const uint8_t *code, const uint8_t *end, bool cfa_first, uintptr_t look, CfiPlace *place)
{
    Bytes bytes = {code, end, false};
    uint64_t length = bytes_uleb(&bytes);
    if (!bytes_have(&bytes, length))
        return false;
    bytes.end = bytes.at + length;
    Stack stack = {.depth = 0};
    if (cfa_first)
        stack_push(&stack, CFI_CFA, 0);
    while (!stack.bad && !bytes.bad && bytes.at < bytes.end)
        run_operation(&stack, bytes_unsigned(&bytes, 1), &bytes, look);
    if (stack.bad || bytes.bad || stack.depth == 0)
        return false;
    *place = stack.values[stack.depth - 1];
    return place->base != NO_BASE;
}
