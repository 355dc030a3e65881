"""The driver, run as a scenario runs it."""

import unittest

from support import folder_with, python

JOB = """
    import asyncio, sys
    calls = []

    class Job:
        @staticmethod
        def run(name, times):
            calls.append((name, times))
            print("ran", name, times, len(calls))

    async def later():
        await asyncio.sleep(0)
        print("later")

    def fail():
        calls.append(1)
        if len(calls) == 4:
            raise KeyError("orders")

    def leave():
        sys.exit(0)

    number = 3

    if __name__ == "__main__":
        print("ran as a program")
"""


class TestDrive(unittest.TestCase):
    def drive(self, *words, **more):
        with folder_with(job_py=JOB, **more) as folder:
            return python("-m", "heapgate.drive", *words, folder=folder)

    def refused(self, status, expected, *words, **more):
        found, said = self.drive(*words, **more)
        self.assertIn(expected, said.splitlines()[-1])
        self.assertEqual(found, status)
        return said

    def test_a_call_is_made_as_often_as_asked(self):
        status, said = self.drive("--call", "job:Job.run", "--args", '["a", 2]', "--iterations", "5", "--warmup", "1")
        self.assertEqual((status, said.splitlines()[-1], len(said.splitlines())), (0, "ran a 2 5", 5))

    def test_coroutines_are_run(self):
        status, said = self.drive("--call", "job:later", "--iterations", "4")
        self.assertEqual((status, said), (0, "later\n" * 4))

    def test_a_scripts_function_is_run_and_not_its_program(self):
        status, said = self.drive("--script", "job.py", "--function", "later", "--iterations", "4")
        self.assertEqual((status, said), (0, "later\n" * 4))

    def test_a_script_finds_its_neighbours(self):
        status, said = self.drive("--script", "main.py", "--iterations", "4", main_py="import job\n\ndef main():\n    pass\n")
        self.assertEqual((status, said), (0, ""))

    def test_a_script_may_have_the_name_of_a_module_of_the_library(self):
        status, said = self.drive("--script", "os.py", os_py="def main():\n    import os\n    os.getcwd()\n")
        self.assertEqual((status, said), (0, ""))

    def test_an_exception_is_told_with_its_traceback_and_pass(self):
        said = self.refused(1, "heapgate.drive: pass 4 of 20 failed: KeyError: 'orders'", "--call", "job:fail")
        self.assertIn('raise KeyError("orders")', said)

    def test_a_workflow_that_exits_is_a_failure(self):
        self.refused(1, "pass 1 of 20 failed: it called sys.exit(0)", "--call", "job:leave")

    def test_what_is_not_there_is_told(self):
        self.refused(2, "there is no module nowhere in ", "--call", "nowhere:f")
        self.refused(2, "there is no module job.sub in ", "--call", "job.sub:f")
        self.refused(2, "job has no function nope; correct the name", "--call", "job:nope")
        self.refused(2, "number of job is a int, not a function", "--call", "job:number")
        self.refused(2, 'expected "package.module:function", found "job"', "--call", "job")
        self.refused(2, "there is no script nowhere.py in ", "--script", "nowhere.py")
        self.refused(2, "other cannot be imported: it needs nowhere, which is not there", "--call", "other:f", other_py="import nowhere\n")
        said = self.refused(2, "wrong.py cannot be loaded: SyntaxError", "--script", "wrong.py", wrong_py="def f(:\n")
        self.assertIn("Traceback", said)
        self.refused(2, "no.txt is no Python script", "--script", "no.txt", no_txt="")

    def test_a_wrong_command_line_is_told(self):
        self.refused(2, "--args: expected a list in JSON, found {}", "--call", "job:later", "--args", "{}")
        self.refused(2, "--args: expected a list in JSON, found [1", "--call", "job:later", "--args", "[1")
        self.refused(2, "raise iterations", "--call", "job:later", "--iterations", "3")
        self.refused(2, "--call names its function itself", "--call", "job:later", "--function", "f")
        self.refused(2, "not allowed with argument", "--call", "job:later", "--script", "job.py")


if __name__ == "__main__":
    unittest.main()
