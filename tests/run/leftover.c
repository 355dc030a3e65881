#include "leftover.h"

#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runner.h"

void leftover_await_gone(const char *folder)
{
    g_autofree char *path = g_build_filename(folder, "pid", NULL), *text = NULL;
    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    pid_t pid = (pid_t)g_ascii_strtoll(text, NULL, 10);
    ck_assert_int_gt(pid, 1);
    int descriptor = (int)syscall(SYS_pidfd_open, pid, 0);
    if (descriptor < 0) {
        ck_assert_int_eq(errno, ESRCH);
        return;
    }
    struct pollfd gone = {descriptor, POLLIN, 0};
    int ready = poll(&gone, 1, 10000);
    close(descriptor);
    if (ready != 1)
        kill(pid, SIGKILL);
    ck_assert_msg(ready == 1, "process %d outlived its run", (int)pid);
}
