/* operator new and delete in all their forms.
 *
 * libstdc++'s call malloc and free, which are ours: they are jumped to, so that they stand in the stack where
 * they would without us, and nothing is booked twice. An allocator's own (jemalloc's, tcmalloc's, mimalloc's)
 * call nothing that we see: those are booked here.
 *
 * Arguments are passed on as they lie in the registers, whatever the form: sizes, alignments, std::nothrow.
 * An exception of the real function (std::bad_alloc) passes through. */
#include "interpose_new.h"

#include <string.h>

#include "booked.h"
#include "interpose.h"

typedef void *NewCall(uintptr_t first, uintptr_t second, uintptr_t third);

/* Name and what a C runtime without operator new has instead. */
#define NEW_FORMS(X)                                                                                         \
    X(_Znwm, plain_new)                                                                                      \
    X(_Znam, plain_new)                                                                                      \
    X(_ZnwmRKSt9nothrow_t, plain_new)                                                                        \
    X(_ZnamRKSt9nothrow_t, plain_new)                                                                        \
    X(_ZnwmSt11align_val_t, plain_aligned_new)                                                               \
    X(_ZnamSt11align_val_t, plain_aligned_new)                                                               \
    X(_ZnwmSt11align_val_tRKSt9nothrow_t, plain_aligned_new)                                                 \
    X(_ZnamSt11align_val_tRKSt9nothrow_t, plain_aligned_new)
#define DELETE_FORMS(X)                                                                                      \
    X(_ZdlPv, plain_delete)                                                                                  \
    X(_ZdaPv, plain_delete)                                                                                  \
    X(_ZdlPvRKSt9nothrow_t, plain_delete)                                                                    \
    X(_ZdaPvRKSt9nothrow_t, plain_delete)                                                                    \
    X(_ZdlPvSt11align_val_t, plain_delete)                                                                   \
    X(_ZdaPvSt11align_val_t, plain_delete)                                                                   \
    X(_ZdlPvSt11align_val_tRKSt9nothrow_t, plain_delete)                                                     \
    X(_ZdaPvSt11align_val_tRKSt9nothrow_t, plain_delete)
/* Name, and the same form without a size. */
#define SIZED_DELETE_FORMS(X)                                                                                \
    X(_ZdlPvm, _ZdlPv)                                                                                       \
    X(_ZdaPvm, _ZdaPv)                                                                                       \
    X(_ZdlPvmSt11align_val_t, _ZdlPvSt11align_val_t)                                                         \
    X(_ZdaPvmSt11align_val_t, _ZdaPvSt11align_val_t)

#define DECLARE(name, other) GUEST_EXPORT NewCall name;
NEW_FORMS(DECLARE)
DELETE_FORMS(DECLARE)
SIZED_DELETE_FORMS(DECLARE)

static void *plain_new(uintptr_t size, uintptr_t second, uintptr_t third)
{
    (void)second, (void)third;
    return malloc(size != 0 ? size : 1);
}

static void *plain_aligned_new(uintptr_t size, uintptr_t alignment, uintptr_t third)
{
    (void)third;
    return memalign(alignment, size != 0 ? size : 1);
}

static void *plain_delete(uintptr_t block, uintptr_t second, uintptr_t third)
{
    (void)second, (void)third;
    free((void *)block);
    return NULL;
}

typedef struct {
    const char *name;
    NewCall *ours, *first, *booked, *plain;
    NewCall *go;   /* where ours jumps to: first, then booked or the real function */
    NewCall *next; /* the real function, where that is an allocator's own */
} Form;

#define FUNCTIONS(name, other) static NewCall first##name, booked##name;
NEW_FORMS(FUNCTIONS)
DELETE_FORMS(FUNCTIONS)
SIZED_DELETE_FORMS(FUNCTIONS)

enum {
#define NUMBER(name, other) FORM##name,
    NEW_FORMS(NUMBER) DELETE_FORMS(NUMBER) SIZED_DELETE_FORMS(NUMBER) FORMS
};
static Form forms[FORMS] = {
#define FORM(name, plain)       {#name, name, first##name, booked##name, plain, first##name, NULL},
#define SIZED_FORM(name, other) FORM(name, plain_delete)
    NEW_FORMS(FORM) DELETE_FORMS(FORM) SIZED_DELETE_FORMS(SIZED_FORM)};

