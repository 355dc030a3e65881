/* heapgate.h: marks for programs that are watched by heapgate.
 *
 *     #include <heapgate.h>
 *     for (i = 0; i < passes; i++) {
 *         do_the_work();
 *         heapgate_iteration();      at the END of each pass
 *     }
 *     heapgate_mark("end");          what is still allocated here is "retained"
 *     tear_down();
 *
 * An allocator of the program's own (a pool) says what it hands out, so that its blocks are measured as those
 * of malloc are, and not the memory that it cuts them from:
 *
 *     heapgate_slab(memory, size);               memory is what a pool cuts its blocks from
 *     heapgate_block_taken(block, size);         a block goes to its user
 *     heapgate_block_resized(block, size, more); it has another size, at the same place
 *     heapgate_block_given_back(block);          it comes back
 *
 * These are Valgrind's VALGRIND_MALLOCLIKE_BLOCK, VALGRIND_RESIZEINPLACE_BLOCK and VALGRIND_FREELIKE_BLOCK,
 * and mean the same to all instruments.
 *
 * Blocks start at least 32 bytes apart, and each is given back before its memory is taken again or goes back
 * to malloc or the system. Under heap a block that breaks this is not counted, and the run is broken.
 *
 * heapgate_slab comes before the slab's first block; the slab ends when its memory is freed. One from malloc
 * is no block of the heap from then on: under heap it counts as `mapped`, in whole pages, under massif not at
 * all, and memcheck knows by itself that a block with others in it is none. One from mmap counts as `mapped`
 * anyway.
 *
 * Under memcheck the first two words of a block that was given back may be used, to chain free blocks; the
 * rest of it may not until it is taken again.
 *
 * Header-only: nothing to link, no header of Valgrind's. C99 and C++98 and later, gcc and clang.
 * Natively a mark is one client request (a few instructions that do nothing), one load and two branches.
 * Define HEAPGATE_DISABLE before including this header and not even that is left.
 *
 * Marks work on Linux on x86_64 and aarch64. On every other system they are empty functions: the program
 * compiles and runs, and heapgate says that the marks it was promised did not come.
 *
 * A mark never allocates, calls nothing of libc but getenv, and may be set in any thread and, as long as no
 * other thread changes the environment, in a signal handler.
 *
 * How it works (for heapgate's own side see docs/design.md):
 *   heap      libheapgate.so is preloaded and exports heapgate_tracer_mark and the like, which are called.
 * The reference to them is weak and goes through the global offset table, whatever the code model: nothing
 * need be linked.
 *
 *   HEAPGATE_INSTRUMENT  "massif" or "memcheck"; unset or anything else: marks do nothing
 *   HEAPGATE_MARKS       a folder, its path without blanks, at most 1023 bytes (massif only)
 *   massif    the monitor command "detailed_snapshot FOLDER/mark.PID.NS.NAME" makes it write all that is
 * allocated to that file. NS is CLOCK_MONOTONIC in nanoseconds, 20 digits: sorted by it marks are in order,
 * whatever module set them. memcheck  a quick leak check, then the line "heapgate-mark NAME LEAKED DUBIOUS
 * REACHABLE SUPPRESSED" (bytes), which the XML output shows as <clientmsg>. The instruction sequence and the
 * request codes are Valgrind's documented interface to client programs, which it keeps from version to
 * version (valgrind.h, memcheck.h: "ABIWARNING"). */
#ifndef HEAPGATE_H
#define HEAPGATE_H

#include <stdlib.h>

#if defined(HEAPGATE_DISABLE)

#define heapgate_mark(name)                        ((void)0)
#define heapgate_iteration()                       ((void)0)
#define heapgate_slab(memory, size)                ((void)(memory), (void)(size))
#define heapgate_block_taken(block, size)          ((void)(block), (void)(size))
#define heapgate_block_resized(block, size, other) ((void)(block), (void)(size), (void)(other))
#define heapgate_block_given_back(block)           ((void)(block))

