"""The growth rule: what a workflow leaves behind in every pass, told from saw-teeth, caches and doubling lists.

It is heapgate's own (harness/model/growth.c, which docs/verdicts.md explains) for live bytes alone: numbers of blocks and
ages, by which a scenario is judged besides, are not looked at here. The numbers of the rule are the same by construction
(growth_rule.py is made of C's when heapgate is built); test vectors hold what is done with them together. A series has the
live bytes at the end of the last pass before counting and at the end of each counted pass.
"""

from __future__ import annotations

import math
from typing import Collection, Dict, Hashable, Iterable, List, NamedTuple, Sequence, Tuple, TypeVar

from .growth_rule import (
    DOUBTFUL,
    DOUBTFUL_RISES,
    LEAST_FACTOR,
    LONGEST_GAP,
    NONE,
    ONE_IN,
    QUARTERS,
    SLIGHT,
    STEADY,
    SURE,
    SURE_RISES,
    TAKEN_OVER,
)

Key = TypeVar("Key", bound=Hashable)


class Growth(NamedTuple):
    """evidence: NONE, DOUBTFUL or SURE; bytes_per_iteration: at least 1 where there is evidence, else 0."""

    evidence: int
    bytes_per_iteration: int


def _floor(series: Sequence[int]) -> List[int]:
    floor = list(series)
    for i in range(len(floor) - 2, -1, -1):
        floor[i] = min(floor[i], floor[i + 1])
    return floor


def _rises_between(floor: Sequence[int], first: int, after: int) -> int:
    return sum(floor[i] > floor[i - 1] for i in range(first, after))


def _rises_in_every_quarter(floor: Sequence[int], one_in: int) -> bool:
    counted = len(floor) - 1
    for quarter in range(QUARTERS):
        first = 1 + counted * quarter // QUARTERS
        after = 1 + counted * (quarter + 1) // QUARTERS
        rises = _rises_between(floor, first, after)
        if rises == 0 or (one_in > 0 and rises * one_in < after - first):
            return False
    return True


def _rises_by_a_factor(floor: Sequence[int]) -> bool:
    rises = [b - a for a, b in zip(floor, floor[1:]) if b > a]
    if any(rise < last * LEAST_FACTOR for last, rise in zip(rises, rises[1:])):
        return False
    return 3 * len(rises) <= 2 * (len(floor) - 1)


def _fades(floor: Sequence[int]) -> bool:
    points = len(floor)
    half, last = points // 2, points - 1 - (points - 1) // QUARTERS
    if _rises_between(floor, last, points) >= STEADY * (points - last):
        return False
    early, late = _rises_between(floor, 1, half + 1), _rises_between(floor, half + 1, points)
    return 3 * (floor[-1] - floor[half]) < floor[half] - floor[0] or 3 * late < early


def _longest_gap(floor: Sequence[int]) -> int:
    rises = [0, *(i for i in range(1, len(floor)) if floor[i] > floor[i - 1]), len(floor)]
    return max(b - a for a, b in zip(rises, rises[1:]))


def growth_of_series(series: Sequence[int]) -> Growth:
    """Whether one series grows; one of fewer than 5 points never does."""
    points = len(series)
    if points < QUARTERS + 1:
        return Growth(NONE, 0)
    floor = _floor(series)
    rises = _rises_between(floor, 1, points)
    if rises == 0 or _rises_by_a_factor(floor) or _fades(floor):
        return Growth(NONE, 0)
    steady = floor == list(series)
    each = (floor[-1] - floor[0] + points - 2) // (points - 1)
    if _rises_in_every_quarter(floor, ONE_IN) or (
        steady and rises >= SURE_RISES and _rises_in_every_quarter(floor, 0)
    ):
        return Growth(SURE, each)
    if steady and rises >= DOUBTFUL_RISES and _longest_gap(floor) <= LONGEST_GAP * (points - 1) + 1:
        return Growth(DOUBTFUL, each)
    return Growth(NONE, 0)


