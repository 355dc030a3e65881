"""MemoryProfiler on tracemalloc, and what the kernel says."""

import os
import tempfile
import tracemalloc
import unittest

from heapgate import Filter, MemoryProfiler
from heapgate import process


def allocate(count):
    return [bytes(1000) for _ in range(count)]


class TestProfiler(unittest.TestCase):
    def test_the_line_that_allocated_is_named(self):
        profiler = MemoryProfiler()
        profiler.start(nframe=5)
        profiler.take_snapshot("before")
        kept = allocate(100)
        profiler.take_snapshot("after")
        change = profiler.compare_last(top_n=1)[0]
        traceback = profiler.compare_last(top_n=1, group_by="traceback")[0]
        profiler.stop()
        self.assertEqual(len(kept), 100)
        self.assertEqual(profiler.source, "tracemalloc")
        self.assertEqual((change.stack[0].file, change.stack[0].line), (__file__, allocate.__code__.co_firstlineno + 1))
        self.assertGreaterEqual(change.size_diff, 100000)
        self.assertLess(change.size_diff, 110000)
        self.assertEqual(len(traceback.stack), 5)

    def test_filters_hold_for_every_snapshot(self):
        with MemoryProfiler(filters=[Filter(False, "*/test_profiler.py")]) as profiler:
            kept = allocate(10)
            files = {frame.stack[0].file for frame in profiler.take_snapshot().statistics("file")}
        self.assertEqual(len(kept), 10)
        self.assertNotIn(__file__, files)

    def test_tracemalloc_is_left_as_it_was_found(self):
        with MemoryProfiler():
            self.assertTrue(tracemalloc.is_tracing())
        self.assertFalse(tracemalloc.is_tracing())
        tracemalloc.start(3)
        try:
            with MemoryProfiler() as profiler:
                profiler.take_snapshot()
            self.assertTrue(tracemalloc.is_tracing())
        finally:
            tracemalloc.stop()

    def test_what_the_profiler_itself_holds_is_left_out(self):
        package = os.path.dirname(process.__file__)
        with MemoryProfiler() as profiler:
            for _ in range(3):
                snapshot = profiler.take_snapshot()
        self.assertFalse([one for one in snapshot.statistics("file") if one.stack[0].file.startswith(package)])

    def test_the_trend_has_start_snapshots_and_stop(self):
        profiler = MemoryProfiler()
        profiler.start()
        profiler.take_snapshot()
        profiler.stop()
        trend = profiler.get_trend()
        self.assertEqual(len(trend), 3)
        self.assertTrue(all(rss > 1 << 20 for _, rss in trend))
        self.assertEqual([time for time, _ in trend], sorted(time for time, _ in trend))

    def test_calls_in_the_wrong_order_say_what_to_do(self):
        profiler = MemoryProfiler()
        with self.assertRaisesRegex(RuntimeError, "call start"):
            profiler.take_snapshot()
        with self.assertRaisesRegex(ValueError, "nframe: expected a number from 1"):
            profiler.start(nframe=0)
        with profiler:
            with self.assertRaisesRegex(RuntimeError, "running already"):
                profiler.start()
            profiler.take_snapshot()
            with self.assertRaisesRegex(RuntimeError, "two snapshots, 1 taken"):
                profiler.compare_last()
        profiler.stop()


class TestProcess(unittest.TestCase):
    def test_resident_unique_and_limit_are_in_order(self):
        self.assertGreater(process.rss_bytes(), 1 << 20)
        self.assertLessEqual(process.uss_bytes(), process.rss_bytes() * 2)
        self.assertGreater(process.limit_bytes(), process.rss_bytes())

    def limit_of(self, groups, **limits):
        with tempfile.TemporaryDirectory(prefix="heapgate-test-") as root:
            listed = os.path.join(root, "cgroup")
            with open(listed, "w", encoding="ascii") as stream:
                stream.write(groups)
            for path, text in limits.items():
                place = os.path.join(root, path.replace("__", "/").replace("memory_max", "memory.max"))
                os.makedirs(os.path.dirname(place), exist_ok=True)
                with open(place, "w", encoding="ascii") as stream:
                    stream.write(text)
            return process.cgroup_limit_bytes(listed, root)

    def test_the_least_limit_of_the_groups_above_counts(self):
        self.assertEqual(self.limit_of("0::/a/b\n", a__b__memory_max="max\n", a__memory_max="5000\n", memory_max="9000\n"), 5000)
        self.assertIsNone(self.limit_of("0::/a\n", a__memory_max="max\n"))
        self.assertIsNone(self.limit_of("0::/\n"))
        self.assertIsNone(self.limit_of("nonsense\n"))

    def test_groups_of_version_1_are_read(self):
        self.assertEqual(self.limit_of("4:memory:/a\n", memory__a__memory__limit="1"), None)
        with tempfile.TemporaryDirectory(prefix="heapgate-test-") as root:
            os.makedirs(os.path.join(root, "memory", "a"))
            for folder, limit in (("memory", 9223372036854771712), ("memory/a", 7000)):
                with open(os.path.join(root, folder, "memory.limit_in_bytes"), "w", encoding="ascii") as stream:
                    stream.write(f"{limit}\n")
            listed = os.path.join(root, "cgroup")
            with open(listed, "w", encoding="ascii") as stream:
                stream.write("3:cpu,memory:/a\n")
            self.assertEqual(process.cgroup_limit_bytes(listed, root), 7000)

    def test_a_group_outside_of_what_is_mounted_ends(self):
        for path in ("/../..", "//", "/../../x", ""):
            self.assertIsNone(self.limit_of(f"0::{path}\n"))


if __name__ == "__main__":
    unittest.main()
