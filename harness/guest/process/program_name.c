#include "program_name.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *path_last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* A script is started by its own path, and its interpreter's file is another one. Without /proc nobody can
 * tell. */
static bool is_own_file(const char *path)
{
    struct stat started, running;
    return syscall(SYS_newfstatat, AT_FDCWD, path, &started, 0) == 0 &&
           (syscall(SYS_newfstatat, AT_FDCWD, "/proc/self/exe", &running, 0) != 0 ||
            (started.st_dev == running.st_dev && started.st_ino == running.st_ino));
}

void program_name(char *name, size_t room, const char *executable)
{
    const char *path = (const char *)getauxval(AT_EXECFN), *file = path_last_part(executable), *found = file;
    bool named = path != NULL && strncmp(path, "/proc/", 6) != 0 && strncmp(path, "/dev/fd/", 8) != 0;
    if (named && strncmp(file, path_last_part(path), strlen(path_last_part(path))) != 0 && is_own_file(path))
        found = path_last_part(path);
    size_t length = strnlen(found, room - 1);
    memcpy(name, found, length);
    name[length] = '\0';
}
