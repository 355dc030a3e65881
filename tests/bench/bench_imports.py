"""bench_imports.py MODULE...: imports them, as the start of an application does; says so."""
import importlib
import sys

for name in sys.argv[1:]:
    importlib.import_module(name)
print("%d modules" % (len(sys.argv) - 1))
