/* One process and program: its ledger, its harness, its beginning and end. */
#ifndef HEAPGATE_TRACER_PROCESS_H
#define HEAPGATE_TRACER_PROCESS_H

#include "guest.h"

/* What the environment said when the program began; the program may change its own. All "" where the tracer
 * is off. */
typedef struct {
    char socket[108];   /* path; as long as the kernel allows */
    char preload[4096]; /* LD_PRELOAD */
    char library[4096]; /* this library, as it was loaded */
    char sample[24];    /* SAMPLE_VARIABLE */
} ProcessInheritance;
extern GUEST_HIDDEN ProcessInheritance process_inheritance;

/* The initial environment, also before the C library has it. */
GUEST_HIDDEN void process_inherit(void);
/* Makes the memory file of the ledger, maps it at `at` (NULL: anywhere) and fills in what is known. fd: where
 * its descriptor is put. NULL: there is no memory or a limit forbids it, which the harness is told where that
 * can be done. */
GUEST_HIDDEN LedgerHeader *process_ledger_new(void *at, bool forked, int *fd);

#endif
