"""Follow the load of the GPUs in a thread, only as long and as often as the screen shows it."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Generator
from dataclasses import fields, replace
from typing import Protocol

from npdoctor.model.gpu import GpuFacts, Memory, NvmlFailure, Sample
from npdoctor.tui.gpu.bars import MINUTES
from npdoctor.tui.gpu.hiding import hidden
from npdoctor.tui.gpu.live import Live, Reading, Trace
from npdoctor.tui.latest import Latest
from npdoctor.tui.state import State

SLOW = 2.0
_LATE = 1.5
_LATE_IN_A_ROW = 3
_MANY = 4
_ENDING = 0.5


class Samples(Protocol):
    """What tells the load of all GPUs again and again."""

    def samples(self) -> Generator[Sample | NvmlFailure, None, None]:
        """Yield samples until stopped; a failure is the last."""

    def stop(self) -> None:
        """End the sampling, from any thread."""


def sampler(every: float) -> Samples:
    """Return what asks NVML every so many seconds."""
    from npdoctor.probe.gpu.sampler import Sampler

    return Sampler(os.environ, every)


class GpuWatch:
    """Keeps the newest sample and five minutes of readings; starts nothing until it is asked for a pace.

    Where NVML answers late, or there are many GPUs, no pace is faster than one sample in two seconds.
    """

    def __init__(self, hide: Callable[[str], str], make: Callable[[float], Samples] = sampler) -> None:
        self._hide = hide
        self._make = make
        self._lock = threading.Lock()
        self._trace = Trace()
        self._wanted: float | None = None
        self._news: Callable[[], None] = lambda: None
        self._samples: Samples | None = None
        self._thread: threading.Thread | None = None
        self._late = 0
        self._slow = False
        self._facts: Latest[GpuFacts, GpuFacts] = Latest(lambda facts: hidden(facts, hide))

    def over(self, state: State) -> State:
        """Return the state with the load of its GPUs; one without a verdict or facts stays as it is."""
        facts = state.diagnosis.snapshot.gpus if state.diagnosis else None
        if facts is None:
            return state
        known = {field.name: getattr(state, field.name) for field in fields(State)}
        with self._lock:
            return Live(**known, gpus=self._facts(facts), trace=self._trace)

    def pace(self, every: float | None, news: Callable[[], None]) -> None:
        """Sample every so many seconds from here on, None for not at all; `news` hears of each sample.

        It is called in the thread of the sampling. The same pace again changes nothing, so that a failure
        stays until another one was asked for.
        """
        with self._lock:
            self._news = news
            if every == self._wanted:
                return
            self._wanted = every
            self._begin()

    def stop(self) -> None:
        """End the sampling and wait for its end, half a second at most."""
        self.pace(None, lambda: None)
        if self._thread:
            self._thread.join(_ENDING)

    def _begin(self) -> None:
        """Take up the pace that is wanted, in place of the present one; the lock is held."""
        if self._samples:
            self._samples.stop()
        self._samples, self._late = None, 0
        every = self._wanted
        if every is None:
            self._trace = replace(self._trace, every=None)
            return
        every = max(every, SLOW) if self._slow else every
        self._trace = replace(self._trace, every=every, failure=None)
        samples = self._samples = self._make(every)
        self._thread = threading.Thread(
            target=self._follow, args=(samples,), name="npdoctor-gpus", daemon=True
        )
        self._thread.start()

    def _follow(self, samples: Samples) -> None:
        with contextlib.closing(samples.samples()) as words:
            for word in words:
                with self._lock:
                    if self._samples is not samples:
                        return
                    self._take(word)
                    news = self._news
                news()

    def _take(self, word: Sample | NvmlFailure) -> None:
        if isinstance(word, NvmlFailure):
            self._trace = replace(self._trace, every=None, failure=hidden(word, self._hide))
            return
        before = self._trace.latest
        every = self._trace.every or 0.0
        late = before is not None and word.at - before.at > _LATE * every
        self._late = self._late + 1 if late else 0
        past = (*self._trace.past, Reading(word.at, tuple(_used(word))))
        kept = tuple(reading for reading in past if reading.at > word.at - MINUTES * 60)
        self._trace = replace(self._trace, latest=hidden(word, self._hide), past=kept)
        if not self._slow and (self._late >= _LATE_IN_A_ROW or len(word.loads) > _MANY):
            self._slow = True
            if every < SLOW:
                self._begin()


def _used(sample: Sample) -> Generator[int | None, None, None]:
    for load in sample.loads:
        yield load.memory.used if isinstance(load.memory, Memory) else None