#elif defined(__GNUC__) && defined(__linux__) && defined(__LP64__) &&                                        \
    (defined(__x86_64__) || defined(__aarch64__))

/* Names that end in an underscore are not part of the interface. */

#if defined(__cplusplus)
#define HEAPGATE_WORD_(pointer) reinterpret_cast<unsigned long>(pointer)
#else
#define HEAPGATE_WORD_(pointer) ((unsigned long)(pointer))
#endif

#define HEAPGATE_RARE_ static __attribute__((noinline, cold, unused))

enum {
    HEAPGATE_RUNNING_ON_VALGRIND_ = 0x1001,
    HEAPGATE_MONITOR_COMMAND_ = 0x1202,
    HEAPGATE_MALLOC_LIKE_ = 0x1301,
    HEAPGATE_FREE_LIKE_ = 0x1302,
    HEAPGATE_RESIZE_IN_PLACE_ = 0x130b,
    HEAPGATE_PRINTF_ = 0x1403,           /* the one that takes its va_list by reference */
    HEAPGATE_MAKE_DEFINED_ = 0x4d430002, /* 'M' 'C' + 2 */
    HEAPGATE_LEAK_CHECK_ = 0x4d430006,
    HEAPGATE_COUNT_LEAKS_ = 0x4d430007,
    HEAPGATE_NAME_SIZE_ = 64,
    HEAPGATE_FOLDER_SIZE_ = 1023,
    HEAPGATE_LINE_SIZE_ = 1280
};

/* Valgrind knows this sequence, which changes no register, and answers; a processor runs it and answers 0. */
static __inline__ unsigned long heapgate_request_(unsigned long request, unsigned long first,
                                                  unsigned long second, unsigned long third,
                                                  unsigned long fourth)
{
    volatile unsigned long words[6];
    unsigned long answer;
    words[0] = request;
    words[1] = first;
    words[2] = second;
    words[3] = third;
    words[4] = fourth;
    words[5] = 0;
#if defined(__x86_64__)
    __asm__ volatile("rolq $3,  %%rdi ; rolq $13, %%rdi\n\t"
                     "rolq $61, %%rdi ; rolq $51, %%rdi\n\t"
                     "xchgq %%rbx,%%rbx"
                     : "=d"(answer)
                     : "a"(&words[0]), "0"(0UL)
                     : "cc", "memory");
#else
    __asm__ volatile("mov x3, xzr\n\t"
                     "mov x4, %1\n\t"
                     "ror x12, x12, #3  ;  ror x12, x12, #13\n\t"
                     "ror x12, x12, #51 ;  ror x12, x12, #61\n\t"
                     "orr x10, x10, x10\n\t"
                     "mov %0, x3"
                     : "=r"(answer)
                     : "r"(&words[0])
                     : "cc", "memory", "x3", "x4");
#endif
    return answer;
}

/* A system call by hand: getpid and clock_gettime are not declared under -std=c99, and clock_gettime may be
 * in the vDSO, where Valgrind cannot follow. */
HEAPGATE_RARE_ unsigned long heapgate_system_call_(unsigned long number, unsigned long first,
                                                   unsigned long second)
{
    unsigned long result;
#if defined(__x86_64__)
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "0"(number), "D"(first), "S"(second)
                     : "rcx", "r11", "cc", "memory");
#else
    __asm__ volatile("mov x8, %1 ; mov x0, %2 ; mov x1, %3\n\t"
                     "svc #0\n\t"
                     "mov %0, x0"
                     : "=r"(result)
                     : "r"(number), "r"(first), "r"(second)
                     : "x0", "x1", "x8", "cc", "memory");
#endif
    return result;
}

HEAPGATE_RARE_ unsigned long heapgate_process_id_(void)
{
#if defined(__x86_64__)
    return heapgate_system_call_(39, 0, 0);
#else
    return heapgate_system_call_(172, 0, 0);
#endif
}

