"""What it costs to trace: a program alone, under heapgate exec, heaptrack and massif, in turns.

usage: bench_tracer.py BUILD [WORKLOAD...]        BUILD: the build folder

ROUNDS (5), MASSIF_ROUNDS (1; 0 leaves massif out) and SCALE (1; multiplies the work) may be set in the environment.
Figures are medians of the rounds. Other work on the machine changes times, and much less their ratios: each round runs
every tool on every workload, in an order that rotates.

  wall      from the command line to the end of the traced program itself
  CPU       user and system time of all processes: of heapgate exec with its printed report, of heaptrack while
            it records (heaptrack_print not counted)
  RSS       the largest resident set of one process
  report    from the end of the traced program to the printed report; for heaptrack heaptrack_print alone (the
            wait for its interpreter not counted: in its favour)
  end       from the end of the traced program to that of heapgate exec, whose ledgers are saved then
"""
import glob
import os
import shutil
import statistics
import subprocess
import sys
import time

# heaptrack 1.4.0's interpreter ends with std::bad_alloc on cc1, and cc1 with SIGPIPE: only raw recording works, which costs
# heaptrack less, and there is nothing to print.
RAW = {"cc1"}
AIM_EXTRA, AIM_OF_NATIVE, AIM_OUTPUT, AIM_REPORT = 0.1, 1.3, 0.05, 0.1
HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
# Sources of ours that one translation unit can hold: what cc1 gets, after preprocessing.
UNIT = """report/console report/explain report/junit result/result_json_read result/result model/growth formats/valgrind/massif
    formats/valgrind/massif_lines formats/valgrind/massif_tree formats/valgrind/memcheck_document""".split()


class Run:
    def __init__(self, wall, cpu, rss, after):
        self.wall, self.cpu, self.rss, self.after = wall, cpu, rss, after
        self.output = self.report = self.show = self.printed = None


class Bench:
    def __init__(self, build):
        self.build = os.path.abspath(build)
        self.folder = os.path.join(self.build, "bench", "tracer")
        self.heapgate = os.path.join(self.build, "heapgate")
        self.runner = os.path.join(self.build, "bench", "run")
        os.makedirs(self.folder, exist_ok=True)
        self.scale = float(os.environ.get("SCALE", "1"))

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    # ---- workloads: name -> (command, standard input or None, extra environment) ----

    def workloads(self):
        scaled = lambda count: str(max(1, int(count * self.scale)))
        pairs = os.path.join(self.build, "bench", "pairs")
        return {
            "pairs-1": ([pairs, "1", scaled(1000000)], None, {}),
            "pairs-2": ([pairs, "2", scaled(500000)], None, {}),
            "sqlite3": (["sqlite3", ":memory:", "-cmd", ".output /dev/null"], self.make_sql(), {}),
            "cc1": ([self.cc1(), "-fpreprocessed", "-quiet", "-O2", self.make_unit(), "-o", "/dev/null"], None, {}),
            "python3": (["/usr/bin/python3", os.path.join(HERE, "bench_allocations.py"), scaled(6)], None,
                        {"PYTHONMALLOC": "malloc"}),
            "xmllint": (["xmllint", "--format", "--output", "/dev/null", self.make_document(scaled(60000))], None, {}),
        }

    def make_sql(self):
        target = self.path("orders.sql")
        with open(os.path.join(TOP, "scenarios", "order-entry.sql")) as file:
            text = file.read()
        with open(target, "w") as file:
            for _ in range(max(1, int(3 * self.scale))):
                file.write(".open :memory:\n" + text + "\n")
        return target

    def make_unit(self):
        flags = subprocess.run(["pkg-config", "--cflags", "gio-2.0", "gio-unix-2.0", "libxml-2.0", "json-glib-1.0"],
                               check=True, capture_output=True, text=True).stdout.split()
        folders = ["-I" + os.path.join(TOP, "harness", name) for name in
                   ("", "report", "result", "gate", "model", "formats/valgrind", "scenario")]
        source, target = self.path("unit.c"), self.path("unit.i")
        with open(source, "w") as file:
            file.writelines('#include "%s/harness/%s.c"\n' % (TOP, name) for name in UNIT)
        subprocess.run(["cc", "-E", "-std=gnu11", "-D_GNU_SOURCE", '-DHEAPGATE_VERSION="0"', *folders, *flags, source,
                        "-o", target], check=True)
        return target

    @staticmethod
    def cc1():
        return subprocess.run(["cc", "-print-prog-name=cc1"], check=True, capture_output=True, text=True).stdout.strip()

    def make_document(self, items):
        target = self.path("document-%s.xml" % items)
        if not os.path.exists(target):
            subprocess.run([os.path.join(self.build, "scenarios", "make-document"), target, items], check=True)
        return target

    # ---- one run ----

    def measured(self, tool, name, workload):
        """Runs a workload under a tool, and gives the run; the command's own end is stamped inside the tracer."""
        command, stdin, extra = workload
        output = self.path("output")
        shutil.rmtree(output, ignore_errors=True)
        os.mkdir(output)
        inner, outer = self.path("inner"), self.path("outer")
        for stale in (inner, outer):
            if os.path.exists(stale):
                os.unlink(stale)
        stamped = [self.runner, inner, *command]
        line = {
            "native": stamped,
            "heapgate": [self.heapgate, "exec", "--output", output, "--", *stamped],
            "heaptrack": ["heaptrack", *(["--raw"] if name in RAW else []), "--output", os.path.join(output, "recorded"), *stamped],
            "massif": ["valgrind", "--tool=massif", "--depth=30", "--massif-out-file=" + os.path.join(output, "massif.out"),
                       *command],
        }[tool]
        with open(stdin or os.devnull) as source, open(self.path(tool + ".log"), "w") as log:
            process = subprocess.Popen([self.runner, outer, *line], stdin=source, stdout=log, stderr=subprocess.PIPE,
                                       text=True, env={**os.environ, **extra})
            printed = last_line_of_report(process.stderr, log)
            status = process.wait()
        if status != 0:
            sys.exit("bench: %s under %s: exit status %d, see %s" % (command[0], tool, status, log.name))
        start, end, cpu, rss, _ = read_stamp(outer)
        stamp = read_stamp(inner) if tool != "massif" else (start, end)
        run = Run(stamp[1] - start, cpu, rss, end - stamp[1])
        run.output = sum(os.path.getsize(path) for path in glob.glob(os.path.join(output, "*")))
        run.printed = printed - stamp[1]
        self.report(tool, name, run, output)
        return run

    def report(self, tool, name, run, output):
        files = sorted(glob.glob(os.path.join(output, "*")), key=os.path.getsize)
        reader = {"heapgate": [self.heapgate, "show"], "heaptrack": ["heaptrack_print"], "massif": ["ms_print"]}
        if tool == "native" or (tool == "heaptrack" and name in RAW):
            return
        start = time.monotonic()
        with open(self.path(tool + ".report"), "w") as report:
            subprocess.run([*reader[tool], files[-1]], check=True, stdout=report, stderr=subprocess.DEVNULL)
        run.show = time.monotonic() - start
        run.report = run.printed if tool == "heapgate" else run.show


