"""Marks under Valgrind: heapgate.h's requests, from Python.

Valgrind recognises a sequence of instructions that does nothing on a bare processor. Pure Python has none, so one page
of memory gets them. Where that is not possible (another processor, a system that forbids such pages) a warning says so
once, and the shell's `heapgate mark NAME` remains. The words and formats are those of heapgate.h.
"""

from __future__ import annotations

import ctypes
import os
import platform
import time
import warnings
from functools import lru_cache
from typing import Callable, Optional

_RUNNING_ON_VALGRIND = 0x1001
_MONITOR_COMMAND = 0x1202
_PRINTF = 0x1403
_LEAK_CHECK = 0x4D430006
_COUNT_LEAKS = 0x4D430007

# mov %rdi,%rax; xor %edx,%edx; rolq $3,$13,$61,$51,%rdi; xchg %rbx,%rbx; mov %rdx,%rax; ret
_CODE = {"x86_64": bytes.fromhex("4889f8 31d2 48c1c703 48c1c70d 48c1c73d 48c1c733 4887db 4889d0 c3")}

_Words = ctypes.c_ulong * 6


@lru_cache(maxsize=None)
def _request_function() -> Optional[Callable[..., int]]:
    code = _CODE.get(platform.machine())
    if code is None:
        return None
    import mmap

    try:
        page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    except OSError:
        return None
    page.write(code)
    function = ctypes.PYFUNCTYPE(ctypes.c_ulong, ctypes.c_void_p)(
        ctypes.addressof(ctypes.c_char.from_buffer(page))
    )
    function.page = page  # type: ignore[attr-defined]
    return function


def _request(number: int, *words: int) -> int:
    function = _request_function()
    if function is None:
        return 0
    block = _Words(number, *words)
    return function(ctypes.addressof(block))


def mark(instrument: str, name: str) -> bool:
    """Marks this instant under "massif" or "memcheck". False where this process does not run under Valgrind."""
    if _request_function() is None:
        warnings.warn(f"heapgate: no mark can be set under {instrument} here; set it from outside: heapgate mark {name}")
        return False
    if not _request(_RUNNING_ON_VALGRIND):
        return False
    if instrument == "massif":
        _mark_massif(name)
    else:
        _mark_memcheck(name)
    return True


def _mark_massif(name: str) -> None:
    folder = os.environ.get("HEAPGATE_MARKS", "")
    if not folder:
        return
    _send_text(_MONITOR_COMMAND, "detailed_snapshot " + _mark_file(folder, name))


def _mark_file(folder: str, name: str) -> str:
    return "%s/mark.%d.%020d.%s" % (folder, os.getpid(), time.clock_gettime_ns(time.CLOCK_MONOTONIC), name)


def _mark_memcheck(name: str) -> None:
    _request(_LEAK_CHECK, 1)
    counts = (ctypes.c_ulong * 4)()  # leaked, dubious, reachable, suppressed
    size = ctypes.sizeof(ctypes.c_ulong)
    start = ctypes.addressof(counts)
    _request(_COUNT_LEAKS, *(start + i * size for i in range(4)))
    _send_text(_PRINTF, _mark_line(name, *counts))


def _mark_line(name: str, leaked: int, dubious: int, reachable: int, suppressed: int) -> str:
    return "heapgate-mark %s %d %d %d %d\n" % (name, leaked, dubious, reachable, suppressed)


def _send_text(request: int, text: str) -> None:
    line = ctypes.create_string_buffer(os.fsencode(text))
    no_arguments = (ctypes.c_ulong * 8)()  # a va_list that the text never looks into
    _request(request, ctypes.addressof(line), ctypes.addressof(no_arguments))
