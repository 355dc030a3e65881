"""Prints the layouts that heapgate.ledger believes in, for test_python_module.c to compare with ledger.h's."""

import ctypes

from heapgate import ledger

STRUCTURES = (
    ledger.LedgerNode,
    ledger.LedgerCode,
    ledger.LedgerSite,
    ledger.LedgerModule,
    ledger.LedgerMark,
    ledger.LedgerEndRecord,
    ledger.LedgerChange,
    ledger.LedgerHeader,
)

for name, value in vars(ledger).items():
    if name.startswith("LEDGER_"):
        print(name, value)
for structure in STRUCTURES:
    print(structure.__name__, ctypes.sizeof(structure))
    for field in structure._fields_:
        if not field[0].startswith("_"):
            place = getattr(structure, field[0])
            print(f"{structure.__name__}.{field[0]}", place.offset, place.size)
