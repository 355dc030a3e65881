"""The tracer's peak and end against massif's, to the byte, on programs that do the same every time.

Usage: prove-truth.py BUILD [NAME...]      (called by `make prove-truth`)

Both run the same command. Massif is exact (--peak-inaccuracy=0.0), counts blocks as asked for (--heap-admin=0) and
frees nothing of glibc's and libstdc++'s at exit; its end is that of --xtree-memory=allocs. Where a figure differs,
call sites of the same size are paired off and what remains on either side is listed: the difference, block by block.
The marked programs are built without their marks (HEAPGATE_DISABLE), so that the end is the exit for both.
"""

import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile

Sites = collections.Counter[tuple[int, str]]

ROOT = pathlib.Path(__file__).resolve().parents[2]
VALGRIND = ["valgrind", "--tool=massif", "--quiet", "--peak-inaccuracy=0.0", "--threshold=0", "--heap-admin=0",
            "--run-libc-freeres=no", "--run-cxx-freeres=no", "--detailed-freq=1000000", "--depth=200",
            "--num-callers=200", "--xtree-memory=allocs"]
# Python's objects by malloc, so that massif sees what the tracer sees.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "TZ": "UTC", "LANG": "C.UTF-8", "HOME": "/nonexistent",
               "PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "0"}
JQ = "[.[] | select(.id % 3 == 0) | {name, n: (.list | add)}] | sort_by(.name) | map(tojson) | join(\",\")"


def programs(build: pathlib.Path) -> dict[str, tuple[list[str], pathlib.Path | None]]:
    """Name: the command and its standard input."""
    unmarked = str(build / "tests/unmarked")
    return {
        "sqlite3": (["sqlite3", "-bail", "-batch", "-init", "/dev/null", ":memory:"],
                    ROOT / "scenarios/order-entry.sql"),
        "xmllint": (["xmllint", "--format", "document.xml"], None),
        "jq": (["jq", JQ, "data.json"], None),
        "python3": (["/usr/bin/python3", "-s", "-S", "-B", "-c", "import sys; print(sum(range(9)))"], None),
        "roundtrip": ([unmarked + "/roundtrip", "document.xml"], None),
        "lost_block": ([unmarked + "/lost_block", "leaky"], None),
        "cache": ([unmarked + "/cache", "leaky"], None),
        "deep_recursion": ([unmarked + "/deep_recursion", "leaky"], None),
        "peak_only": ([unmarked + "/peak_only", "leaky"], None),
        "cxx_templates": ([unmarked + "/cxx_templates", "leaky"], None),
    }


def prepare(build: pathlib.Path, work: pathlib.Path) -> None:
    subprocess.run([build / "scenarios/make-document", work / "document.xml", "400"], check=True)
    data = [{"id": i, "name": f"n{i * 7919 % 1000}", "list": list(range(i % 17))} for i in range(1000)]
    (work / "data.json").write_text(json.dumps(data), encoding="utf-8")


def run(command: list[str], stdin: pathlib.Path | None, work: pathlib.Path) -> bytes:
    with open(stdin or "/dev/null", "rb") as file:
        done = subprocess.run(command, stdin=file, cwd=work, env=ENVIRONMENT, check=False, capture_output=True)
    return done.stdout + b"exit status %d" % done.returncode


def leaves(tree: str) -> Sites:
    """The call sites of one massif tree: its leaves, with the functions on the way."""
    sites: Sites = collections.Counter()
    path: list[str] = []
    for line in tree.splitlines():
        if found := re.match(r"( *)n(\d+): (\d+) (.*)", line):
            frame = re.sub(r"0x[0-9A-F]+: ", "", found[4])
            path[len(found[1]):] = [frame]
            if found[2] == "0" and len(path) > 1:
                sites[int(found[3]), " < ".join(path[1:])] += 1
    return sites


def massif(command: list[str], stdin: pathlib.Path | None, work: pathlib.Path) -> tuple[bytes, Sites, Sites]:
    peak, end = work / "massif.out", work / "massif.xt.ms"
    output = run([*VALGRIND, f"--massif-out-file={peak}", f"--xtree-memory-file={end}", *command], stdin, work)
    at_peak = re.search(r"heap_tree=peak\n((?: *n.*\n)*)", peak.read_text(encoding="utf-8"))
    at_end = re.search(r"heap_tree=detailed\n((?: *n.*\n)*)", end.read_text(encoding="utf-8"))
    left = leaves(at_end[1] if at_end else "")
    # Massif sees a peak when something is freed after it; a program that frees nothing ends at its peak.
    return output, leaves(at_peak[1]) if at_peak else left, left


def tracer(heapgate: pathlib.Path, command: list[str], stdin: pathlib.Path | None,
           work: pathlib.Path) -> tuple[bytes, Sites, Sites, tuple[int, int]]:
    ledgers = work / "ledgers"
    for old in ledgers.glob("*"):
        old.unlink()
    program = pathlib.Path(command[0]).name
    output = run([str(heapgate), "exec", "-o", str(ledgers), "--", *command], stdin, work)
    (ledger,) = [path for path in ledgers.glob("*.ledger") if path.name.startswith(program[:7])]
    shown = json.loads(subprocess.run([heapgate, "show", "--json", ledger], check=True, capture_output=True).stdout)
    tables = []
    for metric in ("peak", "retained"):
        folded = subprocess.run([heapgate, "show", "--folded", "--metric=" + metric, ledger], check=True, text=True,
                                capture_output=True).stdout
        sites: Sites = collections.Counter()
        for line in folded.splitlines():
            stack, size = line.rsplit(" ", 1)
            sites[int(size), " < ".join(reversed(stack.split(";")))] += 1
        tables.append(sites)
    return output, tables[0], tables[1], (shown["metrics"]["peak"]["value"], shown["metrics"]["retained"]["value"])


def total(sites: Sites) -> int:
    return sum(size * count for (size, _), count in sites.items())


def unpaired(ours: Sites, theirs: Sites) -> list[str]:
    """What is left on either side when sites of equal size are paired off."""
    lines = []
    for name, mine, other in (("tracer only", ours, theirs), ("massif only", theirs, ours)):
        sizes = collections.Counter[int]()
        for (size, _), count in other.items():
            sizes[size] += count
        for (size, stack), count in sorted(mine.items(), reverse=True):
            paired = min(sizes[size], count)
            sizes[size] -= paired
            if count > paired:
                lines.append(f"      {name} {size * (count - paired):>9} B  {stack[:150]}")
    return lines


def main() -> int:
    build = pathlib.Path(sys.argv[1]).resolve()
    failures = 0
    print(f"{'program':<16}{'figure':<8}{'tracer':>12}{'massif':>12}{'difference':>12}")
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        prepare(build, work)
        for name, (command, stdin) in programs(build).items():
            if sys.argv[2:] and name not in sys.argv[2:]:
                continue
            output, *ours, stated = tracer(build / "heapgate", command, stdin, work)
            expected, *theirs = massif(command, stdin, work)
            if output != expected:
                print(f"{name}: another output than under massif")
                failures += 1
            for figure, mine, other, said in zip(("peak", "end"), ours, theirs, stated):
                difference = said - total(other)
                print(f"{name:<16}{figure:<8}{said:>12}{total(other):>12}{difference:>12}", flush=True)
                if difference != 0:
                    print("\n".join(unpaired(mine, other)))
                failures += difference != 0 or said != total(mine)
    print(f"{failures} figures differ" if failures else "equal to the byte, all of them")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
