"""Peak and growth of a function that is called again and again, by call site, from the tracer's books.

Growth: after each pass garbage is collected and what each call site holds is written down; the rule of growth.py judges.
Peak: each pass runs in a window of its own; the largest counts. What is written down lies in mapped pages, not in the
heap that is measured, and call sites of this module are left out.
"""

from __future__ import annotations

import ctypes
import mmap
from typing import Dict, Iterable, List, NamedTuple, Optional, Tuple

from . import tracer
from .growth import growth_of_rows
from .ledger import Ledger
from .passes import collect
from .profiler import is_own
from .snapshot import NATIVE, Stack, made

_WINDOW_SHIFT = 48
_AT_A_TIME = 256
_Key = Tuple[Tuple[str, object], ...]


class SiteShare(NamedTuple):
    """A call site's part in a number. stack: innermost first, () where no frame of Python called."""

    stack: Stack
    size: int


class Gauged(NamedTuple):
    """What was measured, in bytes; sites are sorted, largest first."""

    peak: int
    peak_sites: List[SiteShare]  # empty where the peak is allowed
    growth: int  # bytes per iteration
    growth_sites: List[SiteShare]
    smallest: int  # the smallest growth that would have been called


class _Column:
    """8-byte numbers, one for each call site, in pages of their own."""

    def __init__(self, source: memoryview) -> None:
        self._pages = mmap.mmap(-1, max(len(source), 1) * 8)
        self._numbers = memoryview(self._pages).cast("q")
        self._numbers[: len(source)] = source
        self._length = len(source)

    def __getitem__(self, site: int) -> int:
        return int(self._numbers[site]) if site < self._length else 0

    def __len__(self) -> int:
        return self._length

    def differs(self, other: _Column, start: int, end: int) -> bool:
        """Whether any number of these sites is not the other's."""
        end_of_both = min(end, self._length, other._length)
        if self._numbers[start:end_of_both] != other._numbers[start:end_of_both]:
            return True
        return any(self[site] != other[site] for site in range(max(end_of_both, start), end))


def _changed_sites(columns: List[_Column]) -> Iterable[int]:
    """The sites whose number is not the same in all columns. Most are, and are compared many at a time."""
    first = columns[0]
    for start in range(0, len(columns[-1]), _AT_A_TIME):
        end = min(start + _AT_A_TIME, len(columns[-1]))
        if any(first.differs(column, start, end) for column in columns[1:]):
            for site in range(max(start, 1), end):
                if any(column[site] != first[site] for column in columns[1:]):
                    yield site


def cut_stack(stack: Stack) -> Stack:
    """The frames inside the one of this module that called the function: what called this module tells nothing."""
    for depth, frame in enumerate(stack):
        if is_own((frame,)):
            return stack[:depth]
    return stack


class Gauge:
    """Measures one function. begin() before the first pass, then for each pass: before_pass(), the call, after_pass()."""

    def __init__(self, book: Ledger, warmup: int, peak_allowed: Optional[int]) -> None:
        self._book = book
        self._peak_allowed = peak_allowed
        self._before_counting = max(warmup, 1)
        self._live: List[_Column] = []
        self._peak = -1
        self._peak_pass = 0
        self._peak_number = 0
        self._peak_held: List[_Column] = []

    def begin(self) -> None:
        """Writes down what there is before the first pass."""
        collect()
        self._live.append(_Column(self._book.column("live_bytes")))

    def before_pass(self) -> None:
        """Opens the pass's window."""
        tracer.open_window()

    def after_pass(self) -> None:
        """Closes the window, collects garbage and writes down what is there."""
        header = self._book.header
        if header.window_peak_bytes > self._peak:
            self._note_peak(header.window << _WINDOW_SHIFT | header.window_peak_bytes)
        tracer.close_window()
        collect()
        self._live.append(_Column(self._book.column("live_bytes")))

    def _note_peak(self, number: int) -> None:
        book = self._book
        self._peak = book.header.window_peak_bytes
        if self._peak_allowed is None or self._peak <= self._peak_allowed:
            return
        self._peak_pass = len(self._live) - 1
        self._peak_held = [
            _Column(book.column(field)) for field in ("window_number", "window_bytes", "live_bytes")
        ]
        self._peak_number = ctypes.c_int64(number).value

    def result(self) -> Gauged:
        """What came of all passes."""
        peak_sites = self._peak_sites()
        growing, smallest = self._growth()
        return Gauged(max(self._peak, 0), peak_sites, sum(one.size for one in growing), growing, smallest)

    def _stack(self, site: int) -> Stack:
        return self._book.stack_of_site(site)

    def _counts(self, site: int) -> bool:
        return self._book.is_of_heap(site) and not is_own(self._stack(site))

    def _peak_sites(self) -> List[SiteShare]:
        if not self._peak_held:
            return []
        number, at_peak, now = self._peak_held
        opening = self._live[self._peak_pass]
        shares: Dict[Stack, int] = {}
        for site in range(1, len(now)):
            # A site that was not touched after the peak holds now what it held then.
            held = at_peak[site] if number[site] == self._peak_number else now[site]
            if held > opening[site] and self._counts(site):
                stack = cut_stack(self._stack(site))
                shares[stack] = shares.get(stack, 0) + held - opening[site]
        return _sorted(made(SiteShare, stack, size) for stack, size in shares.items())

    def _growth(self) -> Tuple[List[SiteShare], int]:
        columns = self._live[self._before_counting :]
        series: Dict[_Key, List[int]] = {}
        shown: Dict[_Key, SiteShare] = {}
        for site in _changed_sites(columns):
            if not self._counts(site):
                continue
            values = [column[site] for column in columns]
            stack = cut_stack(self._stack(site))
            key = _site_key(stack, site)
            known = series.get(key)
            series[key] = values if known is None else [a + b for a, b in zip(known, values)]
            # Lines are no part of the key: the one that gained most is shown.
            if key not in shown or values[-1] - values[0] > shown[key].size:
                shown[key] = made(SiteShare, stack, values[-1] - values[0])
        rows = [(key, key[0], values) for key, values in series.items()]
        growing, smallest = growth_of_rows(rows)
        return _sorted(made(SiteShare, shown[key].stack, size) for key, size in growing), smallest


def _site_key(stack: Stack, site: int) -> _Key:
    if not stack:
        return ((NATIVE, site),)
    return tuple((frame.file, frame.function) for frame in stack)


def _sorted(shares: Iterable[SiteShare]) -> List[SiteShare]:
    return sorted(shares, key=lambda share: (-share.size, share.stack))
