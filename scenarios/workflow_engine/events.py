"""The event bus: who is interested subscribes, strongly or weakly, and hears what is published; the last few are kept."""

from __future__ import annotations

import weakref
from collections import deque
from typing import Any, Callable, Deque, Dict, List, Mapping, Optional, Tuple

Handler = Callable[["Event"], None]
ALL = "*"


class Event:
    """Something that happened: a topic such as `step.done`, a number, and details."""

    __slots__ = ("topic", "number", "details", "__weakref__")

    def __init__(self, topic: str, number: int, details: Mapping[str, Any]) -> None:
        self.topic = topic
        self.number = number
        self.details = details


class Subscription:
    """What subscribing gives back; `cancel()` ends it, and so does leaving the `with` block."""

    __slots__ = ("_bus", "topic", "_handler", "_reference", "__weakref__")

    def __init__(self, bus: "EventBus", topic: str, handler: Handler, weak: bool) -> None:
        self._bus: Optional[EventBus] = bus
        self.topic = topic
        self._handler: Optional[Handler] = None if weak else handler
        self._reference: Optional[Callable[[], Optional[Handler]]] = None
        if weak:
            make = weakref.WeakMethod if hasattr(handler, "__self__") else weakref.ref
            self._reference = make(handler)  # type: ignore[operator]

    def handler(self) -> Optional[Handler]:
        """Who is to be told; None where nobody is left."""
        return self._reference() if self._reference is not None else self._handler

    def cancel(self) -> None:
        bus, self._bus = self._bus, None
        if bus is not None:
            bus.remove(self)
        self._handler = self._reference = None

    def __enter__(self) -> "Subscription":
        return self

    def __exit__(self, *_: object) -> None:
        self.cancel()


class EventBus:
    """Hands events to those who subscribed to their topic, to "part.*", or to all; keeps the last `history_limit`."""

    def __init__(self, history_limit: int = 200) -> None:
        self.history: Deque[Event] = deque(maxlen=history_limit)
        self.published = 0
        self._by_topic: Dict[str, List[Subscription]] = {}

    def subscribe(self, topic: str, handler: Handler, weak: bool = False) -> Subscription:
        """topic: "step.done", "step.*" or "*". weak: the bus does not keep the handler (nor, of a method, its object)."""
        subscription = Subscription(self, topic, handler, weak)
        self._by_topic.setdefault(topic, []).append(subscription)
        return subscription

    def remove(self, subscription: Subscription) -> None:
        subscriptions = self._by_topic.get(subscription.topic, [])
        if subscription in subscriptions:
            subscriptions.remove(subscription)
        if not subscriptions:
            self._by_topic.pop(subscription.topic, None)

    def publish(self, topic: str, **details: Any) -> Event:
        self.published += 1
        event = Event(topic, self.published, details)
        self.history.append(event)
        gone: List[Subscription] = []
        for name in self._names(topic):
            for subscription in tuple(self._by_topic.get(name, ())):
                handler = subscription.handler()
                if handler is None:
                    gone.append(subscription)
                else:
                    handler(event)
        for subscription in gone:
            subscription.cancel()
        return event

    @staticmethod
    def _names(topic: str) -> Tuple[str, str, str]:
        return topic, topic.partition(".")[0] + ".*", ALL

    def count_subscriptions(self) -> int:
        return sum(len(subscriptions) for subscriptions in self._by_topic.values())
