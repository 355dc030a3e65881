/* The frames that are read against those that the interpreter's own functions give, once, and whether it
 * compiles code, which leaves its frames behind. */
#ifndef HEAPGATE_GUEST_PYTHON_PYTHON_CHECK_H
#define HEAPGATE_GUEST_PYTHON_PYTHON_CHECK_H

#include "guest.h"

/* Asks the interpreter to have it done at its next safe point, where its functions may be called (they make
 * objects). Callable from anywhere; the first call counts. If frames differ, or it compiles,
 * Python frames are off. */
GUEST_HIDDEN void python_check_request(void);
/* Once more: the interpreter may have been given other allocators, or have made room for compiled code. */
GUEST_HIDDEN void python_check_again(void);

#endif
