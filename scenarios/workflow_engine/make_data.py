"""make_data.py FOLDER [ORDERS]: the files that the workflows read; the same ones every time.

orders.csv (some hundred KiB), customers.json, prices.json, and workflows/: those beside this file, and 30 routes.
"""

from __future__ import annotations

import json
import pathlib
import sys
from typing import Iterator

CITIES = ["Aachen", "Bergen", "Cork", "Delft", "Essen", "Faro", "Gent", "Hull"]
THINGS = ["bolt", "bracket", "cable", "filter", "motor", "pump", "sensor", "valve"]
CUSTOMERS = 120


def numbers(seed: int) -> Iterator[int]:
    """The same numbers on every version of Python."""
    while True:
        seed = (seed * 1103515245 + 12345) % 2147483648
        yield seed >> 8


def route(number: int) -> object:
    """A workflow of its own for each of 30 vans: stops one after the other, a list to sign, a summary."""
    stops = [
        {"id": "load", "type": "set", "settings": {"load": f"=stops * {number % 5 + 2}", "kilometres": 0}},
        {"id": "visit", "type": "for_each", "settings": {"items": "=range(stops)", "as": "stop"}, "steps": [
            {"id": "drive", "type": "set", "settings": {"kilometres": f"=kilometres + {number} + stop % 3"}},
            {"id": "sign", "type": "write_text", "settings": {
                "file": "signed/${stop}.txt", "text": "van %02d, stop ${stop}, ${kilometres} km" % number}},
            {"id": "unload", "type": "set", "when": "load > 0", "settings": {"load": "=load - 1"}},
        ]},
    ]
    checks = [
        {"id": f"check-{position:02d}", "type": "if", "settings": {"condition": f"=kilometres % {position + 2} == 0"},
         "steps": [{"id": f"note-{position:02d}", "type": "set", "settings": {"noted": position}}]}
        for position in range(12)
    ]
    save = {"id": "save", "type": "write_json", "settings": {
        "file": "route.json", "value": {"van": number, "load": "=load", "kilometres": "=kilometres"}}}
    return {"about": f"van {number}", "variables": {"stops": 3, "noted": 0}, "result": "kilometres",
            "steps": [*stops, *checks, save]}


def write_workflows(target: pathlib.Path) -> None:
    target.mkdir(exist_ok=True)
    for source in (pathlib.Path(__file__).resolve().parent / "workflows").glob("*.json"):
        (target / source.name).write_bytes(source.read_bytes())
    for number in range(30):
        (target / f"route-{number:02d}.json").write_bytes(json.dumps(route(number), indent=1).encode("ascii"))


def main(folder: str, orders: int = 4000) -> None:
    target = pathlib.Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    write_workflows(target / "workflows")
    chance = numbers(4)
    lines = ["order,customer,thing,quantity,price,day,note"]
    for number in range(orders):
        customer, thing, quantity, cents, day = (next(chance) for _ in range(5))
        lines.append(
            f"R{number:06d},C{customer % CUSTOMERS:03d},{THINGS[thing % 8]},{quantity % 40 + 1},"
            f"{(cents % 9000 + 100) / 100:.2f},2026-{day % 12 + 1:02d}-{day % 28 + 1:02d},row {number} of the export"
        )
    (target / "orders.csv").write_bytes("\n".join(lines).encode("ascii") + b"\n")
    customers = [
        {"customer": f"C{number:03d}", "city": CITIES[number % 8], "name": f"Customer {number} Ltd", "limit": 400 + number}
        for number in range(CUSTOMERS)
    ]
    (target / "customers.json").write_bytes(json.dumps(customers, indent=1).encode("ascii"))
    prices = {thing: {"rate": 1 + position / 50, "least": 5 * position} for position, thing in enumerate(THINGS)}
    (target / "prices.json").write_bytes(json.dumps(prices, indent=1).encode("ascii"))


if __name__ == "__main__":
    main(sys.argv[1], *[int(argument) for argument in sys.argv[2:3]])