def last_line_of_report(stream, log):
    """When the last line before "saved:" came, or the last one at all; by the runner's clock."""
    printed, saved = time.monotonic(), False
    for line in stream:
        saved = saved or line.startswith("saved:")
        if line.strip() and not saved:
            printed = time.monotonic()
        log.write(line)
    return printed


def read_stamp(path):
    with open(path) as file:
        return [float(word) for word in file.read().split()]


def median(runs, figure):
    """None: there is no such figure."""
    values = [getattr(run, figure) for run in runs]
    return None if None in values else statistics.median(values)


def seconds(count):
    return "none" if count is None else "%.3f" % count


def mib(count):
    return "%.1f" % (count / 1048576)


def kib(count):
    return "%.0f" % (count / 1024)


def print_tools(name, runs):
    native = runs["native"]
    for tool, mine in runs.items():
        if not mine:
            continue
        wall, cpu = median(mine, "wall"), median(mine, "cpu")
        row = [name if tool == "native" else "", tool, "%.3f" % wall, "%.2f" % (wall / median(native, "wall")), "%.3f" % cpu,
               "%.2f" % (cpu / median(native, "cpu")), mib(median(mine, "rss"))]
        if tool != "native":
            row += [kib(median(mine, "output")), seconds(median(mine, "report")), seconds(median(mine, "show"))]
        if tool == "heapgate":
            row.append(seconds(median(mine, "after")))
        print("%-9s%-10s%9s%8s%9s%8s%9s%10s%9s%9s%9s" % tuple(row + [""] * (11 - len(row))))


def judge(name, runs):
    """The rows of aims: (figure, value, aim)."""
    native, ours, theirs = runs["native"], runs["heapgate"], runs["heaptrack"]
    rows = []
    for figure in ("wall", "cpu"):
        base = median(native, figure)
        rows.append(("extra %s / heaptrack's" % figure, (median(ours, figure) - base) / (median(theirs, figure) - base),
                     AIM_EXTRA))
    if not name.startswith("pairs"):
        rows.append(("wall / native", median(ours, "wall") / median(native, "wall"), AIM_OF_NATIVE))
    rows.append(("output / heaptrack's", median(ours, "output") / median(theirs, "output"), AIM_OUTPUT))
    if median(theirs, "report") is not None:
        rows.append(("report / heaptrack_print", median(ours, "report") / median(theirs, "report"),
                     AIM_REPORT))
    return rows


def print_aims(name, runs):
    for figure, value, aim in judge(name, runs):
        verdict = "met" if value <= aim else "missed: %.2f times the aim" % (value / aim)
        print("%-9s%-26s%8.3f   aim %5.2f   %s" % (name, figure, value, aim, verdict))


def main(build, chosen):
    bench = Bench(build)
    rounds, massif = int(os.environ.get("ROUNDS", "5")), int(os.environ.get("MASSIF_ROUNDS", "1"))
    workloads = {name: each for name, each in bench.workloads().items() if not chosen or name in chosen}
    tools = ["native", "heapgate", "heaptrack", "massif"]
    runs = {name: {tool: [] for tool in tools} for name in workloads}
    for number in range(rounds):
        for name, workload in workloads.items():
            for tool in tools[number % 4:] + tools[:number % 4]:
                if tool != "massif" or number < massif:
                    runs[name][tool].append(bench.measured(tool, name, workload))
        print("round %d of %d" % (number + 1, rounds), file=sys.stderr)
    print("medians of %d rounds (massif: %d); seconds, times native, MiB, KiB\n" % (rounds, min(rounds, massif)))
    print("%-9s%-10s%9s%8s%9s%8s%9s%10s%9s%9s%9s" % ("", "", "wall", "x", "CPU", "x", "RSS MiB", "out KiB", "report", "show",
                                                      "end"))
    for name in workloads:
        print_tools(name, runs[name])
    print()
    for name in workloads:
        print_aims(name, runs[name])


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
