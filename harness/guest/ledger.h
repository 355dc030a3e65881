/* The ledger: the heap's books in shared memory. The one header that the tracer (guest) and the harness
 * share.
 *
 * The traced process makes a memory file (memfd_create), maps it, sends its descriptor to the harness, which
 * holds it open, and closes its own: the books are there while the process runs and after it is dead, however
 * it died. One ledger for each process and program: a forked child and an exec'ed program begin their own.
 *
 * The file is sparse: every section lies at a fixed offset and has room for its maximum; only touched pages
 * exist. Nothing is ever moved. Numbers are native and little-endian; 0 means "none" in every field that
 * names a record.
 *
 * Who writes: the shadow record of a block is written only by the thread that owns the block (between
 * malloc's return and free's call); counters of sites and of the header are added to atomically (plainly
 * while the process has one thread); nodes, sites and modules are appended once and never changed. Readers
 * may read at any time: a reader sees at most the operations in flight (one for each thread) half done.
 *
 * The ledger is hostile input to the harness: every index and count is checked before use. */
#ifndef HEAPGATE_GUEST_LEDGER_H
#define HEAPGATE_GUEST_LEDGER_H

#include <stdint.h>

#define LEDGER_MAGIC   UINT64_C(0x315244474c504748) /* "HGPLGDR1" */
#define LEDGER_VERSION 5

/* The environment variables by which the tracer is told where its harness listens: "PATH#KEY", the path of a
 * socket, which has the same name among the abstract ones, and what a message must hold to be heard. */
#define LEDGER_SOCKET_VARIABLE "HEAPGATE_SOCKET"
/* Mean distance of samples in bytes; not there: every block is seen. */
#define LEDGER_SAMPLE_VARIABLE "HEAPGATE_SAMPLE"

/* Room: the bounds of what one program may have. Only what is used exists. Full tables are counted, never
 * overrun, and what a full table lost makes the measurement broken. */
enum {
    LEDGER_NODES = 1 << 27,       /* stack tree nodes; 16 bytes each */
    LEDGER_SITES = 1 << 27,       /* call sites; 128 bytes each */
    LEDGER_MODULES = 1 << 12,     /* loaded objects; 512 bytes each */
    LEDGER_MARKS = (1 << 16) - 1, /* marks; 96 bytes each; a birth has 16 bits */
    LEDGER_END_RECORDS = 1 << 24, /* what was there at the end mark; 24 bytes each */
    LEDGER_CHANGES = 1 << 26,     /* what call sites held at marks; 24 bytes each */
    LEDGER_CODES = 1 << 18,       /* Python code objects; 64 bytes each */
    LEDGER_TEXT = 1 << 28,        /* bytes of their names and line tables */
    LEDGER_CHUNKS = 1 << 17,      /* shadow chunks, each for 1 MiB of address space: 128 GiB of heap */
    LEDGER_DEEPEST = 512,         /* frames of one stack; deeper ones are truncated at the outer end */
};

/* Address space to shadow. A granule of 32 bytes starts at most one block: no two blocks start closer to each
 * other. A chunk of the shadow has a page more than its granules need, for what follows the last record. */
#define LEDGER_GRANULE_SHIFT 5
#define LEDGER_CHUNK_SHIFT   20 /* address space covered by one chunk: 1 MiB */
#define LEDGER_ADDRESS_BITS  47
#define LEDGER_INDEX_ENTRIES                                                                                 \
    (UINT64_C(1) << (LEDGER_ADDRESS_BITS - LEDGER_CHUNK_SHIFT)) /* uint32_t each: chunk + 1 */
#define LEDGER_CHUNK_GRANULES (UINT64_C(1) << (LEDGER_CHUNK_SHIFT - LEDGER_GRANULE_SHIFT))
#define LEDGER_CHUNK_RECORDS  (LEDGER_CHUNK_GRANULES + 4096 / sizeof(LedgerRecord))

