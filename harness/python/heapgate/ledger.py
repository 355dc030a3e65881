"""The tracer's ledger, read inside the process that it is about.

The layouts are those of harness/guest/ledger.h, under its names: ledger_layout.py is made of it when heapgate is built.
Reading takes no lock: other threads may be in the middle of an event, by which numbers may then differ.
"""

from __future__ import annotations

import ctypes
import os
from typing import Any, Dict, List, Optional, Tuple

from . import tracer
from .lines import line_of
from .snapshot import Frame, made

try:
    from .ledger_layout import (
        LEDGER_CODES,
        LEDGER_CODES_AT,
        LEDGER_DEEPEST,
        LEDGER_FRAME_MASK,
        LEDGER_FRAME_PYTHON,
        LEDGER_FRAME_SHIFT,
        LEDGER_MAGIC,
        LEDGER_NODES,
        LEDGER_NODES_AT,
        LEDGER_PYTHON_MISMATCH,
        LEDGER_PYTHON_NOT,
        LEDGER_PYTHON_ON,
        LEDGER_PYTHON_THREADED,
        LEDGER_PYTHON_UNKNOWN,
        LEDGER_SITE_HEAP,
        LEDGER_SITES,
        LEDGER_SITES_AT,
        LEDGER_TEXT,
        LEDGER_TEXT_AT,
        LEDGER_VERSION,
        LedgerCode,
        LedgerHeader,
        LedgerNode,
        LedgerSite,
    )
except ModuleNotFoundError as missing:
    raise ImportError(
        "heapgate's module for Python is made whole by make, in build/python; this is its source alone"
    ) from missing

_REASONS = {
    LEDGER_PYTHON_NOT: "the tracer has seen no Python interpreter",
    LEDGER_PYTHON_UNKNOWN: "the tracer does not know the frames of this version of Python",
    LEDGER_PYTHON_THREADED: "the tracer cannot read the frames of a Python without the global lock",
    LEDGER_PYTHON_MISMATCH: "the tracer's check of this Python's frames failed",
}


class LedgerError(RuntimeError):
    """The ledger is not one that this module can read."""


class Ledger:
    """The books of one process. Names of frames are kept: nodes and codes never change once they are there."""

    def __init__(self, address: int) -> None:
        self._address = address
        self.header = LedgerHeader.from_address(address)
        if self.header.magic != LEDGER_MAGIC or self.header.version != LEDGER_VERSION:
            raise LedgerError(
                f"the tracer's ledger has version {self.header.version}, this module reads {LEDGER_VERSION}; "
                "use libheapgate.so and the heapgate module of one build"
            )
        version = self.header.python_version
        self._version = (version >> 24 & 255, version >> 16 & 255)
        self._frames: Dict[int, Frame] = {}
        self._stacks: Dict[int, Tuple[Frame, ...]] = {}

    @property
    def address(self) -> int:
        """Where it is mapped."""
        return self._address

    def python_problem(self) -> Optional[str]:
        """Why there are no frames of Python in its stacks; None where there are."""
        if self.header.python_state == LEDGER_PYTHON_ON:
            return None
        return _REASONS.get(self.header.python_state, "the tracer does not say what became of Python's frames")

    def site_count(self) -> int:
        """Call sites used so far; number 0 is none, number 1 those whose stack is not known."""
        return min(int(self.header.sites), LEDGER_SITES)

    def sites(self) -> Any:
        """The records themselves, an array of LedgerSite that goes on changing."""
        return (LedgerSite * self.site_count()).from_address(self._address + LEDGER_SITES_AT)

    def column(self, field: str) -> memoryview:
        """One 8-byte field of every call site, as a strided view that goes on changing: column("live_bytes")[site]."""
        whole = memoryview(self.sites()).cast("B").cast("q")
        return whole[getattr(LedgerSite, field).offset // 8 :: ctypes.sizeof(LedgerSite) // 8]

    def is_of_heap(self, site: int) -> bool:
        """Whether it allocates; what the program maps itself is booked by sites of another kind."""
        record = LedgerSite.from_address(self._address + LEDGER_SITES_AT + site * ctypes.sizeof(LedgerSite))
        return bool(record.kind == LEDGER_SITE_HEAP)

    def stack_of_site(self, site: int) -> Tuple[Frame, ...]:
        """Its frames of Python, innermost first; () where it has none."""
        record = LedgerSite.from_address(self._address + LEDGER_SITES_AT + site * ctypes.sizeof(LedgerSite))
        return self.stack_of_node(record.node)

    def stack_of_node(self, node: int) -> Tuple[Frame, ...]:
        """The frames of Python from this node outwards."""
        pending: List[Tuple[int, Optional[Frame]]] = []
        known: Tuple[Frame, ...] = ()
        while node != 0 and len(pending) < LEDGER_DEEPEST:
            if node in self._stacks:
                known = self._stacks[node]
                break
            if node >= min(self.header.nodes, LEDGER_NODES):
                break
            record = LedgerNode.from_address(self._address + LEDGER_NODES_AT + node * ctypes.sizeof(LedgerNode))
            pending.append((node, self._frame(record.address)))
            node = record.parent
        for number, frame in reversed(pending):
            known = known if frame is None else (frame, *known)
            self._stacks[number] = known
        return known

    def _frame(self, address: int) -> Optional[Frame]:
        if address >> LEDGER_FRAME_SHIFT & LEDGER_FRAME_MASK != LEDGER_FRAME_PYTHON:
            return None
        frame = self._frames.get(address)
        if frame is None:
            frame = self._frames[address] = self._resolve(address >> 28 & 0xFFFFF, address & 0xFFFFFFF)
        return frame

    def _resolve(self, number: int, offset: int) -> Frame:
        if not 0 < number < min(self.header.codes, LEDGER_CODES):
            return made(Frame, "<unknown>", 0, "")
        code = LedgerCode.from_address(self._address + LEDGER_CODES_AT + number * ctypes.sizeof(LedgerCode))
        table = self._bytes(code.line_table_at, code.line_table_size)
        line = line_of(self._version, table, code.first_line, offset)
        return made(Frame, self._text(code.file_at), line, self._text(code.name_at))

    def _bytes(self, at: int, size: int) -> bytes:
        if at + size > min(self.header.text, LEDGER_TEXT):
            return b""
        return ctypes.string_at(self._address + LEDGER_TEXT_AT + at, size)

    def _text(self, at: int) -> str:
        used = min(self.header.text, LEDGER_TEXT)
        if at >= used:
            return ""
        whole = (ctypes.c_char * (used - at)).from_address(self._address + LEDGER_TEXT_AT + at)
        return bytes(whole.value).decode("utf-8", "replace")


_current: List[Ledger] = []


def current() -> Optional[Ledger]:
    """The ledger of this process; None where nothing traces. LedgerError where it is of another version."""
    address = tracer.ledger_address()
    if not address:
        return None
    if not _current or _current[0].address != address or _current[0].header.pid != os.getpid():
        _current[:] = [Ledger(address)]
    return _current[0]
