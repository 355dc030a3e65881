/* limits WAY: sets itself a limit and prints what it then is told and can have. The same alone and traced. */
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const size_t mib = 1 << 20;
static int resource = RLIMIT_AS;

static void tell(const char *when)
{
    struct rlimit by_get, by_prlimit;
    if (getrlimit(resource, &by_get) != 0 || prlimit(0, resource, NULL, &by_prlimit) != 0)
        puts("no limit");
    printf("%s: %ld %ld, %ld %ld\n", when, (long)by_get.rlim_cur, (long)by_get.rlim_max,
           (long)by_prlimit.rlim_cur, (long)by_prlimit.rlim_max);
}

static void set(size_t soft, size_t hard)
{
    struct rlimit limit = {soft, hard}, old;
    printf("set: %d", setrlimit(resource, &limit));
    printf(" %d\n", prlimit(getpid(), resource, &limit, &old));
    tell("then");
}

static void try(size_t size)
{
    char *volatile block = malloc(size);
    printf("%zu MiB: %s\n", size / mib, block != NULL ? "yes" : "no");
    free(block);
}

static void *work(void *unused)
{
    (void)unused;
    for (int i = 0; i < 1000; i++) {
        char *volatile block = malloc(100);
        block[0] = 1;
    }
    return NULL;
}

static void start_threads(void)
{
    for (int i = 0; i < 6; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, work, NULL) != 0)
            puts("no thread");
        else
            pthread_join(thread, NULL);
    }
}

static void in_child(void)
{
    fflush(stdout);
    pid_t child = fork();
    int status = 0;
    if (child == 0) {
        work(NULL);
        tell("in the child");
        try(2048 * mib);
        try(16 * mib);
        exit(0);
    }
    waitpid(child, &status, 0);
    printf("child: %d\n", status);
}

static void limited(size_t soft, size_t hard)
{
    mallopt(M_ARENA_MAX, 1);
    tell("first");
    set(soft, hard);
    work(NULL);
    try(16 * mib);
    try(2048 * mib);
    start_threads();
    in_child();
    set(soft / 2, hard);
    set(soft, hard);
    try(16 * mib);
    set(hard + 1, hard); /* no limit at all */
}

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "";
    if (strcmp(way, "as") == 0) {
        limited(1024 * mib, 1024 * mib);
    } else if (strcmp(way, "tight") == 0) {
        limited(128 * mib, 512 * mib);
    } else if (strcmp(way, "data") == 0) {
        resource = RLIMIT_DATA;
        limited(96 * mib, 256 * mib);
    } else if (strcmp(way, "exec") == 0) {
        set(400 * mib, 400 * mib);
        fflush(stdout);
        execl(argv[0], argv[0], "after", NULL);
    } else if (strcmp(way, "after") == 0) {
        tell("after");
        work(NULL);
        set(300 * mib, 400 * mib);
        try(2048 * mib);
        try(16 * mib);
    }
    return 0;
}
