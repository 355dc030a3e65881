"""heapgate: marks, memory snapshots and a pytest gate for programs that heapgate watches.

    import heapgate

    for job in jobs:
        with heapgate.iteration():      # marks the end of each pass
            run(job)
    heapgate.mark("end")                # what is still allocated here is "retained"

or, with garbage collected between the passes and sync and async functions alike:

    heapgate.workflow(run_one_job, iterations=20, warmup=3)

Where nothing watches, marks do nothing. `MemoryProfiler` and `MemoryMonitor` work with and without the tracer;
`heapgate.pytest_plugin` needs it: `heapgate exec -- python -m pytest`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .marks import iteration, mark, workflow

if TYPE_CHECKING:
    from .monitor import MemoryMonitor, MemoryReading
    from .profiler import MemoryProfiler
    from .snapshot import Difference, Filter, Frame, Snapshot, SnapshotError, Statistic

__version__ = "0.1.0"

__all__ = [
    "Difference",
    "Filter",
    "Frame",
    "MemoryMonitor",
    "MemoryProfiler",
    "MemoryReading",
    "Snapshot",
    "SnapshotError",
    "Statistic",
    "iteration",
    "mark",
    "workflow",
]

pytest_plugins = ("heapgate.pytest_plugin",)  # for `pytest -p heapgate`

_MODULES = {
    "Difference": "snapshot",
    "Filter": "snapshot",
    "Frame": "snapshot",
    "MemoryMonitor": "monitor",
    "MemoryProfiler": "profiler",
    "MemoryReading": "monitor",
    "Snapshot": "snapshot",
    "SnapshotError": "snapshot",
    "Statistic": "snapshot",
}


def __getattr__(name: str) -> Any:
    # A program that only sets marks shall not pay, in its own heap, for what else is here.
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module("." + _MODULES[name], __name__), name)
    globals()[name] = value
    return value
