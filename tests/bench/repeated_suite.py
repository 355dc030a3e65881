"""repeated_suite.py FILE UNTIL ARGUMENT...: runs pytest again and again in one process, and after each pass appends to FILE

    SECONDS RSS LEDGER HARNESS

seconds since the start; bytes resident: of this process, of what of it is the tracer's books, of heapgate's processes above
it. UNTIL: that many seconds, or passes where it ends in "p".
"""
import gc
import os
import sys
import time

import pytest

PAGE = os.sysconf("SC_PAGE_SIZE")


def resident(pid):
    with open("/proc/%s/statm" % pid, encoding="ascii") as file:
        return int(file.read().split()[1]) * PAGE


def ledger():
    """The pages of the books that are mapped here: of memory files whose name is the tracer's."""
    total, counts = 0, False
    with open("/proc/self/smaps", encoding="utf-8", errors="replace") as file:
        for line in file:
            first = line.split()[0]
            if "-" in first and not first.endswith(":"):
                counts = "memfd:" in line and "heapgate" in line
            elif counts and first == "Rss:":
                total += int(line.split()[1]) * 1024
    return total


def harness():
    total, pid = 0, str(os.getppid())
    while pid not in ("0", "1"):
        with open("/proc/%s/stat" % pid, encoding="utf-8", errors="replace") as file:
            name, _, rest = file.read().partition("(")[2].rpartition(")")
        total += resident(pid) if name == "heapgate" else 0
        pid = rest.split()[1]
    return total


def main(path, until, arguments):
    began, passes = time.monotonic(), 0
    while (passes < int(until[:-1])) if until.endswith("p") else (time.monotonic() - began < float(until)):
        status = pytest.main(arguments)
        if status != 0:
            sys.exit(int(status))
        passes += 1
        gc.collect()
        with open(path, "a", encoding="ascii") as file:
            file.write("%.1f %d %d %d\n" % (time.monotonic() - began, resident("self"), ledger(), harness()))


main(sys.argv[1], sys.argv[2], sys.argv[3:])
