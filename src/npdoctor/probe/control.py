"""How a face steers a running examination."""

from __future__ import annotations

import threading


class Control:
    """Asked often by the probe, set by the face, from any thread."""

    def __init__(self) -> None:
        self._cancelled = threading.Event()
        self._paused = threading.Event()

    def cancel(self) -> None:
        """Stop as soon as possible; the probe kills what it started."""
        self._cancelled.set()

    def pause(self, paused: bool) -> None:
        """Start no further import while paused."""
        (self._paused.set if paused else self._paused.clear)()

    @property
    def cancelled(self) -> bool:
        """Tell whether the examination is to stop."""
        return self._cancelled.is_set()

    @property
    def paused(self) -> bool:
        """Tell whether no further import is to be started."""
        return self._paused.is_set()
