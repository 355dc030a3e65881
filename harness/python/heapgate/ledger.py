"""The tracer's ledger, read inside the process that it is about.

The layouts are those of harness/guest/ledger.h, under its names: ledger_layout.py is made of it when heapgate is built.
Reading takes no lock: other threads may be in the middle of an event, by which numbers may then differ.
"""

from __future__ import annotations

import ctypes
import os
from typing import Any, Dict, Iterator, List, Optional, Tuple

from . import tracer
from .lines import line_of
from .snapshot import Frame, made

try:
    from .ledger_layout import (
        LEDGER_CODE_MASK,
        LEDGER_CODE_SHIFT,
        LEDGER_DEEPEST,
        LEDGER_FRAME_MASK,
        LEDGER_FRAME_PYTHON,
        LEDGER_FRAME_SHIFT,
        LEDGER_MAGIC,
        LEDGER_PYTHON_JIT,
        LEDGER_PYTHON_MISMATCH,
        LEDGER_PYTHON_NOT,
        LEDGER_PYTHON_ON,
        LEDGER_PYTHON_THREADED,
        LEDGER_PYTHON_UNKNOWN,
        LEDGER_SITE_HEAP,
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
    LEDGER_PYTHON_JIT: "the tracer cannot read the frames of a Python whose JIT is on",
}


_HELP = "use libheapgate.so and the heapgate module of one build"


class LedgerError(RuntimeError):
    """The ledger is not one that this module can read."""


class _Section:
    """Records of one kind, which may be longer than they are known here."""

    def __init__(self, header: LedgerHeader, tag: bytes, record: Any) -> None:
        rows = [row for row in header.directory[: header.sections] if row.tag == tag]
        size = rows[0].record_size if rows else 0
        if size < ctypes.sizeof(record) or size % ctypes.alignment(record) != 0:
            raise LedgerError(
                f"the tracer's ledger has {tag.decode()} of {size} bytes, this module needs {ctypes.sizeof(record)}; {_HELP}"
            )
        if rows[0].offset + rows[0].count * size > header.file_size:
            raise LedgerError(f"the {tag.decode()} of the tracer's ledger do not lie within it")
        self.start = ctypes.addressof(header) + rows[0].offset
        self.record, self.record_size, self.room = record, size, rows[0].count

    def __getitem__(self, number: int) -> Any:
        return self.record.from_address(self.start + number * self.record_size)


class Ledger:
    """The books of one process. Names of frames are kept: nodes and codes never change once they are there."""

    def __init__(self, address: int) -> None:
        self._address = address
        self.header = LedgerHeader.from_address(address)
        if self.header.magic != LEDGER_MAGIC or self.header.version != LEDGER_VERSION:
            raise LedgerError(
                f"the tracer's ledger has version {self.header.version}, this module reads {LEDGER_VERSION}; {_HELP}"
            )
        self._nodes = _Section(self.header, b"nodes", LedgerNode)
        self._sites = _Section(self.header, b"sites", LedgerSite)
        self._codes = _Section(self.header, b"codes", LedgerCode)
        self._texts = _Section(self.header, b"text", ctypes.c_char)
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
        return min(int(self.header.sites), self._sites.room)

    def sites(self) -> Iterator[Any]:
        """The records themselves, each a LedgerSite that goes on changing."""
        return map(self._sites.__getitem__, range(self.site_count()))

    def column(self, field: str) -> memoryview:
        """One 8-byte field of every call site, as a strided view that goes on changing: column("live_bytes")[site]."""
        size = self._sites.record_size
        whole = memoryview((ctypes.c_char * (self.site_count() * size)).from_address(self._sites.start))
        return whole.cast("B").cast("q")[getattr(LedgerSite, field).offset // 8 :: size // 8]

    def is_of_heap(self, site: int) -> bool:
        """Whether it allocates; what the program maps itself is booked by sites of another kind."""
        return bool(self._sites[site].kind == LEDGER_SITE_HEAP)

    def stack_of_site(self, site: int) -> Tuple[Frame, ...]:
        """Its frames of Python, innermost first; () where it has none."""
        return self.stack_of_node(self._sites[site].node)

    def stack_of_node(self, node: int) -> Tuple[Frame, ...]:
        """The frames of Python from this node outwards."""
        pending: List[Tuple[int, Optional[Frame]]] = []
        known: Tuple[Frame, ...] = ()
        while node != 0 and len(pending) < LEDGER_DEEPEST:
            if node in self._stacks:
                known = self._stacks[node]
                break
            if node >= min(self.header.nodes, self._nodes.room):
                break
            record = self._nodes[node]
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
            frame = self._frames[address] = self._resolve(
                address >> LEDGER_CODE_SHIFT & LEDGER_CODE_MASK, address & (1 << LEDGER_CODE_SHIFT) - 1
            )
        return frame

    def _resolve(self, number: int, offset: int) -> Frame:
        if not 0 < number < min(self.header.codes, self._codes.room):
            return made(Frame, "<unknown>", 0, "")
        code = self._codes[number]
        table = self._bytes(code.line_table_at, code.line_table_size)
        line = line_of(self._version, table, code.first_line, offset)
        return made(Frame, self._text(code.file_at), line, self._text(code.name_at))

    def _bytes(self, at: int, size: int) -> bytes:
        if at + size > min(self.header.text, self._texts.room):
            return b""
        return ctypes.string_at(self._texts.start + at, size)

    def _text(self, at: int) -> str:
        used = min(self.header.text, self._texts.room)
        if at >= used:
            return ""
        whole = (ctypes.c_char * (used - at)).from_address(self._texts.start + at)
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
