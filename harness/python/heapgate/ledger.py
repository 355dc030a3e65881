"""The tracer's ledger, read inside the process that it is about.

The layouts are those of harness/guest/ledger.h, in its order and under its names; a test compares every offset. Reading
takes no lock: other threads may be in the middle of an event, by which numbers may then differ.
"""

from __future__ import annotations

import ctypes
import os
from typing import Any, Dict, List, Optional, Tuple

from . import tracer
from .lines import line_of
from .snapshot import Frame, made

LEDGER_MAGIC = 0x315244474C504748
LEDGER_VERSION = 5
LEDGER_NODES = 1 << 27
LEDGER_SITES = 1 << 27
LEDGER_MODULES = 1 << 12
LEDGER_MARKS = 65535
LEDGER_END_RECORDS = 1 << 24
LEDGER_CHANGES = 1 << 26
LEDGER_CODES = 1 << 18
LEDGER_TEXT = 1 << 28
LEDGER_DEEPEST = 512

LEDGER_FRAME_SHIFT = 60
LEDGER_FRAME_MASK = 7
LEDGER_FRAME_PYTHON = 1

LEDGER_PYTHON_NOT = 0
LEDGER_PYTHON_ON = 1
LEDGER_PYTHON_UNKNOWN = 2
LEDGER_PYTHON_THREADED = 3
LEDGER_PYTHON_MISMATCH = 4
LEDGER_PYTHON_HIDDEN = 5

_u32, _i32, _u64, _i64 = ctypes.c_uint32, ctypes.c_int32, ctypes.c_uint64, ctypes.c_int64


class LedgerNode(ctypes.Structure):
    _fields_ = [("address", _u64), ("parent", _u32), ("flags", _u32)]


class LedgerCode(ctypes.Structure):
    _fields_ = [
        ("address", _u64),
        ("name_at", _u32),
        ("file_at", _u32),
        ("line_table_at", _u32),
        ("line_table_size", _u32),
        ("first_line", _i32),
        ("padding", _u32 * 9),
    ]


class LedgerSite(ctypes.Structure):
    _fields_ = [
        ("node", _u32),
        ("peak_blocks", _u32),
        ("temporary_blocks", _u64),
        ("live_bytes", _i64),
        ("live_blocks", _i64),
        ("total_bytes", _u64),
        ("total_blocks", _u64),
        ("peak_number", _u64),
        ("peak_bytes", _i64),
        ("window_number", _u64),
        ("window_bytes", _i64),
        ("marked_bytes", _i64),
        ("kind", _u32),
        ("mapped_site", _u32),
        ("oldest_freed", _u32),
        ("marked_oldest", _u32),
        ("marked_blocks", _u32),
        ("padding", _u32 * 5),
    ]


class LedgerModule(ctypes.Structure):
    _fields_ = [
        ("start", _u64),
        ("end", _u64),
        ("bias", _u64),
        ("loaded_at", _u64),
        ("unloaded_at", _u64),
        ("build_id_size", _u32),
        ("build_id", ctypes.c_uint8 * 44),
        ("path", ctypes.c_char * 424),
    ]


class LedgerMark(ctypes.Structure):
    _fields_ = [
        ("time_ns", _u64),
        ("live_bytes", _i64),
        ("iteration", _u64),
        ("name", ctypes.c_char * 64),
        ("padding", _u64),
    ]


class LedgerEndRecord(ctypes.Structure):
    _fields_ = [("site", _u32), ("birth", _u32), ("bytes", _i64), ("blocks", _i64)]


class LedgerChange(ctypes.Structure):
    _fields_ = [("mark", _u32), ("site", _u32), ("live_bytes", _i64), ("live_blocks", _u32), ("oldest_freed", _u32)]


class LedgerHeader(ctypes.Structure):
    _fields_ = [
        ("magic", _u64),
        ("version", _u32),
        ("header_size", _u32),
        ("file_size", _u64),
        ("pid", _u32),
        ("parent_pid", _u32),
        ("forked", _u32),
        ("off_reason", _u32),
        ("started_ns", _u64),
        ("ended_ns", _u64),
        ("cut_stack_unwinder", _u32),
        ("page_size", _u32),
        ("executable", ctypes.c_char * 1024),
        ("command", ctypes.c_char * 4096),
        ("command_size", _u32),
        ("_to_counters", ctypes.c_char * 60),
        ("nodes", _u32),
        ("sites", _u32),
        ("modules", _u32),
        ("chunks", _u32),
        ("marks", _u32),
        ("end_mark", _u32),
        ("end_records", _u32),
        ("changes", _u32),
        ("codes", _u32),
        ("text", _u32),
        ("_to_live", ctypes.c_char * 24),
        ("live_bytes", _i64),
        ("peak_bytes", _i64),
        ("_to_mapped", ctypes.c_char * 48),
        ("mapped_bytes", _i64),
        ("peak_mapped_bytes", _i64),
        ("end_live_bytes", _i64),
        ("end_live_blocks", _i64),
        ("unknown_frees", _u64),
        ("unseen_frees", _u64),
        ("truncated_stacks", _u64),
        ("deep_stacks", _u64),
        ("full_nodes", _u64),
        ("full_sites", _u64),
        ("full_chunks", _u64),
        ("full_marks", _u64),
        ("full_end_records", _u64),
        ("full_modules", _u64),
        ("full_changes", _u64),
        ("outside", _u64),
        ("full_codes", _u64),
        ("full_text", _u64),
        ("python_state", _u32),
        ("python_version", _u32),
        ("python_unread", _u64),
        ("sample_bytes", _u64),
        ("window", _u32),
        ("windows", _u32),
        ("window_live_bytes", _i64),
        ("window_peak_bytes", _i64),
        ("own_bytes", _i64),
        ("file_bytes", _i64),
        ("peak_file_bytes", _i64),
        ("end_mapped_bytes", _i64),
        ("end_mappings", _i64),
        ("page_tables", _u32),
        ("_to_full_pages", ctypes.c_char * 4),
        ("full_pages", _u64),
        ("pool_crowded", _u64),
        ("program", ctypes.c_char * 64),
        ("_audits", ctypes.c_char * (2 * 48)),
        ("audit_kind", _u32),
        ("named_marks", _u32),
        ("iterations", _u64),
        ("_to_end", ctypes.c_char * 16),
    ]


def _align(size: int) -> int:
    return (size + 4095) & ~4095


def _after(start: int, record: Any, count: int) -> int:
    return start + _align(ctypes.sizeof(record) * count)


LEDGER_NODES_AT = _align(ctypes.sizeof(LedgerHeader))
LEDGER_SITES_AT = _after(LEDGER_NODES_AT, LedgerNode, LEDGER_NODES)
LEDGER_MODULES_AT = _after(LEDGER_SITES_AT, LedgerSite, LEDGER_SITES)
LEDGER_MARKS_AT = _after(LEDGER_MODULES_AT, LedgerModule, LEDGER_MODULES)
LEDGER_END_AT = _after(LEDGER_MARKS_AT, LedgerMark, LEDGER_MARKS)
LEDGER_CHANGES_AT = _after(LEDGER_END_AT, LedgerEndRecord, LEDGER_END_RECORDS)
LEDGER_CODES_AT = _after(LEDGER_CHANGES_AT, LedgerChange, LEDGER_CHANGES)
LEDGER_TEXT_AT = _after(LEDGER_CODES_AT, LedgerCode, LEDGER_CODES)

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
        return bool(record.kind == 0)

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
