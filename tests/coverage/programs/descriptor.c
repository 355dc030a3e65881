/* Descriptors are closed or taken, as daemons do. */
#include "coverage.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int close_from_three(void)
{
    closefrom(3);
    return 0;
}

static int close_range_of_all(void)
{
    return close_range(0, ~0U, 0) ? CANNOT : 0;
}

static int close_each(void)
{
    for (int fd = 0; fd < 1024; fd++)
        close(fd);
    return 0;
}

/* Every number above the standard ones becomes /dev/null. */
static int take_each(void)
{
    int null = open("/dev/null", O_RDWR);
    for (int fd = 3; fd < 1024; fd++)
        if (dup2(null, fd) < 0)
            return CANNOT;
    return 0;
}

static int close_on_exec(void)
{
    return close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) ? CANNOT : 0;
}

/* The way to heapgate is taken away: what HEAPGATE_SOCKET names, if it is a file. */
static int unlink_socket(void)
{
    const char *name = getenv("HEAPGATE_SOCKET");
    if (name != NULL && name[0] == '/')
        unlink(name);
    return 0;
}

const Method descriptor_methods[] = {
    {"closefrom", close_from_three},
    {"close-range", close_range_of_all},
    {"close-each", close_each},
    {"take-each", take_each},
    {"close-on-exec", close_on_exec},
    {"unlink-socket", unlink_socket},
    {NULL, NULL},
};
