/* Sets the mark "end" while two threads free a great many blocks, all of which lie there before. */
#include <heapgate.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

enum { BLOCKS = 200000, BEFORE = 1000 };
static void *blocks[BLOCKS];
static _Atomic int freed;

/* From the end that the sum comes to last. */
static void *drain(void *first)
{
    for (int i = BLOCKS - 1 - (int)(intptr_t)first; i >= 0; i -= 2) {
        free(blocks[i]);
        atomic_fetch_add(&freed, 1);
    }
    return NULL;
}

int main(void)
{
    pthread_t ids[2];
    for (int i = 0; i < BLOCKS; i++)
        blocks[i] = malloc(32);
    for (intptr_t i = 0; i < 2; i++)
        pthread_create(&ids[i], NULL, drain, (void *)i);
    while (freed < BEFORE)
        usleep(10);
    heapgate_mark("end");
    for (int i = 0; i < 2; i++)
        pthread_join(ids[i], NULL);
    return 0;
}
