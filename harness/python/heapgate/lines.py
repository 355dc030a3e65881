"""Lines of code objects from their line tables: which line an instruction is of.

The tables have a form for each version: co_lnotab in 3.9, co_linetable in 3.10, the location table from 3.11 on
(Objects/lnotab_notes.txt, PEP 626, Objects/locations.md in CPython). The tables come out of the ledger, of code objects
that may be gone: bytes in, line out, nothing is trusted.
"""

from __future__ import annotations

from typing import Tuple


def _signed(byte: int) -> int:
    return byte - 256 if byte >= 128 else byte


def line_of(version: Tuple[int, int], table: bytes, first_line: int, offset: int) -> int:
    """The line of the instruction at this offset in bytes; 0 where the table gives it none.

    version: (3, 12), of the interpreter that made the table.
    """
    if version >= (3, 11):
        return _line_in_locations(table, first_line, offset)
    if version >= (3, 10):
        return _line_in_linetable(table, first_line, offset)
    return _line_in_lnotab(table, first_line, offset)


def _line_in_lnotab(table: bytes, first_line: int, offset: int) -> int:
    line, at = first_line, 0
    for i in range(0, len(table) - 1, 2):
        at += table[i]
        if at > offset:
            break
        line += _signed(table[i + 1])
    return max(line, 0)


def _line_in_linetable(table: bytes, first_line: int, offset: int) -> int:
    line, end = first_line, 0
    for i in range(0, len(table) - 1, 2):
        end += table[i]
        delta = _signed(table[i + 1])
        if delta != -128:
            line += delta
        if offset < end:
            return 0 if delta == -128 else max(line, 0)
    return 0


_NO_LINE, _LONG, _NO_COLUMNS, _ONE_LINE = 15, 14, 13, 10


def _line_in_locations(table: bytes, first_line: int, offset: int) -> int:
    line, end, i = first_line, 0, 0
    while i < len(table):
        code, units = table[i] >> 3 & 15, (table[i] & 7) + 1
        i += 1
        if code in (_LONG, _NO_COLUMNS):
            delta, i = _signed_varint(table, i)
            line += delta
        elif code >= _ONE_LINE and code != _NO_LINE:
            line += code - _ONE_LINE
        # The rest of an entry is columns; only the first byte of an entry has its top bit set.
        while i < len(table) and table[i] < 128:
            i += 1
        end += 2 * units
        if offset < end:
            return 0 if code == _NO_LINE else max(line, 0)
    return 0


def _signed_varint(table: bytes, i: int) -> Tuple[int, int]:
    value = shift = 0
    while i < len(table) and shift <= 30:
        value |= (table[i] & 63) << shift
        shift += 6
        i += 1
        if not table[i - 1] & 64:
            break
    return (-(value >> 1) if value & 1 else value >> 1), i
