"""The pytest plugin: gates a test's memory.

    @pytest.mark.heapgate(iterations=20, warmup=3, growth="0 B", peak="50 MiB")
    def test_a_job_leaves_nothing_behind():
        run_job()

The function is called `iterations` times (20) with the same fixtures; async functions, too. growth ("0 B"): bytes that it
may leave behind per pass, judged after the first `warmup` (3). peak (no limit): bytes that one pass may hold at once above
what was there when it began.

It takes heapgate's tracer: `heapgate exec -- python -m pytest`, with xdist or without. Under a plain `pytest` such tests
are skipped, or fail with `--heapgate-without-tracer=fail` (ini: heapgate_without_tracer).
"""

from __future__ import annotations

import functools
import inspect
import linecache
import logging
import os
import warnings
from typing import Any, Callable, Iterator, List, NamedTuple, Optional

import pytest

from . import ledger as ledgers
from .gauge import Gauge, Gauged, SiteShare
from .growth_rule import FEWEST_COUNTED
from .ledger import Ledger, LedgerError
from .passes import Passes, check_passes
from .snapshot import Frame, Stack
from .units import format_bytes, parse_bytes

_CHOICES = ("skip", "fail")
_MOST_SITES = 4
_MOST_FRAMES = 4
_NOT_MEASURED = "pytest.mark.heapgate: another plugin called the test in a way that cannot be measured"
_HOW = "run it so: heapgate exec -- python -m pytest"


class Gate(NamedTuple):
    """The marker's arguments, checked."""

    iterations: int
    warmup: int
    growth: int
    peak: Optional[int]


def gate_of(iterations: int = 20, warmup: int = 3, growth: Any = "0 B", peak: Any = None) -> Gate:
    """ValueError with one sentence where they make no sense."""
    check_passes(iterations, warmup)
    if iterations - max(warmup, 1) < FEWEST_COUNTED:
        raise ValueError(
            f"{iterations} iterations less {max(warmup, 1)} of warm-up leave fewer than {FEWEST_COUNTED} to count: "
            "growth cannot be told from noise; raise iterations"
        )
    sizes = []
    for name, value in (("growth", growth), ("peak", peak)):
        try:
            sizes.append(None if value is None and name == "peak" else parse_bytes(value))
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    return Gate(iterations, warmup, sizes[0] or 0, sizes[1])


def pytest_addoption(parser: Any) -> None:
    explained = "what becomes of tests marked heapgate without the tracer: skip or fail"
    parser.getgroup("heapgate").addoption("--heapgate-without-tracer", choices=_CHOICES, default=None, help=explained)
    parser.addini("heapgate_without_tracer", explained, default="skip")


def pytest_configure(config: Any) -> None:
    config.addinivalue_line(
        "markers",
        'heapgate(iterations=20, warmup=3, growth="0 B", peak=None): fail where a pass leaves more bytes behind, or '
        "holds more at once",
    )
    if _without_tracer(config) not in _CHOICES:
        raise pytest.UsageError(
            f"heapgate_without_tracer: expected skip or fail, found {_without_tracer(config)!r}"
        )
    config.pluginmanager.register(_RunsCoroutines(), "heapgate-coroutines")


def _without_tracer(config: Any) -> str:
    return str(config.getoption("heapgate_without_tracer", None) or config.getini("heapgate_without_tracer"))


def _cannot_measure() -> Optional[str]:
    try:
        book = ledgers.current()
    except LedgerError as error:
        return str(error)
    if book is None:
        return f"heapgate's tracer does not watch this process; {_HOW}"
    problem = book.python_problem()
    return f"memory cannot be measured: {problem}" if problem is not None else None


def _gate_of_item(item: Any) -> Optional[Gate]:
    marker = item.get_closest_marker("heapgate")
    if marker is None:
        return None
    try:
        return gate_of(*marker.args, **marker.kwargs)
    except (TypeError, ValueError) as error:
        said = str(error).replace("gate_of() ", "")
        pytest.fail(f"pytest.mark.heapgate: {said}", pytrace=False)


def pytest_runtest_setup(item: Any) -> None:
    if _gate_of_item(item) is None:
        return
    if not isinstance(item, pytest.Function) or hasattr(item, "_testcase"):
        pytest.fail("pytest.mark.heapgate: gates test functions; this is none that it can call again", pytrace=False)
    reason = _cannot_measure()
    if reason is not None:
        if _without_tracer(item.config) == "fail":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)


class _Quiet:
    """Keeps pytest from keeping: captured log records, and warnings after the first pass, would look like growth."""

    def __init__(self) -> None:
        self._passes = 0
        self._warnings: Any = None

    def before_pass(self) -> None:
        if self._passes == 1:
            self._warnings = warnings.catch_warnings()
            self._warnings.__enter__()
            warnings.showwarning = lambda *_, **__: None
        self._passes += 1

    def after_pass(self) -> None:
        for handler in logging.getLogger().handlers:
            if type(handler).__name__ in ("LogCaptureHandler", "_LiveLoggingNullHandler") and hasattr(handler, "clear"):
                handler.clear()

    def end(self) -> None:
        if self._warnings is not None:
            self._warnings.__exit__(None, None, None)


