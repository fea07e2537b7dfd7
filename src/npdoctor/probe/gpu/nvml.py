"""Ask NVML once for everything, for so long and no longer."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

from npdoctor.errors import Cancelled
from npdoctor.model.gpu import FailureKind, Gpu, GpuSystem, NvmlFailure, Unavailable
from npdoctor.probe.control import Control
from npdoctor.probe.gpu.asking import Asking, CannotAsk, Silence

_LOOK_UP = 0.1


def ask_nvml(
    environ: Mapping[str, str], timeout: float, control: Control, proc: str
) -> GpuSystem | NvmlFailure:
    """Return what NVML says within `timeout` seconds; what it said before it failed is kept.

    Raises Cancelled where the person stops the examination.
    """
    try:
        with Asking(environ, proc) as asking:
            return _Reading(asking, timeout, control).result()
    except CannotAsk as problem:
        return problem.failure


class _Reading:
    """One conversation: the library's path, then the system, then each GPU."""

    def __init__(self, asking: Asking, timeout: float, control: Control) -> None:
        self._asking = asking
        self._timeout = timeout
        self._control = control
        self._until = time.monotonic() + timeout
        self._stage = "loading its library"
        self._library: str | None = None
        self._system: GpuSystem | None = None
        self._gpus: list[Gpu] = []

    def result(self) -> GpuSystem | NvmlFailure:
        failure = self._listen()
        if self._system is None:
            assert failure is not None
            return failure
        return replace(self._system, gpus=tuple(self._gpus), cut_short=failure)

    def _listen(self) -> NvmlFailure | None:
        """Take in what is said until all is said; return what went wrong before that."""
        while not self._complete():
            if self._control.cancelled:
                raise Cancelled("stopped")
            try:
                word = self._asking.hear(min(self._until, time.monotonic() + _LOOK_UP))
            except ValueError as problem:
                return self._failure(FailureKind.UNKNOWN, f"what NVML said cannot be read: {problem}")
            if word is Silence.ENDED:
                kind, words = self._asking.how_it_ended()
                return self._failure(kind, f"{words} while {self._stage}")
            if word is Silence.YET:
                if time.monotonic() >= self._until:
                    words = f"NVML gave no answer in {self._timeout:g} s while {self._stage}"
                    return self._failure(FailureKind.TIMED_OUT, words)
            elif isinstance(word, NvmlFailure):
                return word
            else:
                self._take(word)
        return None

    def _take(self, word: object) -> None:
        if isinstance(word, GpuSystem):
            self._system = word
        elif isinstance(word, Gpu):
            self._gpus.append(word)
        elif isinstance(word, str):
            self._library = word
        self._stage = f"reading GPU {len(self._gpus)}" if self._system else "starting up"

    def _complete(self) -> bool:
        if self._system is None:
            return False
        count = self._system.count
        return isinstance(count, Unavailable) or len(self._gpus) >= count

    def _failure(self, kind: FailureKind, words: str) -> NvmlFailure:
        return NvmlFailure(kind, words, library=self._library)
