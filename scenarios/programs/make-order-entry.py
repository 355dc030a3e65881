#!/usr/bin/env python3
"""Writes scenarios/order-entry.sql: a day of order entry, the same bytes on every machine.

    scenarios/programs/make-order-entry.py > scenarios/order-entry.sql

The file is committed; this is only run to change it. It has its own random numbers: Python's may change.
"""

CUSTOMERS, PRODUCTS, ORDERS, ORDERS_PER_TRANSACTION = 300, 200, 900, 25
CITIES = "Aachen Bergen Cork Delft Essen Faro Gdansk Helsinki Izmir Jena".split()
FAMILIES = "Adler Bakker Costa Dahl Eriksen Fischer Garcia Horvat Ivanov Jansen Kowalski Lind".split()
GIVEN = "Ana Ben Cleo Dirk Eva Finn Gita Hugo Ines Jon Kaja Leo".split()
THINGS = "bolt bracket cable clamp filter gasket hinge lamp motor pump sensor valve".split()
KINDS = "brass heavy long round short small steel wide".split()


class Numbers:
    """Knuth's 64-bit linear congruential generator (MMIX)."""

    def __init__(self, seed):
        self.state = seed

    def below(self, limit):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % limit

    def choice(self, items):
        return items[self.below(len(items))]


def schema():
    return """PRAGMA foreign_keys = ON;
CREATE TABLE customer(id INTEGER PRIMARY KEY, name TEXT NOT NULL, city TEXT NOT NULL, credit INTEGER NOT NULL);
CREATE TABLE product(id INTEGER PRIMARY KEY, sku TEXT UNIQUE, name TEXT NOT NULL, price INTEGER NOT NULL,
  stock INTEGER NOT NULL);
CREATE TABLE orders(id INTEGER PRIMARY KEY, customer INTEGER NOT NULL REFERENCES customer, day INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'open', total INTEGER NOT NULL DEFAULT 0);
CREATE TABLE line(orders INTEGER NOT NULL REFERENCES orders, product INTEGER NOT NULL REFERENCES product,
  quantity INTEGER NOT NULL CHECK (quantity > 0), price INTEGER NOT NULL, PRIMARY KEY (orders, product)) WITHOUT ROWID;
CREATE TABLE journal(id INTEGER PRIMARY KEY, what TEXT NOT NULL, orders INTEGER, product INTEGER, amount INTEGER);
CREATE INDEX customer_city ON customer(city, name);
CREATE INDEX orders_customer ON orders(customer, day);
CREATE INDEX line_product ON line(product);
CREATE TRIGGER line_added AFTER INSERT ON line BEGIN
  UPDATE product SET stock = stock - new.quantity WHERE id = new.product;
  UPDATE orders SET total = total + new.quantity * new.price WHERE id = new.orders;
  INSERT INTO journal(what, orders, product, amount) VALUES ('sold', new.orders, new.product, new.quantity);
END;
CREATE TRIGGER stock_low AFTER UPDATE OF stock ON product WHEN new.stock < 20 BEGIN
  INSERT INTO journal(what, product, amount) VALUES ('reorder', new.id, 100);
  UPDATE product SET stock = stock + 100 WHERE id = new.id;
END;
CREATE VIEW open_value AS SELECT c.city, c.name, sum(o.total) AS total FROM orders o
  JOIN customer c ON c.id = o.customer WHERE o.state = 'open' GROUP BY c.id;"""


def master_data(numbers):
    yield "BEGIN;"
    for i in range(1, CUSTOMERS + 1):
        name = f"{numbers.choice(GIVEN)} {numbers.choice(FAMILIES)} {i}"
        yield f"INSERT INTO customer VALUES({i},'{name}','{numbers.choice(CITIES)}',{500 + 100 * numbers.below(50)});"
    for i in range(1, PRODUCTS + 1):
        name = f"{numbers.choice(KINDS)} {numbers.choice(THINGS)}"
        yield f"INSERT INTO product VALUES({i},'{name[:2].upper()}-{i:04}','{name}',{5 + numbers.below(900)},{numbers.below(300)});"
    yield "COMMIT;"


