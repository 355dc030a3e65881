/* A family's file: the books of one program and of all its forks, and the roll, in which they say what they
 * start. The second header that the tracer (guest) and the harness share.
 *
 *     0           ROLL_SIZE        ROLL_LEDGER_AT(1)   ROLL_LEDGER_AT(2)
 *    +-----------+----------------+-------------------+-----
 *    | roll      | ledger 0       | ledger 1          | ...
 *    +-----------+----------------+-------------------+-----
 *
 * A program begun by exec makes the file, sends its descriptor to the harness and closes it. Ledger 0 is its
 * own. A fork maps the next one from the mapping that it inherited, so it needs no descriptor, no message and
 * no privilege. Numbers are given out once: the harness gives the memory of a dead ledger back, and nobody
 * takes its number.
 *
 * The accounting closes by itself: what is about to be started is entered in the roll first, by exec and by
 * spawn, and the new program's own roll says which entry it answers (ROLL_PARENT_VARIABLE told it). An entry
 * that nobody answered is a program that was not seen, whatever the reason.
 *
 * The file is sparse, mapped by every process of the family, and hostile input to the harness. */
#ifndef HEAPGATE_GUEST_ROLL_H
#define HEAPGATE_GUEST_ROLL_H

#include "ledger.h"

#define ROLL_MAGIC UINT64_C(0x314c4c4f52504748) /* "HGPROLL1" */

/* "FAMILY.ENTRY" in hexadecimal digits: what a program that is started answers. */
#define ROLL_PARENT_VARIABLE "HEAPGATE_PARENT"
enum { ROLL_PARENT_SIZE = 16 + 1 + 8 + 1 };

enum { ROLL_ENTRIES = 1 << 16, ROLL_PATH = 448 };

/* Which file a program is; 0 and 0: not known. */
typedef struct {
    uint64_t device, inode;
} RollFile;

enum {
    ROLL_NOTHING = 0,  /* not written to its end, or taken back */
    ROLL_EXEC = 1,     /* the process becomes this program */
    ROLL_SPAWN = 2,    /* a new child is this program */
    ROLL_NO_BOOKS = 3, /* a fork of the family has no ledger */
};

/* One program that is started. Number 0 is none; 512 bytes. */
typedef struct {
    uint32_t kind;       /* ROLL_*; written last */
    uint32_t pid;        /* as the process itself has it; ROLL_SPAWN: 0 until the child is there */
    uint32_t ledger;     /* of who writes, or of the process that was forked from */
    uint32_t off_reason; /* LEDGER_OFF_*, where that is known */
    uint64_t time_ns;    /* CLOCK_MONOTONIC */
    RollFile file;
    uint64_t padding[3];
    char path[ROLL_PATH]; /* ends in NUL; cut where longer */
} RollEntry;

typedef struct {
    uint64_t magic;
    uint32_t version; /* LEDGER_VERSION */
    uint32_t header_size;
    uint64_t family; /* tells families apart */
    uint32_t room;   /* how many ledgers the file has room for */
    uint32_t pid;    /* of the program that began it */
    /* Which entry of which family it answers; 0: none. */
    uint64_t parent_family;
    uint32_t parent_entry;
    uint32_t entry_size; /* in bytes; of newer tracers perhaps more than is known here */
    uint64_t entries_at; /* offset of the entries in the file */
    uint64_t ledgers_at; /* offset of ledger 0, and how far the others are apart */
    uint64_t ledger_size;
    RollFile file;                                 /* as it was started: a script, where it is one */
    RollFile image;                                /* what runs: its interpreter */
    uint32_t ledgers __attribute__((aligned(64))); /* given out */
    uint32_t entries;                              /* used, the one that is none included */
    uint32_t spare;                                /* an entry that was taken back, or 0 */
    uint32_t full_entries;                         /* starts that found no room */
} RollHeader;

/* Pages of every size that there is. */
#define ROLL_ROUND(n)     (((uint64_t)(n) + 0xffff) & ~UINT64_C(0xffff))
#define ROLL_ENTRIES_AT   LEDGER_ALIGN(sizeof(RollHeader))
#define ROLL_SIZE         ROLL_ROUND(ROLL_ENTRIES_AT + sizeof(RollEntry) * (uint64_t)ROLL_ENTRIES)
#define ROLL_LEDGER_SIZE  ROLL_ROUND(LEDGER_FILE_SIZE)
#define ROLL_LEDGER_AT(n) (ROLL_SIZE + (uint64_t)(n)*ROLL_LEDGER_SIZE)
/* As many as a file can have. */
enum { ROLL_LEDGERS = 1 << 24 };

/* Says where what lies, and that it is a roll: last, for readers may look at any time. */
static inline void roll_begin(RollHeader *roll)
{
    roll->version = LEDGER_VERSION;
    roll->header_size = sizeof *roll;
    roll->entry_size = sizeof(RollEntry);
    roll->entries_at = ROLL_ENTRIES_AT;
    roll->ledgers_at = ROLL_LEDGER_AT(0);
    roll->ledger_size = ROLL_LEDGER_SIZE;
    roll->ledgers = roll->entries = 1;
    roll->magic = ROLL_MAGIC;
}

/* What a process says to the harness, in one packet of a connection of its own; nobody answers. */
enum {
    LEDGER_HELLO = 0,     /* carries the descriptor of its family's file */
    LEDGER_HELLO_OFF = 1, /* without one: there are no books, off_reason says why */
};
typedef struct {
    uint64_t magic; /* LEDGER_MAGIC */
    uint32_t kind;
    uint32_t off_reason;
    char key[20]; /* as LEDGER_SOCKET_VARIABLE has it behind '#': only who was told may speak */
    uint32_t pid; /* of the process, as it has it itself */
    uint64_t parent_family;
    uint32_t parent_entry;
    char program[256]; /* its file; ends in NUL, cut where longer */
} LedgerHello;

#endif
