/* Returns freed memory to the system. */
#ifndef HEAPGATE_MODEL_GIVE_BACK_H
#define HEAPGATE_MODEL_GIVE_BACK_H

/* Returns what the C library holds of freed memory. To be called after freeing something large: the ledgers
 * of a large program take some 100 MB, and the next run needs as much again. Any thread may call it. */
void give_back_memory(void);

#endif
