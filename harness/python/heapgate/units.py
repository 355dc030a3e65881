"""Sizes as people write and read them; the same as in heapgate's scenarios and reports."""

from __future__ import annotations

import re
from typing import Union

_FACTORS = {"": 1, "B": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3, "TiB": 1024**4}
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?) *(B|KiB|MiB|GiB|TiB)?\Z")


def parse_bytes(size: Union[str, int]) -> int:
    """The bytes in "0 B", "48 B", "64 KiB", "1.5 MiB", "2 GiB" or a bare number; ValueError with one sentence."""
    if isinstance(size, int) and not isinstance(size, bool) and size >= 0:
        return size
    match = _SIZE.match(size) if isinstance(size, str) else None
    value = float(match.group(1)) * _FACTORS[match.group(2) or ""] if match else 9e18
    if value >= 9e18:
        raise ValueError(f"expected a size such as 0 B, 64 KiB, 1.5 MiB or 2 GiB, found {size!r}")
    return int(value + 0.5)


def format_bytes(size: int, signed: bool = False) -> str:
    """ "0 B", "48 B", "1.92 MiB": three significant figures above one KiB; signed: "+48 B"."""
    sign = "-" if size < 0 else "+" if signed and size > 0 else ""
    value = float(abs(size))
    units = ["B", "KiB", "MiB", "GiB", "TiB"]
    while value >= 1023.5 and len(units) > 1:
        value /= 1024
        del units[0]
    decimals = 0 if units[0] == "B" else 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{sign}{value:.{decimals}f} {units[0]}"