/* One block that is there, in one word, so that it comes and goes by one instruction:
 *
 *     63            46  45   44     43    42          27  26                 0
 *    +----------------+----+------+-----+---------------+--------------------+
 *    | size asked for |    | LONG | CTD | birth         | site (0: no block) |
 *    +----------------+----+------+-----+---------------+--------------------+
 *
 * birth: the number of marks set when it was allocated. CTD: LEDGER_COUNTED. LONG: the size has more bits
 * than these; the next record holds them. The block covers that granule too, and its site is 0: nobody can
 * take it for a block. It may stay when the block is gone. */
typedef uint64_t LedgerRecord;
#define LEDGER_COUNTED (UINT64_C(1) << 43) /* while the end mark is being added up */
#define LEDGER_LONG    (UINT64_C(1) << 44) /* the next record has the rest of the size */
enum { LEDGER_SITE_BITS = 27, LEDGER_BIRTH_BITS = 16, LEDGER_SIZE_SHIFT = 46, LEDGER_SIZE_BITS = 18 };

static inline LedgerRecord ledger_record(uint32_t site, uint32_t birth, uint64_t size)
{
    uint64_t is_long = size >> LEDGER_SIZE_BITS != 0 ? LEDGER_LONG : 0;
    return size << LEDGER_SIZE_SHIFT | is_long |
           (uint64_t)(birth & ((1 << LEDGER_BIRTH_BITS) - 1)) << LEDGER_SITE_BITS |
           (site & (LEDGER_SITES - 1));
}
static inline LedgerRecord ledger_record_rest(uint64_t size)
{
    return size >> LEDGER_SIZE_BITS << LEDGER_SITE_BITS;
}
static inline uint32_t ledger_record_site(LedgerRecord record)
{
    return record & (LEDGER_SITES - 1);
}
static inline uint32_t ledger_record_birth(LedgerRecord record)
{
    return record >> LEDGER_SITE_BITS & ((1 << LEDGER_BIRTH_BITS) - 1);
}
/* record: what was read at this place. Never more than what fits in an address, unless the ledger is damaged.
 */
static inline uint64_t ledger_record_size(const LedgerRecord *at, LedgerRecord record)
{
    uint64_t size = record >> LEDGER_SIZE_SHIFT;
    if (__builtin_expect((record & LEDGER_LONG) == 0, 1))
        return size;
    LedgerRecord rest = __atomic_load_n(&at[1], __ATOMIC_RELAXED);
    return ledger_record_site(rest) == 0 ? size | rest >> LEDGER_SITE_BITS << LEDGER_SIZE_BITS : UINT64_MAX;
}

/* 1 - exp(-x), also where x is tiny: by halving (with e = 1 - exp(-x/2): 2e - ee) down to where six terms
 * suffice. */
static inline double ledger_chance(double x)
{
    if (x > 40)
        return 1;
    int halvings = 0;
    for (; x > 1.0 / 64; x /= 2)
        halvings++;
    double e = x * (1 - x / 2 * (1 - x / 3 * (1 - x / 4 * (1 - x / 5 * (1 - x / 6)))));
    for (; halvings > 0; halvings--)
        e = e * (2 - e);
    return e;
}

/* What a block of this size stands for, in bytes, where samples are sample_bytes apart in the mean (0: every
 * block is seen). Worked out anew by everybody who needs it, always by this function: so what comes and what
 * goes is the same. At most 2^62. */
static inline uint64_t ledger_weight(uint64_t size, uint64_t sample_bytes)
{
    if (__builtin_expect(sample_bytes == 0 || size == 0, 1))
        return size;
    double weight = (double)size / ledger_chance((double)size / (double)sample_bytes) + 0.5;
    return weight < 0x1p62 ? (uint64_t)weight : UINT64_C(1) << 62;
}

/* One frame of a stack, and what called it. Node 0 is the root (no frame); 16 bytes. Native frames are return
 * addresses as found on the stack (not yet reduced by one), but for signal frames, whose address is exact. A
 * Python frame takes the place of the interpreter's loop that runs it: its code object's number and the
 * instruction it is at. */
