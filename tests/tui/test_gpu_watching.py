"""The load of the GPUs on the screen, from a library that answers as NVML does."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from npdoctor.model.gpu import FailureKind, GpuFacts, GpuSystem, NvmlFailure, Sample
from npdoctor.probe.gpu.read import read_gpus
from npdoctor.probe.gpu.sampler import Sampler
from npdoctor.tui.gpu.face import GpuFace
from npdoctor.tui.gpu.live import Live, Trace
from npdoctor.tui.gpu.watching import SLOW, GpuWatch, Samples
from npdoctor.tui.signs import UNICODE
from npdoctor.tui.state import State

from . import gpu_recorded as g
from .driving import Recorded, screen_text
from .mended import StandInBench
from .terminal import terminal

sys.path.insert(0, str(Path(__file__).parents[1] / "probe/gpu"))

import nvml_standin

needs_compiler = pytest.mark.skipif(nvml_standin.why_not() is not None, reason=nvml_standin.why_not() or "")
QUICK = 0.05


def hurried(_: float) -> Samples:
    return Sampler(os.environ, QUICK)


@pytest.fixture
def story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], GpuFacts]:
    """Return what makes NVML answer by a scenario, and returns the facts that are read then."""

    def tell(text: str) -> GpuFacts:
        path = tmp_path / "scenario.txt"
        path.write_text(text)
        for name, value in nvml_standin.environment("driver", str(path)).items():
            monkeypatch.setenv(name, value)
        return read_gpus(os.environ)

    return tell


def scenario(name: str) -> str:
    return Path(nvml_standin.scenario(name)).read_text()


def running() -> list[int]:
    return nvml_standin.still_running(os.environ[nvml_standin.VARIABLE])


def until(met: Callable[[], bool]) -> bool:
    end = time.monotonic() + 20
    while not met() and time.monotonic() < end:
        time.sleep(0.02)
    return met()


class Watched(Recorded):
    """A source with a recorded verdict and the load as it is sampled."""

    def __init__(self, state: State, watch: GpuWatch) -> None:
        self.watch = watch
        super().__init__(state, StandInBench())

    def take(self) -> State:
        return self.watch.over(super().take())

    def watch_gpus(self, every: float | None, news: Callable[[], None]) -> None:
        self.watch.pace(every, news)


def drive(facts: GpuFacts, steps: g.Steps, size: tuple[int, int] = (80, 24)) -> None:
    plain = replace(g.TWO, trace=Trace(), diagnosis=g.found(g.state(facts)))
    watch = GpuWatch(lambda text: text.replace("GPU-1111", "<hidden>"), hurried)
    face = GpuFace(Watched(plain, watch), UNICODE)

    async def run() -> None:
        async with face.run_test(size=size) as pilot:
            await pilot.pause()
            await steps(face, pilot)

    try:
        asyncio.run(run())
    finally:
        watch.stop()


async def reads(face: GpuFace, pilot: Pilot[None], words: str) -> None:
    end = time.monotonic() + 20
    while words not in screen_text(face):
        assert time.monotonic() < end, screen_text(face)
        await asyncio.sleep(0.02)
        await pilot.pause()


@needs_compiler
def test_two_gpus_are_followed_and_nothing_is_left_running(story: Callable[[str], GpuFacts]) -> None:
    async def steps(face: GpuFace, pilot: Pilot[None]) -> None:
        assert until(lambda: bool(running()))
        await pilot.press("4")
        await reads(face, pilot, "live, every 1 s")
        await reads(face, pilot, "peak 20.0 GiB")
        text = screen_text(face)
        assert "▸✓ GPU 0  util  97%  402/450 W  71 °C  20.0/24.0 GiB  83%  ▇▇▇▇▇▇▇▁  RTX 4090" in text
        assert "process:0:0:4242" in [row.key for row in face.board.list.rows]
        assert until(lambda: len(running()) == 1)
        await pilot.press("2")
        await pilot.resize_terminal(80, 19)
        await pilot.pause()
        assert until(lambda: not running())
        await pilot.press("4")
        await pilot.pause()
        assert until(lambda: len(running()) == 1)

    drive(story(scenario("two_4090")), steps)
    assert until(lambda: not running())


@needs_compiler
def test_a_gpu_is_lost_while_the_pane_is_shown(story: Callable[[str], GpuFacts]) -> None:
    facts = story("gpu\nname NVIDIA A\ntemperature 40\nmemory 1024 0 512\n")
    assert isinstance(facts.nvml, GpuSystem)
    story("gpu\nname NVIDIA A\nlost_after 30\ntemperature 40\nmemory 1024 0 512\n")

    async def steps(face: GpuFace, pilot: Pilot[None]) -> None:
        await pilot.press("4")
        await reads(face, pilot, "40 °C")
        await reads(face, pilot, "▸✗ GPU 0  lost: it answers no more  A")

    drive(facts, steps)


@needs_compiler
def test_samples_that_end_are_said_and_begin_again_with_the_pane(story: Callable[[str], GpuFacts]) -> None:
    facts = story(scenario("gb10"))
    story("init 9\n")

    async def steps(face: GpuFace, pilot: Pilot[None]) -> None:
        await pilot.press("4")
        await reads(face, pilot, "The samples ended:")
        assert "as last read" in screen_text(face)
        await pilot.press("2")
        story(scenario("gb10"))
        await pilot.press("4")
        await reads(face, pilot, "live, every 1 s")
        assert "The samples ended" not in screen_text(face)

    drive(facts, steps)


@needs_compiler
def test_many_gpus_are_sampled_less_often(story: Callable[[str], GpuFacts]) -> None:
    facts = story("gpu\nmemory 1024 0 512\n" * 5)
    watch = GpuWatch(str, hurried)
    watch.pace(1.0, lambda: None)
    try:
        assert until(lambda: trace(watch, facts).every == SLOW)
        assert until(lambda: bool(trace(watch, facts).past))
    finally:
        watch.stop()
    assert trace(watch, facts).every is None
    assert until(lambda: not running())


def trace(watch: GpuWatch, facts: GpuFacts) -> Trace:
    state = watch.over(g.state(facts))
    assert isinstance(state, Live)
    return state.trace


class Clockwork:
    """Samples at these moments, each as soon as the one before was taken."""

    def __init__(self, moments: list[float]) -> None:
        self.moments = moments
        self.stopped = False

    def samples(self) -> Generator[Sample | NvmlFailure, None, None]:
        for at in self.moments:
            yield Sample(at, (g.CARDS[0].load,))

    def stop(self) -> None:
        self.stopped = True


def paces(moments: list[float]) -> tuple[list[float], Trace]:
    asked: list[float] = []

    def make(every: float) -> Samples:
        asked.append(every)
        return Clockwork(moments if len(asked) == 1 else [])

    watch = GpuWatch(str, make)
    heard: list[int] = []
    watch.pace(1.0, lambda: heard.append(1))
    assert until(lambda: len(asked) > 1 or len(heard) == len(moments))
    watch.stop()
    return asked, trace(watch, g.made.facts())


def test_an_nvml_that_answers_late_is_asked_less_often() -> None:
    assert paces([1.0, 3.1, 5.3, 7.4, 9.6])[0] == [1.0, SLOW]
    assert paces([1.0, 2.0, 4.1, 5.1, 6.2])[0] == [1.0]


def test_five_minutes_are_kept() -> None:
    _, seen = paces([float(second) for second in range(400)])
    assert [reading.at for reading in seen.past] == [float(second) for second in range(100, 400)]
    assert seen.past[0].used == (20 * g.GIB,)


def test_what_the_driver_says_is_redacted() -> None:
    class Failing(Clockwork):
        def samples(self) -> Generator[Sample | NvmlFailure, None, None]:
            yield NvmlFailure(FailureKind.UNKNOWN, "lost /home/maria/x")

    watch = GpuWatch(lambda text: text.replace("/home/maria", "~"), lambda _: Failing([]))
    watch.pace(1.0, lambda: None)
    facts = g.made.facts(variables={"CUDA_VISIBLE_DEVICES": "/home/maria"})
    assert until(lambda: trace(watch, facts).failure is not None)
    watch.stop()
    state = watch.over(g.state(facts))
    assert isinstance(state, Live)
    assert "lost ~/x" in str(state.trace)
    assert "/home/maria" not in str((state.trace, state.gpus))


def test_a_state_without_gpus_stays_as_it_is() -> None:
    watch = GpuWatch(str)
    plain = g.state(None)
    assert watch.over(plain) is plain


@needs_compiler
def test_the_program_in_a_terminal(tmp_path: Path) -> None:
    folder = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    environ = nvml_standin.environment("driver", nvml_standin.scenario("two_4090"))
    with terminal(
        LD_LIBRARY_PATH=environ["LD_LIBRARY_PATH"],
        NVML_STANDIN=environ[nvml_standin.VARIABLE],
        NPDOCTOR_PYTHON=str(folder / "bin/python"),
    ) as term:
        term.read_until(b"/24.0")
        term.type(b"4")
        term.read_until(b"sm_89")
        term.read_until(b"peak")
        term.type(b"q")
        assert term.wait() in (0, 1)
        assert term.is_restored
