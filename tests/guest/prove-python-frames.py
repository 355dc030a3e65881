#!/usr/bin/env python3
"""Are the Python frames of every stack right?  make prove-python-frames; PYTHONS="PATH..." COUNT=2000000

A script calls its way through functions, methods, generators, coroutines, comprehensions, exec'ed code and C
(sorted, map, functools) at random, in three threads, and allocates objects of one size nothing else has at the
ends. For each it writes down the frames as sys._getframe shows them: of all callers with the very instruction.
Afterwards the ledger must have just these stacks, each as often: a difference either way is a wrong frame."""

import array
import collections
import glob
import mmap
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PYENV = os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))
SIZE = 10033  # of bytes(10000)
OTHERS = 16  # more of them than expected may be other objects


class Ledger:
    """The parts of a mapped ledger that are needed here; layouts of harness/guest/ledger.h."""

    def __init__(self, fd, layout):
        self.map = mmap.mmap(fd, layout["end"], mmap.MAP_SHARED, mmap.PROT_READ, offset=layout["ledger_at"])
        self.layout = layout

    def field(self, name):
        at, code = self.layout[name]
        return struct.unpack_from(code, self.map, at)[0]

    def text(self, at):
        start = self.layout["text_at"] + at
        return self.map[start : self.map.find(b"\0", start)].decode()

    def stacks(self):
        """Of each site that had blocks of SIZE: frames (name, offset) of Python, and their number. One instruction may
        make a few other objects besides (when an interpreter fills a free list): they count as a few more."""
        found = collections.Counter()
        for site in range(1, self.field("sites")):
            node, total_bytes, _ = struct.unpack_from("<I28xQQ", self.map, self.layout["sites_at"] + site * 128)
            if total_bytes >= SIZE:
                found[self.python_stack(node)] += total_bytes // SIZE
        return found

    def python_stack(self, node):
        frames = []
        while node:
            address, node = struct.unpack_from("<QI", self.map, self.layout["nodes_at"] + node * 16)
            if address >> 60 & 7 == 1:
                code = self.layout["codes_at"] + (address >> 28 & 0xFFFFF) * 64
                name = self.text(struct.unpack_from("<I", self.map, code + 8)[0])
                frames.append((name, address & 0xFFFFFFF if frames else None))
        return tuple(frames)


def layout_of(build):
    """Offsets as the compiler sees them."""
    program = r"""
        #include <stddef.h>
        #include <stdio.h>
        #include "ledger.h"
        #include "roll.h"
        #define FIELD(name) printf(#name " %zu %zu\n", offsetof(LedgerHeader, name), sizeof((LedgerHeader *)0)->name)
        int main(void) {
            FIELD(sites); FIELD(python_state); FIELD(python_version); FIELD(python_unread);
            FIELD(truncated_stacks); FIELD(codes); FIELD(text); FIELD(peak_mapped_bytes);
            printf("nodes_at %lu\nsites_at %lu\ncodes_at %lu\ntext_at %lu\nend %lu\nledger_at %lu\n", LEDGER_NODES_AT,
                   LEDGER_SITES_AT, LEDGER_CODES_AT, LEDGER_TEXT_AT, LEDGER_INDEX_AT,
                   (unsigned long)ROLL_LEDGER_AT(0));
        }"""
    path = os.path.join(build, "tests", "ledger_layout")
    include = os.path.join(HERE, "..", "..", "harness", "guest")
    subprocess.run(
        ["cc", "-w", "-I", include, "-x", "c", "-", "-o", path], input=program, text=True, check=True
    )
    layout = {}
    for line in subprocess.run([path], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines():
        name, *numbers = line.split()
        numbers = [int(number) for number in numbers]
        layout[name] = numbers[0] if len(numbers) == 1 else (numbers[0], "<I" if numbers[1] == 4 else "<Q")
    return layout


def run(build, layout, argv):
    """Runs it under the tracer; returns its output and its ledger."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "socket")
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listening.bind(path)
        listening.listen()
        environment = dict(os.environ, HEAPGATE_SOCKET=path)
        environment["LD_PRELOAD"] = os.path.abspath(os.path.join(build, "libheapgate.so"))
        done = subprocess.run(argv, env=environment, stdout=subprocess.PIPE, check=False)
        if done.returncode != 0:
            sys.exit(f"{argv[0]}: exit status {done.returncode}")
        received, _ = listening.accept()
        _, ancillary, _, _ = received.recvmsg(64, socket.CMSG_SPACE(4), socket.MSG_DONTWAIT)
        fds = array.array("i")
        fds.frombytes(ancillary[0][2][:4])
        ledger = Ledger(fds[0], layout)
        os.close(fds[0])
        return done.stdout.decode(), ledger


def parse(out):
    """COUNT NAME NAME@OFFSET ..."""
    expected = collections.Counter()
    for line in out.splitlines():
        count, *frames = line.split(" ")
        pairs = (frame.rpartition("@") for frame in frames)
        expected[tuple((name, int(at) if at != "-" else None) for name, _, at in pairs)] += int(count)
    return expected


def compare(python, build, layout, count):
    script = os.path.join(HERE, "programs", "python_maze.py")
    out, ledger = run(build, layout, [python, "-B", script, str(count)])
    expected, found = parse(out), ledger.stacks()
    makers = {stack[0] for stack in expected}
    found = collections.Counter({stack: count for stack, count in found.items() if stack and stack[0] in makers})
    more = found - expected
    unexpected = {stack: n for stack, n in more.items() if stack not in expected or n > OTHERS}
    wrong = sum((expected - found).values()) + sum(unexpected.values())
    version = ledger.field("python_version")
    print(
        f"{version >> 24}.{version >> 16 & 255}.{version >> 8 & 255}: {sum(expected.values())} allocations at "
        f"{len(expected)} stacks, up to {max(map(len, expected), default=0)} deep: {wrong} with wrong frames, "
        f"{ledger.field('python_unread')} not read, state {ledger.field('python_state')}",
        flush=True,
    )
    for stack in list((expected - found) | collections.Counter(unexpected))[:4]:
        print(f"  expected {expected[stack]}, found {found[stack]}: {stack[:6]}")
    return wrong == 0 and ledger.field("python_unread") == 0 and ledger.field("python_state") == 1


def main():
    build, count, *pythons = sys.argv[1:]
    if not pythons:
        for minor in range(9, 16):
            pythons += glob.glob(f"{PYENV}/versions/3.{minor}.*/bin/python3.{minor}")
        pythons.append("/usr/bin/python3")
    layout = layout_of(build)
    right = [compare(python, build, layout, int(count)) for python in pythons]
    sys.exit(0 if all(right) else 1)


if __name__ == "__main__":
    main()
