"""Memory of the tracer and of heapgate stays flat while one suite is repeated in one process.

usage: prove_flat.py BUILD [SUITE]        BUILD: the build folder, with corpus/ in it; SUITE: jinja2

SECONDS (1800) of it under `heapgate exec`, then as many passes alone. Prints, for passes spread over the run: the process's
resident memory, the same pass's alone, what is more, what of that is the books' pages, and heapgate's own. Exit status 1:
what is more, or heapgate's own, rose by more than 10 % and 4 MiB from the first third of the passes to the last pass.
"""
import os
import pathlib
import shutil
import subprocess
import sys

from bench_tracer import mib
from corpus import ENVIRONMENT, Corpus
from ledger_header import largest

HERE = pathlib.Path(__file__).resolve().parent
SHOWN, PERCENT, FLOOR_BYTES = 15, 10, 4 << 20


def passes_of(path):
    return [[float(word) for word in line.split()] for line in path.read_text(encoding="ascii").splitlines()]


def repeated(corpus, suite, prefix, path, until):
    path.unlink(missing_ok=True)
    command, folder = corpus.suite(suite)
    command = [*prefix, corpus.python, str(HERE / "repeated_suite.py"), str(path), until, *command[command.index("pytest") + 1:]]
    with open(path.with_suffix(".log"), "w", encoding="utf-8") as log:
        status = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                                env={**os.environ, **ENVIRONMENT}, check=False).returncode
    if status != 0:
        sys.exit("flat: %s exited with %d, see %s" % (" ".join(command[:6]), status, log.name))
    return passes_of(path)


def rise(name, values):
    """Prints one line; whether it is flat."""
    early, last = max(values[:max(1, len(values) // 3)]), values[-1]
    flat = last - early <= max(FLOOR_BYTES, early * PERCENT / 100)
    print("%-28s%10s MiB in the first third, %10s MiB at the end: %s" % (name, mib(early), mib(last), "flat" if flat else "RISES"))
    return flat


def main(build, suite):
    build = pathlib.Path(build).resolve()
    corpus, folder = Corpus(build / "corpus"), build / "bench" / "flat"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    prefix = [str(build / "heapgate"), "exec", "--output", str(folder / "ledgers"), "--"]
    traced = repeated(corpus, suite, prefix, folder / "traced", os.environ.get("SECONDS", "1800"))
    alone = repeated(corpus, suite, [], folder / "alone", "%dp" % len(traced))
    more = [mine[1] - theirs[1] for mine, theirs in zip(traced, alone)]
    print("%s, %d passes in one process; MiB resident\n" % (suite, len(traced)))
    print("%6s%9s%10s%10s%10s%10s%10s" % ("pass", "seconds", "traced", "alone", "more", "books", "heapgate"))
    for i in sorted({round(k * (len(traced) - 1) / (SHOWN - 1)) for k in range(SHOWN)}):
        print("%6d%9.0f%10s%10s%10s%10s%10s" % (i + 1, traced[i][0], mib(traced[i][1]), mib(alone[i][1]), mib(more[i]), mib(traced[i][2]),
                                               mib(traced[i][3])))
    print()
    flat = [rise("more than alone", more), rise("heapgate", [line[3] for line in traced])]
    header = largest(folder / "ledgers")
    if header is not None:
        print("nodes %d, sites %d, changes %d" % (header.nodes, header.sites, header.changes))
    return 0 if all(flat) else 1


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "jinja2"))
