"""GPU memory is followed without being waited for."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator, Mapping

from npdoctor.model.gpu import FailureKind, Load, Memory, NvmlFailure, Reason, Sample, Unavailable
from npdoctor.model.rules import RuleBook
from npdoctor.watch.gpus import GpuWatch
from npdoctor.watch.run import run_watched

GIB = 1 << 30
NOT = Unavailable(Reason.NOT_SUPPORTED)


def load(used: int | None) -> Load:
    memory = Memory(24 * GIB, used, 24 * GIB - used, NOT) if used is not None else Unavailable(Reason.LOST)
    return Load(memory, NOT, NOT, NOT, NOT)


class Rising:
    """Two GPUs: the use of the first rises with every sample, the second is lost."""

    def __init__(self, failure: NvmlFailure | None = None) -> None:
        self._stopped = threading.Event()
        self._failure = failure
        self.given = 0

    def samples(self) -> Iterator[Sample | NvmlFailure]:
        while not self._stopped.wait(0.02):
            if self._failure:
                yield self._failure
                return
            self.given += 1
            yield Sample(time.monotonic(), (load(self.given << 20), load(None)))

    def stop(self) -> None:
        self._stopped.set()


def no_book() -> RuleBook:
    raise AssertionError("a program that ends well needs no rule book")


def test_the_memory_of_each_gpu_that_answers_is_recorded() -> None:
    sampler = Rising()

    def watch(_: Mapping[str, str]) -> GpuWatch:
        return GpuWatch(sampler)

    record = run_watched([sys.executable, "-c", "import time; time.sleep(1)"], {}, no_book, gpus=watch)
    (gpu,) = record.gpus
    assert (gpu.index, gpu.total) == (0, 24 * GIB)
    assert gpu.first < gpu.peak == sampler.given << 20
    assert all(len(sample.vram) == 2 and sample.vram[1] is None for sample in record.samples if sample.vram)


def test_a_driver_that_fails_is_a_note() -> None:
    def watch(_: Mapping[str, str]) -> GpuWatch:
        return GpuWatch(Rising(NvmlFailure(FailureKind.MISMATCH, "driver and library disagree")))

    record = run_watched([sys.executable, "-c", "import time; time.sleep(.3)"], {}, no_book, gpus=watch)
    assert record.gpus == ()
    assert "GPU memory was not seen: driver and library disagree" in record.notes
