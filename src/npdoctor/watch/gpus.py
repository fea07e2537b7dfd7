"""Follow the memory of each GPU while a program runs."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from typing import Protocol

from npdoctor.model.gpu import Memory, NvmlFailure
from npdoctor.model.gpu import Sample as Loads

_SIGNS = ("/dev/nvidiactl", "/proc/driver/nvidia/version", "/dev/dxg")
_ENDING = 2.0


class Samples(Protocol):
    """What tells the load of all GPUs again and again."""

    def samples(self) -> Iterator[Loads | NvmlFailure]:
        """Yield samples until stopped."""

    def stop(self) -> None:
        """End the sampling, from any thread."""


class GpuWatch:
    """A thread that keeps the latest reading of each GPU, in NVML's order; None is what could not be read."""

    def __init__(self, sampler: Samples) -> None:
        self.latest: tuple[Memory | None, ...] = ()
        self.failure = ""
        self._sampler = sampler
        self._thread = threading.Thread(target=self._run, name="npdoctor-gpus", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        for word in self._sampler.samples():
            if isinstance(word, NvmlFailure):
                self.failure = word.words
                return
            self.latest = tuple(
                load.memory if isinstance(load.memory, Memory) else None for load in word.loads
            )

    def stop(self) -> None:
        """End it; a driver that hangs is not waited for."""
        self._sampler.stop()
        self._thread.join(_ENDING)


def watch_gpus(environ: Mapping[str, str]) -> GpuWatch | None:
    """Start to follow the GPUs; None where nothing tells of a driver, and no time is spent on it."""
    if not any(os.path.exists(sign) for sign in _SIGNS):
        return None
    from npdoctor.probe.gpu.sampler import Sampler

    return GpuWatch(Sampler(environ))
