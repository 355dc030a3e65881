/* crowded FREE: forks once all descriptors but FREE are taken; the child allocates, and its parent finds none
 * of what the tracer did: no child but its own, no descriptor more or less.
 * crowded nofile, crowded fsize: becomes itself once no descriptor is free, or files may not grow. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static int count_open(void)
{
    int open = 0;
    for (int fd = 0; fd < 64; fd++)
        open += fcntl(fd, F_GETFD) >= 0;
    return open;
}

static int allocate(void)
{
    int before = count_open();
    char *block = malloc(5000);
    if (block == NULL || count_open() != before || waitpid(-1, NULL, __WALL | WNOHANG) != -1)
        return 1;
    block[0] = 1;
    return 0;
}

static void take_all_descriptors(void)
{
    const struct rlimit few = {64, 64};
    if (setrlimit(RLIMIT_NOFILE, &few) != 0)
        exit(2);
    while (dup(0) >= 0)
        continue;
}

/* Loading a program takes one, which is given back. */
static void become_limited(char **argv)
{
    const struct rlimit none = {0, 0};
    char *again[] = {argv[0], argv[1], (char *)"again", NULL};
    if (strcmp(argv[1], "fsize") == 0) {
        setrlimit(RLIMIT_FSIZE, &none);
    } else {
        take_all_descriptors();
        fcntl(63, F_SETFD, FD_CLOEXEC);
    }
    execv(argv[0], again);
    exit(3);
}

int main(int argc, char **argv)
{
    int status = 1;
    if (argc == 3)
        return malloc(100) == NULL;
    if (argc != 2)
        return 2;
    if (strcmp(argv[1], "nofile") == 0 || strcmp(argv[1], "fsize") == 0)
        become_limited(argv);
    take_all_descriptors();
    for (int spare = atoi(argv[1]); spare > 0; spare--)
        close(63 - spare);
    pid_t child = fork();
    if (child == 0)
        _exit(allocate());
    waitpid(child, &status, 0);
    return status != 0;
}
