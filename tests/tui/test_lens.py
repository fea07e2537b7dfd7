from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from npdoctor.checkup import Listener, Request
from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.finding import Severity
from npdoctor.model.rules import RuleBook
from npdoctor.probe.control import Control
from npdoctor.report.redact import Redactor
from npdoctor.tui.bench import Case
from npdoctor.tui.extensions import extensions_of
from npdoctor.tui.face import Face
from npdoctor.tui.lens import as_if, other_numpy
from npdoctor.tui.packages import packages_of
from npdoctor.tui.present import closing_line, lens_notice, status_line
from npdoctor.tui.session import Session
from npdoctor.tui.signs import UNICODE
from npdoctor.tui.state import Lens, State, code_on_leaving

from . import installed as i
from . import recorded as r
from .driving import drive, key_line, screen_text
from .test_goldens import compare
from .test_session import until

CASE = Case(i.judged({**i.ANSWERS, **i.REST}), i.BOOK, Request(), True)
SEEN = replace(i.FINAL, diagnosis=as_if(CASE, "1.26.4"), lens=Lens("1.26.4", ready=True))


async def looking(face: Face, pilot: Pilot[None]) -> None:
    end = time.monotonic() + 5
    while face.state.lens is None or not face.state.lens.ready:
        assert time.monotonic() < end, face.state.lens
        await asyncio.sleep(0.01)
        face.look()
    await pilot.pause()
    await pilot.pause()


@pytest.mark.parametrize(
    ("installed", "python", "other"),
    [
        ("2.1.3", (3, 11, 7), "1.26.4"),
        ("2.1.3", (3, 8, 1), "1.24.4"),
        ("2.1.3", (3, 13, 0), "1.26.4"),
        ("1.26.4", (3, 11, 7), "2.4.6"),
        ("1.26.4", (3, 10, 2), "2.2.6"),
        ("1.24.0", (3, 9, 2), "2.0.2"),
        (None, (3, 12, 0), "2.5.5"),
    ],
)
def test_the_other_numpy_is_one_that_this_python_can_have(
    installed: str | None, python: tuple[int, int, int], other: str
) -> None:
    assert other_numpy(installed, python) == other


def test_what_needs_numpy_2_is_broken_and_what_needs_numpy_1_is_not() -> None:
    found = as_if(CASE, "1.26.4")
    broken = {f.subject for f in found.findings if f.severity is Severity.BROKEN}
    assert broken == {"xformers"}
    assert {f.subject for f in CASE.diagnosis.findings if f.code == "NPD101"} == {"opencv-python"}


def test_what_was_imported_says_nothing_of_another_numpy() -> None:
    found = as_if(CASE, "1.26.4")
    assert not found.snapshot.imports
    assert not any(f.code == "NPD108" for f in found.findings)
    assert {row.state for row in extensions_of(SEEN)} == {"skip"}
    assert next(row for row in packages_of(SEEN) if row.key == "numpy").state.version == "1.26.4"


def test_the_words_say_that_it_is_not_what_is_there() -> None:
    assert lens_notice(SEEN).startswith("As if NumPy 1.26.4 were installed: binaries and metadata only.")
    assert "as if NumPy 1.26.4" in "".join(text for text, _ in status_line(SEEN, 50, UNICODE))
    assert "What is listed is what is there" in lens_notice(replace(i.FINAL, lens=Lens("1.26.4")))
    assert "Nothing speaks against it." not in lens_notice(SEEN)
    clean = Diagnosis(CASE.diagnosis.snapshot, (), ())
    assert "Nothing speaks against it." in lens_notice(replace(SEEN, diagnosis=clean))
    assert lens_notice(replace(SEEN, lens=Lens("1.26.4", failure="it failed"))) == "it failed"
    target = replace(CASE.diagnosis.snapshot.target, version=(3, 13, 1))
    assert "NumPy 1 has no wheels for Python 3.13.1" in lens_notice(replace(SEEN, target=target))
    assert lens_notice(i.FINAL) == ""


