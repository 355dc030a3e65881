"""A function called again and again, sync or async: what `workflow`, the driver and the pytest plugin stand on."""

from __future__ import annotations

import gc
import sys
from typing import Any, Callable

# Python 3.13 has a new name for it.
_clear_caches: Callable[[], None] = getattr(sys, "_clear_internal_caches", None) or sys._clear_type_cache


def collect() -> None:
    """What a pass ends with: collects garbage, and empties the interpreter's cache of looked-up attributes.

    That cache keeps the names it was asked for, a new text each time where C code asks (every csv.writer, every open() of
    a text file): some hundred bytes a pass until its 4,096 places are taken, which looks like a leak and is none.
    """
    gc.collect()
    _clear_caches()


def check_passes(iterations: int, warmup: int) -> None:
    """ValueError with one sentence where these are not counts, or leave nothing to count."""
    for name, value in (("iterations", iterations), ("warmup", warmup)):
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise ValueError(f"{name}: expected a number from 0 on, found {value!r}")
    if iterations <= warmup:
        raise ValueError(f"{iterations} iterations less {warmup} of warm-up leave none to count; raise iterations")


class Passes:
    """Calls a function again and again. Coroutines run in one event loop that lives as long as this does, as in a
    process that goes on working; leaving the `with` block closes it as asyncio.run does.
    """

    def __init__(self, function: Callable[..., Any], *arguments: Any, **keywords: Any) -> None:
        if not callable(function):
            raise TypeError(f"expected a function to call, found {function!r}")
        self._function = function
        self._arguments = arguments
        self._keywords = keywords
        self._loop: Any = None

    def run_one(self) -> None:
        """One pass. What it returns is dropped, so that it is not taken for something that the program keeps."""
        result = self._function(*self._arguments, **self._keywords)
        if hasattr(type(result), "__await__"):
            self._complete(result)

    def _complete(self, awaitable: Any) -> None:
        import asyncio

        if self._loop is None:
            if asyncio._get_running_loop() is not None:
                awaitable.close()
                raise RuntimeError(
                    "an event loop is running already: await the function there, then call gc.collect() and "
                    'heapgate.mark("iteration")'
                )
            self._loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(_settle(awaitable))

    def __enter__(self) -> Passes:
        return self

    def __exit__(self, *_: object) -> None:
        if self._loop is None:
            return
        import asyncio

        loop, self._loop = self._loop, None
        try:
            _cancel_all(loop)
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())
        finally:
            asyncio.set_event_loop(None)
            loop.close()


async def _settle(awaitable: Any) -> None:
    await awaitable


def _cancel_all(loop: Any) -> None:
    import asyncio

    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
