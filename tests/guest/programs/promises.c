/* Says what each allocation function answers, so that two runs can be compared: nothing printed depends on
 * where blocks lie. */
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ERRNO_BEFORE = 77 };

static const size_t sizes[] = {0, 1, 7, 8, 15, 16, 24, 100, 4096, 200000, (size_t)40 << 20};
static const size_t absurd[] = {PTRDIFF_MAX, (size_t)PTRDIFF_MAX + 1, SIZE_MAX - 4096, SIZE_MAX};
static const size_t alignments[] = {
    0, 1, 2, 3, 4, 8, 16, 24, 32, 48, 64, 4096, 1 << 20, SIZE_MAX / 2 + 1, SIZE_MAX};

/* Whether it came, how it is aligned (for what was asked), whether errno changed; then frees it. */
static void say(const char *what, size_t first, size_t second, void *block, size_t alignment)
{
    int after = errno;
    printf("%s(%zx, %zx): %s, errno %d, aligned %d, usable %d\n", what, first, second,
           block != NULL ? "block" : "NULL", after, block == NULL || (uintptr_t)block % alignment == 0,
           block != NULL && malloc_usable_size(block) >= second);
    if (block != NULL && second != 0)
        memset(block, 0xa5, second < 4096 ? second : 4096);
    errno = ERRNO_BEFORE;
    free(block);
    if (errno != ERRNO_BEFORE)
        printf("free changed errno to %d\n", errno);
}

static void ask_plain(size_t size)
{
    void *volatile kept;
    errno = ERRNO_BEFORE;
    kept = malloc(size);
    say("malloc", 0, size, kept, 16);
    kept = calloc(1, size);
    say("calloc", 1, size, kept, 16);
    kept = calloc(size, 3);
    say("calloc", 3, size, kept, 16);
    kept = realloc(NULL, size);
    say("realloc NULL", 0, size, kept, 16);
    kept = reallocarray(NULL, size, 2);
    say("reallocarray NULL", 2, size, kept, 16);
    kept = valloc(size);
    say("valloc", 0, size, kept, 4096);
    kept = pvalloc(size);
    say("pvalloc", 0, size, kept, 4096);
}

static void ask_aligned(size_t alignment, size_t size)
{
    errno = ERRNO_BEFORE;
    size_t holds = alignment != 0 && (alignment & (alignment - 1)) == 0 ? alignment : 16;
    say("memalign", alignment, size, memalign(alignment, size), holds);
    say("aligned_alloc", alignment, size, aligned_alloc(alignment, size), holds);
    void *block = (void *)&errno;
    int result = posix_memalign(&block, alignment, size);
    printf("posix_memalign says %d, %s\n", result, block == (void *)&errno ? "untouched" : "set");
    say("posix_memalign", alignment, size, result == 0 ? block : NULL, holds);
}

static void ask_realloc(size_t before, size_t after)
{
    char *block = malloc(before);
    for (size_t i = 0; i < before; i++)
        block[i] = (char)i;
    errno = ERRNO_BEFORE;
    char *volatile old = block;
    char *resized = realloc(old, after);
    int error = errno, kept = 1;
    char *look =
        resized == NULL && after != 0 ? block : resized; /* after a failure the old one still holds */
    for (size_t i = 0; look != NULL && i < before && i < after; i++)
        kept &= look[i] == (char)i;
    printf("realloc %zx to %zx: %s, errno %d, kept %d\n", before, after, resized != NULL ? "block" : "NULL",
           error, kept);
    free(look);
    block = malloc(before + 1);
    errno = ERRNO_BEFORE;
    resized = reallocarray(block, after, SIZE_MAX / 2);
    printf("reallocarray of %zx: %s, errno %d\n", after, resized != NULL ? "block" : "NULL", errno);
    free(resized != NULL || after == 0 ? resized : block);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        ask_plain(sizes[i]);
    for (size_t i = 0; i < sizeof absurd / sizeof *absurd; i++)
        ask_plain(absurd[i]);
    for (size_t i = 0; i < sizeof alignments / sizeof *alignments; i++)
        for (size_t j = 0; j < sizeof sizes / sizeof *sizes; j++)
            ask_aligned(alignments[i], sizes[j]);
    for (size_t i = 0; i < sizeof alignments / sizeof *alignments; i++)
        for (size_t j = 0; j < sizeof absurd / sizeof *absurd; j++)
            ask_aligned(alignments[i], absurd[j]);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (size_t j = 0; j < sizeof sizes / sizeof *sizes; j++)
            ask_realloc(sizes[i], sizes[j]);
        for (size_t j = 0; j < sizeof absurd / sizeof *absurd; j++)
            ask_realloc(sizes[i], absurd[j]);
    }
    free(NULL);
    return 0;
}
