/* bench_run FILE CMD...: runs CMD, waits for it and all that it leaves behind, and writes to FILE
 *
 *   START END CPU RSS STATUS
 *
 * seconds of CLOCK_MONOTONIC, START before the fork and END when CMD itself had ended; user and system
 * seconds of all of them; the largest resident set of one of them in bytes; CMD's exit status, or 128 and its
 * signal.
 *
 * Linked statically and tiny: no preloaded library enters it, so that inside a tracer it tells when the
 * program itself ended, and a process forked from it begins with next to no resident set. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    double start = now(), end = 0, cpu = 0;
    pid_t command = fork();
    if (command == 0) {
        execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    int outcome = 127, status;
    long rss_kib = 0;
    struct rusage usage;
    for (pid_t pid; (pid = wait4(-1, &status, 0, &usage)) > 0;) {
        cpu += seconds(usage.ru_utime) + seconds(usage.ru_stime);
        rss_kib = usage.ru_maxrss > rss_kib ? usage.ru_maxrss : rss_kib;
        if (pid != command)
            continue;
        end = now();
        outcome = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
    FILE *file = fopen(argv[1], "w");
    if (file == NULL ||
        fprintf(file, "%.6f %.6f %.6f %ld %d\n", start, end, cpu, rss_kib * 1024, outcome) < 0 ||
        fclose(file) != 0) {
        perror(argv[1]);
        return 127;
    }
    return outcome;
}
