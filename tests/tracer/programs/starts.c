/* starts WAY PROGRAM: becomes the program, or starts it as a child and awaits its end, by one of the many
 * ways. Allocates nothing itself. */
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int await(pid_t child)
{
    int status = 0;
    waitpid(child, &status, 0);
    return status != 0;
}

static void become(const char *way, const char *program, char **argv)
{
    if (strcmp(way, "execv") == 0)
        execv(program, argv);
    else if (strcmp(way, "execve") == 0)
        execve(program, argv, environ);
    else if (strcmp(way, "execvp") == 0)
        execvp(program, argv);
    else if (strcmp(way, "execl") == 0)
        execl(program, program, (char *)NULL);
    else if (strcmp(way, "execlp") == 0)
        execlp(program, program, (char *)NULL);
    else if (strcmp(way, "execle") == 0)
        execle(program, program, (char *)NULL, environ);
    else if (strcmp(way, "fexecve") == 0)
        fexecve(open(program, O_RDONLY | O_CLOEXEC), argv, environ);
    else if (strcmp(way, "execveat") == 0)
        execveat(AT_FDCWD, program, argv, environ, 0);
}

int main(int argc, char **argv)
{
    const char *way = argv[1], *program = argv[2];
    char *arguments[] = {argv[2], NULL};
    pid_t child = 0;
    if (argc != 3)
        return 2;
    if (strcmp(way, "vfork") == 0) {
        child = vfork();
        if (child == 0) {
            execv(program, arguments);
            _exit(127);
        }
        return await(child);
    }
    if (strcmp(way, "posix_spawn") == 0)
        return posix_spawn(&child, program, NULL, NULL, arguments, environ) != 0 || await(child);
    if (strcmp(way, "posix_spawnp") == 0)
        return posix_spawnp(NULL, program, NULL, NULL, arguments, environ) != 0 || await(-1);
    become(way, program, arguments);
    return 126;
}
