"""Marks: named instants of a program that heapgate watches. The same ones as those of heapgate.h.

"iteration" ends a pass of the workflow, "end" says where "retained" is measured; other names are yours. Under the heap
instrument a mark is a call of the tracer, under massif and memcheck a request to Valgrind. Elsewhere it does nothing.
"""

from __future__ import annotations

import os
from types import TracebackType
from typing import Any, Callable, Optional, Type

from . import tracer  # first: what follows is known to be the module's own
from .passes import Passes, check_passes, collect

_NAME_LENGTH = 64
_NAME_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")
_VALGRIND = ("massif", "memcheck")


def plain_name(name: str) -> str:
    """The name as it will stand in results: at most 64 of [A-Za-z0-9_.-], everything else becomes "_"."""
    if not isinstance(name, str) or not name:
        raise ValueError(f"expected the name of a mark, such as opened or end, found {name!r}")
    return "".join(c if c in _NAME_LETTERS else "_" for c in name[:_NAME_LENGTH])


def mark(name: str) -> None:
    """Marks this instant. Garbage is not collected; `workflow` does that, or call gc.collect() before."""
    plain = plain_name(name)
    instrument = os.environ.get("HEAPGATE_INSTRUMENT")
    if instrument in _VALGRIND:
        from . import valgrind

        if valgrind.mark(instrument, plain):
            return
    function = tracer.mark_function()
    if function is not None:
        function(plain.encode("ascii"))


class iteration:
    """One pass of the workflow: `with heapgate.iteration(): ...` sets the mark "iteration" when the block ends.

    A block that is left by an exception is no pass, and not marked. Without a block, at the end of a pass,
    `heapgate.iteration()` sets the mark at once, as heapgate_iteration() in C does.
    """

    __slots__ = ("_entered",)

    def __init__(self) -> None:
        self._entered = False

    def __enter__(self) -> None:
        self._entered = True

    def __del__(self) -> None:
        # A plain call: nobody holds what it gave, so this runs before the next statement.
        if not self._entered:
            mark("iteration")

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        if kind is None:
            mark("iteration")


def workflow(function: Callable[[], Any], iterations: int = 20, warmup: int = 3) -> None:
    """Runs a workflow as heapgate counts it, and marks it.

    function: called without arguments; may be async, all passes then run in one event loop. iterations: passes in all.
    warmup: of these, the first that do not count; give the scenario the same two numbers (`workflow: {warmup: 3,
    iterations: 20}`). After each pass garbage is collected and "iteration" marked, after the last one "end".

    Not inside a running event loop: there, await your function, call gc.collect() and mark("iteration") yourself.
    """
    check_passes(iterations, warmup)
    with Passes(function) as passes:
        for _ in range(iterations):
            passes.run_one()
            collect()
            mark("iteration")
        collect()
        mark("end")
