/* heapgate.h's marks as functions of a shared library, for languages that call C: libheapgate-marks.so. */
#include <heapgate.h>

void heapgate_mark_c(const char *name);
void heapgate_iteration_c(void);

void heapgate_mark_c(const char *name)
{
    heapgate_mark(name);
}

void heapgate_iteration_c(void)
{
    heapgate_iteration();
}
