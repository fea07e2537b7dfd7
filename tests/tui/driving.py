"""Drive the screen without a terminal and read what it shows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from textual.pilot import Pilot

from npdoctor.tui.face import Face
from npdoctor.tui.signs import UNICODE, Signs
from npdoctor.tui.state import State


class Recorded:
    """A source that says what a test tells it to say."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.cancelled = False
        self.looked = 0

    def take(self) -> State:
        self.looked += 1
        return self.state

    def screen_is_up(self) -> None:
        pass

    def pause(self, paused: bool) -> None:
        self.state = replace(self.state, paused=paused)

    def cancel(self) -> None:
        self.cancelled = True


Steps = Callable[[Face, Pilot[None]], Awaitable[None]]


def drive(
    state: State, steps: Steps, size: tuple[int, int] = (80, 24), signs: Signs = UNICODE
) -> tuple[Face, Recorded]:
    """Open the screen on a state and take these steps."""
    source = Recorded(state)
    face = Face(source, signs)

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


async def told(face: Face, pilot: Pilot[None], state: State) -> None:
    """Let the screen take another state."""
    source = face.source
    assert isinstance(source, Recorded)
    source.state = state
    face.look()
    await pilot.pause()
