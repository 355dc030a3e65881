"""What the scenarios call, once a pass: an office that works for weeks in one process, an hour of its day each time."""

from __future__ import annotations

import functools
import pathlib
from typing import Any, Dict, List, Mapping, Tuple

from .engine import Engine, Library
from .events import Event, EventBus
from .jobs import run_jobs

ROUTES = 30


class Office:
    """The long-lived part: engine, bus, and counts of what happened."""

    def __init__(self, data: str) -> None:
        folder = pathlib.Path(data)
        self.counts: Dict[str, int] = {}
        self.engine = Engine(Library(folder / "workflows"), "runs", folder, EventBus(history_limit=200))
        self.engine.bus.subscribe("job.*", self.count)
        self.hours = 0

    def count(self, event: Event) -> None:
        self.counts[event.topic] = self.counts.get(event.topic, 0) + 1


@functools.lru_cache(maxsize=1)
def open_office(data: str) -> Office:
    return Office(data)


class Progress:
    """A view of the runs that somebody looks at: listens as long as it is there."""

    def __init__(self, bus: EventBus) -> None:
        self.lines: List[str] = []
        # Weakly: a view that is closed without saying so must not go on listening, nor living.
        self._subscription = bus.subscribe("run.*", self.note, weak=True)

    def note(self, event: Event) -> None:
        self.lines.append(f"{event.details['run']} {event.topic}")


def plan_hour(hour: int) -> List[Tuple[str, Mapping[str, Any]]]:
    """An hour's work: one day of orders, 16 credit checks, 15 routes; one workflow that fails. 18 workflows in all: the
    library keeps them parsed from the first hour on."""
    work: List[Tuple[str, Mapping[str, Any]]] = [("daily-orders", {"month": f"{hour % 4 + 1:02d}"})]
    for number in range(16):
        customer = {"name": f"Customer {number} Ltd", "limit": 300 + 40 * number}
        work.append(("credit-check", {"customer": customer, "asked": 60 * number + 40}))
    work += [(f"route-{number:02d}", {"stops": 6}) for number in range(15)]
    work.append(("daily-orders", {"month": "13"}))
    return work


async def work_an_hour(data: str = "data", workers: int = 4) -> None:
    """33 jobs by several workers, watched by a view; raises where they do not end as they must."""
    office = open_office(data)
    progress = Progress(office.engine.bus)
    jobs = await run_jobs(office.engine, plan_hour(office.hours), int(workers))
    office.hours += 1
    states = [job.state for job in jobs]
    if states.count("failed") != 1 or len(progress.lines) < len(jobs):
        raise AssertionError(f"hour {office.hours}: {[job.reason for job in jobs if job.reason]}")


async def turn_workflows_over(data: str = "data") -> None:
    """60 runs of 30 workflows one after the other, more than the library keeps: it reads each anew."""
    office = open_office(data)
    for number in range(2 * ROUTES):
        await office.engine.run(f"route-{number % ROUTES:02d}", {"stops": 2})


class Window:
    """A window of the program: listens to what it shows, and knows the runs it shows while they are there."""

    def __init__(self, office: Office, topic: str) -> None:
        self._subscriptions = [office.engine.bus.subscribe(name, self.refresh) for name in (topic, "run.done", "*")]
        self.refreshed = 0
        self.text = ""

    def refresh(self, event: Event) -> None:
        self.refreshed += 1
        self.text = f"{event.topic} {event.number:08d} {sorted(event.details)}"

    def close(self) -> None:
        for subscription in self._subscriptions:
            subscription.cancel()
        self._subscriptions.clear()


def open_and_close_windows(data: str = "data", windows: int = 40) -> None:
    """Windows that open, hear 25 events each with those before them, and close in another order."""
    office = open_office(data)
    bus = office.engine.bus
    before = bus.count_subscriptions()
    opened: List[Window] = []
    for number in range(int(windows)):
        opened.append(Window(office, f"topic-{number % 5}"))
        for step in range(25):
            bus.publish(f"topic-{step % 5}", run="window", step=step)
        if number % 3 == 2:
            opened.pop(0).close()
    for window in reversed(opened):
        window.close()
    if bus.count_subscriptions() != before or len(bus.history) > 200:
        raise AssertionError(f"{bus.count_subscriptions()} subscriptions, {len(bus.history)} events are left")

