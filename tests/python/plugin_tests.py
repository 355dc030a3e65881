"""The pytest plugin, with the tracer and without. Run by test_python_module.c with an interpreter that has pytest."""

import importlib.util
import unittest

from heapgate.pytest_plugin import gate_of

from support import folder_with, python, traced

TESTS = '''
    import asyncio, logging, warnings
    import pytest

    kept = []

    class Order:
        def __init__(self, size):
            self.payload = bytes(size)

    def place(size=2000):
        kept.append(Order(size))

    @pytest.fixture
    def shop():
        return {}

    @pytest.mark.heapgate
    def test_leaks(shop):
        place()

    @pytest.mark.heapgate(growth="1 MiB")
    def test_may_leak():
        place()

    @pytest.mark.heapgate
    def test_healthy(shop):
        shop["last"] = Order(2000)
        knot = [Order(10)]
        knot.append(knot)

    @pytest.mark.heapgate(iterations=30)
    def test_fills_a_cache(shop):
        if len(shop) < 5:
            shop[len(shop)] = Order(2000)

    @pytest.mark.heapgate
    def test_logs_and_warns():
        logging.getLogger("shop").warning("an order of %d", 3)
        warnings.warn("old", DeprecationWarning)

    @pytest.mark.heapgate(peak="1 MiB", growth="1 GiB")
    def test_peaks():
        held = [bytes(300_000) for _ in range(10)]
        del held

    @pytest.mark.heapgate(peak="4 MiB")
    def test_peaks_within_bounds():
        held = [bytes(300_000) for _ in range(10)]
        del held

    @pytest.mark.heapgate
    async def test_leaks_later(shop):
        await asyncio.sleep(0)
        place()

    @pytest.mark.heapgate
    async def test_healthy_later():
        await asyncio.sleep(0)
        Order(2000)

    @pytest.mark.heapgate
    def test_raises():
        raise KeyError("its own")

    @pytest.mark.parametrize("size", [10, 20])
    @pytest.mark.heapgate(iterations=12, warmup=2)
    def test_has_parameters(size):
        Order(size)

    def test_has_no_marker():
        place()
'''

WRONG = """
    import unittest
    import pytest

    @pytest.mark.heapgate(iterations=5)
    def test_few():
        pass

    @pytest.mark.heapgate(peak="lots")
    def test_size():
        pass

    @pytest.mark.heapgate(grwth="0 B")
    def test_name():
        pass

    class TestCase(unittest.TestCase):
        @pytest.mark.heapgate
        def test_method(self):
            pass
"""

OPTIONS = ("-p", "heapgate.pytest_plugin", "-p", "no:cacheprovider", "-rA", "--tb=short")


def outcomes(said):
    """{"test_healthy": "PASSED"} by pytest's own summary."""
    found = {}
    for line in said.splitlines():
        for outcome in ("PASSED", "FAILED", "SKIPPED", "ERROR"):
            if line.startswith(outcome + " ") and "::" in line:
                found[line.split("::")[-1].split()[0]] = outcome
    return found


class TestMarker(unittest.TestCase):
    def test_its_arguments_are_checked(self):
        self.assertEqual(gate_of(), (20, 3, 0, None))
        self.assertEqual(gate_of(30, warmup=0, growth="1 KiB", peak="50 MiB"), (30, 0, 1024, 50 << 20))
        for wrong in ({"iterations": 10}, {"warmup": -1}, {"growth": None}, {"peak": "5 MB"}, {"iterations": "20"}):
            with self.assertRaises(ValueError):
                gate_of(**wrong)


