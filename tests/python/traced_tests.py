"""The module under the tracer: what cannot be seen without it. Run by test_python_module.c."""

import json
import os
import re
import unittest
from pathlib import Path

from support import HEAPGATE, PACKAGE, ROOT, folder_with, run, traced

PROFILE = """
    import json, sys
    import heapgate
    from heapgate import ledger

    kept = []

    def build(count):
        for _ in range(count):
            kept.append(bytes(1000))

    profiler = heapgate.MemoryProfiler()
    profiler.start(nframe=3)
    profiler.take_snapshot("before")
    build(100)
    profiler.take_snapshot("after")
    change = profiler.compare_last(top_n=1)[0]
    print(json.dumps([profiler.source, list(change.stack[0]), change.size_diff, change.count_diff]))
"""

LEAKY = """
    import asyncio, functools
    kept = []

    class Job:
        def __init__(self):
            self.payload = bytes(2000)

    def leak():
        kept.append(Job())

    def healthy():
        Job()

    payload = bytearray()
    leak_in_c = functools.partial(payload.extend, bytes(3000))

    async def leak_later():
        await asyncio.sleep(0)
        kept.append(Job())
"""

SCENARIO = """\
python: {{{what}, iterations: 20, warmup: 3}}
instruments: [{instrument}]
files: [{files}]
timeout: 100 s
"""


class TestTraced(unittest.TestCase):
    def test_the_profiler_reads_the_tracers_books(self):
        with folder_with(profile_py=PROFILE) as folder:
            status, said = traced("profile.py", folder=folder)
        self.assertEqual(status, 0, said)
        source, frame, size, count = json.loads(said.splitlines()[0])
        self.assertEqual(source, "heapgate")
        self.assertEqual((os.path.basename(frame[0]), frame[1:]), ("profile.py", [10, "build"]))
        # bytes(1000) asks for 1033 bytes; the list grows a few times.
        self.assertTrue(103300 <= size < 110000, size)
        self.assertTrue(100 <= count <= 102, count)

    def test_marks_are_in_the_books(self):
        code = (
            "import heapgate\nfrom heapgate import ledger\nheapgate.workflow(lambda: None, 12)\nheapgate.mark('last')\n"
            "header = ledger.current().header\nprint(header.marks, header.end_mark)\n"
        )
        status, said = traced("-c", code)
        self.assertEqual((status, said.splitlines()[0]), (0, "14 13"), said)

    def test_a_forked_child_has_books_of_its_own(self):
        code = (
            "import os\nfrom heapgate import ledger\nmine = ledger.current()\nassert mine.header.pid == os.getpid()\n"
            "pid = os.fork()\nbook = ledger.current()\nassert book is None or book.header.pid == os.getpid()\n"
            "assert not pid or book is mine\nprint('fine', flush=True)\n"
            "os.waitpid(pid, 0) if pid else os._exit(0)\n"
        )
        status, said = traced("-c", code)
        self.assertEqual((status, said.count("fine")), (0, 2), said)


MADE_UP = """
    import importlib, os, sys
    from heapgate import ledger

    names = ["made_7f583c%05x0" % i for i in range(16)] + ["made_7f583c000000x", "made_cafe", "facades"]
    for name in names:
        with open(name + ".py", "w") as file:
            file.write("kept = [bytes(1000) for i in range(3)]\\n")
    sys.path.insert(0, os.getcwd())
    for name in names:
        importlib.import_module(name)
    book = ledger.current()
    imports = {frame.function for site in range(1, book.site_count()) for frame in book.stack_of_site(site)}
    print(sorted(name for name in imports if name.startswith(("import made", "import facade"))))
"""


class TestImports(unittest.TestCase):
    def test_modules_with_made_up_names_are_one_call_site(self):
        with folder_with(imports_py=MADE_UP) as folder:
            status, said = traced("imports.py", folder=folder)
        self.assertEqual(status, 0, said)
        self.assertEqual(said.splitlines()[0], "['import facades', 'import made_*', 'import made_7f583c000000x', 'import made_cafe']")


