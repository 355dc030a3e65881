"""Writes what an interpreter says of the lines of this file's own functions, one code object a line:

    HEXVERSION FIRST_LINE LINE_TABLE_IN_HEX LINE,LINE,...

with one line number for each two bytes of code, 0 where there is none. Run by each version to make
vectors.txt anew: for p in python3.9 python3.10 ...; do $p vectors.py; done > vectors.txt
"""

import dis
import sys
import types


def plain(a, b):
    total = a + b
    for i in range(3):
        total += (
            i
            * a
        )
    return total


def handlers(path):
    try:
        with open(path) as f:
            return [line for line in f if line]
    except (OSError, ValueError) as e:
        raise RuntimeError(
            "no"
        ) from e
    finally:
        path = None


async def waits(x):
    async for y in x:
        yield await y, {
            "key": y,
            "other": [z async for z in y],
        }


class Holder:
    attribute = [lambda: 1,

                 lambda: 2]

    def method(self): return self; 1


FAR = compile("def far(a):\n" + "\n" * 300 + "    b = a\n" + "\n" * 5000 + "    return (b,\n" + "\n" * 200 +
              "  a)\n", "far.py", "exec")
LONG = compile("x = [\n" + "  1 + y,\n" * 400 + "]\n", "long.py", "exec")
BACK = compile("for a in (\n b,\n c): d(\n\n\n e,\n f)\n", "back.py", "exec")


def codes(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from codes(constant)


def lines_of(code):
    lines = [0] * (len(code.co_code) // 2)
    if hasattr(code, "co_lines"):
        for start, end, line in code.co_lines():
            for i in range(start // 2, end // 2):
                lines[i] = line or 0
        return lines
    starts = dict(dis.findlinestarts(code))
    line = code.co_firstlineno
    for i in range(len(lines)):
        lines[i] = line = starts.get(2 * i, line)
    return lines


with open(__file__) as source:
    THIS = compile(source.read(), "vectors.py", "exec")
for top in (THIS, FAR, LONG, BACK):
    for code in codes(top):
        table = code.co_linetable if sys.version_info >= (3, 10) else code.co_lnotab
        print("%x %d %s %s" % (sys.hexversion, code.co_firstlineno, table.hex() or "-",
                               ",".join(map(str, lines_of(code)))))
