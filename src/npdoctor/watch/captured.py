"""Keep the beginning and the end of what a program wrote."""

from __future__ import annotations

from collections import deque

FIRST, LAST = 64 << 10, 448 << 10


class Captured:
    """Bytes as they pass by; what lies between the first and the last of them is forgotten."""

    def __init__(self, first: int = FIRST, last: int = LAST) -> None:
        self._first, self._last = first, last
        self._head = b""
        self._tail: deque[bytes] = deque()
        self._held = 0
        self._lost = False

    def add(self, data: bytes) -> None:
        """Take the next bytes."""
        room = self._first - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        if not data:
            return
        self._tail.append(data)
        self._held += len(data)
        while self._tail and self._held - len(self._tail[0]) >= self._last:
            self._held -= len(self._tail.popleft())
            self._lost = True

    def text(self) -> str:
        """Return what is kept; a line of its own stands where something is missing."""
        gap = b"\n[...]\n" if self._lost else b""
        return (self._head + gap + b"".join(self._tail)).decode("utf-8", "replace")
