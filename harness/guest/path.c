#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "path.h"
#include "sandbox.h"

void path_put(char *to, size_t room, const char *path)
{
    size_t length = strnlen(path, room - 1);
    memcpy(to, path, length);
    to[length] = '\0';
}

void path_put_absolute(char *to, size_t room, const char *path)
{
    /* A folder that is not below the root begins with "(unreachable)". */
    if (path[0] != '/' && !sandbox_entered && syscall(SYS_getcwd, to, room) > 0 && to[0] == '/') {
        size_t folder = strlen(to);
        const char *name = strncmp(path, "./", 2) == 0 ? path + 2 : path;
        if (folder + 1 + strlen(name) < room) {
            to[folder] = '/';
            path_put(to + folder + 1, room - folder - 1, name);
            return;
        }
    }
    path_put(to, room, path);
}
