"""MemoryProfiler: snapshots of a running program, compared with one another.

    profiler = heapgate.MemoryProfiler(filters=[heapgate.Filter(False, "*/site-packages/*")])
    profiler.start(nframe=10)
    profiler.take_snapshot("before")
    run_jobs()
    profiler.take_snapshot("after")
    for change in profiler.compare_last(top_n=5):
        print(change)
    profiler.stop()

Under heapgate's tracer (`heapgate exec -- python ...`) it reads the tracer's books, which are kept anyway; else it starts
tracemalloc, which is slower and sees what Python itself allocates. `source` says which. What the heapgate module itself
holds is left out.
"""

from __future__ import annotations

import os
import time
from collections import deque
from typing import Deque, Dict, Iterator, List, Sequence, Tuple

from . import ledger as ledgers
from . import process
from .snapshot import NATIVE, Difference, Filter, Frame, Snapshot, Stack, Trace, made

_PACKAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "")
_NO_FRAMES = (Frame(NATIVE, 0, ""),)


def is_own(stack: Stack) -> bool:
    """Whether the innermost frame is one of this module's."""
    return bool(stack) and stack[0].file.startswith(_PACKAGE)


class MemoryProfiler:
    """Takes snapshots and compares them. filters: for every snapshot; see `Filter`. Usable as a context manager."""

    def __init__(self, filters: Sequence[Filter] = ()) -> None:
        self._filters = tuple(filters)
        self._nframe = 0
        self._source = ""
        self._started_tracemalloc = False
        self._last: Deque[Snapshot] = deque(maxlen=2)
        self._trend: List[Tuple[float, int]] = []

    @property
    def source(self) -> str:
        """Where the numbers come from: "heapgate" or "tracemalloc"; "" before start."""
        return self._source

    def start(self, nframe: int = 25) -> None:
        """Begins. nframe: how many frames of each stack, from the innermost, tell stacks apart."""
        if not isinstance(nframe, int) or isinstance(nframe, bool) or not 1 <= nframe <= 65535:
            raise ValueError(f"nframe: expected a number from 1 to 65535, found {nframe!r}")
        if self._nframe:
            raise RuntimeError("the profiler is running already; call stop() first")
        book = ledgers.current()
        if book is not None and book.python_problem() is None:
            self._source = "heapgate"
        else:
            self._source = "tracemalloc"
            self._start_tracemalloc(nframe)
        self._nframe = nframe
        self._last.clear()
        self._trend.clear()
        self._note_trend()

    def _start_tracemalloc(self, nframe: int) -> None:
        import tracemalloc

        # The program may use it for itself: then it goes on, with its own number of frames.
        if not tracemalloc.is_tracing():
            tracemalloc.start(nframe)
            self._started_tracemalloc = True

    def stop(self) -> None:
        """Ends. Snapshots and the trend stay; tracemalloc is stopped if it was started here."""
        if not self._nframe:
            return
        self._note_trend()
        self._nframe = 0
        if self._started_tracemalloc:
            import tracemalloc

            self._started_tracemalloc = False
            tracemalloc.stop()

    def __enter__(self) -> MemoryProfiler:
        if not self._nframe:
            self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _note_trend(self) -> Tuple[float, int]:
        self._trend.append((time.time(), process.rss_bytes()))
        return self._trend[-1]

    def take_snapshot(self, label: str = "") -> Snapshot:
        """What is allocated now. Garbage is not collected: call gc.collect() before to see what is really kept."""
        if not self._nframe:
            raise RuntimeError("the profiler is not running; call start() first")
        now, rss = self._note_trend()
        found = self._from_ledger() if self._source == "heapgate" else self._from_tracemalloc()
        traces = _merged(found, self._nframe)
        snapshot = Snapshot(label, self._source, now, rss, traces).filter_traces(self._filters)
        self._last.append(snapshot)
        return snapshot

    def _from_ledger(self) -> Iterator[Trace]:
        book = ledgers.current()
        if book is None:  # after a fork without a harness that listens
            raise RuntimeError("the tracer does not watch this process any more; start the profiler anew")
        for number, site in enumerate(book.sites()):
            size, count = site.live_bytes, site.live_blocks
            if number > 0 and site.kind == 0 and (size > 0 or count > 0):
                yield made(Trace, book.stack_of_site(number), max(size, 0), max(count, 0))

    def _from_tracemalloc(self) -> Iterator[Trace]:
        import tracemalloc

        for one in tracemalloc.take_snapshot().statistics("traceback"):
            stack = tuple(made(Frame, frame.filename, frame.lineno, "") for frame in reversed(one.traceback))
            if stack[0].file != tracemalloc.__file__:
                yield made(Trace, stack, one.size, one.count)

    def compare_last(self, top_n: int = 10, group_by: str = "line") -> List[Difference]:
        """What changed most between the last two snapshots. group_by: "line", "file" or "traceback"."""
        if len(self._last) < 2:
            raise RuntimeError(f"comparing takes two snapshots, {len(self._last)} taken; call take_snapshot() again")
        return self._last[1].compare_to(self._last[0], group_by)[:top_n]

    def get_trend(self) -> List[Tuple[float, int]]:
        """(seconds since 1970, resident bytes) at start, at each snapshot and at stop."""
        return list(self._trend)


def _merged(found: Iterator[Trace], nframe: int) -> Iterator[Trace]:
    """Stacks that differ only further out than nframe, or in native frames, are one."""
    sums: Dict[Stack, Tuple[int, int]] = {}
    for stack, size, count in found:
        if is_own(stack):
            continue
        key = stack[:nframe] or _NO_FRAMES
        before = sums.get(key, (0, 0))
        sums[key] = (before[0] + size, before[1] + count)
    for key, (size, count) in sums.items():
        yield made(Trace, key, size, count)
