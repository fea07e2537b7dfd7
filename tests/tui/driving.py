"""Drive the screen without a terminal and read what it shows."""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from textual.pilot import Pilot

from npdoctor.checkup import Request
from npdoctor.config import Ignore, add_ignore, config_path, load_config, remove_ignore
from npdoctor.model.finding import Finding
from npdoctor.report.ignored import without_ignored
from npdoctor.report.redact import Redactor
from npdoctor.tui.bench import Bench, Case
from npdoctor.tui.face import Face
from npdoctor.tui.lens import Lenses
from npdoctor.tui.repair import Repair
from npdoctor.tui.settings import NO_SETTINGS, Settings
from npdoctor.tui.signs import UNICODE, Signs
from npdoctor.tui.state import Again, State
from npdoctor.tui.work import Planned

from .mended import StandInBench
from .recorded import BOOK


class Recorded:
    """A source that says what a test tells it to say, with a real Repair at a stand-in of the workflow."""

    def __init__(self, state: State, bench: Bench) -> None:
        self.state = state
        self.cancelled = False
        self.looked = 0
        self.halted = 0
        self.examined = 0
        self.asked: list[str] = []
        self.lenses = Lenses(lambda diagnosis: diagnosis, str)
        self.repair = Repair(self, Redactor(home="/home/maria", user="maria"), bench)
        self.repair.read_history()

    def take(self) -> State:
        self.looked += 1
        work, history = self.repair.take()
        return self.lenses.over(replace(self.state, work=work, history=history))

    def turn_lens(self) -> None:
        self.lenses.turn(self.newest())

    def screen_is_up(self) -> None:
        pass

    def pause(self, paused: bool) -> None:
        self.state = replace(self.state, paused=paused)

    def cancel(self) -> None:
        self.cancelled = True

    def newest(self) -> Case | None:
        found = self.state.diagnosis
        return Case(found, BOOK, Request(), self.state.final) if found else None

    def prefix(self) -> str | None:
        return "/workspace/venv"

    @property
    def ignores(self) -> tuple[Ignore, ...]:
        return load_config(config_path(os.environ)).ignores

    def ignore(self, finding: Finding, reason: str) -> str:
        path = config_path(os.environ)
        add_ignore(path, Ignore(finding.code, finding.subject, reason))
        return self.judge(path)

    def count_again(self, finding: Finding) -> str:
        path = config_path(os.environ)
        remove_ignore(path, finding.code, finding.subject)
        return self.judge(path)

    def judge(self, path: str) -> str:
        found = self.state.diagnosis
        assert found
        whole = replace(found, findings=(*found.findings, *(i.finding for i in self.state.ignored)))
        kept, ignored = without_ignored(whole, self.ignores)
        self.state = replace(self.state, diagnosis=kept, ignored=ignored)
        return path

    def try_again(self, name: str) -> None:
        self.asked.append(name)
        self.state = replace(self.state, again=Again(name))

    def start_over(self, python: str = "") -> None:
        self.asked.append(f"all {python}".strip())

    def halt(self) -> None:
        self.halted += 1

    def examine_again(self) -> None:
        self.examined += 1


Steps = Callable[[Face, Pilot[None]], Awaitable[None]]


def drive(
    state: State,
    steps: Steps,
    size: tuple[int, int] = (80, 24),
    signs: Signs = UNICODE,
    bench: Bench | None = None,
    settings: Settings = NO_SETTINGS,
) -> tuple[Face, Recorded]:
    """Open the screen on a state and take these steps."""
    source = Recorded(state, bench or StandInBench())
    face = Face(source, signs, settings)
    face.clock = itertools.count(1.0).__next__  # every key comes a second after the one before

    async def run() -> None:
        async with face.run_test(size=size) as pilot:
            await pilot.pause()
            await steps(face, pilot)

    asyncio.run(run())
    return face, source


def screen_text(face: Face) -> str:
    """Return what is on the screen, line by line."""
    strips = face.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips) + "\n"


def key_line(face: Face) -> str:
    """Return the last line of the screen."""
    return screen_text(face).splitlines()[-1]


async def told(face: Face, pilot: Pilot[None], state: State) -> None:
    """Let the screen take another state."""
    source = face.source
    assert isinstance(source, Recorded)
    source.state = state
    face.look()
    await pilot.pause()


async def reaches(face: Face, pilot: Pilot[None], *kinds: type) -> None:
    """Wait until the fix has come this far, at most five seconds."""
    end = time.monotonic() + 5
    while not isinstance(face.state.work, kinds):
        assert time.monotonic() < end, face.state.work
        await asyncio.sleep(0.01)
        face.look()
    await pilot.pause()
    await pilot.pause()


async def planned(face: Face, pilot: Pilot[None], *keys: str) -> Planned:
    """Press these keys and `f`, and wait for the plan."""
    await pilot.press(*keys, "f")
    await reaches(face, pilot, Planned)
    assert isinstance(face.state.work, Planned)
    return face.state.work
