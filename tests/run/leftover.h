/* What a program leaves running, for tests that it does not stay so: lines of shell that start it, in the
 * folder of the test, and return when it is there. It ignores every signal that can be ignored. */
#ifndef HEAPGATE_TESTS_RUN_LEFTOVER_H
#define HEAPGATE_TESTS_RUN_LEFTOVER_H

/* It writes its number to the file "pid"; "ready" is a FIFO by which it tells that it is there. */
#define LEFTOVER_PROGRAM "sh -c 'trap \"\" TERM INT HUP; echo $$ > pid; echo > ready; exec sleep 1000'"
/* A child. */
#define LEFTOVER_CHILD "mkfifo ready; " LEFTOVER_PROGRAM " & read word < ready; "
/* A daemon as they are made: a session of its own, and a parent that is gone. */
#define LEFTOVER_DAEMON "mkfifo ready; (setsid " LEFTOVER_PROGRAM " &); read word < ready; "

/* Waits until it is gone, without sleeping; the test fails where it stays. folder: where it was started. */
void leftover_await_gone(const char *folder);

#endif