typedef struct {
    uint64_t address; /* bit 63: exact (signal frame); bits 62..60: LEDGER_FRAME_*; the rest by kind */
    uint32_t parent;  /* node of the caller */
    uint32_t flags;   /* LEDGER_NODE_* */
} LedgerNode;
enum { LEDGER_NODE_TRUNCATED = 1 }; /* the stack went on above, but could not be followed */
enum { LEDGER_FRAME_NATIVE = 0, LEDGER_FRAME_PYTHON = 1 };
#define LEDGER_FRAME_SHIFT 60
#define LEDGER_FRAME_MASK  7
/* Of a Python frame: the number of its code object and the instruction's offset in the code, in bytes. */
#define LEDGER_PYTHON_FRAME(code, offset)                                                                    \
    ((uint64_t)LEDGER_FRAME_PYTHON << LEDGER_FRAME_SHIFT | (uint64_t)(code) << 28 | (offset))
#define LEDGER_PYTHON_CODE(address)   ((uint32_t)((address) >> 28 & 0xfffff))
#define LEDGER_PYTHON_OFFSET(address) ((uint32_t)((address)&0xfffffff))

/* A Python code object, as it was when it was first seen in a stack: it may be gone since. Number 0 is none.
 * Texts are UTF-8, end in NUL and are offsets into the text section, of which offset 0 is the empty text. The
 * line table is the interpreter's own, its form that of the header's python_version (co_lnotab in 3.9,
 * co_linetable from 3.10 on). */
typedef struct {
    uint64_t address; /* of the object */
    uint32_t name_at; /* qualified from 3.11 on */
    uint32_t file_at;
    uint32_t line_table_at, line_table_size;
    int32_t first_line;
    uint32_t padding[9];
} LedgerCode;

/* One call site: a stack (node: the innermost frame, the caller of malloc) and its counts; 128 bytes, two
 * cache lines, of which an event touches the first. Site 1 has node 0: blocks whose stack is not known (full
 * tables, a stack that could not be walked at all), so that the sum over the sites is always the total. */
typedef struct {
    uint32_t node;
    uint32_t peak_blocks;      /* of the same save as peak_bytes; with threads perhaps of one before it */
    uint64_t temporary_blocks; /* the thread's latest allocation, freed by its next deallocation */
    int64_t live_bytes, live_blocks;
    uint64_t total_bytes, total_blocks;
    /* The O(1) rule: when a site is touched and peak_number is not the header's, its live counts are first
     * saved as those of that peak. Number and bytes are one 16-byte word, changed together. */
    uint64_t peak_number __attribute__((aligned(16)));
    int64_t peak_bytes;
    /* The same rule for the window's peak: number is window << 48 | window_peak_bytes; touched only while a
     * window is open. */
    uint64_t window_number __attribute__((aligned(16)));
    int64_t window_bytes;   /* live_bytes at the window's peak */
    int64_t marked_bytes;   /* as last written to a change, with the two below; the marking thread's own */
    uint32_t kind;          /* LEDGER_SITE_* */
    uint32_t mapped_site;   /* what this stack maps itself is counted there; 0: it maps nothing */
    uint32_t oldest_freed;  /* as in LedgerChange */
    uint32_t marked_oldest; /* marked: of the last change */
    uint32_t marked_blocks;
    uint32_t padding[5];
} LedgerSite;
/* A stack that allocates and maps has two sites. The sum over those of a kind is that kind's total, and their
 * peak is that kind's. */
enum { LEDGER_SITE_HEAP = 0, LEDGER_SITE_MAPPED = 1 };

/* What the program maps itself, in pages of 4 KiB (of the kernel's pages where they are larger: all parts).
 * Each page's word tells by whom it is held. Where the 512 pages of 2 MiB say the same, one word stands for
 * them, and likewise for 1 GiB:
 *
 *    directory (a word for each GiB)      table of level 1 (for each 2 MiB)      table of level 2 (for each
 * page)
 *    +-------+                            +-------+                              +-------+
 *    |       |--- LEDGER_PAGE_TABLE ----> |       |---- LEDGER_PAGE_TABLE -----> |       |
 *
 *     63 62   61     60    59    56 55             27 26             0
 *    +-----+------+-----+-------+-----------------+----------------+
 *    |     | SLAB | CTD | FIRST | birth           | site           |   LEDGER_PAGE_HELD
 *    +-----+------+-----+-------+-----------------+----------------+
 *    bits 56 to 58: the state; of a table, bits 0 to 31 are its number + 1 */
