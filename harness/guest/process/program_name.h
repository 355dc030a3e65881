/* The name of the program in this process, as people know it. */
#ifndef HEAPGATE_GUEST_PROCESS_PROGRAM_NAME_H
#define HEAPGATE_GUEST_PROCESS_PROGRAM_NAME_H

#include <stddef.h>

/* The last part of the path by which it was started (a link, perhaps), if that is the program's own file and
 * no beginning of the file's name: redis-server for redis-check-rdb, but python3.11 for python3; else that of
 * `executable`; so it is where the path is /proc/self/exe or a descriptor's. name: `room` bytes, ends in NUL.
 */
__attribute__((visibility("hidden"))) void program_name(char *name, size_t room, const char *executable);

#endif
