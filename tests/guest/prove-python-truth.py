"""Lines, bytes and blocks of Python's allocations: the tracer's against tracemalloc's, on every CPython at hand.

usage: prove-python-truth.py BUILD [PYTHON...]        (called by `make prove-python-truth`)

Without PYTHON: those of pyenv from 3.9 to 3.15, and /usr/bin/python3. Each runs
tests/fixtures/python/deterministic.py twice, by the same code at the same path: under `heapgate exec`, and under
`-X tracemalloc=1`, which like the tracer begins before the script. What is there at the end of the script is compared
for each of its lines. Every difference is printed; exits with 1 where one has no known reason.

Known reasons, and no others:

  free list    Lists, tuples, dictionaries and floats that are freed wait in free lists for their like. The allocator, and
               so the tracer, does not see them go out again: they belong to the line that had them first. Tracemalloc is
               told by the interpreter. At most 4 blocks of at most 208 bytes at one line; from 3.14 on, which has more of
               them, 5.
  integers     From 3.14 on: the same for integers of one digit, blocks of 32 bytes, which come and go so often that many
               change lines. What one line has more others have less: over all lines the free list's 100 at most.
  frame        CPython 3.9 and 3.10 alone: the same for frames, which belong to the line of the first call. At most 14
               blocks of at most 512 bytes at one line.
"""
import glob
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tests/fixtures/python/deterministic.py"
# Of each reason: the most blocks at a line, and the most bytes of one of them.
FREE_LIST, FREE_LIST_3_14, FRAME = (4, 208), (5, 208), (14, 512)
# The bytes of an integer, and how many wait in their free list.
INTEGER, INTEGERS_WAITING = 32, 100


# ---- the script, run by either ----


def finish_traced():
    import ctypes

    ctypes.PyDLL(None).heapgate_tracer_mark(b"end")


def finish_tracemalloc(output):
    import tracemalloc

    lines = {}
    for trace in tracemalloc.take_snapshot().traces:
        frame = trace.traceback[0]
        size, blocks = lines.get((frame.filename, frame.lineno), (0, 0))
        lines[frame.filename, frame.lineno] = (size + trace.size, blocks + 1)
    with open(output, "w", encoding="utf-8") as file:
        json.dump([[name, line, *found] for (name, line), found in lines.items()], file)


def run_script(output):
    """Runs the script as a module of its own; output: where tracemalloc's lines go, "-" under the tracer."""
    sys.path.insert(0, str(SCRIPT.parent))
    import deterministic

    deterministic.main()
    if output == "-":
        finish_traced()
    else:
        finish_tracemalloc(output)


# ---- the two sides ----


def lines_of_tracer(heapgate, python, work):
    """line of the script -> (bytes, blocks) that are its own and there at the end of it."""
    ledgers = work / "ledgers"
    for old in ledgers.glob("*"):
        old.unlink()
    subprocess.run([heapgate, "exec", "-o", str(ledgers), "--", python, "-B", "-I", __file__, "--run", "-"], check=True,
                   capture_output=True, cwd=work)
    (ledger,) = ledgers.glob("*.ledger")
    shown = subprocess.run([heapgate, "show", "--lines", "*", "--json", str(ledger)], check=True,
                           capture_output=True).stdout
    lines = {}
    for each in json.loads(shown):
        if os.path.basename(each["file"]) == SCRIPT.name and each["own"]["retained_blocks"]:
            size, blocks = lines.get(each["line"], (0, 0))
            lines[each["line"]] = size + each["own"]["retained_bytes"], blocks + each["own"]["retained_blocks"]
    return lines


def lines_of_tracemalloc(python, work):
    output = work / "tracemalloc.json"
    subprocess.run([python, "-B", "-I", "-X", "tracemalloc=1", __file__, "--run", str(output)], check=True,
                   capture_output=True, cwd=work)
    found = json.loads(output.read_text(encoding="utf-8"))
    return {line: (size, blocks) for name, line, size, blocks in found if name == str(SCRIPT)}


