/* crowded FREE: forks once all descriptors but FREE are taken; the child allocates, and its parent finds none
 * of what the tracer did: no child but its own, no descriptor more or less.
 * crowded nofile, fsize, sandbox: becomes itself once no descriptor is free, files may not grow, or the
 * system refuses memory files. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
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

static int refuse_memory_files(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_memfd_create, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* Loading a program takes one descriptor, which is given back. */
static int become_limited(char **argv)
{
    char *again[] = {argv[0], argv[1], (char *)"again", NULL};
    if (strcmp(argv[1], "sandbox") == 0) {
        if (refuse_memory_files() != 0)
            return 77;
    } else if (strcmp(argv[1], "fsize") == 0) {
        struct rlimit limit;
        getrlimit(RLIMIT_FSIZE, &limit);
        limit.rlim_cur = 0;
        setrlimit(RLIMIT_FSIZE, &limit);
    } else {
        take_all_descriptors();
        fcntl(63, F_SETFD, FD_CLOEXEC);
    }
    execv(argv[0], again);
    return 3;
}

/* It is still there for the tracer to count. */
static int begin_again(const char *way)
{
    struct rlimit limit = {1, 1};
    char *volatile block = malloc(100);
    if (strcmp(way, "fsize") == 0)
        getrlimit(RLIMIT_FSIZE, &limit);
    return block == NULL || (strcmp(way, "fsize") == 0 && limit.rlim_cur != 0);
}

int main(int argc, char **argv)
{
    int status = 1;
    if (argc == 3)
        return begin_again(argv[1]);
    if (argc != 2)
        return 2;
    if (argv[1][0] < '0' || argv[1][0] > '9')
        return become_limited(argv);
    take_all_descriptors();
    for (int spare = atoi(argv[1]); spare > 0; spare--)
        close(63 - spare);
    pid_t child = fork();
    if (child == 0)
        _exit(allocate());
    waitpid(child, &status, 0);
    return status != 0;
}