HEAPGATE_RARE_ unsigned long heapgate_now_ns_(void)
{
    unsigned long now[2] = {0, 0}; /* struct timespec: seconds, nanoseconds */
#if defined(__x86_64__)
    heapgate_system_call_(228, 1, HEAPGATE_WORD_(&now[0]));
#else
    heapgate_system_call_(113, 1, HEAPGATE_WORD_(&now[0]));
#endif
    return now[0] * 1000000000UL + now[1];
}

/* The three that append to a line of HEAPGATE_LINE_SIZE_ bytes return where it ends now; what they are given
 * is bounded by the sizes above, so that a line never fills up. */
HEAPGATE_RARE_ char *heapgate_put_text_(char *end, const char *text, unsigned long at_most)
{
    while (at_most > 0 && *text != '\0') {
        *end++ = *text++;
        at_most--;
    }
    *end = '\0';
    return end;
}

HEAPGATE_RARE_ char *heapgate_put_number_(char *end, unsigned long number, unsigned long digits)
{
    char reversed[20];
    unsigned long count = 0;
    while (count < digits || number > 0) {
        reversed[count++] = "0123456789"[number % 10];
        number /= 10;
    }
    while (count > 0)
        *end++ = reversed[--count];
    *end = '\0';
    return end;
}

/* Names go into file names and lines of words: what is not [A-Za-z0-9_.-] becomes '_'. */
HEAPGATE_RARE_ char *heapgate_put_name_(char *end, const char *name)
{
    const char *start = end;
    while (*name != '\0' && end < start + HEAPGATE_NAME_SIZE_) {
        char c = *name++;
        int fine = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
                   c == '.' || c == '-';
        *end++ = fine ? c : '_';
    }
    if (end == start)
        *end++ = '_';
    *end = '\0';
    return end;
}

/* FOLDER/mark.PID.NS.NAME; folder: at most HEAPGATE_FOLDER_SIZE_ bytes. */
HEAPGATE_RARE_ char *heapgate_put_mark_file_(char *end, const char *folder, const char *name)
{
    end = heapgate_put_text_(end, folder, HEAPGATE_FOLDER_SIZE_);
    end = heapgate_put_text_(end, "/mark.", 8);
    end = heapgate_put_number_(end, heapgate_process_id_(), 1);
    end = heapgate_put_text_(end, ".", 1);
    end = heapgate_put_number_(end, heapgate_now_ns_(), 20);
    end = heapgate_put_text_(end, ".", 1);
    return heapgate_put_name_(end, name);
}

/* heapgate-mark NAME LEAKED DUBIOUS REACHABLE SUPPRESSED; counts: these four. */
HEAPGATE_RARE_ char *heapgate_put_mark_line_(char *end, const char *name, const unsigned long *counts)
{
    int i;
    end = heapgate_put_text_(end, "heapgate-mark ", 16);
    end = heapgate_put_name_(end, name);
    for (i = 0; i < 4; i++) {
        end = heapgate_put_text_(end, " ", 1);
        end = heapgate_put_number_(end, counts[i], 1);
    }
    return heapgate_put_text_(end, "\n", 1);
}

HEAPGATE_RARE_ void heapgate_mark_massif_(const char *name)
{
    char line[HEAPGATE_LINE_SIZE_];
    unsigned long length = 0;
    const char *folder = getenv("HEAPGATE_MARKS");
    if (folder == NULL)
        return;
    while (folder[length] != '\0')
        length++;
    if (length == 0 || length > HEAPGATE_FOLDER_SIZE_)
        return; /* no file, no mark: heapgate counts them and says so */
    heapgate_put_mark_file_(heapgate_put_text_(line, "detailed_snapshot ", 32), folder, name);
    heapgate_request_(HEAPGATE_MONITOR_COMMAND_, HEAPGATE_WORD_(&line[0]), 0, 0, 0);
}

