"""Sample the load of every GPU, again and again, out of reach of what the driver may do."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Mapping

from npdoctor.model.gpu import FailureKind, NvmlFailure, Sample
from npdoctor.probe.gpu.asking import Asking, CannotAsk, Silence
from npdoctor.probe.gpu.roots import Roots

_LOOK_UP = 0.1


class Sampler:
    """Asks NVML for memory, utilisation, temperature, power and processes every `interval` seconds.

    A process of its own does it, because a driver that fails hangs or ends whoever asks. `patience` is how
    many seconds beyond the interval it may be silent.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        interval: float = 1.0,
        patience: float = 10.0,
        roots: Roots | None = None,
    ) -> None:
        self._environ = environ
        self._interval = max(0.05, interval)
        self._patience = patience
        self._proc = (roots or Roots()).proc
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End the sampling, from any thread."""
        self._stopped.set()

    def samples(self) -> Generator[Sample | NvmlFailure, None, None]:
        """Yield samples until stopped; a failure is the last thing yielded, nothing is raised."""
        try:
            asking = Asking(self._environ, self._proc, self._interval)
        except CannotAsk as problem:
            yield problem.failure
            return
        with asking:
            until = self._latest()
            while not self._stopped.is_set():
                try:
                    word = asking.hear(time.monotonic() + _LOOK_UP)
                except ValueError as problem:
                    yield NvmlFailure(FailureKind.UNKNOWN, f"what NVML said cannot be read: {problem}")
                    return
                if isinstance(word, Sample):
                    until = self._latest()
                    yield word
                elif failure := self._failure(word, asking, until):
                    yield failure
                    return

    def _latest(self) -> float:
        return time.monotonic() + self._interval + self._patience

    def _failure(self, word: object, asking: Asking, until: float) -> NvmlFailure | None:
        if isinstance(word, NvmlFailure):
            return word
        if word is Silence.ENDED:
            return NvmlFailure(*asking.how_it_ended())
        if time.monotonic() < until:
            return None
        words = f"NVML gave no answer in {self._interval + self._patience:g} s"
        return NvmlFailure(FailureKind.TIMED_OUT, words)
