"""What the tests of the Python module share."""

import contextlib
import io
import os
import subprocess
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path

ROOT = Path(os.environ.get("HEAPGATE_ROOT", Path(__file__).resolve().parents[2]))
HEAPGATE = os.environ.get("HEAPGATE_BINARY", str(ROOT / "build" / "heapgate"))
PACKAGE = str(ROOT / "build" / "python")
LIBRARY = Path(HEAPGATE).parent / "libheapgate.so"
# The half of the tracer that this needs; without it there is nothing to test.
LIMIT_S = 280  # what hangs shall not hang the suite


@contextlib.contextmanager
def folder_with(**files):
    """A temporary folder with these files, NAME_EXT="text"; its path."""
    with tempfile.TemporaryDirectory(prefix="heapgate-test-") as folder:
        for name, text in files.items():
            base, _, extension = name.rpartition("_")
            Path(folder, f"{base}.{extension}").write_text(textwrap.dedent(text), encoding="utf-8")
        yield folder


def run(*argv, folder=None, **variables):
    """Runs a program with the module on its path; (status, what it wrote)."""
    env = {**os.environ, "PYTHONPATH": PACKAGE, "PYTHONDONTWRITEBYTECODE": "1", **variables}
    for name in ("HEAPGATE_SOCKET", "HEAPGATE_INSTRUMENT", "LD_PRELOAD"):
        if name not in variables:
            env.pop(name, None)
    done = subprocess.run(
        [str(word) for word in argv],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=LIMIT_S,
        check=False,
    )
    return done.returncode, done.stdout.decode("utf-8", "replace")


def python(*words, folder=None, **variables):
    return run(sys.executable, *words, folder=folder, **variables)


def traced(*words, folder=None, **variables):
    """The same under the tracer."""
    with tempfile.TemporaryDirectory(prefix="heapgate-ledgers-") as ledgers:
        return run(HEAPGATE, "exec", "-o", ledgers, "--", sys.executable, *words, folder=folder, **variables)


@contextlib.contextmanager
def printed():
    """What is printed to both streams inside."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
        yield text
