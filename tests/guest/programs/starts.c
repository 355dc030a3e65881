/* starts WAY PROGRAM: becomes the program, or starts it as a child and awaits its end, by one of the many
 * ways; "small_..." from a thread of the smallest stack, "bare_..." after it emptied its environment. */
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
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
    else if (strcmp(way, "raw_execve") == 0)
        syscall(SYS_execve, program, argv, environ);
    else if (strcmp(way, "raw_execveat") == 0)
        syscall(SYS_execveat, AT_FDCWD, program, argv, environ, 0);
}

static int start(const char *way, char *program)
{
    char *arguments[] = {program, NULL};
    pid_t child = 0;
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
    if (strcmp(way, "system") == 0)
        return system(program);
    if (strcmp(way, "popen") == 0)
        return pclose(popen(program, "r"));
    become(way, program, arguments);
    return 126;
}

static char **words;

static void *start_in_thread(void *result)
{
    *(int *)result = start(words[1] + strlen("small_"), words[2]);
    return NULL;
}

/* An environment of so many entries does not fit the stack either. */
static int start_small(void)
{
    static char *entries[3001];
    pthread_attr_t attributes;
    pthread_t thread;
    int result = 1;
    size_t used = 0;
    for (; environ[used] != NULL; used++)
        entries[used] = environ[used];
    while (used < 3000)
        entries[used++] = (char *)"SOMETHING=of no use";
    environ = entries;
    pthread_attr_init(&attributes);
    if (pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN) != 0 ||
        pthread_create(&thread, &attributes, start_in_thread, &result) != 0 ||
        pthread_join(thread, NULL) != 0)
        return 2;
    return result;
}

int main(int argc, char **argv)
{
    words = argv;
    if (argc != 3)
        return 2;
    if (strncmp(argv[1], "small_", 6) == 0)
        return start_small();
    if (strncmp(argv[1], "bare_", 5) == 0) {
        clearenv();
        return start(argv[1] + 5, argv[2]);
    }
    return start(argv[1], argv[2]);
}
