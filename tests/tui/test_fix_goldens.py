"""The pages of a fix as text, compared with what was looked at: NPDOCTOR_GOLDENS=write renews the files."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from npdoctor.model.plan import Strategy
from npdoctor.report.redact import Redactor
from npdoctor.tui.face import Face
from npdoctor.tui.history import past_head, past_line, past_lines, past_of, undo_lines
from npdoctor.tui.line import plain, width_of
from npdoctor.tui.progress import fix_lines
from npdoctor.tui.signs import ASCII, UNICODE, Signs
from npdoctor.tui.veil import end_of, sheet_of
from npdoctor.tui.work import Carried, Carrying, NotPlanned, Order, Planned, Planning, TakingBack, Work

from . import mended as m
from . import recorded as r
from .driving import drive, reaches, screen_text
from .test_goldens import GOLDENS, WRITE

HEARD = ("round 1: resolving", "round 2: reading 3 wheels on the index", "installing")
SHEET = sheet_of(m.GOOD, Redactor())
DONE = replace(m.GOOD, applied=True, left=(), written=(m.EDIT.path,), entry="7")
FAILED = replace(m.GOOD, failure="uv exited 2.\nerror: no space left on device", entry="7", undone=True)
BOTH = ((Strategy.NEAREST, True), (Strategy.LATEST, False))
FIXES: dict[str, Work] = {
    "planning": Planning(Order(), HEARD, 4),
    "preview": Planned(Order(), SHEET, possible=BOTH),
    "preview-chosen": Planned(Order(subjects=("scipy", "joblib")), SHEET, early=True, possible=BOTH[:1]),
    "refused": Planned(Order(), sheet_of(m.REFUSED, Redactor()), possible=BOTH),
    "impossible": Planned(Order(Strategy.LATEST), sheet_of(m.IMPOSSIBLE, Redactor()), possible=BOTH),
    "impossible-chosen": Planned(
        Order(Strategy.LATEST, ("pandas",)), sheet_of(m.IMPOSSIBLE, Redactor()), possible=BOTH
    ),
    "not-planned": NotPlanned(Order(), "npdoctor failed (not your environment): OSError: no space left"),
    "installing": Carrying(
        Order(), SHEET, True, ("preparing", *HEARD[2:]), "Downloading pandas (12 MiB)", 72
    ),
    "stopping": Carrying(Order(), SHEET, True, ("installing",), "", 3, stopping=True),
    "worked": Carried(Order(), sheet_of(DONE, Redactor()), True),
    "written": Carried(Order(), sheet_of(replace(DONE, applied=False), Redactor()), False),
    "failed": Carried(Order(), sheet_of(FAILED, Redactor()), True),
}
UNDOS: dict[str, Work | None] = {
    "undo": None,
    "undoing": TakingBack(m.ENTRY, ("undoing 7", "removing 790", "restoring 812"), "", 2),
    "undone": end_of(m.ENTRY, replace(m.UNDONE, lost=("/workspace/venv/lib/x.so",)), Redactor()),
    "conflict": end_of(m.ENTRY, m.CONFLICT, Redactor()),
}
WIDTHS = (80, 120, 40)


@pytest.fixture(autouse=True)
def _greenwich(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", FIXES)
def test_fix(name: str, width: int) -> None:
    compare(f"fix-{name}-{width}", [plain(line) for line in fix_lines(FIXES[name], "scipy", width, UNICODE)])


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", UNDOS)
def test_undo(name: str, width: int) -> None:
    compare(f"{name}-{width}", [plain(line) for line in undo_lines(m.ENTRY, UNDOS[name], width, UNICODE)])


@pytest.mark.parametrize("width", WIDTHS)
def test_history(width: int) -> None:
    rows = past_of((m.ENTRY, m.OLDER, m.CUT_OFF))
    lines = [past_head(width), *(past_line(row, width, row is rows[0], UNICODE) for row in rows)]
    compare(f"history-{width}", [plain(line) for line in (*lines, *past_lines(rows[0], width, UNICODE))])


SCREENS = {
    "preview": ("j", "f"),
    "armed": ("j", "f", "A"),
    "history": ("5",),
    "undo": ("5", "u"),
    "marked": ("space", "j", "j", "space"),
}


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (40, 12)], ids=lambda size: "x".join(map(str, size)))
@pytest.mark.parametrize("name", SCREENS)
def test_screens(name: str, size: tuple[int, int]) -> None:
    seen: list[str] = []

    async def steps(face: Face, pilot: Pilot[None]) -> None:
        for key in SCREENS[name]:
            await pilot.press(key)
            if key == "f":
                await reaches(face, pilot, Planned)
        await pilot.pause()
        seen.append(screen_text(face))

    drive(r.FINAL, steps, size, bench=m.StandInBench(history=(m.ENTRY, m.OLDER, m.CUT_OFF)))
    compare(f"screen-{name}-{size[0]}x{size[1]}", seen[0].splitlines())


def compare(name: str, lines: list[str]) -> None:
    text = "".join(f"{line.rstrip()}\n" for line in lines)
    golden = GOLDENS / f"{name}.txt"
    if WRITE:
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("signs", [UNICODE, ASCII])
@pytest.mark.parametrize("width", [20, 40, 59, 60, 80, 160])
def test_no_line_is_wider_than_the_page(width: int, signs: Signs) -> None:
    rows = past_of((m.ENTRY, m.OLDER, m.CUT_OFF))
    lines = [past_head(width)] if width >= 40 else []
    lines += [past_line(row, width, True, signs) for row in rows]
    for row in rows:
        lines += past_lines(row, width, signs)
    for fix in FIXES.values():
        lines += fix_lines(fix, "pandas", width, signs)
    for undo in UNDOS.values():
        lines += undo_lines(m.ENTRY, undo, width, signs)
    for line in lines:
        assert width_of(line) <= width, plain(line)
        assert signs is UNICODE or plain(line).isascii(), plain(line)


def test_every_text_is_redacted() -> None:
    home = "/home/maria"
    secret = "hf_abcdefghijklmnopqrstuvwxyz0123456789"
    plan = replace(
        m.PLAN,
        edits=(
            replace(m.EDIT, path=f"{home}/r.txt", after=f"-i https://maria:{secret}@x.example/\n".encode()),
        ),
        remove=(f"{home}/venv/~umpy",),
        commands=(("uv", "pip", "install", "--python", f"{home}/venv/bin/python"),),
        steps=(f"look into {home}",),
        notes=(secret,),
        changes=(replace(m.PANDAS, why=f"see {home}/x"),),
    )
    found = replace(
        m.GOOD,
        plan=plan,
        failure=f"{secret}\n{home}",
        written=(f"{home}/r.txt",),
        unrehearsed=home,
        entry="1",
    )
    redactor = Redactor(home=home, user="maria")
    sheet = sheet_of(found, redactor)
    entry = replace(m.ENTRY, prefix=f"{home}/venv")
    shown = [
        *fix_lines(Planned(Order(), sheet), "", 160, UNICODE),
        *fix_lines(Carried(Order(), sheet, True), "", 160, UNICODE),
        *undo_lines(m.ENTRY, end_of(m.ENTRY, m.CONFLICT, redactor), 160, UNICODE),
    ]
    text = "\n".join(map(plain, shown)) + repr(sheet)
    assert "~/r.txt" in text
    assert "maria" not in text
    assert secret not in text
    assert entry.prefix not in text
