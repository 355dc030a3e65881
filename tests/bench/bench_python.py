"""What it costs to see Python's allocations, on real code: CPU time alone and under each tool, in turns.

usage: bench_python.py BUILD [ROW...]        BUILD: the build folder, with corpus/ in it (corpus.py)

Rows: imports-cold (no .pyc files), imports-warm, the suites of jinja2, click, attrs and pydantic, and two loops: objects
(built 36 calls deep, thrown away) and allocations (as programs do).
Tools: native, heapgate (exact), heapgate-64K (sampled), memray (as it is by default; asked for by name alone),
memray-python (with Python's allocators), tracemalloc-1, tracemalloc-25. What cannot be installed is left out and named.

ROUNDS (5) and TOOLS (all but memray) may be set in the environment. Figures are medians. Each round runs every tool, in
an order that rotates, so that other work on the machine meets them alike.

  CPU       user and system seconds of all processes until the last has ended: of heapgate exec with its naming, its
            report and the saving of ledgers; of memray while it records; of the suite's own children
  x         the same, times native's
  program   of that, until the traced program ended: what the tracer itself adds
  RSS       the largest resident set of one process
"""
import os
import pathlib
import shutil
import subprocess
import sys

from bench_tracer import median, mib, read_stamp
from corpus import ENVIRONMENT, SUITES, Corpus
from ledger_header import largest, lost

HERE = pathlib.Path(__file__).resolve().parent
ROWS = ["imports-cold", "imports-warm", *SUITES, "objects", "allocations"]
TOOLS = ["native", "heapgate", "heapgate-64K", "memray-python", "tracemalloc-1", "tracemalloc-25"]
AIM_OF_NATIVE, AIM_SAMPLED = 2.0, 1.2


class Run:
    def __init__(self, cpu, program, rss, status, said, header):
        self.cpu, self.program, self.rss = cpu, program, rss
        self.status, self.said, self.header = status, said, header


class Bench:
    def __init__(self, build):
        self.build = pathlib.Path(build).resolve()
        self.folder = self.build / "bench" / "python"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.corpus = Corpus(self.build / "corpus")
        self.runner = str(self.build / "bench" / "run")

    def rows(self, chosen):
        """Of those asked for, what can be run here."""
        rows = [row for row in ROWS if not chosen or row in chosen]
        for row in [row for row in rows if row in SUITES and not self.corpus.has(row)]:
            print("left out: %s: %s" % (row, self.corpus.missing().get(row)))
            rows.remove(row)
        for name in self.corpus.missing():
            if name not in SUITES:
                print("left out: %s: %s" % (name, self.corpus.missing()[name]))
        return rows

    def tools(self):
        tools = os.environ.get("TOOLS", "").split() or TOOLS
        has_memray = self.corpus.has("memray")
        return ["native"] + [tool for tool in tools if tool != "native" and (has_memray or "memray" not in tool)]

    def program(self, row):
        """What follows the interpreter, the folder, and what is added to the environment."""
        if row in SUITES:
            command, folder = self.corpus.suite(row)
            return command[1:], folder, {}
        if not row.startswith("imports"):
            return [str(HERE / ("bench_%s.py" % row))], self.folder, {}
        prefix = self.folder / ("pyc-cold" if row.endswith("cold") else "pyc-warm")
        return [str(HERE / "bench_imports.py"), *self.corpus.imports()], self.folder, {"PYTHONPYCACHEPREFIX": str(prefix)}

    def line(self, tool, program, output):
        python, heapgate = self.corpus.python, [str(self.build / "heapgate"), "exec", "--output", str(output)]
        inner = [self.runner, str(self.folder / "inner"), python, *program]
        memray = [python, "-m", "memray", "run", "-q", "-o", str(output / "memray.bin")]
        return {
            "native": [python, *program],
            "heapgate": [*heapgate, "--", *inner],
            "heapgate-64K": [*heapgate, "--sample", "64KiB", "--", *inner],
            "memray": [*memray, *program],
            "memray-python": [*memray, "--trace-python-allocators", *program],
            "tracemalloc-1": [python, "-X", "tracemalloc=1", *program],
            "tracemalloc-25": [python, "-X", "tracemalloc=25", *program],
        }[tool]

    def measured(self, tool, row):
        output, outer, inner = self.folder / "output", self.folder / "outer", self.folder / "inner"
        shutil.rmtree(output, ignore_errors=True)
        output.mkdir()
        inner.unlink(missing_ok=True)
        program, folder, extra = self.program(row)
        log = self.folder / ("%s.%s.log" % (row, tool))
        with open(log, "w", encoding="utf-8") as file:
            subprocess.run([self.runner, str(outer), *self.line(tool, program, output)], cwd=folder, stdin=subprocess.DEVNULL,
                           stdout=file, stderr=subprocess.STDOUT, env={**os.environ, **ENVIRONMENT, **extra}, check=False)
        _, _, cpu, rss, status = read_stamp(outer)
        of_program = read_stamp(inner)[2] if inner.exists() else cpu
        return Run(cpu, of_program, rss, status, summary(log), largest(output))

    def warm(self, row):
        """Writes the .pyc files of imports-warm, and has a suite's files in the system's cache; whether it ends well alone."""
        program, folder, extra = self.program(row)
        if row == "imports-cold":
            shutil.rmtree(self.folder / "pyc-cold", ignore_errors=True)
        environment = {**os.environ, **ENVIRONMENT, **extra, "PYTHONDONTWRITEBYTECODE": "1" * (row != "imports-warm")}
        done = subprocess.run([self.corpus.python, *program], cwd=folder, capture_output=True, text=True, check=False, env=environment)
        if done.returncode != 0:
            print("left out: %s: alone it exits with %d: %s" % (row, done.returncode, (done.stdout + done.stderr)[-300:]))
        return done.returncode == 0

    def measure(self, rows, tools, rounds):
        """{row: {tool: [Run, ...]}}"""
        rows = [row for row in rows if self.warm(row)]
        runs = {row: {tool: [] for tool in tools} for row in rows}
        for number in range(rounds):
            turn = number % len(tools)
            for row in rows:
                for tool in tools[turn:] + tools[:turn]:
                    runs[row][tool].append(self.measured(tool, row))
                    print("round %d of %d: %s under %s: %.2f s" % (number + 1, rounds, row, tool, runs[row][tool][-1].cpu), file=sys.stderr)
        return runs


