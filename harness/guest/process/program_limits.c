/* Limits on address space and data that the program sets for itself: the tracer's memory comes on top of them
 * in the kernel, and the program is told its own figures.
 *
 * The kernel's soft limit follows what the tracer has mapped. Its hard limit, which cannot be raised again,
 * leaves room for what it may map yet. Where the kernel has other limits than are written down here (one set
 * in a vfork's child, in its parent's memory; one set past the C library), the program is told those. */
#include <errno.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "program_limits.h"
#include "memory.h"
#include "sandbox.h"

GUEST_EXPORT int getrlimit(__rlimit_resource_t resource, struct rlimit *limit);
GUEST_EXPORT int getrlimit64(__rlimit_resource_t resource, struct rlimit64 *limit);
GUEST_EXPORT int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit);
GUEST_EXPORT int setrlimit64(__rlimit_resource_t resource, const struct rlimit64 *limit);
GUEST_EXPORT int prlimit(pid_t pid, enum __rlimit_resource resource, const struct rlimit *limit,
                         struct rlimit *old);
GUEST_EXPORT int prlimit64(pid_t pid, enum __rlimit_resource resource, const struct rlimit64 *limit,
                           struct rlimit64 *old);
_Static_assert(sizeof(struct rlimit) == sizeof(struct rlimit64), "both are of 64 bits");

/* Of this library, by the linker. */
extern GUEST_HIDDEN const char __ehdr_start[], _end[];

#define ROOM (UINT64_C(1) << 40)

typedef struct {
    bool is_set;
    struct rlimit64 own, kernel; /* as the program set it; as it was set for it */
} Limit;
static Limit address_space = {false, {0, 0}, {0, 0}}, data = {false, {0, 0}, {0, 0}};

static Limit *limit_find(int resource)
{
    return resource == RLIMIT_AS ? &address_space : resource == RLIMIT_DATA ? &data : NULL;
}

static uint64_t limit_taken(int resource)
{
    int64_t bytes = memory_taken.private_bytes + (_end - __ehdr_start) + 4096;
    return (uint64_t)(resource == RLIMIT_AS ? bytes + memory_taken.shared_bytes : bytes);
}

static rlim64_t raised(rlim64_t limit, uint64_t by)
{
    return limit < RLIM64_INFINITY - by ? limit + by : RLIM64_INFINITY;
}

static int kernel_limit(pid_t pid, int resource, const struct rlimit64 *limit, struct rlimit64 *old)
{
    return (int)syscall(SYS_prlimit64, pid, resource, limit, old);
}

static bool limit_is_same(const struct rlimit64 *a, const struct rlimit64 *b)
{
    return a->rlim_cur == b->rlim_cur && a->rlim_max == b->rlim_max;
}

/* What the program believes, and what the kernel has. */
static int limit_get(int resource, Limit *self, struct rlimit64 *own, struct rlimit64 *kernel)
{
    if (kernel_limit(0, resource, NULL, kernel) != 0)
        return -1;
    if (self->is_set && !limit_is_same(&self->kernel, kernel))
        self->is_set = false;
    *own = self->is_set ? self->own : *kernel;
    return 0;
}

static int limit_put(int resource, Limit *self, const struct rlimit64 *own, struct rlimit64 kernel)
{
    if (kernel.rlim_cur > kernel.rlim_max)
        kernel.rlim_cur = kernel.rlim_max;
    if (kernel_limit(0, resource, &kernel, NULL) != 0)
        return -1;
    *self = (Limit){true, *own, kernel};
    return 0;
}

static void follow_one(int resource)
{
    Limit *self = limit_find(resource);
    struct rlimit64 own, kernel;
    if (!self->is_set || limit_get(resource, self, &own, &kernel) != 0 || !self->is_set)
        return;
    kernel.rlim_cur = raised(own.rlim_cur, limit_taken(resource));
    limit_put(resource, self, &own, kernel);
}

static void follow(void)
{
    int error = errno;
    if (!sandbox_entered) {
        follow_one(RLIMIT_AS);
        follow_one(RLIMIT_DATA);
    }
    errno = error;
}