class TestBeingFound(unittest.TestCase):
    """The plugin is found beside the package, however pytest is told to load plugins."""

    def outcomes(self, *words, **variables):
        with folder_with(test_shop_py=TESTS) as folder:
            status, said = python(
                "-m", "pytest", "-p", "no:cacheprovider", "-rA", *words, "--heapgate-without-tracer=fail", folder=folder, **variables
            )
        self.assertEqual(status, 1, said)
        return outcomes(said)

    def test_a_path_alone_is_enough(self):
        self.assertEqual(self.outcomes()["test_healthy"], "ERROR")

    def test_it_may_be_named_besides(self):
        self.assertEqual(self.outcomes("-p", "heapgate.pytest_plugin")["test_healthy"], "ERROR")

    def test_it_can_be_named_where_nothing_is_loaded_by_itself(self):
        for name in ("heapgate", "heapgate.pytest_plugin"):
            found = self.outcomes("-p", name, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
            self.assertEqual(found["test_healthy"], "ERROR")

    def test_a_project_can_insist_on_it(self):
        ini = "[pytest]\nrequired_plugins = heapgate\n"
        with folder_with(test_shop_py=TESTS, pytest_ini=ini) as folder:
            status, said = python("-m", "pytest", folder=folder, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
        self.assertEqual(status, 4, said)
        self.assertIn("Missing required plugins: heapgate", said)


class TestWithoutTracer(unittest.TestCase):
    def pytest(self, *words, **files):
        with folder_with(**(files or {"test_shop_py": TESTS})) as folder:
            return python("-m", "pytest", *OPTIONS, *words, folder=folder)

    def test_tests_are_skipped_with_the_way_to_run_them(self):
        status, said = self.pytest()
        self.assertEqual(status, 0, said)
        self.assertIn("heapgate's tracer does not watch this process; run it so: heapgate exec -- python -m pytest", said)
        self.assertEqual(outcomes(said), {"test_has_no_marker": "PASSED"}, said)

    def test_they_fail_where_that_is_configured(self):
        for words, files in (
            (["--heapgate-without-tracer=fail"], {"test_shop_py": TESTS}),
            ([], {"test_shop_py": TESTS, "pytest_ini": "[pytest]\nheapgate_without_tracer = fail\n"}),
        ):
            status, said = self.pytest(*words, **files)
            self.assertEqual(status, 1, said)
            self.assertIn("run it so: heapgate exec -- python -m pytest", said)
            self.assertEqual(outcomes(said)["test_healthy"], "ERROR", said)

    def test_another_word_is_refused(self):
        status, said = self.pytest(test_a_py="", pytest_ini="[pytest]\nheapgate_without_tracer = maybe\n")
        self.assertEqual(status, 4, said)
        self.assertIn("heapgate_without_tracer: expected skip or fail, found 'maybe'", said)

    def test_wrong_markers_are_told_by_a_sentence(self):
        _, said = self.pytest(test_wrong_py=WRONG)
        self.assertEqual(set(outcomes(said).values()), {"ERROR"}, said)
        for sentence in (
            "pytest.mark.heapgate: 5 iterations less 3 of warm-up leave fewer than 8 to count",
            "pytest.mark.heapgate: peak: expected a size such as 0 B, 64 KiB, 1.5 MiB or 2 GiB, found 'lots'",
            "got an unexpected keyword argument 'grwth'",
            "pytest.mark.heapgate: gates test functions; this is none that it can call again",
        ):
            self.assertIn(sentence, said)


class TestUnderTracer(unittest.TestCase):
    EXPECTED = {
        "test_leaks": "FAILED",
        "test_may_leak": "PASSED",
        "test_healthy": "PASSED",
        "test_fills_a_cache": "PASSED",
        "test_logs_and_warns": "PASSED",
        "test_peaks": "FAILED",
        "test_peaks_within_bounds": "PASSED",
        "test_leaks_later": "FAILED",
        "test_healthy_later": "PASSED",
        "test_raises": "FAILED",
        "test_has_parameters[10]": "PASSED",
        "test_has_parameters[20]": "PASSED",
        "test_has_no_marker": "PASSED",
    }

    @staticmethod
    def pytest(*words):
        with folder_with(test_shop_py=TESTS) as folder:
            return traced("-m", "pytest", *OPTIONS, *words, folder=folder)

    @classmethod
    def setUpClass(cls):
        cls.status, cls.said = cls.pytest()

    def test_leaks_and_peaks_fail_and_nothing_else(self):
        self.assertEqual(self.status, 1, self.said)
        self.assertEqual(outcomes(self.said), self.EXPECTED, self.said)

    def passage(self, test):
        """What is said about one test, its head line included."""
        return self.said.split(f"_ {test} _", 1)[1].split("\n____", 1)[0]

    def test_growth_is_told_with_allowance_line_and_source(self):
        said = self.passage("test_leaks")
        self.assertRegex(said, r"growth: \+2\.\d\d KiB per iteration in 17 iterations, allowed 0 B")
        self.assertRegex(said, r"  \+[\d.]+ K?i?B/iteration  test_shop\.py:9 in (Order\.)?__init__")
        self.assertIn("      self.payload = bytes(size)", said)
        self.assertIn("    called from test_shop.py:12 in place", said)
        self.assertIn("    called from test_shop.py:20 in test_leaks", said)
        self.assertLess(len(said.splitlines()), 25, said)
        self.assertNotIn("pytest_plugin.py", said)

    def test_a_peak_is_told_with_allowance_line_and_source(self):
        said = self.passage("test_peaks")
        self.assertRegex(said, r"peak: 2\.8\d MiB, allowed 1\.00 MiB")
        self.assertIn("held = [bytes(300_000) for _ in range(10)]", said)
        self.assertLess(len(said.splitlines()), 25, said)

    def test_workers_of_xdist_measure_for_themselves(self):
        if importlib.util.find_spec("xdist") is None:
            self.skipTest("python3-pytest-xdist is not here")
        status, said = self.pytest("-n", "2")
        self.assertEqual(status, 1, said)
        self.assertEqual(outcomes(said), self.EXPECTED, said)


if __name__ == "__main__":
    unittest.main()
