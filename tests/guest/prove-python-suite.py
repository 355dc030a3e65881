#!/usr/bin/env python3
"""CPython's own test suite under the tracer: it must end as it ends without it.

    prove-python-suite.py HEAPGATE SECONDS INTERPRETER...

Takes the suite's modules one after the other, each with the next interpreter, until the time is over. A module that
fails is run again without the tracer: what fails there too is no fault of ours. What differs is printed, a crash with the
signal, and the exit status is 1. At the end: how many modules, and what the tracer says that it could not see.
"""

import collections
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

# What a test checks that the tracer cannot leave as it is: the environment of child processes to the letter, resident
# memory, address space limits, debuggers, other allocators' statistics.
LEFT_OUT = {
    "test_gdb": "starts a debugger",
    "test_perf_trampoline": "starts perf",
    "test_dtrace": "needs dtrace",
    "test_bigmem": "needs more memory than there is",
    "test_tools": "runs the interpreter's build tools",
    "test_idle": "needs a screen",
    "test_tkinter": "needs a screen",
    "test_ttk": "needs a screen",
    "test_turtle": "needs a screen",
    "test_multiprocessing_spawn": "takes an hour by itself",
    "test_multiprocessing_forkserver": "takes an hour by itself",
    "test_multiprocessing_fork": "takes an hour by itself",
    "test_concurrent_futures": "takes half an hour by itself",
    "test_ssl": "needs certificates that are still valid",
    "test_urllib2net": "needs the network",
    "test_pyrepl": "needs a terminal",
}
LONGEST = 600


def modules_of(interpreter):
    listed = subprocess.run([interpreter, "-m", "test", "--list-tests"], capture_output=True, text=True)
    return [name for name in listed.stdout.split() if name.split(".")[-1] not in LEFT_OUT]


def run(command, folder):
    """The exit status (minus the signal; None: it took too long) and the output."""
    environment = dict(os.environ, TMPDIR=folder)
    with subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, start_new_session=True, errors="replace") as process:
        try:
            output = process.communicate(timeout=LONGEST)[0]
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            return None, process.communicate()[0]
    return process.returncode, output


def run_module(heapgate, interpreter, module):
    """(equal, tests, notes) of one module under the tracer."""
    with tempfile.TemporaryDirectory(prefix="hg-") as folder:
        plain = [interpreter, "-m", "test", module]
        status, output = run([heapgate, "exec", "-o", os.path.join(folder, "ledgers"), "--", *plain], folder)
        shutil.rmtree(os.path.join(folder, "ledgers"), ignore_errors=True)
        found = re.search(r"Total tests: run=([\d,]+)", output) or re.search(r"Ran ([\d,]+) tests?", output)
        tests = int(found.group(1).replace(",", "")) if found else 0
        notes = re.findall(r"note: .*: (Python frames are off.*|.*could not be read: \d+|.*never been seen.*)", output)
        if status == 0:
            return True, tests, notes
        native, native_output = run(plain, folder)
        same = native == status
        if not same:
            print(f"DIFFERS  {interpreter} {module}: exit status {status}, {native} without the tracer", flush=True)
            for line in output.splitlines()[-40:]:
                print("    " + line)
        else:
            print(f"fails alike  {interpreter} {module}: exit status {status}", flush=True)
        return same, tests, notes


def main():
    heapgate, seconds, interpreters = os.path.abspath(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]
    lists = {interpreter: modules_of(interpreter) for interpreter in interpreters}
    ended = time.monotonic() + seconds
    counts, differing, notes, number = collections.Counter(), 0, collections.Counter(), 0
    while time.monotonic() < ended and number < sum(map(len, lists.values())):
        interpreter = interpreters[number % len(interpreters)]
        modules = lists[interpreter]
        place = number // len(interpreters)
        number += 1
        if place >= len(modules):
            continue
        equal, tests, said = run_module(heapgate, interpreter, modules[place])
        counts[interpreter, "modules"] += 1
        counts[interpreter, "tests"] += tests
        differing += not equal
        notes.update(re.sub(r"\d+$", "N", note) for note in said)
    for interpreter in interpreters:
        print(f"{interpreter}: {counts[interpreter, 'modules']} modules, {counts[interpreter, 'tests']} tests")
    for note, times in notes.items():
        print(f"noted {times} times: {note}")
    print(f"{differing} modules differ")
    return 1 if differing or not sum(counts.values()) else 0


sys.exit(main())