typedef uint64_t LedgerPage;
#define LEDGER_PAGE_STATE(page) ((unsigned)((page) >> 56 & 7))
#define LEDGER_PAGE_FIRST       (UINT64_C(1) << 59) /* of a mapping */
#define LEDGER_PAGE_SLAB        (UINT64_C(1) << 61) /* of a slab that malloc gave (heapgate.h) */
#define LEDGER_PAGE_COUNTED     (UINT64_C(1) << 60) /* while the end mark is being added up */
enum {
    LEDGER_PAGE_NONE = 0,     /* nobody maps this, or the C library and the loader do */
    LEDGER_PAGE_HELD = 1,     /* memory of the program */
    LEDGER_PAGE_RESERVED = 2, /* PROT_NONE: addresses and no memory */
    LEDGER_PAGE_FILE = 3,     /* a file's pages, which the kernel can take back */
    LEDGER_PAGE_TABLE = 4,
};
enum {
    LEDGER_PAGE_SHIFT = 12,
    LEDGER_PAGE_STEP = 9,   /* from one level to the next */
    LEDGER_PAGE_LEVELS = 3, /* the directory is level 0 */
    LEDGER_PAGE_WORDS = 1 << LEDGER_PAGE_STEP,
    LEDGER_PAGE_TABLES = 1 << 15,
};
#define LEDGER_PAGE_GIB   (1 << (LEDGER_ADDRESS_BITS - 30)) /* words of the directory */
#define LEDGER_PAGE_BIRTH UINT64_C(0x1fffffff)

static inline LedgerPage ledger_page(unsigned state, uint32_t site, uint32_t birth)
{
    return (uint64_t)state << 56 | (uint64_t)birth << LEDGER_SITE_BITS | (site & (LEDGER_SITES - 1));
}
/* Without what only the first page of a mapping has, and what is only for a moment. */
static inline LedgerPage ledger_page_plain(LedgerPage page)
{
    return page & ~(LEDGER_PAGE_FIRST | LEDGER_PAGE_SLAB | LEDGER_PAGE_COUNTED);
}
static inline uint32_t ledger_page_site(LedgerPage page)
{
    return page & (LEDGER_SITES - 1);
}
static inline uint32_t ledger_page_birth(LedgerPage page)
{
    return page >> LEDGER_SITE_BITS & LEDGER_PAGE_BIRTH;
}
/* What a word of this level stands for. */
static inline uint64_t ledger_page_bytes(unsigned level)
{
    return UINT64_C(1) << (30 - LEDGER_PAGE_STEP * level);
}

/* No site, but a number in records: blocks of the tracer's own making and of the heapgate module's. They are
 * in no figure but the header's own_bytes. */
enum { LEDGER_OWN_SITE = LEDGER_SITES - 1 };

/* One loaded object that was seen in a stack. Its addresses run from start to end - 1; symbols are resolved
 * by the harness afterwards. The clock of loaded_at and unloaded_at is the header's count of nodes: a node's
 * address is of the object with loaded_at <= node, and node < unloaded_at unless that is 0. */
typedef struct {
    uint64_t start, end;  /* of its mapped segments */
    uint64_t bias;        /* load address less the object's own addresses (dlpi_addr) */
    uint64_t loaded_at;   /* a later module may take an earlier one's place */
    uint64_t unloaded_at; /* 0: still there */
    uint32_t build_id_size;
    uint8_t build_id[44];
    char path[424]; /* ends in NUL; cut where longer */
} LedgerModule;

/* A mark. Of the first 2^13 marks "iteration" each has a record; after that one in two, from the 2^14th on
 * one in four, and so on: so births and changes tell groups of iterations apart, of which there are 4,096 to
 * 8,192 of one size whatever the number of iterations. */
