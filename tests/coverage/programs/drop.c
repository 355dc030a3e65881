/* Root is given up, as servers do. */
#include "coverage.h"

#include <grp.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NOBODY = 65534 };

static int with_setuid(void)
{
    return setgid(NOBODY) || setuid(NOBODY) ? CANNOT : 0;
}

static int with_setresuid(void)
{
    return setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY) ? CANNOT : 0;
}

static int with_initgroups(void)
{
    return initgroups("nobody", NOBODY) || setgid(NOBODY) || setuid(NOBODY) ? CANNOT : 0;
}

/* The real user stays root: it could come back. */
static int with_seteuid(void)
{
    return setegid(NOBODY) || seteuid(NOBODY) ? CANNOT : 0;
}

/* By the system call itself: no wrapper is passed. */
static int with_raw_setuid(void)
{
    return syscall(SYS_setgid, NOBODY) || syscall(SYS_setuid, NOBODY) ? CANNOT : 0;
}

static int without_capabilities(void)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[2] = {{0}};
    return geteuid() != 0 || syscall(SYS_capset, &header, none) ? CANNOT : 0;
}

/* Neither dumpable nor traceable afterwards. */
static int with_no_dump(void)
{
    return with_setuid() || prctl(PR_SET_DUMPABLE, 0) ? CANNOT : 0;
}

static int with_chroot(void)
{
    char jail[] = "/tmp/coverage-jail-XXXXXX";
    if (mkdtemp(jail) == NULL || chroot(jail) != 0)
        return CANNOT;
    return chdir("/");
}

static int with_chroot_and_setuid(void)
{
    int status = with_chroot();
    return status ? status : with_setuid();
}

const Method drop_methods[] = {
    {"setuid", with_setuid},
    {"setresuid", with_setresuid},
    {"initgroups", with_initgroups},
    {"seteuid", with_seteuid},
    {"raw-setuid", with_raw_setuid},
    {"no-capabilities", without_capabilities},
    {"no-dump", with_no_dump},
    {"chroot", with_chroot},
    {"chroot-setuid", with_chroot_and_setuid},
    {NULL, NULL},
};
