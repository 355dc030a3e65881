/* The keeper: a process between heapgate and the program it runs. Whatever the program starts and leaves
 * behind, whatever session it moves to, becomes the keeper's child in the end (prctl(2),
 * PR_SET_CHILD_SUBREAPER), and is killed by it. */
#ifndef HEAPGATE_RUN_KEEPER_H
#define HEAPGATE_RUN_KEEPER_H

/* To be called between fork and exec, where there is but one thread and system calls alone may be made.
 * Returns in a new process, which is to become the program. The calling one stays until that has ended,
 * however it ends; then, or when heapgate itself is gone, it kills all that is left, waits for the last of
 * them, and ends as the program did. */
void keeper_stand_between(void);

#endif
