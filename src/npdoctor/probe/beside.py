"""Read something while something else is read."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Beside(Generic[T]):
    """A reading in a thread of its own, which ends with npdoctor where nobody waits for it.

    Where no thread can be started, as under a low limit of processes, it is done at once.
    """

    def __init__(self, reader: Callable[[], T]) -> None:
        self._reader = reader
        self._found: list[T] = []
        self._problem: Exception | None = None
        self._thread: threading.Thread | None = threading.Thread(target=self._read, daemon=True)
        try:
            self._thread.start()
        except RuntimeError:
            self._thread = None
            self._read()

    def result(self) -> T:
        """Wait for what was read and return it, or raise what the reading raised."""
        if self._thread:
            self._thread.join()
        if self._problem is not None:
            raise self._problem
        return self._found[0]

    def _read(self) -> None:
        try:
            self._found.append(self._reader())
        except Exception as problem:
            self._problem = problem
