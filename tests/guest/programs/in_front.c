/* A library that is preloaded besides and stands in front of the C library's syscall, as those do that fake
 * the time. */
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

long syscall(long number, ...);

long syscall(long number, ...)
{
    va_list list;
    va_start(list, number);
    int fd = va_arg(list, int);
    va_end(list);
    return number == SYS_dup ? 1000 + fd : -1;
}