def bound_of_series(series: Sequence[int], least: int = 1) -> int:
    """The smallest leak in every pass that would surely be called besides; at least `least`."""
    certain = max([a - b for a, b in zip(series, series[1:])] + [0]) + 1
    leak = max(least, 1)
    while leak < certain and growth_of_series([v + leak * i for i, v in enumerate(series)]).evidence != SURE:
        leak = min(leak * 2, certain)
    return leak


def _rise_together(sums: Sequence[int], leak: int = 0) -> int:
    """What all lines of Python can have gained, in bytes per iteration: the interpreter passes freed memory on from one
    to another unseen, so no more than their sum rose by, and nothing unless it rose in every quarter."""
    counted = len(sums) - 1
    rises = [max(b - a + leak, 0) for a, b in zip(sums, sums[1:])]
    quarters = {i * QUARTERS // counted for i, rise in enumerate(rises) if rise > 0}
    return (sum(rises) + counted - 1) // counted if len(quarters) == QUARTERS else 0


class _Balance:
    """What the sites of one allocating function gain and lose."""

    def __init__(self) -> None:
        self.gained = self.lost = 0

    def taken_over(self, leak: int = 0) -> bool:
        return self.lost > 0 and self.gained + leak >= TAKEN_OVER * self.lost


def _loss_of(series: Sequence[int]) -> int:
    if not series or series[0] <= series[-1]:
        return 0
    found = growth_of_series([-value for value in series])
    return found.bytes_per_iteration if found.evidence == SURE else 0


def growth_of_rows(
    rows: Iterable[Tuple[Key, Hashable, Sequence[int]]], python: bool = True
) -> Tuple[List[Tuple[Key, int]], int]:
    """The rows that surely grow, each with its bytes per iteration, and the smallest leak that would have been called.

    rows: key, allocating function and series of each call site, all of one length. What the sites of one function
    steadily lose is set off against what they gain, where they gain as much: work that moves leaks nothing.
    python: the sites are lines of Python, which together gain no more than all of them hold more.
    """
    rows = list(rows)
    found: List[Tuple[Key, Hashable, Growth]] = []
    balances: Dict[Hashable, _Balance] = {}
    smallest = 1
    for key, function, series in rows:
        growth = growth_of_series(series)
        balance = balances.setdefault(function, _Balance())
        if growth.evidence != NONE:
            found.append((key, function, growth))
        else:
            smallest = bound_of_series(series, smallest)
        balance.lost += _loss_of(series)
    sums = [sum(column) for column in zip(*(series for _, _, series in rows))]
    total = sum(growth.bytes_per_iteration for _, _, growth in found)
    together = _rise_together(sums) if found else 0
    if python and total > together + len(found) + total // SLIGHT:  # each was rounded up
        limited = (math.ceil(growth.bytes_per_iteration * together / total) for _, _, growth in found)
        found = [(k, f, Growth(g.evidence, limit)) for (k, f, g), limit in zip(found, limited) if limit > 0]
    for _, function, growth in found:
        balances[function].gained += growth.bytes_per_iteration
    growing = []
    for key, function, growth in found:
        balance, rest = balances[function], growth.bytes_per_iteration
        if balance.taken_over():
            net = balance.gained - balance.lost
            rest = math.ceil(rest * net / balance.gained) if net > 0 else 0
        if rest > 0 and growth.evidence == SURE:
            growing.append((key, rest))
    return growing, _bound_of(smallest, balances.values(), sums if python else [])


def _bound_of(leak: int, balances: Collection[_Balance], sums: Sequence[int]) -> int:
    """What is called at every row may still be set off, or be beyond what lines of Python gain together."""
    last = 0
    while leak != last:
        last = leak
        for balance in balances:
            if balance.taken_over(leak) and balance.gained + leak <= balance.lost:
                leak = balance.lost - balance.gained + 1
        if len(sums) > 1 and _rise_together(sums, leak) == 0:
            leak *= 2
    return leak
