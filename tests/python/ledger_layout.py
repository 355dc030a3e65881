"""Prints the layouts that the module has, as test_python_layouts.c prints those of C."""

import ctypes

from heapgate import ledger_layout

for name, value in vars(ledger_layout).items():
    if name.startswith("LEDGER_"):
        print(name, value)
    elif name.startswith("Ledger"):
        for field in value._fields_:
            if not field[0].startswith("_"):
                place = getattr(value, field[0])
                print(f"{name}.{field[0]}", place.offset, place.size)
        print(name, ctypes.sizeof(value))
