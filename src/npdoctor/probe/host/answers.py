"""Ask the system what may never be answered, as of a network mount whose server is gone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


def answers(questions: Mapping[K, Callable[[], V]], until: float) -> dict[K, V]:
    """Ask all at once and return what was answered by a time of the monotonic clock.

    What waits longer is left behind in a thread that ends with npdoctor. Where no thread can be started, as
    under a low limit of processes, it is asked without a bound. Questions must not raise.
    """
    found: dict[K, V] = {}

    def ask(key: K) -> None:
        found[key] = questions[key]()

    waiting = []
    for key in questions:
        thread = threading.Thread(target=ask, args=(key,), daemon=True)
        try:
            thread.start()
        except RuntimeError:
            ask(key)
        else:
            waiting.append(thread)
    for thread in waiting:
        thread.join(max(0.0, until - time.monotonic()))
    return {key: found[key] for key in questions if key in found}