/* Among all objects after this one: a program in C may have loaded the C++ library for a plug-in's sake. */
static void form_look(Form *form)
{
    const Object *own = objects_own(), *in = NULL;
    void *found = own != NULL ? objects_find(own->l_next, NULL, form->name, &in) : NULL;
    NewCall *next = found != NULL ? (NewCall *)found : form->plain;
    real_open();
    form->next = next;
    __atomic_store_n(&form->go, found != NULL && in == real_object ? form->booked : next, __ATOMIC_RELEASE);
}

static int look_locked(struct dl_phdr_info *info, size_t size, void *form)
{
    (void)info, (void)size;
    form_look(form);
    return 1;
}

__attribute__((noinline, cold)) static NewCall *form_find(Form *form)
{
    if (dl_iterate_phdr(look_locked, form) == 0)
        form_look(form);
    return form->go;
}

/* What was found may be gone. An allocator's own stays. */
void interpose_new_forget(void)
{
    for (int i = 0; i < FORMS; i++)
        if (forms[i].go != forms[i].booked)
            __atomic_store_n(&forms[i].go, forms[i].first, __ATOMIC_RELEASE);
}

void *interpose_new_ours(const char *name)
{
    for (int i = 0; i < FORMS; i++)
        if (strcmp(forms[i].name, name) == 0)
            return (void *)forms[i].ours;
    return NULL;
}

/* All of them are jumped to, so that what they find where they were called is the program's call. */
#define JUMP(name, other)                                                                                    \
    void *name(uintptr_t first, uintptr_t second, uintptr_t third)                                           \
    {                                                                                                        \
        return forms[FORM##name].go(first, second, third);                                                   \
    }                                                                                                        \
    static void *first##name(uintptr_t first, uintptr_t second, uintptr_t third)                             \
    {                                                                                                        \
        return form_find(&forms[FORM##name])(first, second, third);                                          \
    }
NEW_FORMS(JUMP)
DELETE_FORMS(JUMP)
SIZED_DELETE_FORMS(JUMP)

/* Some allocators' new is made of their malloc, called as anybody would: then it is in the books. */
static inline void *booked_new(NewCall *next, uintptr_t size, uintptr_t second, uintptr_t third,
                               const UnwindStart *start)
{
    LedgerHeader *header = booked_ledger(start->sp);
    void *block = next(booked_size(&real, size), second, third);
    if (header != NULL && block != NULL && !books_may_know(header, block))
        sample_enter(header, block, size, start);
    return block;
}

#define BOOKED_NEW(name, plain)                                                                              \
    static void *booked##name(uintptr_t size, uintptr_t second, uintptr_t third)                             \
    {                                                                                                        \
        UnwindStart start = unwind_start_here();                                                             \
        return booked_new(forms[FORM##name].next, size, second, third, &start);                              \
    }
NEW_FORMS(BOOKED_NEW)

/* Some are made of their free: it finds nothing more in the books. */
static inline void *booked_delete(NewCall *next, uintptr_t block, uintptr_t second, uintptr_t third,
                                  uintptr_t sp)
{
    if (block == 0)
        return NULL;
    booked_forget((void *)block, sp);
    thread_self.deleted = (void *)block;
    next(block, second, third);
    thread_self.deleted = NULL;
    return NULL;
}

#define BOOKED_DELETE(name, plain)                                                                           \
    static void *booked##name(uintptr_t block, uintptr_t second, uintptr_t third)                            \
    {                                                                                                        \
        return booked_delete(forms[FORM##name].next, block, second, third,                                   \
                             (uintptr_t)__builtin_frame_address(0));                                         \
    }
DELETE_FORMS(BOOKED_DELETE)

/* A small block was asked for at another size, which its owner does not know. */
#define BOOKED_SIZED_DELETE(name, other)                                                                     \
    static void *booked##name(uintptr_t block, uintptr_t size, uintptr_t third)                              \
    {                                                                                                        \
        if (size < real.least)                                                                               \
            return other(block, third, 0);                                                                   \
        return booked_delete(forms[FORM##name].next, block, size, third,                                     \
                             (uintptr_t)__builtin_frame_address(0));                                         \
    }
SIZED_DELETE_FORMS(BOOKED_SIZED_DELETE)
