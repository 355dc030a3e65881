"""See prove-python-frames.py. Prints how often it allocated by which frames."""

import collections
import functools
import random
import sys
import threading

seen = collections.Counter()
lock = threading.Lock()


def note(frame, times=1):
    """The caller's frames: its own name; of those around it name and instruction."""
    stack = []
    while frame is not None:
        code = frame.f_code
        at = max(frame.f_lasti, 0) if stack else "-"
        stack.append(f"{getattr(code, 'co_qualname', code.co_name)}@{at}")
        frame = frame.f_back
    with lock:
        seen[tuple(stack)] += times


def allocate(times):
    for _ in range(times):
        bytes(10000)
    note(sys._getframe(), times)


def end(walk, depth):
    allocate(256)


def call(walk, depth):
    go(walk, depth)


def keyword(walk, *, depth):
    go(walk, depth=depth)


def by_keyword(walk, depth):
    keyword(walk, depth=depth)


def by_sorted(walk, depth):
    sorted([depth], key=lambda depth: go(walk, depth) or 0)


def by_map(walk, depth):
    for _ in map(functools.partial(go, walk), [depth, depth]):
        pass


def by_list(walk, depth):
    [go(walk, depth) for _ in range(2)]


def by_expression(walk, depth):
    any(go(walk, depth) for _ in range(2))


def steps(walk, depth):
    bytes(10000)
    note(sys._getframe())
    yield 1
    go(walk, depth)
    yield 2
    bytes(10000)
    note(sys._getframe())


def delegated(walk, depth):
    yield from steps(walk, depth)


def by_generator(walk, depth):
    for _ in delegated(walk, depth):
        pass


class Awaited:
    def __init__(self, walk, depth):
        self.walk, self.depth = walk, depth

    def __await__(self):
        yield
        go(self.walk, self.depth)


async def coroutine(walk, depth):
    await Awaited(walk, depth)


async def nested(walk, depth):
    await coroutine(walk, depth)


def by_coroutine(walk, depth):
    running = nested(walk, depth)
    try:
        while True:
            running.send(None)
    except StopIteration:
        pass


class Thing:
    def __init__(self, walk, depth):
        go(walk, depth)

    @property
    def value(self):
        bytes(10000)
        note(sys._getframe())
        return 0

    def __del__(self):
        bytes(10000)
        note(sys._getframe())


def by_object(walk, depth):
    Thing(walk, depth).value


def by_exec(walk, depth):
    name = f"made_{walk.randrange(50)}"
    space = {"go": go, "walk": walk, "depth": depth, "note": note, "sys": sys}
    source = f"def {name}():\n    bytes(10000)\n    note(sys._getframe())\n    go(walk, depth)\n{name}()\n"
    exec(compile(source, "made", "exec"), space)


def by_exception(walk, depth):
    try:
        raise ValueError(depth)
    except ValueError:
        go(walk, depth)
    finally:
        bytes(10000)
        note(sys._getframe())


def by_cell(walk, depth):
    def inner():
        return go(walk, depth)

    inner()


ways = [call, by_keyword, by_sorted, by_map, by_list, by_expression, by_generator, by_coroutine, by_object, by_exec,
        by_exception, by_cell, end]


def go(walk, depth):
    if depth == 0:
        end(walk, depth)
    else:
        walk.choice(ways)(walk, depth - 1)


def work(seed, count):
    walk = random.Random(seed)
    while sum(seen.values()) < count:
        for _ in range(200):
            go(walk, walk.randrange(1, 9))


def main(count):
    threads = [threading.Thread(target=work, args=(seed, count)) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    work(3, count)
    for thread in threads:
        thread.join()


main(int(sys.argv[1]))
for stack, times in seen.items():
    print(times, *stack)
