"""Marks and passes, where nothing traces."""

import asyncio
import gc
import subprocess
import sys
import tracemalloc
import unittest
import weakref
from unittest import mock

import heapgate
from heapgate import marks
from heapgate.passes import Passes, collect

from support import PACKAGE


class TestCollect(unittest.TestCase):
    def test_names_in_the_interpreters_caches_are_no_growth(self):
        # Each open() of a text asks for attributes by names made anew, which the cache of methods would keep (not in 3.9).
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        held = []
        for _ in range(3):
            texts = []
            for number in range(300):
                with open(__file__, encoding="utf-8"):
                    texts.append("so that the next one lies elsewhere: %d" % number)
            del texts
            collect()
            held.append(tracemalloc.get_traced_memory()[0])
        self.assertLess(held[2] - held[0], 400)


class Recorded(unittest.TestCase):
    def setUp(self):
        self.names = []
        patch = mock.patch.object(marks.tracer, "mark_function", lambda: self.names.append)
        patch.start()
        self.addCleanup(patch.stop)


class TestMarks(Recorded):
    def test_a_mark_reaches_the_tracer_under_its_plain_name(self):
        heapgate.mark("opened")
        heapgate.mark("file näme/2")
        heapgate.mark("x" * 80)
        self.assertEqual(self.names, [b"opened", b"file_n_me_2", b"x" * 64])

    def test_what_is_no_name_is_refused_though_nothing_traces(self):
        for wrong in ("", None, 3, b"end"):
            with self.assertRaisesRegex(ValueError, "expected the name of a mark"):
                heapgate.mark(wrong)

    def test_an_iteration_is_marked_when_its_block_ends(self):
        with heapgate.iteration():
            self.assertEqual(self.names, [])
        self.assertEqual(self.names, [b"iteration"])

    def test_a_plain_call_marks_at_once(self):
        heapgate.iteration()
        self.assertEqual(self.names, [b"iteration"])

    def test_a_block_left_by_an_exception_is_no_iteration(self):
        with self.assertRaises(KeyError):
            with heapgate.iteration():
                raise KeyError
        self.assertEqual(self.names, [])

    def test_without_a_tracer_a_mark_does_nothing(self):
        with mock.patch.object(marks.tracer, "mark_function", lambda: None):
            heapgate.mark("end")

    def test_marks_alone_import_little_besides_ctypes(self):
        code = ("import sys, ctypes; known = set(sys.modules); import heapgate; heapgate.mark('a'); "
                "print(sorted(set(sys.modules) - known))")
        env = {"PYTHONPATH": PACKAGE, "PYTHONDONTWRITEBYTECODE": "1"}
        loaded = subprocess.run([sys.executable, "-S", "-c", code], env=env, stdout=subprocess.PIPE, check=True).stdout.decode()
        for heavy in ("'asyncio'", "'tracemalloc'", "'json'", "'logging'", "'threading'", "heapgate.profiler"):
            self.assertNotIn(heavy, loaded)


class TestWorkflow(Recorded):
    def test_every_pass_is_marked_and_then_the_end(self):
        calls = []
        heapgate.workflow(lambda: calls.append(len(self.names)), iterations=5, warmup=2)
        self.assertEqual(calls, [0, 1, 2, 3, 4])
        self.assertEqual(self.names, [b"iteration"] * 5 + [b"end"])

    def test_garbage_is_collected_before_each_mark(self):
        class Knot:
            pass

        alive = []

        def work():
            knot = Knot()
            knot.self = knot
            alive.append(weakref.ref(knot))

        seen = []
        with mock.patch.object(marks, "mark", lambda name: seen.append(sum(ref() is not None for ref in alive))):
            gc.disable()
            try:
                heapgate.workflow(work, iterations=4, warmup=0)
            finally:
                gc.enable()
        self.assertEqual(seen, [0] * 5)

    def test_a_result_is_not_kept_until_the_mark(self):
        class Result:
            pass

        made = []

        def work():
            result = Result()
            made.append(weakref.ref(result))
            return result

        kept = []
        with mock.patch.object(marks, "mark", lambda name: kept.append(made[-1]() is not None)):
            heapgate.workflow(work, iterations=2, warmup=0)
        self.assertEqual(kept, [False] * 3)

    def test_coroutines_run_in_one_loop(self):
        loops = []

        async def work():
            await asyncio.sleep(0)
            loops.append(asyncio.get_running_loop())

        heapgate.workflow(work, iterations=3, warmup=1)
        self.assertEqual(len(loops), 3)
        self.assertEqual(len(set(map(id, loops))), 1)
        self.assertTrue(loops[0].is_closed())

    def test_tasks_that_are_left_are_cancelled_at_the_end(self):
        ended = []

        async def forever():
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                ended.append(True)
                raise

        async def work():
            asyncio.ensure_future(forever())
            await asyncio.sleep(0)

        with Passes(work) as passes:
            passes.run_one()
            self.assertEqual(ended, [])
        self.assertEqual(ended, [True])

    def test_inside_a_running_loop_it_says_what_to_do(self):
        async def work():
            pass

        async def outer():
            heapgate.workflow(work, iterations=1, warmup=0)

        with self.assertRaisesRegex(RuntimeError, "an event loop is running already: await the function there"):
            asyncio.run(outer())

    def test_counts_that_make_no_sense_are_refused(self):
        for counts in ({"iterations": 3, "warmup": 3}, {"iterations": -1}, {"iterations": True}, {"warmup": "3"}):
            with self.assertRaises(ValueError):
                heapgate.workflow(print, **counts)
        with self.assertRaisesRegex(TypeError, "expected a function to call, found 3"):
            heapgate.workflow(3)


if __name__ == "__main__":
    unittest.main()