class TestOwn(unittest.TestCase):
    """What the module and the tracer make for themselves is in no figure."""

    MARKS = """if True:
        import sys, heapgate
        from heapgate import ledger
        kept = [None] * 3
        profiler = heapgate.MemoryProfiler()
        profiler.start()
        def work(what):
            for i in range(250):
                if what == "marks":
                    heapgate.mark("iteration")
                elif what == "keeps" and i > 246:
                    kept[i % 3] = profiler.take_snapshot("kept")
        for i in range(250):
            heapgate.mark("iteration")
        work(sys.argv[1])
        heapgate.mark("end")
        print(ledger.current().header.end_live_bytes)
    """

    def held(self, what):
        status, said = traced("-c", self.MARKS, what, PYTHONHASHSEED="0")
        self.assertEqual(status, 0, said)
        self.assertIn("growth 0 B/iteration", said)
        return int(said.splitlines()[0])

    def test_marks_and_what_the_module_keeps_are_in_no_figure(self):
        nothing = self.held("nothing")
        for what in ("marks", "keeps"):
            self.assertLess(abs(self.held(what) - nothing), 10_000, what)  # names in the cache of methods

    def test_a_clean_loop_with_threads_does_not_grow(self):
        code = """if True:
            import gc, threading, heapgate
            ring = [None] * 64
            def deeper(n): return deeper(n - 1) if n else None
            def work(i):
                deeper(30)
                ring[i % 64] = ["%0*d" % (i % 200, k) for k in range(20)]
            for i in range(40):
                for k in range(20):
                    thread = threading.Thread(target=work, args=((i * 20 + k) * 7,))
                    thread.start()
                    thread.join()
                gc.collect()
                heapgate.mark("iteration")
        """
        status, said = traced("-c", code)
        self.assertEqual(status, 0, said)
        self.assertIn("growth 0 B/iteration", said)

    def test_where_the_module_calls_the_program_is_a_door(self):
        source = Path(ROOT, "harness", "guest", "books", "own.c").read_text(encoding="utf-8")
        doors = re.findall('"([a-z_]+)"', source.split("doors[] = {")[1].split("}")[0])
        module = "".join(path.read_text(encoding="utf-8") for path in Path(PACKAGE, "heapgate").glob("*.py"))
        self.assertGreater(len(doors), 10)
        for door in doors:
            self.assertRegex(module, rf"def {door}\(")


class TestScenario(unittest.TestCase):
    """The key `python` from end to end, with the lines that leak."""

    def gate(self, instrument, what, files="job.py"):
        with folder_with(job_py=LEAKY) as folder:
            os.mkdir(os.path.join(folder, "scenarios"))
            with open(os.path.join(folder, "scenarios", "jobs.yaml"), "w", encoding="utf-8") as stream:
                stream.write(SCENARIO.format(instrument=instrument, what=what, files=files))
            run(HEAPGATE, "run", folder=folder)
            with open(os.path.join(folder, "reports", "result.json"), encoding="utf-8") as stream:
                result = json.load(stream)
        return result, result["scenarios"][0]["instruments"][0]

    def stack(self, result, node):
        """The frames of a stack, innermost first: "function (file.py)"."""
        while True:
            frame, *caller = result["stacks"][node]
            frame = result["frames"][frame]
            yield f"{frame.get('function')} ({os.path.basename(frame.get('file', ''))})"
            if not caller:
                return
            node = caller[0]

    def growing(self, what, files):
        """The stacks that grow under heap, as text."""
        result, found = self.gate("heap", what, files)
        self.assertNotIn("problem", found, found.get("problem"))
        growth = [one for one in found["comparisons"] if one["metric"] == "growth"][0]
        self.assertGreater(growth["now"], 2000)
        return "\n".join(" < ".join(self.stack(result, delta["stack"])) for delta in growth["deltas"])

    def test_a_leak_of_a_called_function_is_named(self):
        self.assertRegex(self.growing('call: "job:leak"', "../job.py"), r"__init__ \(job\.py\)")

    def test_a_leak_of_a_function_in_c_is_the_programs(self):
        result, found = self.gate("heap", 'call: "job:leak_in_c"', "../job.py")
        growth = [one for one in found["comparisons"] if one["metric"] == "growth"][0]
        self.assertGreater(growth["now"], 2000)

    def test_a_leak_of_a_scripts_coroutine_is_named(self):
        self.assertRegex(self.growing("script: ../job.py, function: leak_later", ""), r"leak_later \(job\.py\)")

    def test_marks_reach_massif_and_memcheck(self):
        for instrument in ("massif", "memcheck"):
            with self.subTest(instrument):
                _, found = self.gate(instrument, 'call: "job:leak", interpreter: /usr/bin/python3', "../job.py")
                self.assertNotIn("problem", found, found.get("problem"))


if __name__ == "__main__":
    unittest.main()