typedef struct {
    uint64_t time_ns; /* CLOCK_MONOTONIC */
    int64_t live_bytes;
    uint64_t iteration; /* how many iterations had been marked with it; 0: it is another mark */
    char name[64];      /* without a NUL where it has 64 characters */
    uint64_t padding;
} LedgerMark;
enum {
    LEDGER_GROUPS_SHIFT = 12,
    LEDGER_ITERATIONS = 1 << 26, /* more are not told apart */
    LEDGER_NAMED_MARKS = 4000,   /* with records, other than "iteration" and "end" */
    LEDGER_END_MARKS = 64,       /* records that only "end" may take: it is never lost */
};

/* How many iterations share a record when so many are marked: a power of two, also where number is 0. */
static inline uint64_t ledger_iteration_group(uint64_t number)
{
    unsigned bits = 63 - (unsigned)__builtin_clzll(number | 1);
    return UINT64_C(1) << (bits > LEDGER_GROUPS_SHIFT ? bits - LEDGER_GROUPS_SHIFT : 0);
}
static inline int ledger_iteration_has_record(uint64_t number)
{
    return number <= LEDGER_ITERATIONS && number % ledger_iteration_group(number) == 0;
}

/* What was there at the "end" mark, added up by site and birth. */
typedef struct {
    uint32_t site, birth;
    int64_t bytes, blocks;
} LedgerEndRecord;

/* What a call site held when a mark was set, written only where it is not what it held at the mark before.
 * Births alone cannot tell a cache that replaces its entries from one that only adds to them; this can.
 *
 * oldest_freed: the greatest age at which the site gave a block back, in marks set between its birth and its
 * end. What lives longer than that was never seen to end. */
typedef struct {
    uint32_t mark, site; /* mark: its number, from 1 */
    int64_t live_bytes;
    uint32_t live_blocks; /* UINT32_MAX: that many or more */
    uint32_t oldest_freed;
} LedgerChange;

/* What glibc itself says that it has given out (mallinfo2), and what the books had then. */
typedef struct {
    int64_t allocator_bytes; /* in use, of all arenas and by mmap; with what it takes for itself */
    int64_t live_bytes;      /* with own_bytes */
    int64_t live_blocks;
    int64_t besides_bytes;  /* that glibc may count besides, up to now: lost to alignments, sbrk, slabs */
    uint32_t mapped_blocks; /* by mmap, each of whole pages */
    uint32_t threads;
    uint32_t mark; /* its number; 0: at the exit */
    uint32_t made; /* 0: there was none */
} LedgerAudit;
enum {
    LEDGER_AUDIT_MIXED = 1, /* of the books some blocks are not glibc's: Python's own, another allocator's */
    LEDGER_AUDIT_APART = 2, /* none of them is: another allocator is below, and glibc's are past it */
};

/* How a process began that is a fork of another. */
enum {
    LEDGER_FORKED = 1,
    LEDGER_FORKED_APART = 2, /* its process id is not known, or of another namespace than the first's */
};

/* Why the tracer watches nothing. */
enum {
    LEDGER_OFF_NOT = 0,
    LEDGER_OFF_OWN_MALLOC = 1,    /* the executable defines malloc itself: preloading sees nothing of it */
    LEDGER_OFF_NO_MEMORY = 2,     /* the tracer found no memory of its own to work with */
    LEDGER_OFF_NO_DESCRIPTOR = 3, /* no file descriptor was free to pass a ledger by */
    LEDGER_OFF_NO_FILE = 4,       /* the system refuses memory files, as sandboxes have it */
    LEDGER_OFF_FILE_SIZE = 5,     /* files may not grow as large (RLIMIT_FSIZE) */
    LEDGER_OFF_NO_HARNESS = 6,    /* the harness does not answer at its socket; never sent */
    LEDGER_OFF_SANDBOX = 7,       /* it would be killed for the tracer's calls, and runs without */
    LEDGER_OFF_PRIVILEGED = 8,    /* it was started with effective ids that are not its real ones */
};

/* What became of the frames of Python. */
enum {
    LEDGER_PYTHON_NOT = 0,      /* no interpreter was seen */
    LEDGER_PYTHON_ON = 1,       /* frames are in the stacks, small objects in the books */
    LEDGER_PYTHON_UNKNOWN = 2,  /* a version whose frames are not known; small objects are in the books */
    LEDGER_PYTHON_THREADED = 3, /* a build without the global lock: they are not */
    LEDGER_PYTHON_MISMATCH = 4, /* the frames read were not those that the interpreter's own functions gave;
                                   small objects are in the books */
    LEDGER_PYTHON_HIDDEN = 5,   /* a version of before 3.4: small objects are not in the books */
};