def summary(log):
    """A suite's counts without their time; a program's last line that is no time; without what heapgate says after it."""
    lines = log.read_text(encoding="utf-8", errors="replace").split("\nheapgate: ")[0].splitlines()
    return next((line.split(" in ")[0].strip("= ") for line in reversed(lines) if " passed" in line or line.endswith(" modules")), "")


def cost_table(runs):
    """Lines of cells: row, tool, CPU, times native, the traced program's part, RSS."""
    lines = []
    for row, tools in runs.items():
        native = median(tools["native"], "cpu")
        for tool, mine in tools.items():
            cpu = median(mine, "cpu")
            part = "%.2f" % median(mine, "program") if tool.startswith("heapgate") else ""
            lines.append([row if tool == "native" else "", tool, "%.2f" % cpu, "%.2f" % (cpu / native), part, mib(median(mine, "rss")),
                          other_end(tools["native"], mine)])
    return ["", "", "CPU", "x", "program", "RSS MiB", ""], lines


def other_end(native, mine):
    """What was not as without the tool."""
    if {run.said for run in native} == {run.said for run in mine} and {run.status for run in native} == {run.status for run in mine}:
        return ""
    return "%s, exit status %d" % (mine[-1].said or "no summary", mine[-1].status)


def books_table(runs):
    """What the exact run's first sights took: the ledger with most call sites of each row."""
    lines = []
    for row, tools in runs.items():
        header = tools["heapgate"][-1].header if tools.get("heapgate") else None
        if header is not None:
            nodes, sites = ledger_rooms()
            lines.append([row, "%d" % header.sites, "%.1f %%" % (100 * header.sites / sites), "%d" % header.nodes,
                          "%.1f %%" % (100 * header.nodes / nodes), "%d" % (1000 * header.nodes / max(header.sites, 1)),
                          "%d" % lost(header), "%d" % header.truncated_stacks])
    return ["", "sites", "of room", "nodes", "of room", "nodes/1,000 sites", "cut", "truncated"], lines


def ledger_rooms():
    from heapgate.ledger_layout import LEDGER_NODES, LEDGER_SITES

    return LEDGER_NODES, LEDGER_SITES


def print_table(table):
    head, lines = table
    widths = [max(len(line[i]) for line in [head, *lines]) for i in range(len(head))]
    for line in [head, *lines]:
        print("  ".join(cell.ljust(width) if i < 1 or not cell[:1].isdigit() else cell.rjust(width)
                        for i, (cell, width) in enumerate(zip(line, widths))).rstrip())
    print()


def print_aims(runs):
    for row, tools in runs.items():
        native = median(tools["native"], "cpu")
        aims = [("heapgate", AIM_OF_NATIVE * native, "%.1f times native" % AIM_OF_NATIVE),
                ("heapgate-64K", AIM_SAMPLED * native, "%.1f times native" % AIM_SAMPLED)]
        if tools.get("memray-python"):
            aims.append(("heapgate", median(tools["memray-python"], "cpu"), "memray with Python's allocators"))
        for tool, aim, what in aims:
            if tools.get(tool):
                value = median(tools[tool], "cpu")
                print("%-14s%-14s%8.2f s   aim: %-34s%s" % (row, tool, value, what,
                                                         "met" if value <= aim else "missed: %.2f times the aim" % (value / aim)))


def main(build, chosen):
    bench, rounds = Bench(build), int(os.environ.get("ROUNDS", "5"))
    runs = bench.measure(bench.rows(chosen), bench.tools(), rounds)
    print("medians of %d rounds; seconds of CPU, times native; load when it ended: %s\n" % (rounds, "%.1f %.1f %.1f" % os.getloadavg()))
    print_table(cost_table(runs))
    print_table(books_table(runs))
    print_aims(runs)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
