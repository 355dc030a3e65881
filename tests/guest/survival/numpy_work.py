"""Arrays: arithmetic, linear algebra by several threads, views, files."""
import sys
import tempfile

import numpy

made = numpy.random.default_rng(1)
square = made.random((300, 300))
print(numpy.allclose(square @ numpy.linalg.inv(square), numpy.eye(300)))
print(numpy.sort(made.integers(0, 1000, 100000))[::10000].tolist())
print(sum(len(part) for part in numpy.array_split(numpy.arange(100001), 7)))
table = numpy.zeros(1000, dtype=[("name", "U20"), ("size", "i8")])
table["name"], table["size"] = [str(i) for i in range(1000)], range(1000)
print(table[table["size"] > 990]["name"].tolist())
objects = numpy.array([{"n": i} for i in range(1000)], dtype=object)
print(sum(each["n"] for each in objects))
with tempfile.NamedTemporaryFile(suffix=".npy") as file:
    numpy.save(file, square)
    file.seek(0)
    print(numpy.array_equal(numpy.load(file), square))
try:
    numpy.zeros(1 << 60, dtype="i1")
except MemoryError:
    print("no memory")
sys.exit(9)
