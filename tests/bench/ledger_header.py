"""ledger_header.py FILE...: what a saved ledger's header says of its tables: nodes, sites, stacks cut."""
import pathlib
import sys
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "build" / "python"))
from heapgate.ledger_layout import LEDGER_MAGIC, LEDGER_NODES, LEDGER_SITES, LedgerHeader  # pylint: disable=wrong-import-position

PACKED_AT = 16      # the head of a packed file: magic, and the size without packing
ENOUGH = 1 << 16


def header_of(path):
    """The header as the process left it; None: not a saved ledger that is known here."""
    with open(path, "rb") as file:
        start = file.read(ENOUGH)
    try:
        data = zlib.decompressobj().decompress(start[PACKED_AT:], ENOUGH)
    except zlib.error:
        data = start
    at = data.find(LEDGER_MAGIC.to_bytes(8, "little"))
    import ctypes

    if at < 0 or len(data) < at + ctypes.sizeof(LedgerHeader):
        return None
    return LedgerHeader.from_buffer_copy(data, at)


def largest(folder):
    """The header of the ledger with most call sites in a folder."""
    headers = [header for header in map(header_of, pathlib.Path(folder).glob("*.ledger")) if header is not None]
    return max(headers, key=lambda header: header.sites, default=None)


def lost(header):
    """Stacks and blocks that a full table cut or left without their place."""
    return sum(getattr(header, field) for field, _ in header._fields_ if field.startswith("full_"))


if __name__ == "__main__":
    for name in sys.argv[1:]:
        found = header_of(name)
        print(name, "unknown" if found is None else "nodes %d (%.2f %%), sites %d (%.2f %%), lost to full tables %d, truncated %d" % (
            found.nodes, 100 * found.nodes / LEDGER_NODES, found.sites, 100 * found.sites / LEDGER_SITES, lost(found),
            found.truncated_stacks))
