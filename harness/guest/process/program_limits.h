/* Limits that the program set itself, on their way to the programs that it starts. */
#ifndef HEAPGATE_GUEST_PROCESS_PROGRAM_LIMITS_H
#define HEAPGATE_GUEST_PROCESS_PROGRAM_LIMITS_H

#include "guest.h"

/* In the environment: what the program believes and what the kernel has, of address space and data, each soft
 * and hard; 16 hexadecimal digits each. */
#define LIMITS_VARIABLE "HEAPGATE_LIMITS"
enum { LIMITS_TEXT_SIZE = 8 * 16 + 1 };

/* text: LIMITS_TEXT_SIZE bytes. False: the program set none. Callable in a vfork's child. */
GUEST_HIDDEN bool limits_text(char *text);
/* When a program begins. "" or a text that is none, or of other limits than the kernel has now: nothing. */
GUEST_HIDDEN void limits_inherit(const char *text);

#endif
