"""The ledger's reader, on a ledger made here: nodes, codes, texts, and what is not to be trusted."""

import ctypes
import mmap
import os
import sys
import unittest
from unittest import mock

from heapgate import ledger as ledgers
from heapgate import ledger_layout as layout
from heapgate.gauge import cut_stack
from heapgate.ledger import Ledger, LedgerError
from heapgate.ledger_layout import LedgerCode, LedgerHeader, LedgerNode, LedgerSection, LedgerSite
from heapgate.profiler import MemoryProfiler, is_own
from heapgate.snapshot import Frame


# What the ledger is made of, each with a place and a size of its own: records are longer than those that are known.
SECTIONS = {
    "nodes": (LedgerNode, ctypes.sizeof(LedgerNode) + 8),
    "annexes": (LedgerHeader, 1000),
    "text": (ctypes.c_char, 1),
    "sites": (LedgerSite, ctypes.sizeof(LedgerSite) + 64),
    "codes": (LedgerCode, ctypes.sizeof(LedgerCode) + 16),
}
SIZES = dict(SECTIONS.values())
AT = {record: 65536 + (number << 20) for number, record in enumerate(SIZES)}
END = 65536 + (len(SECTIONS) << 20)


class MadeLedger:
    """A ledger in pages of its own. Only those that are touched exist."""

    def __init__(self):
        self.pages = mmap.mmap(-1, END, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000)
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self.pages))
        self.header = LedgerHeader.from_address(self.address)
        self.header.magic = layout.LEDGER_MAGIC
        self.header.version = layout.LEDGER_VERSION
        self.header.file_size = END
        for number, (tag, (record, size)) in enumerate(SECTIONS.items()):
            count = (1 << 20) // size
            self.header.directory[number] = LedgerSection(tag.encode(), AT[record], count, size)
        self.header.sections = len(SECTIONS)
        self.header.pid = os.getpid()
        self.header.python_state = layout.LEDGER_PYTHON_ON
        self.header.python_version = sys.hexversion
        self.header.nodes = self.header.sites = self.header.codes = self.header.text = 1

    def at(self, record, number):
        return record.from_address(self.address + AT[record] + number * SIZES[record])

    def bytes(self, data):
        start = self.header.text
        ctypes.memmove(self.address + AT[ctypes.c_char] + start, data, len(data))
        self.header.text += len(data)
        return start

    def code(self, code):
        one = self.at(LedgerCode, self.header.codes)
        table = code.co_linetable if sys.version_info >= (3, 10) else code.co_lnotab
        one.name_at = self.bytes(code.co_name.encode() + b"\0")
        one.file_at = self.bytes(code.co_filename.encode() + b"\0")
        one.line_table_at, one.line_table_size = self.bytes(table), len(table)
        one.first_line = code.co_firstlineno
        self.header.codes += 1
        return self.header.codes - 1

    def node(self, parent, code=0, offset=0):
        one = self.at(LedgerNode, self.header.nodes)
        one.address = layout.LEDGER_FRAME_PYTHON << 60 | code << 28 | offset if code else 0x7F0012345678
        one.parent = parent
        self.header.nodes += 1
        return self.header.nodes - 1

    def site(self, node, live_bytes, live_blocks=1):
        one = self.at(LedgerSite, self.header.sites)
        one.node, one.live_bytes, one.live_blocks = node, live_bytes, live_blocks
        self.header.sites += 1
        return self.header.sites - 1


def outer():
    return inner()


def inner():
    return None


