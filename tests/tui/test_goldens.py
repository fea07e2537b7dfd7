"""The screen as text, compared with what was looked at: NPDOCTOR_GOLDENS=write renews the files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from textual.pilot import Pilot

from npdoctor.tui.face import Face
from npdoctor.tui.signs import ASCII, UNICODE
from npdoctor.tui.state import Failure, State

from . import recorded as r
from .driving import drive, screen_text

GOLDENS = Path(__file__).parent / "goldens"
WRITE = os.environ.get("NPDOCTOR_GOLDENS") == "write"
STATES = {
    "reading": r.READING,
    "importing": r.STATIC,
    "final": r.FINAL,
    "clean-so-far": r.CLEAN_SO_FAR,
    "healthy": r.HEALTHY,
    "unknown-left": r.UNKNOWN_LEFT,
    "no-target": State(
        failure=Failure(
            "No Python at /workspace/venv/bin/python. Pass --python PATH. Found here: /usr/bin/python3", 3
        )
    ),
}
SIZES = ((80, 24), (120, 40), (40, 8), (20, 4))
PAGES = {"detail": "enter", "why": "w", "help": "question_mark", "filter": "slash"}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
@pytest.mark.parametrize("name", STATES)
def test_states(name: str, size: tuple[int, int]) -> None:
    compare(f"{name}-{size[0]}x{size[1]}", STATES[name], size)


@pytest.mark.parametrize("page", PAGES)
def test_pages(page: str) -> None:
    compare(f"page-{page}-80x24", r.FINAL, (80, 24), PAGES[page])


def test_ascii() -> None:
    compare("ascii-80x24", r.STATIC, (80, 24), ascii_only=True)


def compare(name: str, state: State, size: tuple[int, int], *keys: str, ascii_only: bool = False) -> None:
    seen: list[str] = []

    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press(*keys)
        await pilot.pause()
        seen.append(screen_text(face))

    drive(state, steps, size, ASCII if ascii_only else UNICODE)
    golden = GOLDENS / f"{name}.txt"
    if WRITE:
        golden.write_text(seen[0], encoding="utf-8")
    assert seen[0] == golden.read_text(encoding="utf-8")
    assert not ascii_only or seen[0].isascii()
