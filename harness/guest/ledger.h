/* The ledger: the heap's books in shared memory. The one header that the tracer (guest) and the harness
 * share.
 *
 * The traced process makes a memory file (memfd_create), maps it, sends its descriptor to the harness, which
 * holds it open, and closes its own: the books are there while the process runs and after it is dead, however
 * it died. One ledger for each process and program: a forked child and an exec'ed program begin their own.
 *
 * The file is sparse: every section lies where the header's directory says and has room for its maximum; only
 * touched pages exist. Nothing is ever moved. Numbers are native and little-endian; 0 means "none" in every
 * field that names a record.
 *
 * Who writes: the shadow record of a block is written only by the thread that owns the block (between
 * malloc's return and free's call); counters of sites and of the header are added to atomically (plainly
 * while the process has one thread); nodes, sites and modules are appended once and never changed. Readers
 * may read at any time: a reader sees at most the operations in flight (one for each thread) half done.
 *
 * The ledger is hostile input to the harness: every index and count is checked before use. */
#ifndef HEAPGATE_GUEST_LEDGER_H
#define HEAPGATE_GUEST_LEDGER_H

#include <stddef.h>
#include <stdint.h>

#define LEDGER_MAGIC UINT64_C(0x315244474c504748) /* "HGPLGDR1" */
/* What the numbers mean. It stays what it is where something is only added: a field at a record's end, a
 * section. A reader takes the fields and the sections that it knows. */
#define LEDGER_VERSION 6

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
    LEDGER_SECTIONS = 32,         /* rows of the directory */
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

/* Of LedgerNode. */
enum { LEDGER_NODE_TRUNCATED = 1 }; /* the stack went on above, but could not be followed */

/* The address of a LedgerNode:
 *
 *     63      62  60 59               48 47         28 27             0
 *    +-------+------+-----------------------------------------------+
 *    | EXACT | kind | native: of the code                           |
 *    +-------+------+------------------+-------------+--------------+
 *    | 0     | kind | Python: 0        | code object | offset       |
 *    +-------+------+------------------+-------------+--------------+
 *
 * EXACT: where a signal interrupted, not where a call returns. offset: of the instruction in the code
 * object's code, in bytes. */
#define LEDGER_FRAME_EXACT (UINT64_C(1) << 63)
enum { LEDGER_FRAME_NATIVE = 0, LEDGER_FRAME_PYTHON = 1 };
enum { LEDGER_FRAME_SHIFT = 60, LEDGER_FRAME_MASK = 7, LEDGER_CODE_SHIFT = 28, LEDGER_CODE_MASK = 0xfffff };
#define LEDGER_PYTHON_CODE(address)   ((uint32_t)((address) >> LEDGER_CODE_SHIFT & LEDGER_CODE_MASK))
#define LEDGER_PYTHON_OFFSET(address) ((uint32_t)((address) & ((1 << LEDGER_CODE_SHIFT) - 1)))
#define LEDGER_PYTHON_FRAME(code, offset)                                                                    \
    ((uint64_t)LEDGER_FRAME_PYTHON << LEDGER_FRAME_SHIFT | (uint64_t)(code) << LEDGER_CODE_SHIFT |           \
     LEDGER_PYTHON_OFFSET(offset))

/* kind: LEDGER_FRAME_*. */
static inline int ledger_frame_is(uint64_t address, unsigned kind)
{
    return (address >> LEDGER_FRAME_SHIFT & LEDGER_FRAME_MASK) == kind;
}
/* Of a native frame: the address alone. */
static inline uint64_t ledger_frame_address(uint64_t address)
{
    return address & ~(LEDGER_FRAME_EXACT | (uint64_t)LEDGER_FRAME_MASK << LEDGER_FRAME_SHIFT);
}

/* Of LedgerSite. */
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

/* Of LedgerMark. */
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

