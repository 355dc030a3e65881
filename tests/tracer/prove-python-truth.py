"""Lines, bytes and blocks of Python's allocations: the tracer's against tracemalloc's, on every CPython at hand.

usage: prove-python-truth.py BUILD [PYTHON...]        (called by `make prove-python-truth`)

Without PYTHON: those of ~/.pyenv from 3.9 to 3.13, and /usr/bin/python3. Each runs
tests/fixtures/python/deterministic.py twice, by the same code at the same path: under `heapgate exec`, and under
`-X tracemalloc=1`, which like the tracer begins before the script. What is there at the end of the script is compared
for each of its lines. Every difference is printed; exits with 1 where one has no known reason.

Known reasons, and no others:

  free list    Blocks that pass through the interpreter's free lists belong to the line that had them first. The script
               leaves them no room for it; what lies between the interpreter's start and the script may differ by
               tracemalloc's own objects. Whole blocks of a size that a free list holds, at most 2 at a line.
"""
import collections
import glob
import gzip
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tests/fixtures/python/deterministic.py"
MOST_FREE_LISTED = 2


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


# ---- pprof's format, as far as it is needed ----


def read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def fields_of(data):
    """(number, value) of a protobuf message: integers as they are, all else as bytes."""
    at = 0
    while at < len(data):
        tag, at = read_varint(data, at)
        if tag & 7 == 0:
            value, at = read_varint(data, at)
        elif tag & 7 == 2:
            length, at = read_varint(data, at)
            value, at = data[at:at + length], at + length
        else:
            raise ValueError("pprof: wire type %d" % (tag & 7))
        yield tag >> 3, value


def numbers_of(fields, number):
    """A repeated field of numbers, packed or not."""
    found = []
    for key, value in fields:
        if key == number and isinstance(value, int):
            found.append(value)
        elif key == number:
            at = 0
            while at < len(value):
                one, at = read_varint(value, at)
                found.append(one)
    return found


def read_pprof(data):
    """(name of each value, samples): a sample has its frames, (function, file, line), innermost first, and its values."""
    profile = list(fields_of(data))
    texts = [value.decode("utf-8") for key, value in profile if key == 6]
    names = [texts[dict(fields_of(value))[1]] for key, value in profile if key == 1]
    functions = {}
    for key, value in profile:
        if key == 5:
            function = dict(fields_of(value))
            functions[function[1]] = (texts[function.get(2, 0)], texts[function.get(4, 0)])
    locations = {}
    for key, value in profile:
        if key == 4:
            location = dict(fields_of(value))
            line = dict(fields_of(location[4]))
            locations[location[1]] = (*functions[line[1]], line.get(2, 0))
    samples = []
    for key, value in profile:
        if key == 2:
            fields = list(fields_of(value))
            samples.append(([locations[one] for one in numbers_of(fields, 1)], numbers_of(fields, 2)))
    return names, samples


# ---- the two sides ----


def is_python(frame):
    return frame[2] > 0 and (frame[1].endswith(".py") or frame[1].startswith("<"))


def lines_of_tracer(heapgate, python, work):
    """(line -> [bytes, blocks]) of the script, retained at its end."""
    ledgers = work / "ledgers"
    for old in ledgers.glob("*"):
        old.unlink()
    subprocess.run([heapgate, "exec", "-o", str(ledgers), "--", python, "-B", "-I", __file__, "--run", "-"], check=True,
                   capture_output=True, cwd=work)
    (ledger,) = ledgers.glob("*.ledger")
    shown = subprocess.run([heapgate, "show", "--pprof", str(ledger)], check=True, capture_output=True).stdout
    names, samples = read_pprof(gzip.decompress(shown))
    at = names.index("retained_space"), names.index("retained_objects")
    lines = collections.defaultdict(lambda: [0, 0])
    for frames, values in samples:
        innermost = next((frame for frame in frames if is_python(frame)), None)
        if innermost and os.path.basename(innermost[1]) == SCRIPT.name:
            lines[innermost[2]][0] += values[at[0]]
            lines[innermost[2]][1] += values[at[1]]
    return {line: tuple(found) for line, found in lines.items() if found[1]}


def lines_of_tracemalloc(python, work):
    output = work / "tracemalloc.json"
    subprocess.run([python, "-B", "-I", "-X", "tracemalloc=1", __file__, "--run", str(output)], check=True,
                   capture_output=True, cwd=work)
    found = json.loads(output.read_text(encoding="utf-8"))
    return {line: (size, blocks) for name, line, size, blocks in found if name == str(SCRIPT)}


def reason_of(ours, theirs):
    """The known reason of a difference, or None."""
    size, blocks = ours[0] - theirs[0], ours[1] - theirs[1]
    whole = blocks != 0 and size * blocks > 0 and size % blocks == 0 and size // blocks <= 512
    return "free list" if whole and abs(blocks) <= MOST_FREE_LISTED else None


def compare(heapgate, python, work):
    """Prints one version's row and its differences; the number of those without a reason."""
    version = subprocess.run([python, "-c", "import sys; print(sys.version.split()[0])"], check=True, text=True,
                             capture_output=True).stdout.strip()
    ours, theirs = lines_of_tracer(heapgate, python, work), lines_of_tracemalloc(python, work)
    sums = [sum(found[column] for found in side.values()) for side in (ours, theirs) for column in (0, 1)]
    different = sorted(line for line in ours.keys() | theirs.keys() if ours.get(line) != theirs.get(line))
    print("%-9s%6d%7d%12d%9d%12d%9d%10d   %s" % (version, len(ours), len(theirs), *sums, len(different), python), flush=True)
    source = SCRIPT.read_text(encoding="utf-8").splitlines()
    unexplained = 0
    for line in different:
        mine, other = ours.get(line, (0, 0)), theirs.get(line, (0, 0))
        reason = reason_of(mine, other)
        unexplained += reason is None
        print("    line %3d: %+d B, %+d blocks (%s)   %s" % (line, mine[0] - other[0], mine[1] - other[1],
                                                           reason or "NO KNOWN REASON", source[line - 1].strip()[:70]))
    if not ours or not theirs:
        print("    one of the two has seen nothing")
        return 1
    return unexplained


def pythons_at_hand():
    found = glob.glob(os.path.expanduser("~/.pyenv/versions/*/bin/python3"))
    fitting = [path for path in found if re.search(r"/versions/3\.(9|1[0-3])\.\d+/", path)]
    fitting.sort(key=lambda path: [int(part) for part in re.findall(r"\d+", path.split("/versions/")[1].split("/")[0])])
    return fitting + [path for path in ["/usr/bin/python3"] if os.path.exists(path)]


def main(build, pythons):
    heapgate = str(pathlib.Path(build).resolve() / "heapgate")
    pythons = pythons or pythons_at_hand()
    if not pythons:
        sys.exit("prove-python-truth: there is no CPython from 3.9 to 3.13 here; name one: PYTHONS=/path/to/python3")
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