HEAPGATE_RARE_ void heapgate_mark_memcheck_(const char *name)
{
    char line[HEAPGATE_LINE_SIZE_];
    unsigned long counts[4] = {0, 0, 0, 0};
    unsigned long no_arguments[8] = {0, 0, 0, 0,
                                     0, 0, 0, 0}; /* a va_list that the text below never looks into */
    heapgate_request_(HEAPGATE_LEAK_CHECK_, 1 /* quick */, 0, 0, 0);
    heapgate_request_(HEAPGATE_COUNT_LEAKS_, HEAPGATE_WORD_(&counts[0]), HEAPGATE_WORD_(&counts[1]),
                      HEAPGATE_WORD_(&counts[2]), HEAPGATE_WORD_(&counts[3]));
    heapgate_put_mark_line_(line, name, counts);
    heapgate_request_(HEAPGATE_PRINTF_, HEAPGATE_WORD_(&line[0]), HEAPGATE_WORD_(&no_arguments[0]), 0, 0);
}

HEAPGATE_RARE_ int heapgate_is_(const char *text, const char *word)
{
    while (*text != '\0' && *text == *word) {
        text++;
        word++;
    }
    return *text == *word;
}

HEAPGATE_RARE_ void heapgate_mark_watched_(const char *name)
{
    const char *instrument = getenv("HEAPGATE_INSTRUMENT");
    if (instrument == NULL || name == NULL)
        return;
    if (heapgate_is_(instrument, "massif"))
        heapgate_mark_massif_(name);
    else if (heapgate_is_(instrument, "memcheck"))
        heapgate_mark_memcheck_(name);
}

/* libheapgate.so's functions, or NULL where it is not preloaded. Spelled as instructions because compilers
 * and linkers settle a weak symbol of a program that is not position-independent when nobody defines it. */
#if defined(__x86_64__)
#define HEAPGATE_LOAD_(name, to) __asm__("movq " name "@GOTPCREL(%%rip), %0" : "=r"(to))
#else
#define HEAPGATE_LOAD_(name, to)                                                                             \
    __asm__("adrp %0, :got:" name "\n\t"                                                                     \
            "ldr %0, [%0, :got_lo12:" name "]"                                                               \
            : "=r"(to))
#endif
#define HEAPGATE_TRACER_(getter, name, parameters)                                                           \
    static __inline__ void(*getter(void)) parameters                                                         \
    {                                                                                                        \
        void(*function) parameters;                                                                          \
        __asm__(".weak " name);                                                                              \
        HEAPGATE_LOAD_(name, function);                                                                      \
        return function;                                                                                     \
    }
HEAPGATE_TRACER_(heapgate_tracer_, "heapgate_tracer_mark", (const char *))
HEAPGATE_TRACER_(heapgate_tracer_slab_, "heapgate_tracer_slab", (const void *, size_t))
HEAPGATE_TRACER_(heapgate_tracer_taken_, "heapgate_tracer_block_taken", (const void *, size_t))
HEAPGATE_TRACER_(heapgate_tracer_resized_, "heapgate_tracer_block_resized", (const void *, size_t))
HEAPGATE_TRACER_(heapgate_tracer_back_, "heapgate_tracer_block_given_back", (const void *))
#undef HEAPGATE_TRACER_
#undef HEAPGATE_LOAD_

/* Marks this instant. name: (transfer none) of [A-Za-z0-9_.-], at most 64 bytes: what is longer is cut. "end"
 * and "iteration" mean something to heapgate: see the top. */
static __inline__ void heapgate_mark(const char *name)
{
    void (*tracer)(const char *) = heapgate_tracer_();
    if (__builtin_expect(heapgate_request_(HEAPGATE_RUNNING_ON_VALGRIND_, 0, 0, 0, 0) != 0, 0))
        heapgate_mark_watched_(name);
    else if (__builtin_expect(tracer != 0, 0))
        tracer(name);
}

