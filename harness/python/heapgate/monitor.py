"""MemoryMonitor: watches this process's memory in the background and warns when it has become too much.

    with heapgate.MemoryMonitor(interval_seconds=5, threshold_mb=512, on_exceed=page_somebody):
        serve()
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Callable, NamedTuple, Optional

from . import process
from .profiler import MemoryProfiler
from .snapshot import Snapshot


class MemoryReading(NamedTuple):
    """The process's memory at one instant. percent: rss of what the process may have (cgroup or machine)."""

    time: float  # seconds since 1970
    rss: int  # bytes
    uss: int  # bytes; 0 where the kernel does not tell
    percent: float
    snapshot: Optional[Snapshot] = None  # at a crossing, if asked for


class MemoryMonitor:
    """Reads RSS, USS and percent every interval_seconds in a thread of its own.

    threshold_mb: of RSS, in MiB. When it is crossed, upwards, a warning is logged once, and on_exceed is called with the
    MemoryReading, in the monitor's thread; both again only after RSS had fallen below. logger: where to warn; "heapgate"
    if None. snapshot: take one at a crossing, with tracemalloc or the tracer (see MemoryProfiler), and put it in the
    reading. Errors of on_exceed and of the reading are logged, and the watch goes on.
    """

    def __init__(
        self,
        interval_seconds: float,
        threshold_mb: float,
        on_exceed: Optional[Callable[[MemoryReading], object]] = None,
        logger: Optional[logging.Logger] = None,
        snapshot: bool = False,
    ) -> None:
        for name, value in (("interval_seconds", interval_seconds), ("threshold_mb", threshold_mb)):
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e12:
                raise ValueError(f"{name}: expected a number above 0, found {value!r}")
        self._interval = float(interval_seconds)
        self._threshold = int(threshold_mb * 1024 * 1024)
        self._on_exceed = on_exceed
        self._logger = logger if logger is not None else logging.getLogger("heapgate")
        self._profiler = MemoryProfiler() if snapshot else None
        self._limit = 0
        self._above = False
        self._last: Optional[MemoryReading] = None
        self._stopping = threading.Event()
        self._thread: Optional[threading.Thread] = None

    @property
    def last(self) -> Optional[MemoryReading]:
        """The latest reading; None before the first."""
        return self._last

    def start(self) -> None:
        """Begins to watch; the first reading is made at once."""
        if self._thread is not None:
            raise RuntimeError("the monitor is running already; call stop() first")
        self._limit = process.limit_bytes()
        self._above = False
        if self._profiler is not None:
            self._profiler.start()
        self._stopping.clear()
        self._thread = threading.Thread(target=self._watch, name="heapgate-monitor", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the watch and waits for its thread; from on_exceed it does not wait."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._stopping.set()
        if thread is not threading.current_thread():
            thread.join()
        if self._profiler is not None:
            self._profiler.stop()

    def __enter__(self) -> MemoryMonitor:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def read(self) -> MemoryReading:
        """A reading of now."""
        rss = process.rss_bytes()
        percent = 100.0 * rss / self._limit if self._limit else 0.0
        return MemoryReading(time.time(), rss, process.uss_bytes(), percent)

    def _watch(self) -> None:
        while True:
            try:
                self._last = self.read()
                self._judge(self._last)
            except Exception:
                self._logger.exception("heapgate: the memory monitor met an error and goes on")
            if self._stopping.wait(self._interval):
                return

    def _judge(self, reading: MemoryReading) -> None:
        crossed = reading.rss > self._threshold and not self._above
        self._above = reading.rss > self._threshold
        if not crossed:
            return
        self._logger.warning(
            "memory: %.1f MiB resident (%.1f %% of what there is, %.1f MiB unique), above the threshold of %.1f MiB",
            reading.rss / 1048576,
            reading.percent,
            reading.uss / 1048576,
            self._threshold / 1048576,
        )
        if self._profiler is not None:
            reading = reading._replace(snapshot=self._profiler.take_snapshot("threshold"))
            self._last = reading
        if self._on_exceed is not None:
            self._on_exceed(reading)