def _measured(function: Callable[..., Any], gate: Gate, book: Ledger, results: List[Gauged]) -> Callable[..., Any]:
    gauge, quiet = Gauge(book, gate.warmup, gate.peak), _Quiet()

    def before_pass() -> None:
        quiet.before_pass()
        gauge.before_pass()

    def after_pass() -> None:
        quiet.after_pass()
        gauge.after_pass()

    @functools.wraps(function)
    def run(*arguments: Any, **keywords: Any) -> None:
        gauge.begin()
        try:
            for _ in range(gate.iterations):
                before_pass()
                function(*arguments, **keywords)
                after_pass()
        finally:
            quiet.end()
        results.append(gauge.result())

    @functools.wraps(function)
    async def run_async(*arguments: Any, **keywords: Any) -> None:
        gauge.begin()
        try:
            for _ in range(gate.iterations):
                before_pass()
                await function(*arguments, **keywords)
                after_pass()
        finally:
            quiet.end()
        results.append(gauge.result())

    return run_async if inspect.iscoroutinefunction(function) else run


@pytest.hookimpl(hookwrapper=True, tryfirst=True)  # type: ignore[misc]
def pytest_pyfunc_call(pyfuncitem: Any) -> Iterator[None]:
    gate = _gate_of_item(pyfuncitem)
    book = ledgers.current() if gate is not None else None
    if gate is None or book is None:
        yield
        return
    results: List[Gauged] = []
    original = pyfuncitem.obj
    pyfuncitem.obj = _measured(original, gate, book, results)
    try:
        outcome: Any = yield
    finally:
        pyfuncitem.obj = original
    if outcome.excinfo is None:
        said = explain(gate, results[0]) if results else _NOT_MEASURED
        if said:
            _fail(outcome, said)


def _fail(outcome: Any, said: str) -> None:
    try:
        pytest.fail(said, pytrace=False)
    except BaseException as failed:
        if not hasattr(outcome, "force_exception"):  # pluggy before 1.1
            raise
        outcome.force_exception(failed)


class _RunsCoroutines:
    """Runs coroutine functions that no other plugin has run; those that do come first or have wrapped the function."""

    def pytest_pyfunc_call(self, pyfuncitem: Any) -> Optional[bool]:
        if pyfuncitem.get_closest_marker("heapgate") is None or not inspect.iscoroutinefunction(pyfuncitem.obj):
            return None
        names = pyfuncitem._fixtureinfo.argnames
        with Passes(pyfuncitem.obj, **{name: pyfuncitem.funcargs[name] for name in names}) as passes:
            passes.run_one()
        return True


def explain(gate: Gate, gauged: Gauged) -> str:
    """Why the test fails: metric, allowed, measured, the call sites; "" where it does not."""
    said: List[str] = []
    if gauged.growth > gate.growth:
        counted = gate.iterations - max(gate.warmup, 1)
        said.append(
            f"growth: {format_bytes(gauged.growth, True)} per iteration in {counted} iterations, "
            f"allowed {format_bytes(gate.growth)}"
        )
        said += _explain_sites(gauged.growth_sites, "/iteration")
    if gate.peak is not None and gauged.peak > gate.peak:
        said.append(f"peak: {format_bytes(gauged.peak)}, allowed {format_bytes(gate.peak)}")
        said += _explain_sites(gauged.peak_sites, "")
    return "\n".join(said)


def _explain_sites(sites: List[SiteShare], per: str) -> List[str]:
    said: List[str] = []
    for share in sites[:_MOST_SITES]:
        frames = _frames_to_show(share.stack)
        where = _place(frames[0]) if frames else "outside of Python's frames"
        said.append(f"  {format_bytes(share.size, True)}{per}  {where}")
        source = linecache.getline(frames[0].file, frames[0].line).strip() if frames and frames[0].line else ""
        if source:
            said.append(f"      {source}")
        said += [f"    called from {_place(frame)}" for frame in frames[1:]]
    left_out = sites[_MOST_SITES:]
    if left_out:
        said.append(f"  {format_bytes(sum(share.size for share in left_out), True)}{per}  at {len(left_out)} more")
    return said


def _frames_to_show(stack: Stack) -> Stack:
    """The innermost ones; what runs an event loop around a task tells nothing."""
    for depth, frame in enumerate(stack):
        if depth > 0 and frame.file.endswith("/asyncio/events.py"):
            return stack[: min(depth, _MOST_FRAMES)]
    return stack[:_MOST_FRAMES]


def _place(frame: Frame) -> str:
    relative = os.path.relpath(frame.file)
    return str(frame if relative.startswith("..") else frame._replace(file=relative))
