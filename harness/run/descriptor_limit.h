/* heapgate's own limit on file descriptors: each family of processes holds one, and its processes one each to
 * watch them by. */
#ifndef HEAPGATE_RUN_DESCRIPTOR_LIMIT_H
#define HEAPGATE_RUN_DESCRIPTOR_LIMIT_H

/* Raises it as far as is allowed and useful. More often than once is once. */
void descriptor_limit_raise(void);
/* Between fork and exec: a program has the limit that heapgate was started with. */
void descriptor_limit_restore(void);

#endif
