/* One process and program: its ledger, its harness, its beginning and end. */
#ifndef HEAPGATE_GUEST_PROCESS_PROCESS_H
#define HEAPGATE_GUEST_PROCESS_PROCESS_H

#include "program_limits.h"
#include "roll.h"

/* What the environment said when the program began; the program may change its own. All "" where the tracer
 * is off. */
typedef struct {
    char socket[128];   /* LEDGER_SOCKET_VARIABLE */
    char preload[4096]; /* LD_PRELOAD */
    char library[4096]; /* this library, as it was loaded */
    char limits[LIMITS_TEXT_SIZE];
    char sample[24]; /* LEDGER_SAMPLE_VARIABLE */
    char parent[32]; /* ROLL_PARENT_VARIABLE */
} ProcessInheritance;
extern GUEST_HIDDEN ProcessInheritance process_inheritance;

/* The initial environment, also before the C library has it. */
GUEST_HIDDEN void process_inherit(void);
/* Which entry of which family the environment says that this program answers; 0 and 0: none. */
GUEST_HIDDEN void process_parent(uint64_t *family, uint32_t *entry);
/* The program's file. */
GUEST_HIDDEN const char *process_executable(void);
/* What is known when a ledger begins. forked: LEDGER_FORKED, or LEDGER_FORKED_APART where the process that it
 * was forked from is so; 0: a program begun by exec. */
GUEST_HIDDEN void process_header_fill(LedgerHeader *header, uint32_t forked);

#endif
