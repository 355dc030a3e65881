"""What the engine keeps: the last few of what is made anew at will, and weakly what others keep."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from typing import Callable, Generic, Hashable, Iterator, Optional, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class RecentCache(Generic[Key, Value]):
    """Keeps the values that were used last, at most `limit` of them."""

    def __init__(self, limit: int = 20) -> None:
        if limit < 1:
            raise ValueError(f"expected a limit from 1 on, found {limit}")
        self.limit = limit
        self.hits = 0
        self.misses = 0
        self._values: "OrderedDict[Key, Value]" = OrderedDict()

    def get(self, key: Key, make: Callable[[Key], Value]) -> Value:
        """The value of this key, made where it is not kept."""
        if key in self._values:
            self.hits += 1
            self._values.move_to_end(key)
            return self._values[key]
        self.misses += 1
        value = make(key)
        self._values[key] = value
        while len(self._values) > self.limit:
            self._values.popitem(last=False)
        return value

    def clear(self) -> None:
        self._values.clear()

    def __len__(self) -> int:
        return len(self._values)


class LivingObjects(Generic[Key, Value]):
    """Finds objects by key for as long as somebody else holds them."""

    def __init__(self) -> None:
        self._values: "weakref.WeakValueDictionary[Key, Value]" = weakref.WeakValueDictionary()

    def add(self, key: Key, value: Value) -> None:
        self._values[key] = value

    def find(self, key: Key) -> Optional[Value]:
        return self._values.get(key)

    def __iter__(self) -> Iterator[Value]:
        return iter(list(self._values.values()))

    def __len__(self) -> int:
        return len(self._values)
