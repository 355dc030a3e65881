/* Limits that a program sets for itself or its children. */
#include "coverage.h"

#include <sys/resource.h>

static int limited(int resource, rlim_t value)
{
    struct rlimit limit = {value, value};
    return setrlimit(resource, &limit) ? CANNOT : 0;
}

#define LIMIT(name, resource, value)                                                                         \
    static int limit_##name(void)                                                                            \
    {                                                                                                        \
        return limited(resource, value);                                                                     \
    }
LIMIT(nofile, RLIMIT_NOFILE, 0)
LIMIT(few_files, RLIMIT_NOFILE, 4) /* three standard ones, and one for the loader */
LIMIT(fsize, RLIMIT_FSIZE, 0)
LIMIT(as, RLIMIT_AS, (rlim_t)1 << 30)
LIMIT(tight_as, RLIMIT_AS, (rlim_t)128 << 20)
LIMIT(data, RLIMIT_DATA, (rlim_t)64 << 20)
LIMIT(nproc, RLIMIT_NPROC, 0)
LIMIT(memlock, RLIMIT_MEMLOCK, 0)
LIMIT(stack, RLIMIT_STACK, 64 << 10)

const Method limit_methods[] = {
    {"limit-nofile", limit_nofile},     {"limit-few-files", limit_few_files},
    {"limit-fsize", limit_fsize},       {"limit-as", limit_as},
    {"limit-tight-as", limit_tight_as}, {"limit-data", limit_data},
    {"limit-nproc", limit_nproc},       {"limit-memlock", limit_memlock},
    {"limit-stack", limit_stack},       {NULL, NULL},
};
