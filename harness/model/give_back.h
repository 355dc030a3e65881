/* Memory that was freed goes back to the system. */
#ifndef HEAPGATE_MODEL_GIVE_BACK_H
#define HEAPGATE_MODEL_GIVE_BACK_H

/* To be called when something large is done with: the ledgers of a large program are a hundred megabytes, and
 * what comes next has its own. From any thread. */
void give_back_memory(void);

#endif
