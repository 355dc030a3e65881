"""imported_loop.py MODULE...: an application: imports, then twelve passes, each of which keeps 1,000 bytes."""
import importlib
import sys

import heapgate

kept = []


def keep_here():
    kept.append(bytearray(1000))


def main():
    for name in sys.argv[1:]:
        importlib.import_module(name)
    for _ in range(12):
        keep_here()
        heapgate.mark("iteration")
    heapgate.mark("end")


main()