/* Marks the end of one pass of the workflow. */
static __inline__ void heapgate_iteration(void)
{
    heapgate_mark("iteration");
}

/* Is this the instrument? */
HEAPGATE_RARE_ int heapgate_watched_by_(const char *name)
{
    const char *instrument = getenv("HEAPGATE_INSTRUMENT");
    return instrument != NULL && heapgate_is_(instrument, name);
}

/* What was announced as no block of malloc's any more: massif then leaves it out, memcheck would complain. */
HEAPGATE_RARE_ void heapgate_slab_watched_(const void *memory)
{
    if (heapgate_watched_by_("massif"))
        heapgate_request_(HEAPGATE_FREE_LIKE_, HEAPGATE_WORD_(memory), 0, 0, 0);
}

HEAPGATE_RARE_ void heapgate_back_watched_(const void *block)
{
    heapgate_request_(HEAPGATE_FREE_LIKE_, HEAPGATE_WORD_(block), 0, 0, 0);
    if (heapgate_watched_by_("memcheck"))
        heapgate_request_(HEAPGATE_MAKE_DEFINED_, HEAPGATE_WORD_(block), 2 * sizeof(void *), 0, 0);
}

/* memory: of size bytes, is what a pool cuts its blocks from. */
static __inline__ void heapgate_slab(const void *memory, size_t size)
{
    void (*tracer)(const void *, size_t) = heapgate_tracer_slab_();
    if (__builtin_expect(tracer != 0, 0))
        tracer(memory, size);
    else if (__builtin_expect(heapgate_request_(HEAPGATE_RUNNING_ON_VALGRIND_, 0, 0, 0, 0) != 0, 0))
        heapgate_slab_watched_(memory);
}

/* A pool's block of size bytes goes to its user. */
static __inline__ void heapgate_block_taken(const void *block, size_t size)
{
    void (*tracer)(const void *, size_t) = heapgate_tracer_taken_();
    if (__builtin_expect(tracer != 0, 0))
        tracer(block, size);
    else
        heapgate_request_(HEAPGATE_MALLOC_LIKE_, HEAPGATE_WORD_(block), size, 0, 0);
}

/* It has another size now, and lies where it lay. */
static __inline__ void heapgate_block_resized(const void *block, size_t old_size, size_t new_size)
{
    void (*tracer)(const void *, size_t) = heapgate_tracer_resized_();
    if (__builtin_expect(tracer != 0, 0))
        tracer(block, new_size);
    else
        heapgate_request_(HEAPGATE_RESIZE_IN_PLACE_, HEAPGATE_WORD_(block), old_size, new_size, 0);
}

/* It comes back to its pool. */
static __inline__ void heapgate_block_given_back(const void *block)
{
    void (*tracer)(const void *) = heapgate_tracer_back_();
    if (__builtin_expect(tracer != 0, 0))
        tracer(block);
    else if (__builtin_expect(heapgate_request_(HEAPGATE_RUNNING_ON_VALGRIND_, 0, 0, 0, 0) != 0, 0))
        heapgate_back_watched_(block);
}

#undef HEAPGATE_RARE_

#else /* no instrument runs here, or the compiler cannot say the instruction sequence: marks do nothing */

static inline void heapgate_mark(const char *name)
{
    (void)name;
}

static inline void heapgate_iteration(void)
{
}

static inline void heapgate_slab(const void *memory, size_t size)
{
    (void)memory, (void)size;
}

static inline void heapgate_block_taken(const void *block, size_t size)
{
    (void)block, (void)size;
}

static inline void heapgate_block_resized(const void *block, size_t old_size, size_t new_size)
{
    (void)block, (void)old_size, (void)new_size;
}

static inline void heapgate_block_given_back(const void *block)
{
    (void)block;
}

#endif

#endif
