"""Greenlets: a server and its clients, a pool, queues, and subprocesses, in one thread."""
import sys

from gevent import monkey

monkey.patch_all()

import socket

import gevent
import gevent.pool
import gevent.queue
import gevent.server
import gevent.subprocess


def deep(depth):
    gevent.sleep(0)
    return [depth] + deep(depth - 1) if depth else []


def answer(stream, _):
    stream.sendall(stream.recv(100).upper() * 200)
    stream.close()


def ask(port, number):
    with socket.create_connection(("127.0.0.1", port)) as stream:
        stream.sendall(b"number %d" % number)
        return len(b"".join(iter(lambda: stream.recv(4096), b"")))


server = gevent.server.StreamServer(("127.0.0.1", 0), answer)
server.start()
pool = gevent.pool.Pool(20)
print(sum(pool.map(lambda number: ask(server.server_port, number), range(200))))
print(sum(sum(job.get()) for job in [gevent.spawn(deep, 60) for _ in range(100)]))
queue = gevent.queue.Queue()
reader = gevent.spawn(lambda: sum(len(text) for text in iter(queue.get, None)))
for number in range(1000):
    queue.put("x" * number)
queue.put(None)
print(reader.get())
print(gevent.subprocess.check_output(["echo", "child"]))
killed = gevent.spawn(gevent.sleep, 100)
killed.kill()
print(killed.dead)
server.stop()
sys.exit(6)
