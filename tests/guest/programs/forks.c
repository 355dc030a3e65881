/* forks WAY: forks, and each of the processes holds a block of its own size in the end: the first 1000, its
 * forks 1001, 1002, ... */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int hold(size_t size)
{
    char *volatile block = malloc(size);
    if (block == NULL)
        return 1;
    block[0] = 1;
    return 0;
}

static int await(pid_t child)
{
    int status = 1;
    waitpid(child, &status, 0);
    return status != 0;
}

/* One after the other. */
static int fork_many(int count)
{
    int failed = 0;
    for (int i = 1; i <= count; i++) {
        pid_t child = fork();
        if (child == 0)
            exit(hold(1000 + (size_t)i));
        failed += await(child);
    }
    return failed;
}

/* Each the child of the one before. */
static int fork_chain(int count)
{
    for (int i = 1; i <= count; i++) {
        pid_t child = fork();
        if (child != 0)
            return await(child);
        if (hold(1000 + (size_t)i) != 0)
            return 1;
    }
    return 0;
}

/* These calls fail with EPERM from here on. */
static int refuse(const int *calls)
{
    struct sock_filter filter[16];
    unsigned short used = 0;
    filter[used++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (; *calls >= 0; calls++) {
        filter[used++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)*calls, 0, 1);
        filter[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
    }
    filter[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    const struct sock_fprog program = {used, filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* No more address space than there is now, and a little. */
static int limit_memory(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%lu", &pages) != 1)
        return 1;
    fclose(file);
    rlim_t bytes = pages * (rlim_t)sysconf(_SC_PAGESIZE) + (64 << 20);
    return setrlimit(RLIMIT_AS, &(struct rlimit){bytes, bytes});
}

int main(int argc, char **argv)
{
    static const int outside[] = {SYS_socket, SYS_memfd_create, SYS_sendmsg, SYS_connect, -1};
    static const int mapping[] = {SYS_mremap, SYS_remap_file_pages, -1};
    const char *way = argc == 2 ? argv[1] : "";
    if (hold(1000) != 0)
        return 2;
    if (strcmp(way, "chain") == 0)
        return fork_chain(5);
    if (strcmp(way, "many") == 0)
        return fork_many(300);
    if ((strcmp(way, "sandbox") == 0 && refuse(outside) != 0) ||
        (strcmp(way, "no_mapping") == 0 && refuse(mapping) != 0))
        return 77;
    if (strcmp(way, "memory") == 0 && limit_memory() != 0)
        return 2;
    return fork_many(3);
}
