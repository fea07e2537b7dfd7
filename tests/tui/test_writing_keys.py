from __future__ import annotations

from textual.pilot import Pilot

from npdoctor.tui.face import Face
from npdoctor.tui.keys import KEYS
from npdoctor.tui.work import Planned

from . import mended as m
from . import recorded as r
from .driving import drive, planned

ALL_KEYS = sorted(
    {name for key in KEYS for name in key.keys.split(",")}
    | {"enter", "space", "tab", "y", "x", "d", "b", "z", "ctrl+a", "ctrl+j", "backspace", "delete", "f5"}
)


def test_no_other_key_writes() -> None:
    bench = m.StandInBench()
    bench.history = (m.ENTRY,)
    others = [key for key in ALL_KEYS if key not in ("a", "A", "q", "ctrl+c", "ctrl+z")]

    async def steps(face: Face, pilot: Pilot[None]) -> None:
        for key in others:
            if not isinstance(face.state.work, Planned) or face.board.page != "fix":
                while face.board.page:
                    await pilot.press("escape")
                await planned(face, pilot)
            await pilot.press(key)
            assert not bench.altered, key
        while face.board.page:
            await pilot.press("escape")
        await pilot.press("A", "A", "a", "5", "A", "A", "a", "enter", "A", "A", "a")
        assert not bench.altered

    drive(r.FINAL, steps, bench=bench)


def test_one_capital_a_and_enter_write_nothing() -> None:
    bench = m.StandInBench()

    async def steps(face: Face, pilot: Pilot[None]) -> None:
        for key in ("enter", "a", "y", "space", "s", "f", "u", "j"):
            await planned(face, pilot)
            await pilot.press("A", key)
            assert not bench.altered, key
            await pilot.press("escape", "escape")
            assert face.board.page == "", key

    drive(r.FINAL, steps, bench=bench)