def fits(size, blocks, limits):
    return size % 8 == 0 and abs(blocks) <= limits[0] and abs(size) <= max(abs(blocks), 1) * limits[1]


def reason_of(version, ours, theirs):
    """The known reason of a difference, or None; and how many integers it has more."""
    size, blocks = ours[0] - theirs[0], ours[1] - theirs[1]
    has_integers = version >= (3, 14)
    free_list = FREE_LIST_3_14 if has_integers else FREE_LIST
    if fits(size, blocks, free_list) and size * blocks > 0:
        return "free list", 0
    if version < (3, 11) and fits(size, blocks, FRAME):
        return "frame", 0
    for others in sorted(range(-free_list[0], free_list[0] + 1), key=abs) if has_integers else ():
        integers = blocks - others
        if fits(size - INTEGER * integers, others, free_list):
            return "integers", integers
    return None, 0


def compare(heapgate, python, work):
    """Prints one version's row and its differences; the number of those without a reason."""
    version = subprocess.run([python, "-c", "import sys; print(sys.version.split()[0])"], check=True, text=True,
                             capture_output=True).stdout.strip()
    ours, theirs = lines_of_tracer(heapgate, python, work), lines_of_tracemalloc(python, work)
    sums = [sum(found[column] for found in side.values()) for side in (ours, theirs) for column in (0, 1)]
    different = sorted(line for line in ours.keys() | theirs.keys() if ours.get(line) != theirs.get(line))
    print("%-9s%6d%7d%12d%9d%12d%9d%10d   %s" % (version, len(ours), len(theirs), *sums, len(different), python), flush=True)
    source = SCRIPT.read_text(encoding="utf-8").splitlines()
    unexplained = integers = 0
    for line in different:
        mine, other = ours.get(line, (0, 0)), theirs.get(line, (0, 0))
        reason, more = reason_of(tuple(int(part) for part in version.split(".")[:2]), mine, other)
        integers += more
        unexplained += reason is None
        print("    line %3d: %+d B, %+d blocks (%s)   %s" % (line, mine[0] - other[0], mine[1] - other[1],
                                                           reason or "NO KNOWN REASON", source[line - 1].strip()[:70]))
    if abs(integers) > INTEGERS_WAITING:
        print("    %+d integers over all lines" % integers)
        unexplained += 1
    if not ours or not theirs:
        print("    one of the two has seen nothing")
        return 1
    return unexplained


def pythons_at_hand():
    root = os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))
    found = glob.glob(root + "/versions/*/bin/python3")
    fitting = [path for path in found if re.search(r"/versions/3\.(9|1[0-5])\.\d+/", path)]
    fitting.sort(key=lambda path: [int(part) for part in re.findall(r"\d+", path.split("/versions/")[1].split("/")[0])])
    return fitting + [path for path in ["/usr/bin/python3"] if os.path.exists(path)]


def main(build, pythons):
    heapgate = str(pathlib.Path(build).resolve() / "heapgate")
    pythons = pythons or pythons_at_hand()
    if not pythons:
        sys.exit("prove-python-truth: there is no CPython from 3.9 to 3.15 here; name one: PYTHONS=/path/to/python3")
    print("%-9s%13s%21s%21s%10s" % ("", "lines", "tracer", "tracemalloc", ""))
    print("%-9s%6s%7s%12s%9s%12s%9s%10s" % ("CPython", "ours", "theirs", "bytes", "blocks", "bytes", "blocks", "different"))
    unexplained = 0
    with tempfile.TemporaryDirectory() as folder:
        for python in pythons:
            unexplained += compare(heapgate, python, pathlib.Path(folder))
    print("%d differences without a known reason" % unexplained if unexplained else
          "every line is tracemalloc's line, every byte explained")
    return 1 if unexplained else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    if sys.argv[1] == "--run":
        run_script(sys.argv[2])
    else:
        sys.exit(main(sys.argv[1], sys.argv[2:]))
