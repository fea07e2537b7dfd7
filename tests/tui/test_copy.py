"""Copying: what is sent to the terminal, what is kept in a file, and plain text in the normal screen."""

from __future__ import annotations

import base64
import os
import signal
import stat
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from npdoctor.model.finding import Evidence
from npdoctor.tui.clipboard import MOST_BYTES, clipboard_sequence
from npdoctor.tui.face import Face

from . import mended as m
from . import recorded as r
from .driving import drive, planned, screen_text
from .terminal import terminal


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USER", "maria")
    for name in ("TMUX", "STY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def watch(face: Face, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what is written to the terminal from here on."""
    written: list[str] = []
    assert face._driver
    monkeypatch.setattr(face._driver, "write", written.append)
    return written


def unpacked(written: list[str]) -> str:
    (sequence,) = (text for text in written if text.startswith("\x1b]52;c;"))
    return base64.b64decode(sequence[7:-1]).decode()


def saved(home: Path) -> str:
    path = home / ".local/state/npdoctor/copy.txt"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    return path.read_text()


def test_a_finding_is_copied_with_its_evidence(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        written = watch(face, monkeypatch)
        await pilot.press("j", "y")
        await pilot.pause()
        text = unpacked(written)
        assert text.startswith("✗ NPD101  scipy 1.11.4  built for NumPy 1")
        assert "scipy/cluster/_hierarchy" in text
        assert "ImportError: numpy.core.multiarray failed to import" in " ".join(text.split())
        assert "pandas" not in text
        assert saved(home) == text
        shown = " ".join(screen_text(face).split())
        assert f"Copied {len(text.encode())} bytes" in shown
        assert "(OSC 52)" in shown
        assert "~/.local/state/npdoctor/copy.txt" in shown
        await pilot.press("k")
        await pilot.pause()
        assert "OSC 52" not in screen_text(face)

    drive(r.FINAL, steps)


def test_the_report_is_copied_whole_and_redacted(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = replace(r.SCIPY, evidence=(Evidence("file", f"{home}/x/scipy.so", "read by maria"),))
    state = replace(r.FINAL, diagnosis=r.diagnosis(told, r.JOBLIB))

    async def steps(face: Face, pilot: Pilot[None]) -> None:
        written = watch(face, monkeypatch)
        await pilot.press("Y")
        text = unpacked(written)
        assert "scipy 1.11.4" in text
        assert "joblib 1.6.0" in text
        assert text.rstrip().endswith("exit 1")
        assert "~/x/scipy.so" in text
        assert str(home) not in text
        assert "maria" not in text
        assert saved(home) == text

    drive(state, steps)


def test_the_preview_copies_its_commands(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await planned(face, pilot)
        written = watch(face, monkeypatch)
        await pilot.press("y")
        assert unpacked(written) == " ".join(m.PLAN.commands[0]) + "\n"
        assert saved(home) == " ".join(m.PLAN.commands[0]) + "\n"

    drive(r.FINAL, steps)


def test_other_panes_and_the_rule_are_copied(home: Path) -> None:
    bench = m.StandInBench()
    bench.history = (m.ENTRY,)

    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("w", "y")
        assert "The banner alone is not a failure." in saved(home)
        await pilot.press("escape", "5", "y")
        assert "pandas" in saved(home)

    drive(r.FINAL, steps, bench=bench)


def test_what_is_too_large_for_a_terminal_is_only_saved(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("npdoctor.tui.clipboard.MOST_BYTES", 1000)
    long = replace(r.SCIPY, evidence=(Evidence("file", "log", "word " * 400),))

    async def steps(face: Face, pilot: Pilot[None]) -> None:
        written = watch(face, monkeypatch)
        await pilot.press("y")
        await pilot.pause()
        assert not any("]52;" in text for text in written)
        assert "Too large for the clipboard. Saved:" in " ".join(screen_text(face).split())
        assert saved(home).count("word") == 400

    drive(replace(r.FINAL, diagnosis=r.diagnosis(long)), steps)


def test_a_state_folder_that_cannot_be_made_is_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "file").write_text("")
    monkeypatch.setenv("NPDOCTOR_HOME", str(home / "file"))

    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("y")
        await pilot.pause()
        assert "Not saved: The state folder" in " ".join(screen_text(face).split())

    drive(r.FINAL, steps)


def test_tmux_and_screen_get_what_they_pass_on() -> None:
    plain = clipboard_sequence("hé", {})
    assert plain == f"\x1b]52;c;{base64.b64encode('hé'.encode()).decode()}\x07"
    doubled = plain.replace("\x1b", "\x1b\x1b")
    assert clipboard_sequence("hé", {"TMUX": "/tmp/t,1,0"}) == f"{plain}\x1bPtmux;{doubled}\x1b\\"
    text = "x" * 500
    inside = clipboard_sequence(text, {"STY": "1.pts"})
    assert inside
    pieces = inside.split("\x1b\\")[:-1]
    assert all(piece.startswith("\x1bP") and len(piece) <= 78 for piece in pieces)
    assert "".join(piece[2:] for piece in pieces) == clipboard_sequence(text, {})
    assert clipboard_sequence("x" * MOST_BYTES, {})
    assert clipboard_sequence("x" * (MOST_BYTES + 1), {}) is None


def test_where_the_screen_cannot_be_left_it_is_said(home: Path) -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("o")
        await pilot.pause()
        assert "cannot be given back" in screen_text(face)

    drive(r.FINAL, steps)


def test_nothing_to_copy_is_no_key(home: Path) -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("y", "o", "x")
        assert not os.path.exists(home / ".local")

    drive(r.HEALTHY, steps)


def test_plain_text_comes_in_the_normal_screen_and_any_key_returns() -> None:
    with terminal(NPDOCTOR_PYTHON="/nowhere/bin/python", NPDOCTOR_HOME="/nowhere") as term:
        term.read_until(b"No Python at")
        term.read_until(b"quit")
        term.type(b"?o")
        term.read(0.3)
        assert b"Any key returns" not in term.drawn
        term.type(b"q")
        assert term.wait() == 3


@pytest.mark.parametrize("leave", [b" ", b"\x03"])
def test_an_item_is_printed_where_the_terminal_can_select_it(leave: bytes) -> None:
    with terminal(NPDOCTOR_PYTHON=sys.executable) as term:
        term.read_until(b"export", 60)
        term.type(b"2")
        term.read_until(b"Lies in")
        term.read(0.3)
        term.type(b"o")
        term.read_until(b"Any key returns to npdoctor.")
        printed = term.drawn[term.drawn.rfind(b"\x1b[?1049l") :]
        assert len(printed.splitlines()) > 3
        assert b"Lies in" in printed
        assert b"\x1b[?1049h" not in printed
        term.type(leave)
        if leave == b" ":
            end = time.monotonic() + 10
            while term.drawn.rfind(b"\x1b[?1049h") < term.drawn.rfind(b"Any key returns"):
                assert time.monotonic() < end
                term.read(0.05)
            term.read(0.3)
            os.kill(term.pid, signal.SIGTERM)
        assert term.wait() == (143 if leave == b" " else 130)
        assert term.is_restored
