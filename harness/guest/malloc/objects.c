#include "objects.h"

#include "symbol_find.h"

/* Lock-free; glibc 2.35 and later. */
#pragma weak _dl_find_object

/* Of this library, by the linker. */
extern GUEST_HIDDEN const char __ehdr_start[];

const Object *objects_at(const void *address)
{
    struct dl_find_object found;
    if (_dl_find_object == NULL || _dl_find_object((void *)address, &found) != 0)
        return NULL;
    return found.dlfo_link_map;
}

/* A program that looks at _r_debug itself may have a copy of its own that nobody fills in. */
const Object *objects_first(void)
{
    const Object *first = _r_debug.r_map != NULL ? _r_debug.r_map : objects_at(__ehdr_start);
    while (first != NULL && first->l_prev != NULL)
        first = first->l_prev;
    return first;
}

const Object *objects_own(void)
{
    const Object *object = objects_first();
    while (object != NULL && object->l_addr != (uintptr_t)__ehdr_start)
        object = object->l_next;
    return object;
}

/* From version 2 on the loader chains the namespaces (struct r_debug_extended). */
const Object *objects_next_namespace(const Object *first)
{
    struct r_debug_extended *space = (struct r_debug_extended *)(void *)&_r_debug;
    bool passed = first == NULL;
    for (; space != NULL && space->base.r_version >= 2; space = space->r_next) {
        if (passed && space->base.r_map != NULL && space->base.r_map != _r_debug.r_map)
            return space->base.r_map;
        passed = passed || space->base.r_map == first;
    }
    return NULL;
}

void *object_find(const Object *self, const char *name)
{
    SymbolTable table = symbol_table(self->l_addr, self->l_ld);
    return symbol_find(&table, name, NULL);
}

void *objects_find(const Object *from, const Object *until, const char *name, const Object **in)
{
    for (const Object *object = from; object != NULL && object != until; object = object->l_next) {
        void *found = object_find(object, name);
        if (found == NULL)
            continue;
        if (in != NULL)
            *in = object;
        return found;
    }
    return NULL;
}
