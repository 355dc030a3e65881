"""Makes the README's tables of costs anew, on a quiet machine: measures, and replaces what stands between the markers

    <!-- bench-tracer --> ... <!-- /bench-tracer -->         <!-- bench-python --> ... <!-- /bench-python -->

by Markdown that says machine, date, kernel and versions.

usage: bench_tables.py BUILD [tracer] [python]        ROUNDS (5), ROWS, TOOLS, WORKLOADS, FILE (README.md) as in the environment

Refuses while others use the machine, unless BUSY=yes; then the table says so.
"""
import datetime
import os
import pathlib
import platform
import re
import subprocess
import sys

import bench_python
import bench_tracer
from bench_tracer import median, mib

TOP = pathlib.Path(__file__).resolve().parents[2]
QUIET = 0.5     # load, before it begins


def output_of(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return ""


def machine():
    """One sentence of where this was measured."""
    cpu = re.search(r"^model name\s*: (.*)$", pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.M)
    system = re.search(r'^PRETTY_NAME="(.*)"', pathlib.Path("/etc/os-release").read_text(encoding="utf-8"), re.M)
    commit = output_of("git", "-C", str(TOP), "describe", "--always", "--dirty")
    return "%s, %d cores, Linux %s, %s, %s, heapgate %s" % (cpu.group(1) if cpu else platform.machine(), os.cpu_count(),
                                                           platform.release(), system.group(1) if system else "", datetime.date.today(), commit)


def markdown(table):
    head, lines = table
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, ["---"] * len(head), *lines]) + "\n"


def replace(name, text):
    path = pathlib.Path(os.environ.get("FILE", str(TOP / "README.md")))
    old = path.read_text(encoding="utf-8")
    pattern = re.compile(r"(<!-- %s -->\n).*?(<!-- /%s -->)" % (name, name), re.S)
    new, count = pattern.subn(lambda match: match.group(1) + text + match.group(2), old)
    if count != 1:
        sys.exit("bench: %s: expected one pair of markers of %s, found %d" % (path, name, count))
    path.write_text(new, encoding="utf-8")


def rounds():
    return int(os.environ.get("ROUNDS", "5"))


def head(what, busy):
    return "%s%s.\n\n" % (what, "; other work was running, compare the ratios alone" if busy else "")


def python_tables(build, busy):
    bench = bench_python.Bench(build)
    runs = bench.measure(bench.rows(os.environ.get("ROWS", "").split()), bench.tools(), rounds())
    version = output_of(bench.corpus.python, "--version")
    names = [line.strip() for line in (TOP / "tests/bench/corpus-requirements.txt").read_text(encoding="utf-8").splitlines()
             if line.lower().startswith(tuple(name + "==" for name in [*bench_python.SUITES, "memray"]))]
    text = head("Medians of %d interleaved rounds, seconds of CPU until the program ended (times native), largest resident set; "
                "of heapgate + what naming, report and saving took afterwards; %s, %s; %s" % (
        rounds(), version, ", ".join(names).replace("==", " "), machine()), busy)
    tools = list(next(iter(runs.values())))
    lines = [[row] + [python_cell(by_tool, tool) for tool in tools] for row, by_tool in runs.items()]
    replace("bench-python", text + markdown(([""] + tools, lines)) + "\n" + markdown(bench_python.books_table(runs)))


def python_cell(by_tool, tool):
    cpu, program, rss = (median(by_tool[tool], figure) for figure in ("cpu", "program", "rss"))
    times = "" if tool == "native" else " (%.2f)" % (program / median(by_tool["native"], "cpu"))
    after = " + %.2f" % (cpu - program) if tool.startswith("heapgate") else ""
    return "%.2f%s%s, %s MiB" % (program, times, after, mib(rss))


def tracer_tables(build, busy):
    bench = bench_tracer.Bench(build)
    chosen = os.environ.get("WORKLOADS", "").split()
    workloads = {name: each for name, each in bench.workloads().items() if not chosen or name in chosen}
    tools = ["native", "heapgate", "heaptrack"]
    runs = {name: {tool: [] for tool in tools} for name in workloads}
    for number in range(rounds()):
        for name, workload in workloads.items():
            for tool in tools[number % 3:] + tools[:number % 3]:
                runs[name][tool].append(bench.measured(tool, name, workload))
    lines = [[name] + [tracer_cell(by_tool, tool) for tool in tools] for name, by_tool in runs.items()]
    text = head("Medians of %d interleaved rounds, seconds until the program ended (times native) and seconds of CPU (times native); %s; %s" % (
        rounds(), output_of("heaptrack", "--version"), machine()), busy)
    replace("bench-tracer", text + markdown(([""] + tools, lines)))


def tracer_cell(by_tool, tool):
    def times(figure):
        value = median(by_tool[tool], figure)
        return "%.3f" % value + ("" if tool == "native" else " (%.2f)" % (value / median(by_tool["native"], figure)))
    return "%s; CPU %s" % (times("wall"), times("cpu"))


def main(build, which):
    busy = os.getloadavg()[0] > QUIET
    if busy and os.environ.get("BUSY") != "yes":
        sys.exit("bench: other work is running (load %.1f); BUSY=yes measures all the same" % os.getloadavg()[0])
    for name, make in (("tracer", tracer_tables), ("python", python_tables)):
        if not which or name in which:
            make(build, busy)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