class TestLedger(unittest.TestCase):
    def setUp(self):
        self.made = MadeLedger()
        self.outer = self.made.node(0, self.made.code(outer.__code__), 0)
        self.native = self.made.node(self.outer)
        self.inner = self.made.node(self.native, self.made.code(inner.__code__), len(inner.__code__.co_code) - 2)

    def test_frames_have_file_line_and_function_innermost_first(self):
        stack = Ledger(self.made.address).stack_of_node(self.inner)
        first = inner.__code__.co_firstlineno
        self.assertEqual(stack[0], Frame(__file__, first + 1, "inner"))
        self.assertEqual((stack[1].file, stack[1].function), (__file__, "outer"))
        self.assertEqual(len(stack), 2)

    def test_a_stack_without_python_has_no_frames(self):
        book = Ledger(self.made.address)
        self.assertEqual(book.stack_of_node(self.made.node(self.made.node(0))), ())
        self.assertEqual(book.stack_of_node(0), ())

    def test_a_column_shows_what_sites_hold_now(self):
        first = self.made.site(self.inner, 100)
        second = self.made.site(self.outer, 200)
        column = Ledger(self.made.address).column("live_bytes")
        self.assertEqual((column[first], column[second], len(column)), (100, 200, 3))
        self.made.at(LedgerSite, second).live_bytes = 300
        self.assertEqual(column[second], 300)

    def test_another_version_is_refused_by_a_sentence(self):
        self.made.header.version = layout.LEDGER_VERSION + 1
        with self.assertRaisesRegex(LedgerError, "use libheapgate.so and the heapgate module of one build"):
            Ledger(self.made.address)

    def test_records_that_are_too_short_are_refused_by_a_sentence(self):
        for row, (tag, (record, size)) in zip(self.made.header.directory, SECTIONS.items()):
            row.record_size = ctypes.sizeof(record) - 1
            if tag != "annexes":
                with self.assertRaisesRegex(LedgerError, f"has {tag} of .* needs .*heapgate module of one build"):
                    Ledger(self.made.address)
            row.record_size = size

    def test_a_section_that_is_missing_or_outside_is_refused(self):
        self.made.header.directory[2].offset = END
        with self.assertRaisesRegex(LedgerError, "do not lie within it"):
            Ledger(self.made.address)
        self.made.header.directory[2].tag = b"other"
        with self.assertRaisesRegex(LedgerError, "has text of 0 bytes, this module needs 1"):
            Ledger(self.made.address)

    def test_numbers_beyond_their_tables_are_no_frames(self):
        book = Ledger(self.made.address)
        self.assertEqual(book.stack_of_node(1 << 30), ())
        self.assertEqual(book.stack_of_node(self.made.node(0, 900)), (Frame("<unknown>", 0, ""),))
        code = self.made.at(LedgerCode, 1)
        code.line_table_size, code.file_at = 1 << 31, 1 << 31
        self.assertEqual(Ledger(self.made.address).stack_of_node(self.outer)[0].file, "")

    def test_a_circle_of_nodes_ends(self):
        self.made.at(LedgerNode, self.outer).parent = self.inner
        self.assertLessEqual(len(Ledger(self.made.address).stack_of_node(self.inner)), layout.LEDGER_DEEPEST)

    def test_frames_that_are_off_have_a_reason(self):
        book = Ledger(self.made.address)
        self.assertIsNone(book.python_problem())
        for state in (0, 2, 3, 4, 99):
            self.made.header.python_state = state
            self.assertIn("the tracer", book.python_problem())

    def test_the_profiler_reads_it(self):
        self.made.site(self.inner, 100)
        self.made.site(self.outer, 50, 2)
        self.made.site(self.made.node(0), 7)
        with mock.patch.object(ledgers.tracer, "ledger_address", lambda: self.made.address):
            with MemoryProfiler() as profiler:
                self.assertEqual(profiler.source, "heapgate")
                found = {one.stack[0].function: (one.size, one.count) for one in profiler.take_snapshot().statistics()}
        self.assertEqual(found, {"inner": (100, 1), "outer": (50, 2), "": (7, 1)})

    def test_what_this_module_allocated_is_known_as_its_own(self):
        own = Frame(ledgers.__file__, 1, "f")
        other = Frame("/app/job.py", 2, "g")
        self.assertTrue(is_own((own, other)))
        self.assertFalse(is_own((other, own)))
        self.assertFalse(is_own(()))
        self.assertEqual(cut_stack((other, own, other)), (other,))


if __name__ == "__main__":
    unittest.main()
