"""The sampler: goes on whatever a GPU does, and is gone at once when stopped."""

from __future__ import annotations

import itertools
import threading
import time
from pathlib import Path

import pytest
from nvml_standin import environment, scenario, still_running, why_not

from npdoctor.model.gpu import FailureKind, NvmlFailure, Reason, Sample, Unavailable, Utilisation
from npdoctor.probe.gpu.sampler import Sampler

pytestmark = pytest.mark.skipif(why_not() is not None, reason=why_not() or "")

LOST = Unavailable(Reason.LOST)


@pytest.fixture
def story(tmp_path: Path) -> Path:
    """Return where a scenario of the test's own is to be written."""
    return tmp_path / "scenario.txt"


def sampler(path: str, kind: str = "driver", patience: float = 30.0) -> Sampler:
    return Sampler(environment(kind, path), interval=0.05, patience=patience)


def gone(path: str) -> bool:
    until = time.monotonic() + 10
    while still_running(path) and time.monotonic() < until:
        time.sleep(0.02)
    return not still_running(path)


def take(sampling: Sampler, number: int) -> list[Sample]:
    """Return so many samples, and stop."""
    taken = []
    for sample in sampling.samples():
        assert isinstance(sample, Sample)
        taken.append(sample)
        if len(taken) == number:
            sampling.stop()
    assert len(taken) == number
    return taken


def test_samples_follow_each_other_until_stopped() -> None:
    samples = take(sampler(scenario("two_4090")), 4)
    assert [len(sample.loads) for sample in samples] == [2, 2, 2, 2]
    assert all(before.at < after.at for before, after in itertools.pairwise(samples))
    assert {sample.loads[0].utilisation for sample in samples} == {Utilisation(97, 61)}
    processes = samples[0].loads[0].processes
    assert isinstance(processes, tuple)
    assert 4242 in [process.pid for process in processes]


def test_a_lost_gpu_does_not_end_the_sampling(story: Path) -> None:
    story.write_text("gpu\ntemperature 40\npower 90000\ngpu\nlost_after 9\ntemperature 50\npower 80000\n")
    samples = take(sampler(str(story)), 4)
    assert [sample.loads[0].temperature for sample in samples] == [40, 40, 40, 40]
    assert samples[0].loads[1].temperature == 50
    assert samples[-1].loads[1].temperature == samples[-1].loads[1].power == LOST


def test_stopping_from_another_thread_ends_a_hung_sampling(story: Path) -> None:
    story.write_text("init hang\n")
    sampling = sampler(str(story))
    heard: list[object] = []
    thread = threading.Thread(target=lambda: heard.extend(sampling.samples()))
    thread.start()
    until = time.monotonic() + 20
    while not still_running(str(story)) and time.monotonic() < until:
        time.sleep(0.02)
    sampling.stop()
    thread.join(10)
    assert (thread.is_alive(), heard) == (False, [])
    assert gone(str(story))


def test_an_iteration_that_is_left_ends_the_process(story: Path) -> None:
    story.write_text("gpu\ntemperature 40\n")
    iteration = sampler(str(story)).samples()
    assert isinstance(next(iteration), Sample)
    assert len(still_running(str(story))) == 1
    iteration.close()
    assert gone(str(story))


def test_failures_are_the_last_thing_said(story: Path) -> None:
    story.write_text("init 9\n")
    failures = list(sampler(str(story)).samples())
    assert [(f.kind, f.code) for f in failures if isinstance(f, NvmlFailure)] == [
        (FailureKind.DRIVER_NOT_LOADED, 9)
    ]
    story.write_text("init abort\n")
    assert list(sampler(str(story)).samples()) == [
        NvmlFailure(FailureKind.DIED, "the process that asked NVML was ended by SIGABRT")
    ]


def test_a_driver_that_falls_silent_is_given_up(story: Path) -> None:
    story.write_text("gpu\ntemperature hang\n")
    assert list(sampler(str(story), patience=1.0).samples()) == [
        NvmlFailure(FailureKind.TIMED_OUT, "NVML gave no answer in 1.05 s")
    ]
    assert gone(str(story))
