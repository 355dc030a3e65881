"""What it costs to see Python's allocations: a deep-stack object builder alone and under each tool, in turns.

usage: bench_python.py BUILD [TOOL...]        BUILD: the build folder

Tools: native, heapgate, tracemalloc-1, tracemalloc-25, memray, memray-python (with --trace-python-allocators), scalene.
memray and scalene are installed from PyPI into BUILD/bench/python-venv, unless they are there; what cannot be installed
is left out and named. All run with that environment's Python, which is PYTHON's (/usr/bin/python3).

ROUNDS (5), BUILDS (3; trees that one run builds) and DEPTH (36; calls) may be set in the environment. Figures are
medians. Each round runs every tool, in an order that rotates, so that other work on the machine meets them alike.

  work      seconds that the program itself took to build, by its own clock: what the tool adds to each allocation
  wall      seconds from the command line to the end of the whole command, reports that it prints included
  RSS       the largest resident set of one process
  output    bytes of what was written: ledger, capture file, profile, tracemalloc's snapshot
"""
import os
import pathlib
import shutil
import subprocess
import sys

from bench_tracer import kib, median, mib, read_stamp, seconds

AIM_OF_TRACEMALLOC_25, AIM_OF_TRACEMALLOC_1, AIM_OF_MEMRAY_PYTHON = 0.1, 1.0, 1 / 3
TOOLS = ["native", "heapgate", "tracemalloc-1", "tracemalloc-25", "memray", "memray-python", "scalene"]
PROGRAM = pathlib.Path(__file__).resolve().parent / "bench_objects.py"


class Run:
    def __init__(self, work, wall, rss, output):
        self.work, self.wall, self.rss, self.output = work, wall, rss, output


class Bench:
    def __init__(self, build):
        self.build = pathlib.Path(build).resolve()
        self.folder = self.build / "bench" / "python"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.venv = self.build / "bench" / "python-venv"
        self.python = str(self.venv / "bin" / "python")
        self.arguments = [os.environ.get("BUILDS", "3"), os.environ.get("DEPTH", "36")]

    def install(self, package):
        """Into the environment; the reason why not, or None."""
        if not os.path.exists(self.python):
            subprocess.run([os.environ.get("PYTHON", "/usr/bin/python3"), "-m", "venv", str(self.venv)], check=True)
        have = subprocess.run([self.python, "-c", "import " + package], capture_output=True, check=False)
        if have.returncode == 0:
            return None
        done = subprocess.run([self.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", package],
                              capture_output=True, text=True, check=False)
        return None if done.returncode == 0 else (done.stderr.strip().splitlines() or ["pip failed"])[-1]

    def line(self, tool, output):
        """The command, and what is added to the environment."""
        program = [str(PROGRAM), *self.arguments]
        snapshot = {"SNAPSHOT": str(output / "snapshot")}
        return {
            "native": ([self.python, *program], {}),
            "heapgate": ([str(self.build / "heapgate"), "exec", "--output", str(output), "--", self.python, *program], {}),
            "tracemalloc-1": ([self.python, "-X", "tracemalloc=1", *program], snapshot),
            "tracemalloc-25": ([self.python, "-X", "tracemalloc=25", *program], snapshot),
            "memray": ([self.python, "-m", "memray", "run", "-q", "-o", str(output / "memray.bin"), *program], {}),
            "memray-python": ([self.python, "-m", "memray", "run", "-q", "--trace-python-allocators", "-o",
                               str(output / "memray.bin"), *program], {}),
            "scalene": ([self.python, "-m", "scalene", "run", "-o", str(output / "scalene.json"), *program], {}),
        }[tool]

    def measured(self, tool):
        output = self.folder / "output"
        shutil.rmtree(output, ignore_errors=True)
        output.mkdir()
        stamp, log = self.folder / "stamp", self.folder / (tool + ".log")
        command, extra = self.line(tool, output)
        with open(log, "w", encoding="utf-8") as file:
            subprocess.run([str(self.build / "bench" / "run"), str(stamp), *command], stdin=subprocess.DEVNULL, stdout=file,
                           stderr=file, env={**os.environ, **extra}, check=False)
        start, end, _, rss, status = read_stamp(stamp)
        # The program's own last line; what tools print comes around it.
        said = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if is_number(line)]
        if status != 0 or not said:
            sys.exit("bench: %s: exit status %d, see %s" % (tool, status, log))
        return Run(float(said[-1]), end - start, rss, sum(path.stat().st_size for path in output.glob("*")))


def is_number(text):
    whole, dot, part = text.strip().partition(".")
    return bool(dot) and whole.isdigit() and part.isdigit()


def print_tools(runs):
    native = runs["native"]
    print("%-16s%9s%8s%9s%8s%10s%12s" % ("", "work", "x", "wall", "x", "RSS MiB", "output KiB"))
    for tool, mine in runs.items():
        work, wall = median(mine, "work"), median(mine, "wall")
        print("%-16s%9s%8.2f%9s%8.2f%10s%12s" % (tool, seconds(work), work / median(native, "work"), seconds(wall),
                                                 wall / median(native, "wall"), mib(median(mine, "rss")),
                                                 kib(median(mine, "output"))))


def print_aims(runs):
    aims = [("tracemalloc-25", AIM_OF_TRACEMALLOC_25), ("tracemalloc-1", AIM_OF_TRACEMALLOC_1),
            ("memray-python", AIM_OF_MEMRAY_PYTHON)]
    for tool, aim in aims:
        if tool not in runs or "heapgate" not in runs:
            continue
        base, ours, theirs = (median(runs[name], "work") for name in ("native", "heapgate", tool))
        value = (ours - base) / (theirs - base)
        verdict = "met" if value <= aim else "missed: %.2f times the aim" % (value / aim)
        print("extra work / %-16s%8.3f   aim %5.2f   %s" % (tool + "'s", value, aim, verdict))


def main(build, chosen):
    bench = Bench(build)
    tools = [tool for tool in TOOLS if not chosen or tool in chosen or tool == "native"]
    for package in ("memray", "scalene"):
        if any(tool.startswith(package) for tool in tools):
            reason = bench.install(package)
            if reason is not None:
                print("left out: %s cannot be installed: %s" % (package, reason))
                tools = [tool for tool in tools if not tool.startswith(package)]
    bench.install("pip")
    rounds = int(os.environ.get("ROUNDS", "5"))
    runs = {tool: [] for tool in tools}
    for number in range(rounds):
        turn = number % len(tools)
        for tool in tools[turn:] + tools[:turn]:
            runs[tool].append(bench.measured(tool))
        print("round %d of %d" % (number + 1, rounds), file=sys.stderr)
    print("medians of %d rounds, %s trees of depth %s each; seconds, times native\n" % (rounds, *bench.arguments))
    print_tools(runs)
    print()
    print_aims(runs)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
