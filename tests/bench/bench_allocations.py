"""bench_allocations.py [ROUNDS]: a program that allocates as Python programs do: objects, dictionaries, strings,
JSON there and back, sorting, a few hundred thousand blocks alive at once. Deterministic; prints a sum."""
import json
import sys


class Order:
    def __init__(self, number, lines):
        self.number = number
        self.lines = lines
        self.note = f"order {number} of {len(lines)} lines"

    def total(self):
        return sum(line["quantity"] * line["price"] for line in self.lines)


def line_of(number, position):
    return {"sku": "A%05d-%02d" % (number, position), "quantity": position + 1, "price": number * 1.25}


def orders_of(round_number, count):
    return [Order(n, [line_of(n + round_number, p) for p in range(n % 7 + 1)]) for n in range(count)]


def by_city(orders):
    cities = {}
    for order in orders:
        cities.setdefault("city-%d" % (order.number % 50), []).append((order.total(), order.note))
    return {city: sorted(values) for city, values in cities.items()}


def main(rounds):
    checksum = 0.0
    for number in range(rounds):
        orders = orders_of(number, 3000)
        text = json.dumps([vars(order) for order in orders])
        again = json.loads(text)
        checksum += sum(line["price"] for order in again for line in order["lines"])
        checksum += sum(total for values in by_city(orders).values() for total, _ in values)
        words = " ".join(order.note for order in orders).split()
        checksum += len({word.upper() for word in words})
    print(checksum)


main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