def order(numbers, number, day):
    yield f"INSERT INTO orders(id,customer,day) VALUES({number},{1 + numbers.below(CUSTOMERS)},{day});"
    products = sorted({1 + numbers.below(PRODUCTS) for _ in range(1 + numbers.below(5))})
    for product in products:
        yield (f"INSERT INTO line SELECT {number},id,{1 + numbers.below(9)},price FROM product WHERE id={product};")
    if numbers.below(10) == 0:
        yield f"DELETE FROM line WHERE orders={number} AND product={products[0]};"


def after_transaction(numbers, number):
    """What a clerk does between orders: ship, cancel, change prices, look things up."""
    shipped = max(1, number - 60)
    yield f"UPDATE orders SET state='shipped' WHERE id BETWEEN {shipped} AND {shipped + 20} AND state='open';"
    yield f"UPDATE product SET price=price+{1 + numbers.below(3)} WHERE id%20={numbers.below(20)};"
    yield f"SELECT o.id,o.state,o.total FROM orders o WHERE o.customer={1 + numbers.below(CUSTOMERS)} ORDER BY o.day DESC LIMIT 5;"
    yield (f"SELECT c.name,sum(o.total) FROM customer c JOIN orders o ON o.customer=c.id "
           f"WHERE c.city='{numbers.choice(CITIES)}' GROUP BY c.id ORDER BY 2 DESC LIMIT 5;")


def roll_back(numbers, number):
    yield "SAVEPOINT cancelled;"
    yield from order(numbers, 100000 + number, 0)
    yield "ROLLBACK TO cancelled;"
    yield "RELEASE cancelled;"


def reports():
    return """SELECT city, count(*), sum(total) FROM open_value GROUP BY city ORDER BY city;
SELECT p.sku, p.name, sum(l.quantity) AS sold, sum(l.quantity * l.price) AS value FROM line l
  JOIN product p ON p.id = l.product GROUP BY p.id ORDER BY value DESC, p.sku LIMIT 20;
SELECT day, total, sum(total) OVER (ORDER BY day ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) FROM
  (SELECT day, sum(total) AS total FROM orders GROUP BY day) ORDER BY day;
WITH RECURSIVE step(n) AS (SELECT 0 UNION ALL SELECT n + 1000 FROM step WHERE n < 20000)
  SELECT n, (SELECT count(*) FROM orders WHERE total >= n AND total < n + 1000) FROM step;
SELECT c.city, group_concat(DISTINCT p.name) FROM customer c JOIN orders o ON o.customer = c.id
  JOIN line l ON l.orders = o.id JOIN product p ON p.id = l.product WHERE o.total > 8000 GROUP BY c.city;
SELECT what, count(*), sum(amount) FROM journal GROUP BY what;
DELETE FROM line WHERE orders IN (SELECT id FROM orders WHERE state = 'shipped' AND day < 10);
DELETE FROM orders WHERE state = 'shipped' AND day < 10;
VACUUM;
PRAGMA integrity_check;
SELECT count(*), sum(total) FROM orders;"""


def session():
    numbers = Numbers(20230610)
    yield "-- Made by scenarios/programs/make-order-entry.py; change that, not this."
    yield schema()
    yield from master_data(numbers)
    for number in range(1, ORDERS + 1):
        if number % ORDERS_PER_TRANSACTION == 1:
            yield "BEGIN;"
        yield from order(numbers, number, number // 30)
        if number % ORDERS_PER_TRANSACTION == 0:
            yield from roll_back(numbers, number)
            yield "COMMIT;"
            yield from after_transaction(numbers, number)
    yield reports()


if __name__ == "__main__":
    for text in session():
        print(text)
