"""imported_loop.py MODULE...: an application: imports, then work that has its peak, then twelve passes that keep 1,000 bytes each.

Without the work the peak would be that of compiling the largest module, which a warm run does not do."""
import importlib
import sys

import heapgate

kept = []


def keep_here():
    kept.append(bytearray(1000))


def work():
    return len(bytearray(96 << 20))


def main():
    for name in sys.argv[1:]:
        importlib.import_module(name)
    work()
    for _ in range(12):
        keep_here()
        heapgate.mark("iteration")
    heapgate.mark("end")


main()
