"""Allocates in every way in which Python frames come about, and says where each object must be found: a line
"BLOCKS BYTES OFFSETS STACK" for each group, offsets of the innermost frame's instructions as ranges."""

import dis
import os
import sys
import threading

with open(__file__, encoding="utf-8") as source:
    LINES = source.read().splitlines()
expected = []
kept = []


def name_of(code):
    return getattr(code, "co_qualname", code.co_name)


def stack_of(frame):
    names = []
    while frame is not None:
        names.append(name_of(frame.f_code))
        frame = frame.f_back
    return "<".join(names)


def offsets_of(code, mark):
    """The instructions of the lines that end in this mark."""
    starts = list(dis.findlinestarts(code)) + [(len(code.co_code), None)]
    return ",".join(
        f"{start}-{end}"
        for (start, line), (end, _) in zip(starts, starts[1:])
        if line is not None and LINES[line - 1].endswith("# " + mark)
    )


def expect(objects, frame, mark):
    kept.append(objects)
    size = sum(sys.getsizeof(each) for each in objects)
    expected.append((len(objects), size, offsets_of(frame.f_code, mark), stack_of(frame)))


def leaf(count):
    objects = [None] * count
    for i in range(count):
        objects[i] = bytes(100)  # leaf
    expect(objects, sys._getframe(), "leaf")


def middle(count):
    leaf(count)


def plain():
    middle(1000)


def numbers(objects):
    for i in range(len(objects)):
        objects[i] = bytes(101)  # generator
        yield i
    expect(objects, sys._getframe(), "generator")


def delegate(objects):
    yield from numbers(objects)


def generator():
    for _ in delegate([None] * 300):
        pass


class Pause:
    def __await__(self):
        yield


async def inner(objects):
    for i in range(len(objects)):
        await Pause()
        objects[i] = bytes(102)  # coroutine
    expect(objects, sys._getframe(), "coroutine")


async def outer(objects):
    await inner(objects)


def coroutine():
    running = outer([None] * 200)
    try:
        while True:
            running.send(None)
    except StopIteration:
        pass


def in_thread():
    objects = [None] * 150
    for i in range(150):
        objects[i] = bytes(103)  # thread
    expect(objects, sys._getframe(), "thread")


def thread():
    running = threading.Thread(target=in_thread)
    running.start()
    running.join()


def down(depth):
    if depth > 0:
        return len(sorted([depth - 1], key=down) if depth % 2 else list(map(down, [depth - 1])))
    objects = [None] * 40
    for i in range(40):
        objects[i] = bytes(104)  # native
    expect(objects, sys._getframe(), "native")
    return 1


def through_native():
    down(6)


class Thing:
    def __init__(self, objects):
        for i in range(len(objects)):
            objects[i] = bytes(105)  # constructor
        expect(objects, sys._getframe(), "constructor")


def constructor():
    Thing([None] * 60)


def größe_ψ_𝔛():
    objects = [None] * 30
    for i in range(30):
        objects[i] = bytes(106)  # wide
    expect(objects, sys._getframe(), "wide")


def wide():
    größe_ψ_𝔛()


def resized():
    grown = []
    for _ in range(10000):
        grown.append(None)  # resized
    kept.append(grown)
    array = sys.getsizeof(grown) - sys.getsizeof([])
    expected.append((1, array, offsets_of(sys._getframe().f_code, "resized"), stack_of(sys._getframe())))


def made_again():
    """Code objects that come and go, one in the other's place."""
    for i in range(200):
        space = {}
        exec(compile(f"def made_{i}():\n    return bytes(1000)\n", "made", "exec"), space)
        kept.append(space[f"made_{i}"]())
        expected.append((1, sys.getsizeof(kept[-1]), "", f"made_{i}<" + stack_of(sys._getframe())))
        del space


def deep(depth):
    if depth > 0:
        deep(depth - 1)
        return
    objects = [None] * 10
    for i in range(10):
        objects[i] = bytes(107)  # deep
    expect(objects, sys._getframe(), "deep")


def raised():
    sys.setrecursionlimit(6000)
    try:
        deep(1 << 20)
    except RecursionError:
        pass


for case in (plain, generator, coroutine, thread, through_native, constructor, wide, resized, made_again):
    case()
deep(60)
if "recursion" in sys.argv:
    raised()
small = [i * 1.5 for i in range(100000)]  # some arenas
for blocks, size, offsets, stack in expected:
    print(blocks, size, offsets or "-", stack)
sys.stdout.flush()
if "fork" in sys.argv:
    child = os.fork()
    if child == 0:
        expected.clear()
        middle(77)
        print(*expected[0][:2], expected[0][2], expected[0][3])
        sys.stdout.flush()
        os._exit(0)
    os.waitpid(child, 0)
os._exit(0)
