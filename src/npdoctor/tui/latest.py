"""Keep what was made of the newest verdict: it is asked for far more often than there is a new one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Latest(Generic[K, V]):
    """A function that remembers its last answer, for the very same object only."""

    def __init__(self, make: Callable[[K], V]) -> None:
        self._make = make
        self._kept: tuple[K, V] | None = None

    def __call__(self, key: K) -> V:
        """Return what is made of this object, made once as long as no other one is asked for."""
        if self._kept is None or self._kept[0] is not key:
            self._kept = (key, self._make(key))
        return self._kept[1]
