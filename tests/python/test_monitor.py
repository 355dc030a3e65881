"""MemoryMonitor: events are awaited, nothing is timed."""

import logging
import threading
import unittest
from unittest import mock

from heapgate import MemoryMonitor, process

MIB = 1024 * 1024
LONG_S = 30


class TestMonitor(unittest.TestCase):
    def setUp(self):
        self.logger = logging.getLogger("heapgate.test")
        self.logger.addHandler(logging.NullHandler())
        self.logger.propagate = False

    def watch(self, resident, **arguments):
        """Runs a monitor over these MiB of resident memory, one a reading; returns what on_exceed got, and the log."""
        values = iter(resident)
        done, calls = threading.Event(), []

        def rss():
            try:
                return next(values) * MIB
            except StopIteration:
                done.set()
                return 0

        def exceeded(reading):
            calls.append(reading)
            if arguments.get("fail"):
                raise OSError("no mail today")

        with mock.patch.object(process, "rss_bytes", rss), self.assertLogs(self.logger, "DEBUG") as log:
            self.logger.debug("assertLogs wants at least one")
            monitor = MemoryMonitor(0.001, 100, exceeded, self.logger, arguments.get("snapshot", False))
            with monitor:
                self.assertTrue(done.wait(LONG_S))
        return calls, log.output[1:]

    def test_each_crossing_warns_once(self):
        calls, log = self.watch([50, 150, 160, 170, 90, 120, 130])
        self.assertEqual([call.rss // MIB for call in calls], [150, 120])
        self.assertEqual(len(log), 2)
        self.assertIn("memory: 150.0 MiB resident", log[0])
        self.assertIn("above the threshold of 100.0 MiB", log[0])

    def test_errors_of_the_callback_are_logged_and_the_watch_goes_on(self):
        calls, log = self.watch([150, 50, 150], fail=True)
        self.assertEqual(len(calls), 2)
        self.assertEqual(sum("no mail today" in line for line in log), 2)

    def test_a_crossing_may_take_a_snapshot(self):
        reached = []
        done = threading.Event()

        def exceeded(reading):
            reached.append(reading)
            done.set()

        with MemoryMonitor(0.001, 0.001, exceeded, self.logger, snapshot=True):
            self.assertTrue(done.wait(LONG_S))
        self.assertEqual(reached[0].snapshot.label, "threshold")
        self.assertGreater(reached[0].percent, 0)

    def test_it_can_be_stopped_from_its_own_callback_and_started_again(self):
        stopped = threading.Event()
        monitor = MemoryMonitor(0.001, 0.001, lambda reading: (monitor.stop(), stopped.set()), self.logger)
        for _ in range(2):
            stopped.clear()
            monitor.start()
            self.assertTrue(stopped.wait(LONG_S))
        self.assertGreater(monitor.last.rss, MIB)

    def test_wrong_arguments_are_refused(self):
        for interval, threshold in ((0, 1), (1, -1), ("1", 1), (1, None), (float("inf"), 1), (True, 1)):
            with self.assertRaisesRegex(ValueError, "expected a number above 0"):
                MemoryMonitor(interval, threshold)
        with MemoryMonitor(LONG_S, 1 << 30) as monitor:
            with self.assertRaisesRegex(RuntimeError, "running already"):
                monitor.start()


if __name__ == "__main__":
    unittest.main()