typedef struct {
    uint64_t magic;
    uint32_t version;
    uint32_t header_size;
    uint64_t file_size;
    uint32_t pid, parent_pid; /* 0 in a sandbox, where nobody is asked */
    uint32_t
        forked; /* LEDGER_FORKED*: the parent's live blocks are not in it; frees of them are counted apart */
    uint32_t off_reason;           /* LEDGER_OFF_* */
    uint64_t started_ns, ended_ns; /* CLOCK_MONOTONIC; ended 0: killed, or still running */
    uint32_t cut_stack_unwinder;   /* 1: .eh_frame rules; 2: frame pointers */
    uint32_t page_size;
    char executable[1024]; /* /proc/self/exe */
    char command[4096];    /* arguments, each ended by NUL; cut where longer */
    uint32_t command_size;

    /* Counters. Each group on cache lines of its own. */
    uint32_t nodes __attribute__((aligned(64))); /* used, the root included */
    uint32_t sites;                              /* used; site 0 is never used */
    uint32_t modules, chunks;
    uint32_t marks;    /* set so far; the birth of a new block */
    uint32_t end_mark; /* the number of the mark "end" from 1, the last one if several; 0: none, or just being
                          added up */
    uint32_t end_records; /* used */
    uint32_t changes;     /* used */
    uint32_t codes;       /* used, the one that is none included */
    uint32_t text;        /* bytes used */
    /* Live and peak are one 16-byte word, changed together: the peak is exact. Every new peak is larger than
     * all before it, so its size is also its number. Blocks, allocations and temporary allocations are the
     * sums over the sites. */
    int64_t live_bytes __attribute__((aligned(64)));
    union {
        int64_t peak_bytes;
        uint64_t peak_number;
    };
    /* By the program's own mmap, counted apart. Live and peak are one word, as above. */
    int64_t mapped_bytes __attribute__((aligned(64)));
    union {
        int64_t peak_mapped_bytes;
        uint64_t peak_mapped_number;
    };
    int64_t end_live_bytes, end_live_blocks; /* at the end mark */
    /* What it could not see. */
    uint64_t unknown_frees; /* of blocks that were never seen: allocated before it, or inherited by fork */
    uint64_t unseen_frees;  /* of blocks whose address was given out again */
    uint64_t truncated_stacks;
    uint64_t deep_stacks; /* of those the tracer keeps no more frames: LEDGER_DEEPEST native ones, or a deep
                             recursion of Python */
    uint64_t full_nodes, full_sites, full_chunks, full_marks, full_end_records, full_modules, full_changes;
    uint64_t outside; /* blocks beyond LEDGER_ADDRESS_BITS */
    uint64_t full_codes, full_text;

    uint32_t python_state;   /* LEDGER_PYTHON_* */
    uint32_t python_version; /* as PY_VERSION_HEX: 0x030c01f0 */
    uint64_t python_unread;  /* stacks whose Python frames could not be read: they are native alone */
    /* Mean distance of samples in bytes; 0: every block is seen. A sampled block stands for those that were
     * not: bytes in its site are its size divided by the chance it had (ledger_weight; its record has the
     * size itself). Blocks and allocations count samples. */
    uint64_t sample_bytes;
    /* The window: a second peak, of the time since the program opened it (heapgate_tracer_window). Live and
     * peak are one word as above; live is what was added since. */
    uint32_t window;  /* number of the open window, from 1; 0: none */
    uint32_t windows; /* opened so far */
    int64_t window_live_bytes __attribute__((aligned(16)));
    int64_t window_peak_bytes;

    /* What is in no figure: blocks of LEDGER_OWN_SITE. */
    int64_t own_bytes;

    /* What the program maps itself. */
    int64_t file_bytes; /* of files, shared or only read: no part of mapped_bytes */
    int64_t peak_file_bytes;
    int64_t end_mapped_bytes, end_mappings; /* at the end mark */
    uint32_t page_tables;                   /* used */
    uint32_t changing;   /* somebody is writing changes (ledger_mark.h): the tracer or the harness */
    uint64_t full_pages; /* words that no table could be made for */
    /* Of pools (heapgate.h): blocks that could not be booked, for another one starts in their granule. */
    uint64_t pool_crowded;

    char program[64]; /* its name, as it was started (program_name.h); "": not known */

    /* The audit: at the first mark, and at the mark "end" or, without one, at the exit. */
    LedgerAudit first_audit, last_audit;
    uint32_t audit_kind; /* LEDGER_AUDIT_*, in all */

    uint32_t named_marks; /* set so far, other than "iteration" and "end" */
    uint64_t iterations;  /* marked so far, those without a record included */
} LedgerHeader;