/* No hard limit of the kernel's is raised that the program did not raise. */
static int limit_set(int resource, Limit *self, const struct rlimit64 *wanted, const struct rlimit64 *own,
                     const struct rlimit64 *now)
{
    struct rlimit64 kernel = {raised(wanted->rlim_cur, limit_taken(resource)),
                              raised(wanted->rlim_max, limit_taken(resource) + ROOM)};
    if (wanted->rlim_max <= own->rlim_max && kernel.rlim_max > now->rlim_max)
        kernel.rlim_max = now->rlim_max;
    memory_follow = follow;
    return limit_put(resource, self, wanted, kernel);
}

/* ---- to the next program ---- */

static char *digits_put(char *to, uint64_t value)
{
    for (int shift = 60; shift >= 0; shift -= 4)
        *to++ = "0123456789abcdef"[value >> shift & 15];
    *to = '\0';
    return to;
}

static bool digits_take(const char **text, rlim64_t *value)
{
    *value = 0;
    for (int i = 0; i < 16; i++) {
        char digit = *(*text)++;
        bool is_decimal = digit >= '0' && digit <= '9';
        if (!is_decimal && (digit < 'a' || digit > 'f'))
            return false;
        *value = *value << 4 | (rlim64_t)(is_decimal ? digit - '0' : digit - 'a' + 10);
    }
    return true;
}

bool limits_text(char *text)
{
    static const int resources[] = {RLIMIT_AS, RLIMIT_DATA};
    bool any = false;
    for (int i = 0; i < 2; i++) {
        const Limit *self = limit_find(resources[i]);
        const Limit none = {false, {0, 0}, {0, 0}}, *one = self->is_set ? self : &none;
        text = digits_put(digits_put(text, one->own.rlim_cur), one->own.rlim_max);
        text = digits_put(digits_put(text, one->kernel.rlim_cur), one->kernel.rlim_max);
        any |= self->is_set;
    }
    return any;
}

void limits_inherit(const char *text)
{
    static const int resources[] = {RLIMIT_AS, RLIMIT_DATA};
    for (int i = 0; i < 2; i++) {
        Limit one = {true, {0, 0}, {0, 0}};
        struct rlimit64 now;
        if (!digits_take(&text, &one.own.rlim_cur) || !digits_take(&text, &one.own.rlim_max) ||
            !digits_take(&text, &one.kernel.rlim_cur) || !digits_take(&text, &one.kernel.rlim_max))
            return;
        if (kernel_limit(0, resources[i], NULL, &now) != 0 || !limit_is_same(&one.kernel, &now))
            continue;
        *limit_find(resources[i]) = one;
        memory_follow = follow;
    }
}

/* ---- what the program calls ---- */

/* (transfer none) of both, which may be NULL. */
static int limit_change(pid_t pid, int resource, const struct rlimit64 *wanted, struct rlimit64 *old)
{
    Limit *self = limit_find(resource);
    struct rlimit64 own, now;
    if (self == NULL || !guest_watching() || (wanted != NULL && wanted->rlim_cur > wanted->rlim_max) ||
        (pid != 0 && pid != (pid_t)syscall(SYS_getpid)))
        return kernel_limit(pid, resource, wanted, old);
    if (limit_get(resource, self, &own, &now) != 0)
        return -1;
    struct rlimit64 copy = wanted != NULL ? *wanted : own; /* old may be the same */
    if (old != NULL)
        *old = own;
    return wanted != NULL ? limit_set(resource, self, &copy, &own, &now) : 0;
}

int getrlimit64(__rlimit_resource_t resource, struct rlimit64 *limit)
{
    return limit_change(0, (int)resource, NULL, limit);
}

int getrlimit(__rlimit_resource_t resource, struct rlimit *limit)
{
    return limit_change(0, (int)resource, NULL, (struct rlimit64 *)(void *)limit);
}

int setrlimit64(__rlimit_resource_t resource, const struct rlimit64 *limit)
{
    return limit_change(0, (int)resource, limit, NULL);
}

int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
    return limit_change(0, (int)resource, (const struct rlimit64 *)(const void *)limit, NULL);
}

int prlimit64(pid_t pid, enum __rlimit_resource resource, const struct rlimit64 *limit, struct rlimit64 *old)
{
    return limit_change(pid, (int)resource, limit, old);
}

int prlimit(pid_t pid, enum __rlimit_resource resource, const struct rlimit *limit, struct rlimit *old)
{
    return limit_change(pid, (int)resource, (const struct rlimit64 *)(const void *)limit,
                        (struct rlimit64 *)(void *)old);
}
