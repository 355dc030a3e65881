"""The growth rule, by the vectors that the C rule is held to, too (tests/model/test_growth_vectors.c)."""

import json
import unittest

from heapgate.growth import bound_of_series, growth_of_rows, growth_of_series
from heapgate.units import format_bytes, parse_bytes

from support import ROOT


class TestGrowth(unittest.TestCase):
    def setUp(self):
        text = (ROOT / "tests" / "model" / "growth_vectors.json").read_text(encoding="utf-8")
        self.vectors = json.loads(text)

    def test_each_series_of_the_vectors_is_judged_as_written(self):
        self.assertGreater(len(self.vectors["series"]), 20)
        for one in self.vectors["series"]:
            with self.subTest(one["what"]):
                self.assertEqual(growth_of_series(one["bytes"]), (one["evidence"], one["per_iteration"]))
                if one["evidence"] == 0:
                    self.assertEqual(bound_of_series(one["bytes"]), one["bound"])

    def test_each_table_of_the_vectors_is_judged_as_written(self):
        self.assertGreater(len(self.vectors["tables"]), 3)
        for one in self.vectors["tables"]:
            rows = [(row["stack"], row["stack"].split(" < ")[0], row["bytes"]) for row in one["rows"]]
            with self.subTest(one["what"]):
                growing, smallest = growth_of_rows(rows, python=one.get("python", False))
                self.assertEqual((dict(growing), smallest), (one["growing"], one["smallest"]))


class TestUnits(unittest.TestCase):
    def test_sizes_are_read_as_in_scenarios(self):
        sizes = {"0 B": 0, "48 B": 48, "64 KiB": 65536, "1.5 MiB": 1572864, "2GiB": 2 << 30, "1 TiB": 1 << 40, "512": 512}
        for text, size in sizes.items():
            self.assertEqual(parse_bytes(text), size)
        self.assertEqual(parse_bytes(48), 48)

    def test_what_is_no_size_is_refused(self):
        for wrong in ("64 KB", "-1 B", "lots", "", "1 MiB ", "nan", "0x10", "9e18", None, -1, 1.5, True):
            with self.assertRaisesRegex(ValueError, "expected a size such as 0 B, 64 KiB, 1.5 MiB or 2 GiB"):
                parse_bytes(wrong)

    def test_sizes_are_written_as_in_reports(self):
        sizes = {0: "0 B", 48: "48 B", 1023: "1023 B", 1024: "1.00 KiB", 2013266: "1.92 MiB", -1536: "-1.50 KiB"}
        for size, text in sizes.items():
            self.assertEqual(format_bytes(size), text)
        self.assertEqual(format_bytes(48, signed=True), "+48 B")
        self.assertEqual(format_bytes(0, signed=True), "0 B")


if __name__ == "__main__":
    unittest.main()