/* Where the sections lie. */
#define LEDGER_ALIGN(n)   (((uint64_t)(n) + 4095) & ~UINT64_C(4095))
#define LEDGER_NODES_AT   LEDGER_ALIGN(sizeof(LedgerHeader))
#define LEDGER_SITES_AT   (LEDGER_NODES_AT + LEDGER_ALIGN(sizeof(LedgerNode) * (uint64_t)LEDGER_NODES))
#define LEDGER_MODULES_AT (LEDGER_SITES_AT + LEDGER_ALIGN(sizeof(LedgerSite) * (uint64_t)LEDGER_SITES))
#define LEDGER_MARKS_AT   (LEDGER_MODULES_AT + LEDGER_ALIGN(sizeof(LedgerModule) * (uint64_t)LEDGER_MODULES))
#define LEDGER_END_AT     (LEDGER_MARKS_AT + LEDGER_ALIGN(sizeof(LedgerMark) * (uint64_t)LEDGER_MARKS))
#define LEDGER_CHANGES_AT                                                                                    \
    (LEDGER_END_AT + LEDGER_ALIGN(sizeof(LedgerEndRecord) * (uint64_t)LEDGER_END_RECORDS))
#define LEDGER_CODES_AT       (LEDGER_CHANGES_AT + LEDGER_ALIGN(sizeof(LedgerChange) * (uint64_t)LEDGER_CHANGES))
#define LEDGER_TEXT_AT        (LEDGER_CODES_AT + LEDGER_ALIGN(sizeof(LedgerCode) * (uint64_t)LEDGER_CODES))
#define LEDGER_INDEX_AT       (LEDGER_TEXT_AT + LEDGER_ALIGN(LEDGER_TEXT))
#define LEDGER_CHUNK_BASES_AT (LEDGER_INDEX_AT + LEDGER_ALIGN(4 * LEDGER_INDEX_ENTRIES))
#define LEDGER_SHADOW_AT                                                                                     \
    (LEDGER_CHUNK_BASES_AT + LEDGER_ALIGN(8 * (uint64_t)LEDGER_CHUNKS)) /* address >> 20 of each */
#define LEDGER_CHUNK_SIZE (LEDGER_CHUNK_RECORDS * sizeof(LedgerRecord))
#define LEDGER_PAGES_AT   (LEDGER_SHADOW_AT + LEDGER_CHUNK_SIZE * (uint64_t)LEDGER_CHUNKS)
/* By table: its level; 0: it is not in use. */
#define LEDGER_PAGE_LEVELS_AT  (LEDGER_PAGES_AT + LEDGER_ALIGN(sizeof(LedgerPage) * (uint64_t)LEDGER_PAGE_GIB))
#define LEDGER_PAGE_TABLES_AT  (LEDGER_PAGE_LEVELS_AT + LEDGER_ALIGN(LEDGER_PAGE_TABLES))
#define LEDGER_PAGE_TABLE_SIZE (sizeof(LedgerPage) * (uint64_t)LEDGER_PAGE_WORDS)
#define LEDGER_FILE_SIZE       (LEDGER_PAGE_TABLES_AT + LEDGER_PAGE_TABLE_SIZE * (uint64_t)LEDGER_PAGE_TABLES)

#endif
