/* A sandbox that kills on every system call but those that malloc and writing need. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define ALLOW(name)                                                                                          \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static int lock_in(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        ALLOW(brk),
        ALLOW(mmap),
        ALLOW(munmap),
        ALLOW(mremap),
        ALLOW(mprotect),
        ALLOW(getrandom),
        ALLOW(futex),
        ALLOW(read),
        ALLOW(write),
        ALLOW(newfstatat),
        ALLOW(exit_group),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static unsigned long filled(unsigned long rounds)
{
    static char *blocks[1000];
    unsigned long sum = 0;
    for (unsigned long i = 0; i < rounds; i++) {
        size_t size = i * 7919 % 50000 + 1;
        char **block = &blocks[i % 1000];
        *block = i % 3 ? realloc(*block, size) : (free(*block), calloc(1, size));
        memset(*block, (int)(i & 127), size);
        sum += size + (unsigned long)(*block)[size / 2];
    }
    return sum;
}

int main(void)
{
    if (lock_in()) {
        puts("no sandbox here");
        return 77;
    }
    char *large = malloc(64 << 20);
    memset(large, 1, 64 << 20);
    free(large);
    printf("%lu\n", filled(200000));
    return 3;
}
