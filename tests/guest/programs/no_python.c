/* Exports what an interpreter would, but is none. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define EXPORTED __attribute__((visibility("default")))
EXPORTED void PyMem_SetAllocator(int domain, void *allocator);
EXPORTED void PyMem_GetAllocator(int domain, void *allocator);
EXPORTED void *PyGILState_GetThisThreadState(void);
EXPORTED void *_PyEval_EvalFrameDefault(void *size);
EXPORTED int PyCode_Type = 1;

void PyMem_SetAllocator(int domain, void *allocator)
{
    (void)domain, (void)allocator;
    abort();
}

void PyMem_GetAllocator(int domain, void *allocator)
{
    (void)domain, (void)allocator;
    abort();
}

void *PyGILState_GetThisThreadState(void)
{
    abort();
}

void *_PyEval_EvalFrameDefault(void *size)
{
    return malloc((uintptr_t)size);
}

int main(void)
{
    printf("%d\n", _PyEval_EvalFrameDefault((void *)777) != NULL);
    return 0;
}
