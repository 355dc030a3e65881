"""The growth rule: what a workflow leaves behind in every pass, told from saw-teeth, caches and doubling lists.

The same rule as heapgate's own, harness/model/growth.c, which docs/verdicts.md explains; test vectors hold the two
together. A series has the live bytes at the end of the last pass before counting and at the end of each counted pass.
"""

from __future__ import annotations

import math
from typing import Dict, Hashable, Iterable, List, NamedTuple, Sequence, Tuple, TypeVar

_QUARTERS = 4
_SLIGHT = 50  # what lines of Python gain beyond their sum is no sign of anything below this part
_ONE_IN = 3  # of the passes of a quarter, one in so many must have left something behind
_LEAST_FACTOR = 1.25  # by which each rise of a list that grows by a factor exceeds the one before

FEWEST_COUNTED = 8  # counted passes below which growth cannot be told from noise (SCENARIO_FEWEST_COUNTED)

Key = TypeVar("Key", bound=Hashable)


class Growth(NamedTuple):
    """bytes_per_iteration: 0 where the series does not grow; hidden_per_iteration: what it rose by all the same."""

    bytes_per_iteration: int
    hidden_per_iteration: int


def _floor(series: Sequence[int]) -> List[int]:
    floor = list(series)
    for i in range(len(floor) - 2, -1, -1):
        floor[i] = min(floor[i], floor[i + 1])
    return floor


def _rises_in_every_quarter(floor: Sequence[int]) -> bool:
    counted = len(floor) - 1
    for quarter in range(_QUARTERS):
        first = 1 + counted * quarter // _QUARTERS
        after = 1 + counted * (quarter + 1) // _QUARTERS
        rises = sum(floor[i] > floor[i - 1] for i in range(first, after))
        if rises * _ONE_IN < after - first:
            return False
    return True


def _rises_by_a_factor(floor: Sequence[int]) -> bool:
    rises = [b - a for a, b in zip(floor, floor[1:]) if b > a]
    if any(rise < last * _LEAST_FACTOR for last, rise in zip(rises, rises[1:])):
        return False
    return 3 * len(rises) <= 2 * (len(floor) - 1)


def growth_of_series(series: Sequence[int]) -> Growth:
    """Whether one series grows; one of fewer than 5 points never does."""
    if len(series) < _QUARTERS + 1:
        return Growth(0, 0)
    floor = _floor(series)
    counted = len(series) - 1
    rise = floor[-1] - floor[0]
    per_iteration = (rise + counted - 1) // counted if rise > 0 else 0
    if _rises_in_every_quarter(floor) and not _rises_by_a_factor(floor):
        return Growth(per_iteration, 0)
    return Growth(0, per_iteration)


def _rise_together(sums: Sequence[int]) -> int:
    """What all lines of Python can have gained, in bytes per iteration: the interpreter passes freed memory on from one
    to another unseen, so no more than their sum rose by, and nothing unless it rose in every quarter."""
    counted = len(sums) - 1
    rises = [max(b - a, 0) for a, b in zip(sums, sums[1:])]
    quarters = {i * _QUARTERS // counted for i, rise in enumerate(rises) if rise > 0}
    return (sum(rises) + counted - 1) // counted if len(quarters) == _QUARTERS else 0


def growth_of_rows(
    rows: Iterable[Tuple[Key, Hashable, Sequence[int]]], python: bool = True
) -> Tuple[List[Tuple[Key, int]], int]:
    """The rows that grow, each with its bytes per iteration, and the smallest leak that would have been called.

    rows: key, allocating function and series of each call site, all of one length. What the sites of one allocating
    function steadily lose is set off against what they gain: work that moves from one caller to another leaks nothing.
    python: the sites are lines of Python, which together gain no more than all of them hold more.
    """
    rows = list(rows)
    candidates: List[Tuple[Key, Hashable, int]] = []
    gained: Dict[Hashable, int] = {}
    lost: Dict[Hashable, int] = {}
    hidden = 0
    for key, function, series in rows:
        growth = growth_of_series(series)
        if growth.bytes_per_iteration > 0:
            candidates.append((key, function, growth.bytes_per_iteration))
        hidden = max(hidden, growth.hidden_per_iteration)
        if series and series[0] != 0:
            loss = growth_of_series([-value for value in series]).bytes_per_iteration
            lost[function] = lost.get(function, 0) + loss
    found = sum(gain for _, _, gain in candidates)
    together = _rise_together([sum(column) for column in zip(*(series for _, _, series in rows))]) if found else 0
    if python and found > together + len(candidates) + found // _SLIGHT:  # each was rounded up
        candidates = [(key, function, math.ceil(gain * together / found)) for key, function, gain in candidates]
        candidates = [candidate for candidate in candidates if candidate[2] > 0]
    for _, function, gain in candidates:
        gained[function] = gained.get(function, 0) + gain
    growing = []
    for key, function, bytes_per_iteration in candidates:
        net = gained[function] - lost.get(function, 0)
        if net > 0:
            growing.append((key, math.ceil(bytes_per_iteration * net / gained[function])))
    return growing, hidden + 1
