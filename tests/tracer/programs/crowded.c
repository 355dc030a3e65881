/* crowded FREE: forks once all descriptors but FREE are taken; the child allocates, and its parent finds none
 * of what the tracer did: no child but its own, no descriptor more or less. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
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

int main(int argc, char **argv)
{
    const struct rlimit few = {64, 64};
    int status = 1;
    if (argc != 2 || setrlimit(RLIMIT_NOFILE, &few) != 0)
        return 2;
    while (dup(0) >= 0)
        continue;
    for (int spare = atoi(argv[1]); spare > 0; spare--)
        close(63 - spare);
    pid_t child = fork();
    if (child == 0)
        _exit(allocate());
    waitpid(child, &status, 0);
    return status != 0;
}
