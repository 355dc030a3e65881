/* Namespaces of its own. */
#include "coverage.h"

#include <sched.h>
#include <sys/mount.h>

static int unshared(int flags)
{
    return unshare(flags) ? CANNOT : 0;
}

static int of_users(void)
{
    return unshared(CLONE_NEWUSER);
}

static int of_mounts(void)
{
    return unshared(CLONE_NEWNS);
}

static int of_processes(void)
{
    return unshared(CLONE_NEWPID);
}

static int of_network(void)
{
    return unshared(CLONE_NEWNET);
}

static int of_ipc(void)
{
    return unshared(CLONE_NEWIPC | CLONE_NEWUTS);
}

static int of_all(void)
{
    return unshared(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS);
}

/* A folder is hidden by an empty one, for this process and its children. */
static int hide(const char *folder)
{
    if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
        mount("none", folder, "tmpfs", 0, NULL))
        return CANNOT;
    return 0;
}

/* As systemd's PrivateTmp. The program itself lies elsewhere. */
static int of_tmp(void)
{
    return hide("/tmp");
}

static int of_proc(void)
{
    return hide("/proc");
}

const Method namespace_methods[] = {
    {"user-namespace", of_users},  {"mount-namespace", of_mounts}, {"pid-namespace", of_processes},
    {"net-namespace", of_network}, {"ipc-namespace", of_ipc},      {"all-namespaces", of_all},
    {"private-tmp", of_tmp},       {"no-proc", of_proc},           {NULL, NULL},
};
