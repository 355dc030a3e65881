"""The tracer in this process, if there is one: libheapgate.so's functions, found among what is loaded.

heapgate preloads libheapgate.so into the programs that it watches. What it exports is looked up in the process itself;
nothing is opened. The interpreter's lock is held during a call, so that no other thread of Python runs meanwhile.
"""

from __future__ import annotations

import ctypes
import os
from functools import lru_cache
from typing import Any, Callable, Optional


@lru_cache(maxsize=None)
def _function(name: str, result: Any, *arguments: Any) -> Optional[Callable[..., Any]]:
    try:
        function = getattr(ctypes.PyDLL(None), name)
    except (OSError, AttributeError):
        return None
    function.restype = result
    function.argtypes = arguments
    return function  # type: ignore[no-any-return]


def tell_folder() -> None:
    """What this module allocates is in no figure: the tracer knows its code by its folder, from now on."""
    function = _function("heapgate_tracer_own", None, ctypes.c_char_p)
    if function is not None:
        function(os.fsencode(os.path.dirname(__file__)))


def mark_function() -> Optional[Callable[[bytes], None]]:
    """heapgate_tracer_mark, or None where no tracer is loaded."""
    return _function("heapgate_tracer_mark", None, ctypes.c_char_p)


def ledger_address() -> int:
    """Where this process's ledger is mapped; 0 where nothing traces. Another one after a fork."""
    function = _function("heapgate_tracer_ledger", ctypes.c_void_p)
    return (function() or 0) if function is not None else 0


def open_window() -> int:
    """Opens a window: a peak of its own, counted from now. Its number; 0 where nothing traces."""
    function = _function("heapgate_tracer_window", ctypes.c_uint32, ctypes.c_int)
    return int(function(1)) if function is not None else 0


def close_window() -> None:
    """Closes the window that is open, if one is."""
    function = _function("heapgate_tracer_window", ctypes.c_uint32, ctypes.c_int)
    if function is not None:
        function(0)


tell_folder()
