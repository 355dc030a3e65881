"""bench_objects.py [ROUNDS [DEPTH]]: objects that are built deep down in calls: a tree of folders, each with entries,
attributes and texts, built by recursion, walked, and thrown away but for the last. Deterministic.

Prints the seconds that building took. With SNAPSHOT=FILE in the environment, and tracemalloc on, its snapshot goes to
that file afterwards.
"""
import os
import sys
import time


class Entry:
    __slots__ = ("name", "size", "tags")

    def __init__(self, name, size):
        self.name = name
        self.size = size
        self.tags = {"owner": "user-%03d" % (size % 100), "kind": size % 7}


class Folder:
    def __init__(self, name):
        self.name = name
        self.entries = []
        self.folders = {}
        self.note = None


def make_entry(folder, number):
    return Entry("%s/%04d.txt" % (folder.name[-12:], number), number * 37 % 10007 + 1000)


def fill(folder, number):
    for position in range(4):
        folder.entries.append(make_entry(folder, number * 4 + position))
    folder.note = ", ".join([entry.name for entry in folder.entries])


def descend(depth, width, number):
    """A chain of calls, `depth` deep, that branches every sixth level."""
    folder = Folder("folder-%02d-%06d" % (depth, number))
    fill(folder, number)
    if depth > 0:
        for child in range(width if depth % 6 == 0 else 1):
            below = descend(depth - 1, width, number * width + child)
            folder.folders[below.name] = below
    return folder


def count(folder):
    return len(folder.entries) + sum(count(below) for below in folder.folders.values())


def main(rounds, depth):
    start = time.perf_counter()
    entries = 0
    for number in range(rounds):
        tree = descend(depth, 3, number)
        entries += count(tree)
    seconds = time.perf_counter() - start
    if os.environ.get("SNAPSHOT"):
        import tracemalloc

        if tracemalloc.is_tracing():
            tracemalloc.take_snapshot().dump(os.environ["SNAPSHOT"])
    print("%d entries" % entries)
    print("%.6f" % seconds)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 6, int(sys.argv[2]) if len(sys.argv) > 2 else 36)
