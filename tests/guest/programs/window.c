/* Windows and samples, as the program itself sees them. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint32_t (*window)(int);

__attribute__((noinline)) static void *inside(size_t size)
{
    return malloc(size);
}

__attribute__((noinline)) static void *outside(size_t size)
{
    return malloc(size);
}

static void windows(void)
{
    void *before = outside(5000);
    printf("opened %u\n", window(1));
    void *first = inside(100000);
    free(before);
    free(first);
    void *second = inside(300000);
    void *third = inside(7000);
    free(second);
    free(outside(1000));
    if (window(0) != 0)
        abort();
    free(third);
    free(inside(900000)); /* after it */
}

static void reopened(void)
{
    window(1);
    free(inside(4000));
    printf("opened %u\n", window(1));
    free(inside(50));
}

/* Of two sizes, so that both small and large weights are seen. */
static void samples(void)
{
    enum { COUNT = 200000 };
    static void *kept[COUNT];
    for (int i = 0; i < COUNT; i++)
        kept[i] = inside(i % 100 == 0 ? 3000 : 48);
    for (int i = 0; i < COUNT; i += 2)
        free(kept[i]);
    for (int i = 1; i < COUNT; i += 2)
        kept[i] = realloc(kept[i], 96);
}

int main(int argc, char **argv)
{
    static char buffer[BUFSIZ];
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer); /* so that printing allocates nothing */
    *(void **)&window = dlsym(RTLD_DEFAULT, "heapgate_tracer_window");
    const uint32_t *(*ledger)(void);
    *(void **)&ledger = dlsym(RTLD_DEFAULT, "heapgate_tracer_ledger");
    if (argc < 2 || window == NULL || ledger == NULL || ledger() == NULL)
        return 1;
    if (strcmp(argv[1], "windows") == 0)
        windows();
    else if (strcmp(argv[1], "reopened") == 0)
        reopened();
    else if (strcmp(argv[1], "samples") == 0)
        samples();
    else if (strcmp(argv[1], "exec") == 0)
        execle(argv[0], argv[0], "samples", NULL, (char *[]){NULL});
    fflush(stdout);
    _exit(0);
}