/* Of the header's audit_kind. */
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
    LEDGER_PYTHON_JIT = 6, /* code that the interpreter compiles leaves its frames behind: they are not read
                              any more; small objects are in the books */
};

/* The records (ledger_records.def). */
#define RECORD(name)               typedef struct {
#define FIELD(type, name)          type name;
#define ALIGNED(type, name, bytes) type name __attribute__((aligned(bytes)));
#define EITHER(type, name, other_type, other)                                                                \
    union {                                                                                                  \
        type name;                                                                                           \
        other_type other;                                                                                    \
    };
#define ARRAY(type, name, count) type name[count];
#define END(name)                                                                                            \
    }                                                                                                        \
    name;
#include "ledger_records.def"

/* Where the sections lie. The guest reaches them by these constants; the header's directory says the same to
 * whoever reads. */
#define LEDGER_ALIGN(n) (((uint64_t)(n) + 4095) & ~UINT64_C(4095))
typedef struct {
    char header[LEDGER_ALIGN(sizeof(LedgerHeader))];
#define SECTION(name, type, count) char name[LEDGER_ALIGN(sizeof(type) * (uint64_t)(count))];
#define WORDS(name, type, count)   SECTION(name, type, count)
#include "ledger_sections.def"
} LedgerPlan;
#define LEDGER_NODES_AT        offsetof(LedgerPlan, nodes)
#define LEDGER_SITES_AT        offsetof(LedgerPlan, sites)
#define LEDGER_MODULES_AT      offsetof(LedgerPlan, modules)
#define LEDGER_MARKS_AT        offsetof(LedgerPlan, marks)
#define LEDGER_END_AT          offsetof(LedgerPlan, ends)
#define LEDGER_CHANGES_AT      offsetof(LedgerPlan, changes)
#define LEDGER_CODES_AT        offsetof(LedgerPlan, codes)
#define LEDGER_TEXT_AT         offsetof(LedgerPlan, text)
#define LEDGER_INDEX_AT        offsetof(LedgerPlan, index)
#define LEDGER_CHUNK_BASES_AT  offsetof(LedgerPlan, bases)
#define LEDGER_SHADOW_AT       offsetof(LedgerPlan, shadow)
#define LEDGER_CHUNK_SIZE      (LEDGER_CHUNK_RECORDS * sizeof(LedgerRecord))
#define LEDGER_PAGES_AT        offsetof(LedgerPlan, pages)
#define LEDGER_PAGE_LEVELS_AT  offsetof(LedgerPlan, levels)
#define LEDGER_PAGE_TABLES_AT  offsetof(LedgerPlan, tables)
#define LEDGER_PAGE_TABLE_SIZE (sizeof(LedgerPage) * (uint64_t)LEDGER_PAGE_WORDS)
#define LEDGER_FILE_SIZE       sizeof(LedgerPlan)

/* The directory of a ledger that is laid out as above. */
static inline const LedgerSection *ledger_directory(uint32_t *count)
{
#define SECTION(name, type, room) {#name, offsetof(LedgerPlan, name), room, sizeof(type), 0},
#define WORDS(name, type, room)   SECTION(name, type, room)
    static const LedgerSection sections[] = {
#include "ledger_sections.def"
    };
    _Static_assert(sizeof sections <= sizeof((LedgerHeader *)0)->directory, "the directory has room");
    *count = sizeof sections / sizeof sections[0];
    return sections;
}
/* Says of a ledger what it is, and where what lies. */
static inline void ledger_begin(LedgerHeader *header)
{
    uint32_t count;
    const LedgerSection *sections = ledger_directory(&count);
    header->magic = LEDGER_MAGIC;
    header->version = LEDGER_VERSION;
    header->header_size = sizeof *header;
    header->file_size = LEDGER_FILE_SIZE;
    for (uint32_t i = 0; i < count; i++)
        header->directory[i] = sections[i];
    header->sections = count;
}

#endif
