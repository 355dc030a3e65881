"""coverage.py METHOD: makes processes as Python programs do; one of them works. A file `leaking` beside it: it keeps 2 MB."""
import multiprocessing
import os
import subprocess
import sys
import threading
from multiprocessing import forkserver, resource_tracker

LEAKING = os.path.exists(os.path.join(os.path.dirname(os.path.abspath(__file__)), "leaking"))
kept = []


def leak_here():
    return bytearray(100000)


def work():
    for _ in range(20):
        block = leak_here()
        if LEAKING:
            kept.append(block)


def keep():
    """What is kept lives as long as the process does; without this the interpreter frees it when it ends."""
    work()
    sys.stdout.flush()
    os._exit(0)


def checked(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def child():
    return [sys.executable, os.path.abspath(__file__), "keep"]


def by_multiprocessing(start):
    context = multiprocessing.get_context(start)
    process = context.Process(target=keep)
    process.start()
    process.join()
    # The helpers end now, not whenever.
    if start == "forkserver":
        forkserver._forkserver._stop()
    if start != "fork":
        resource_tracker._resource_tracker._stop()
    return process.exitcode


def by_fork():
    pid = os.fork()
    if pid == 0:
        keep()
    return checked(pid)


def in_thread(function):
    status = []
    thread = threading.Thread(target=lambda: status.append(function()))
    thread.start()
    thread.join()
    return status[0]


METHODS = {
    "keep": keep,
    "subprocess": lambda: subprocess.run(child(), check=False).returncode,
    "subprocess-empty": lambda: subprocess.run(child(), env={}, check=False).returncode,
    "subprocess-session": lambda: subprocess.run(child(), start_new_session=True, close_fds=True, check=False).returncode,
    "shell": lambda: subprocess.run(" ".join(child()), shell=True, check=False).returncode,
    "os-system": lambda: (os.environ.clear(), os.system(" ".join(child())))[1],
    "posix-spawn": lambda: checked(os.posix_spawn(sys.executable, child(), {})),
    "execve": lambda: os.execve(sys.executable, child(), {}),
    "fork": by_fork,
    "fork-in-thread": lambda: in_thread(by_fork),
    "multiprocessing-fork": lambda: by_multiprocessing("fork"),
    "multiprocessing-spawn": lambda: by_multiprocessing("spawn"),
    "multiprocessing-forkserver": lambda: by_multiprocessing("forkserver"),
    "thread": lambda: (in_thread(work), sys.stdout.flush(), os._exit(0)),
}

if __name__ == "__main__":
    sys.exit(METHODS[sys.argv[1]]())
