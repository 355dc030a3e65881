"""Snapshots: grouping, filters, comparing, and files that nobody can trust."""

import json
import os
import tempfile
import unittest

from heapgate import Filter, Frame, Snapshot, SnapshotError
from heapgate.snapshot import Trace

A = Frame("/app/jobs.py", 10, "run")
B = Frame("/app/jobs.py", 20, "build")
C = Frame("/lib/json/decoder.py", 5, "decode")


def snapshot(*traces, label=""):
    return Snapshot(label, "heapgate", 12.5, 4096, [Trace(*one) for one in traces])


class TestSnapshot(unittest.TestCase):
    def setUp(self):
        self.one = snapshot(((B, A), 100, 2), ((C, A), 300, 3), ((A,), 50, 1))

    def test_lines_files_and_tracebacks_are_summed(self):
        self.assertEqual(self.one.size(), 450)
        self.assertEqual([(s.stack, s.size, s.count) for s in self.one.statistics("line")], [((C,), 300, 3), ((B,), 100, 2), ((A,), 50, 1)])
        by_file = [(s.stack[0].file, s.size, s.count) for s in self.one.statistics("file")]
        self.assertEqual(by_file, [(C.file, 300, 3), (A.file, 150, 3)])
        self.assertEqual(self.one.statistics("traceback")[0].stack, (C, A))
        with self.assertRaisesRegex(ValueError, "expected one of line, file, traceback, found 'function'"):
            self.one.statistics("function")

    def test_filters_keep_and_leave_out(self):
        def sizes(*filters):
            return [trace.size for trace in self.one.filter_traces(filters).traces]

        self.assertEqual(sizes(Filter(True, "/app/*")), [100, 50])
        self.assertEqual(sizes(Filter(False, "*/json/*")), [100, 50])
        self.assertEqual(sizes(Filter(True, "/app/*", line=20)), [100])
        self.assertEqual(sizes(Filter(True, "/app/*", all_frames=True)), [100, 300, 50])
        self.assertEqual(sizes(Filter(True, "/app/*"), Filter(False, "*", line=10)), [100])
        self.assertEqual(sizes(), [100, 300, 50])

    def test_comparing_shows_what_changed_largest_first(self):
        later = snapshot(((B, A), 180, 3), ((A,), 50, 1))
        changes = later.compare_to(self.one)
        self.assertEqual(
            [(c.stack, c.size, c.size_diff, c.count, c.count_diff) for c in changes],
            [((C,), 0, -300, 0, -3), ((B,), 180, 80, 3, 1)],
        )
        self.assertEqual(str(changes[1]), "/app/jobs.py:20 in build: 180 B (+80 B) in 3 (+1) blocks")


class TestStored(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="heapgate-test-")
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "one.jsonl")

    def test_what_was_saved_is_loaded(self):
        saved = snapshot(((B, A), 100, 2), ((Frame("näme\n.py", 0, ""),), 0, 0), label="before \u2028 lunch")
        saved.save(self.path)
        loaded = Snapshot.load(self.path)
        self.assertEqual(loaded.traces, saved.traces)
        self.assertEqual((loaded.label, loaded.source, loaded.time, loaded.rss), (saved.label, "heapgate", 12.5, 4096))
        self.assertEqual(os.listdir(os.path.dirname(self.path)), ["one.jsonl"])

    def test_what_cannot_be_saved_leaves_nothing(self):
        with self.assertRaises(TypeError):
            snapshot(label=object()).save(self.path)
        self.assertEqual([name for name in os.listdir(os.path.dirname(self.path)) if name.endswith(".part")], [])

    def refused(self, expected, *lines, raw=None):
        text = raw if raw is not None else "".join(json.dumps(line) + "\n" for line in lines).encode()
        with open(self.path, "wb") as stream:
            stream.write(text)
        with self.assertRaisesRegex(SnapshotError, expected):
            Snapshot.load(self.path)

    def test_every_damage_is_told_with_its_line(self):
        head = {"format": "heapgate-snapshot", "version": 1, "label": "", "source": "", "time": 0, "rss": 0, "frames": 1, "traces": 1}
        frame, trace = ["a.py", 1, "f"], [10, 1, [0]]
        self.refused(":1: expected the head of a snapshot, found the end", raw=b"")
        self.refused(":1: expected the head of a snapshot, found no JSON", raw=b"\x80\x04pickle\n")
        self.refused(":1: .*found no JSON", raw=b"[" * 100000 + b"\n")
        self.refused(":1: expected a shorter line", raw=b"[" * (1 << 20) + b"\n")
        self.refused(":1: expected the head", [])
        self.refused(":1: expected version 1", {**head, "version": 2})
        self.refused(":1: expected a time", {**head, "time": float("inf")})
        self.refused(":1: expected resident bytes from 0", {**head, "rss": -1})
        self.refused(":1: expected a number of frames", {**head, "frames": 1 << 40})
        self.refused(":1: expected a label as text", {**head, "label": None})
        self.refused(":2: expected a frame, found the end", head)
        self.refused(":2: expected a frame of file, line and function", head, ["a.py", 1])
        self.refused(":2: expected a line from 0", head, ["a.py", True, "f"])
        self.refused(":2: expected a file as text", head, [None, 1, "f"])
        self.refused(":3: expected a trace of bytes, blocks and frames", head, frame, {})
        self.refused(":3: expected 1 to 4096 frames", head, frame, [10, 1, []])
        self.refused(":3: expected the number of a frame from 0 to 0", head, frame, [10, 1, [1]])
        self.refused(":3: expected the number of a frame", head, frame, [10, 1, [-1]])
        self.refused(":3: expected bytes from 0", head, frame, [1.5, 1, [0]])
        self.refused(":4: expected the end of the file", head, frame, trace, trace)


if __name__ == "__main__":
    unittest.main()
