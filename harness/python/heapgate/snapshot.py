"""Snapshots of what is allocated, by the stacks of Python that allocated it: grouped, filtered, compared, stored."""

from __future__ import annotations

import fnmatch
import json
import os
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Sequence, Tuple, Type, TypeVar, Union

_FORMAT = "heapgate-snapshot"
_VERSION = 1
_LONGEST_LINE = 1 << 20
_LARGEST = 1 << 62
_MOST_FRAMES = 1 << 22
_DEEPEST = 4096

GROUPS = ("line", "file", "traceback")
NATIVE = "<native>"  # the file of what no frame of Python called for


Made = TypeVar("Made", bound=Tuple[Any, ...])


def made(kind: Type[Made], *values: Any) -> Made:
    """A named tuple, made without the generated code of its class, which would stand as "<string>" in our stacks."""
    return tuple.__new__(kind, values)


class SnapshotError(ValueError):
    """A stored snapshot cannot be read; the message says which line and why."""


class Frame(NamedTuple):
    """One frame of a stack. line: 0 where unknown or where a group leaves it out; function: "" likewise."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place} in {self.function}" if self.function else place


Stack = Tuple[Frame, ...]  # innermost first


class Trace(NamedTuple):
    """What one stack holds."""

    stack: Stack
    size: int  # bytes
    count: int  # type: ignore[assignment]  # blocks


class Statistic(NamedTuple):
    """What one group holds. stack: of one frame for "line" and "file"."""

    stack: Stack
    size: int
    count: int  # type: ignore[assignment]  # blocks

    def __str__(self) -> str:
        return f"{self.stack[0]}: {self.size} B in {self.count} blocks"


class Difference(NamedTuple):
    """What one group holds now, and how much more than before."""

    stack: Stack
    size: int
    size_diff: int
    count: int  # type: ignore[assignment]  # blocks
    count_diff: int

    def __str__(self) -> str:
        return f"{self.stack[0]}: {self.size} B ({self.size_diff:+d} B) in {self.count} ({self.count_diff:+d}) blocks"


class Filter(NamedTuple):
    """Which stacks to look at, as tracemalloc.Filter does.

    inclusive: True keeps what matches, False leaves it out. A stack is looked at if it matches one of the inclusive
    filters (or there is none) and none of the exclusive. filename_pattern: of fnmatch. all_frames: any frame may match,
    not the innermost alone.
    """

    inclusive: bool
    filename_pattern: str
    line: int = 0  # 0: every line
    all_frames: bool = False

    def matches(self, stack: Stack) -> bool:
        """Whether the pattern is met, inclusive or not."""
        frames = stack if self.all_frames else stack[:1]
        return any(
            fnmatch.fnmatch(frame.file, self.filename_pattern) and self.line in (0, frame.line) for frame in frames
        )


def _key(stack: Stack, group_by: str) -> Stack:
    innermost = stack[0]
    if group_by == "line":
        return (innermost,)
    if group_by == "file":
        return (made(Frame, innermost.file, 0, ""),)
    return stack


class Snapshot:
    """What was allocated at one instant.

    label: yours. source: "heapgate" (the tracer's books: everything since the process began) or "tracemalloc" (what was
    allocated since it was started). time: seconds since 1970. rss: resident bytes. traces: one for each stack.
    """

    def __init__(self, label: str, source: str, time: float, rss: int, traces: Iterable[Trace]) -> None:
        self.label = label
        self.source = source
        self.time = time
        self.rss = rss
        self.traces: Tuple[Trace, ...] = tuple(traces)

    def size(self) -> int:
        """Bytes of all traces."""
        return sum(trace.size for trace in self.traces)

    def filter_traces(self, filters: Sequence[Filter]) -> Snapshot:
        """A snapshot of the stacks that these filters let through."""
        inclusive = [one for one in filters if one.inclusive]
        exclusive = [one for one in filters if not one.inclusive]
        kept = (
            trace
            for trace in self.traces
            if (not inclusive or any(one.matches(trace.stack) for one in inclusive))
            and not any(one.matches(trace.stack) for one in exclusive)
        )
        return Snapshot(self.label, self.source, self.time, self.rss, kept)

    def _groups(self, group_by: str) -> Dict[Stack, Tuple[int, int]]:
        if group_by not in GROUPS:
            raise ValueError(f"group_by: expected one of {', '.join(GROUPS)}, found {group_by!r}")
        groups: Dict[Stack, Tuple[int, int]] = {}
        for stack, size, count in self.traces:
            key = _key(stack, group_by)
            before = groups.get(key, (0, 0))
            groups[key] = (before[0] + size, before[1] + count)
        return groups

    def statistics(self, group_by: str = "line") -> List[Statistic]:
        """What each line, file or traceback holds, most first."""
        found = [made(Statistic, key, size, count) for key, (size, count) in self._groups(group_by).items()]
        return sorted(found, key=lambda one: (-one.size, -one.count, one.stack))

    def compare_to(self, older: Snapshot, group_by: str = "line") -> List[Difference]:
        """What each group holds more than in `older`, largest change first; what did not change is left out."""
        now, before = self._groups(group_by), older._groups(group_by)
        found = []
        for key in now.keys() | before.keys():
            size, count = now.get(key, (0, 0))
            old_size, old_count = before.get(key, (0, 0))
            if (size, count) != (old_size, old_count):
                found.append(made(Difference, key, size, size - old_size, count, count - old_count))
        return sorted(found, key=lambda one: (-abs(one.size_diff), -abs(one.count_diff), one.stack))

    def save(self, path: Union[str, os.PathLike[str]]) -> None:
        """Stores it as lines of JSON: a head, a line for each frame, a line for each stack. Whole or not at all."""
        numbers: Dict[Frame, int] = {}
        for trace in self.traces:
            for frame in trace.stack:
                numbers.setdefault(frame, len(numbers))
        head = {
            "format": _FORMAT,
            "version": _VERSION,
            "label": self.label,
            "source": self.source,
            "time": self.time,
            "rss": self.rss,
            "frames": len(numbers),
            "traces": len(self.traces),
        }
        temporary = f"{os.fspath(path)}.{os.getpid()}.part"
        try:
            with open(temporary, "w", encoding="utf-8") as stream:
                for line in _lines(head, numbers, self.traces):
                    stream.write(json.dumps(line) + "\n")
            os.replace(temporary, path)
        except BaseException:
            if os.path.exists(temporary):
                os.unlink(temporary)
            raise

    @classmethod
    def load(cls, path: Union[str, os.PathLike[str]]) -> Snapshot:
        """Reads a stored one. Nothing in the file is trusted or executed; SnapshotError names the line."""
        with open(path, "rb") as stream:
            return _Reader(os.fspath(path), stream).snapshot()


def _lines(head: Dict[str, Any], frames: Dict[Frame, int], traces: Sequence[Trace]) -> Iterator[Any]:
    yield head
    for frame in frames:
        yield list(frame)
    for trace in traces:
        yield [trace.size, trace.count, [frames[frame] for frame in trace.stack]]


class _Reader:
    def __init__(self, name: str, stream: Any) -> None:
        self._name = name
        self._stream = stream
        self._line = 0

    def _fail(self, expected: str) -> SnapshotError:
        return SnapshotError(f"{self._name}:{self._line}: expected {expected}; take the snapshot anew")

    def _next(self, expected: str) -> Any:
        self._line += 1
        raw = self._stream.readline(_LONGEST_LINE)
        if not raw.endswith(b"\n"):
            raise self._fail(f"{expected}, found the end of the file" if len(raw) < _LONGEST_LINE else "a shorter line")
        try:
            return json.loads(raw)
        except (ValueError, RecursionError):
            raise self._fail(f"{expected}, found no JSON") from None

    def _number(self, value: Any, most: int, what: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
            raise self._fail(f"{what} from 0 to {most}")
        return value

    def _text(self, value: Any, what: str) -> str:
        if not isinstance(value, str):
            raise self._fail(f"{what} as text")
        return value

    def _frame(self) -> Frame:
        value = self._next("a frame")
        if not isinstance(value, list) or len(value) != 3:
            raise self._fail("a frame of file, line and function")
        file, line = self._text(value[0], "a file"), self._number(value[1], 1 << 31, "a line")
        return made(Frame, file, line, self._text(value[2], "a function"))

    def _trace(self, frames: Sequence[Frame]) -> Trace:
        value = self._next("a trace")
        if not isinstance(value, list) or len(value) != 3 or not isinstance(value[2], list):
            raise self._fail("a trace of bytes, blocks and frames")
        if not 0 < len(value[2]) <= _DEEPEST:
            raise self._fail(f"1 to {_DEEPEST} frames in a trace")
        stack = tuple(frames[self._number(one, len(frames) - 1, "the number of a frame")] for one in value[2])
        size, count = self._number(value[0], _LARGEST, "bytes"), self._number(value[1], _LARGEST, "blocks")
        return made(Trace, stack, size, count)

    def snapshot(self) -> Snapshot:
        head = self._next("the head of a snapshot")
        if not isinstance(head, dict) or head.get("format") != _FORMAT:
            raise self._fail(f'the head of a snapshot with "format": "{_FORMAT}"')
        if head.get("version") != _VERSION:
            raise self._fail(f"version {_VERSION} of the format")
        time = head.get("time")
        if not isinstance(time, (int, float)) or isinstance(time, bool) or not abs(time) < 1e15:
            raise self._fail("a time in seconds")
        label, source = self._text(head.get("label"), "a label"), self._text(head.get("source"), "a source")
        rss = self._number(head.get("rss"), _LARGEST, "resident bytes")
        n_frames = self._number(head.get("frames"), _MOST_FRAMES, "a number of frames")
        n_traces = self._number(head.get("traces"), _MOST_FRAMES, "a number of traces")
        frames = [self._frame() for _ in range(n_frames)]
        traces = [self._trace(frames) for _ in range(n_traces)]
        self._line += 1
        if self._stream.read(1):
            raise self._fail("the end of the file")
        return Snapshot(label, source, float(time), rss, traces)
