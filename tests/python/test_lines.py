"""Lines from line tables, against the interpreter's own: every instruction of many modules of the library."""

import dis
import random
import sys
import unittest
from pathlib import Path

from heapgate.lines import line_of

VERSION = sys.version_info[:2]
MODULES = ("asyncio/base_events", "dataclasses", "inspect")
LONG = "def f():\n    a = 1\n" + "\n" * 400 + "    b = 2\n    return (a\n" + "\n" * 200 + "     + b)\n" + "x = [" + "f(),\n" * 300 + "]\n"


def table_of(code):
    return code.co_linetable if VERSION >= (3, 10) else code.co_lnotab


def codes_in(code):
    yield code
    for one in code.co_consts:
        if hasattr(one, "co_code"):
            yield from codes_in(one)


def lines_of(code):
    """(offset, line) of each instruction, as the interpreter says."""
    if VERSION >= (3, 10):
        for start, end, line in code.co_lines():
            for offset in range(start, end, 2):
                yield offset, line or 0
        return
    starts = dict(dis.findlinestarts(code))
    line = code.co_firstlineno
    for offset in range(0, len(code.co_code), 2):
        line = starts.get(offset, line)
        yield offset, line


class TestLines(unittest.TestCase):
    def check(self, source, name):
        checked = 0
        for code in codes_in(compile(source, name, "exec")):
            table = table_of(code)
            for offset, line in lines_of(code):
                found = line_of(VERSION, table, code.co_firstlineno, offset)
                if found != line:
                    self.fail(f"{name}: {code.co_name} at {offset}: line {line}, found {found}")
                checked += 1
        return checked

    def test_every_instruction_of_the_library_has_its_line(self):
        library = Path(dis.__file__).parent
        sources = [(library / f"{module}.py") for module in MODULES]
        checked = sum(self.check(path.read_text(encoding="utf-8"), str(path)) for path in sources if path.exists())
        self.assertGreater(checked, 10000)

    def test_long_jumps_forward_and_back_have_their_lines(self):
        self.assertGreater(self.check(LONG, "<long>"), 300)

    def test_bytes_that_are_no_table_give_a_line_and_no_error(self):
        chance = random.Random(4)
        for version in ((3, 9), (3, 10), (3, 11), (3, 13)):
            for length in range(40):
                table = bytes(chance.randrange(256) for _ in range(length))
                for offset in (0, 2, 50, 1 << 27):
                    self.assertGreaterEqual(line_of(version, table, 7, offset), 0)


if __name__ == "__main__":
    unittest.main()