def test_the_key_turns_it_on_and_off_in_every_pane() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("L")
        await looking(face, pilot)
        text = screen_text(face)
        assert "As if NumPy 1.26.4 were installed: binaries and metadata only." in text
        assert "xformers" in text
        assert "opencv-python" not in text
        assert "L as it is" in key_line(face)
        for pane in "235":
            await pilot.press(pane)
            assert "As if NumPy 1.26.4 were installed" in screen_text(face)
        await pilot.press("1", "L")
        face.look()
        await pilot.pause()
        assert face.state.lens is None
        assert "opencv-python" in screen_text(face)
        assert "As if" not in screen_text(face)

    drive(i.FINAL, steps, (120, 40))


def test_nothing_is_fixed_or_ignored_in_the_lens() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        assert {"fix", "mark"} <= face.working()
        await pilot.press("L")
        await looking(face, pilot)
        assert not face.working() & {"fix", "mark", "undo", "ignore"}
        await pilot.press("f")
        assert face.board.page == ""
        await pilot.press("L")
        face.look()
        assert {"fix", "mark"} <= face.working()

    drive(i.FINAL, steps)


def test_there_is_no_lens_before_the_first_verdict() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        assert "lens" not in face.working()
        await pilot.press("L")
        assert face.state.lens is None

    drive(replace(i.STATIC, diagnosis=None), steps)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (40, 12)])
@pytest.mark.parametrize(("pane", "name"), [("1", "findings"), ("2", "packages"), ("3", "extensions")])
def test_goldens(size: tuple[int, int], pane: str, name: str) -> None:
    compare(f"lens-{name}-{size[0]}x{size[1]}", SEEN, size, pane)


def test_the_session_judges_behind_the_redactor_and_the_last_word_is_of_what_is_there() -> None:
    def work(request: Request, book: RuleBook, listener: Listener, control: Control) -> Diagnosis:
        listener.target_chosen(r.CHOICE)
        listener.verdict(CASE.diagnosis, True)
        return CASE.diagnosis

    session = Session(Redactor(home="/home/maria", user="maria"), Request(), work)
    session.start()
    before = until(session, lambda s: s.final)
    session.turn_lens()
    state = until(session, lambda s: s.lens is not None and s.lens.ready)
    assert state.lens == Lens("1.26.4", ready=True)
    assert state.is_still
    assert state.diagnosis != before.diagnosis
    assert state.diagnosis
    assert "maria" not in repr(state.diagnosis.snapshot.distributions)
    assert "hunter2" not in repr(state.diagnosis.snapshot.distributions)
    newest = session.newest()
    assert newest is not None
    assert newest.diagnosis is CASE.diagnosis
    session.stop()
    last = session.take()
    assert last.lens is None
    assert closing_line(last, UNICODE).startswith("npdoctor: 2 broken")
    assert code_on_leaving(last) == 1


def test_outcomes_and_places_are_redacted() -> None:
    def work(request: Request, book: RuleBook, listener: Listener, control: Control) -> Diagnosis:
        listener.verdict(CASE.diagnosis, True)
        return CASE.diagnosis

    session = Session(Redactor(home="/home/maria", user="maria"), Request(), work)
    session.start()
    found: State = until(session, lambda s: s.final)
    assert found.diagnosis
    assert "failed to import from ~/x" in repr(found.diagnosis.snapshot.imports)
    assert "maria" not in repr(found.diagnosis)
    session.stop()


def test_a_lens_that_fails_says_so() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("L")
        end = time.monotonic() + 5
        while not (face.state.lens and face.state.lens.failure):
            assert time.monotonic() < end
            await asyncio.sleep(0.01)
            face.look()
        await pilot.pause()
        assert "fell off" in screen_text(face)
        assert face.state.is_still

    class Unreadable(Exception):
        pass

    def fail(_: Diagnosis) -> Diagnosis:
        raise Unreadable("fell off")

    async def broken(face: Face, pilot: Pilot[None]) -> None:
        face.source.lenses._veil = fail  # type: ignore[attr-defined]
        await steps(face, pilot)

    drive(i.FINAL, broken)


def test_what_is_copied_under_the_lens_names_what_was_assumed() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        assert "As if NumPy" not in face.item_text()
        await pilot.press("L")
        await looking(face, pilot)
        assert face.item_text().startswith(
            "As if NumPy 1.26.4 were installed, by binaries and metadata only:\n"
        )

    drive(i.FINAL, steps)
