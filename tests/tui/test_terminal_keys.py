"""Keys, options and failures in a real terminal, and how it is left."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import struct
import sys
import termios
from pathlib import Path

import pytest

from .terminal import Terminal, terminal

MOUSE = (b"1000", b"1003", b"1006")
SECRET = "hf_" + "abcdefghijklmnopqrstuvwxyz0123"
BROKEN = f"""
import npdoctor.checkup

def describe(*given, **named):
    raise KeyError({SECRET!r})

npdoctor.checkup.describe = describe
from npdoctor.__main__ import main
raise SystemExit(main())
"""


def test_the_mouse_is_on_and_off_by_its_key_and_off_at_the_end() -> None:
    with terminal(NPDOCTOR_PYTHON=sys.executable) as term:
        term.read_until(b"quit")
        assert not any(b"\x1b[?%sh" % mode in term.drawn for mode in MOUSE)
        term.type(b"m")
        term.read_until(b"The mouse is on")
        assert all(b"\x1b[?%sh" % mode in term.drawn for mode in MOUSE)
        term.type(b"m")
        term.read_until(b"\x1b[?1006l")
        term.type(b"m")
        term.read(0.2)
        term.type(b"q")
        term.wait()
        assert term.is_restored
        for mode in MOUSE:
            assert term.drawn.rfind(b"\x1b[?%sl" % mode) > term.drawn.rfind(b"\x1b[?%sh" % mode)


def test_options_open_the_screen_too() -> None:
    with terminal("--ascii", "--python", "/nowhere/bin/python") as term:
        term.read_until(b"No Python at /nowhere/bin/python")
        term.read_until(b"quit")
        term.type(b"q")
        assert term.wait() == 3
        assert term.is_restored
        assert term.drawn.replace("starting…".encode(), b"").isascii()


def test_an_option_of_the_command_line_stays_there() -> None:
    with terminal("--python", "/nowhere/bin/python", "--quiet") as term:
        assert term.wait() == 3
        assert b"No Python at /nowhere/bin/python" in term.drawn
        assert b"\x1b[?1049h" not in term.drawn


def test_a_failure_of_npdoctor_is_kept_for_a_report_and_said_after_the_screen(tmp_path: Path) -> None:
    with contextlib.closing(Terminal({"TMPDIR": str(tmp_path)}, (sys.executable, "-c", BROKEN))) as term:
        term.read_until(b"npdoctor failed")
        term.read_until(b"quit")
        term.type(b"q")
        assert term.wait() == 4
        assert term.is_restored
        last = term.drawn.rpartition(b"\x1b[?1049l")[2].decode()
        assert "npdoctor failed (not your environment): KeyError" in last
        found = re.search(r"Report: (\S+\.txt)", last)
        assert found, last
        report = Path(found[1])
        assert report.parent == tmp_path
        assert report.stat().st_mode & 0o777 == 0o600
        assert "in describe" in report.read_text()
        assert SECRET not in report.read_text() + term.drawn.decode()


@pytest.mark.parametrize("term_name", ["linux", "screen", "xterm", "tmux-256color"])
def test_plain_terminals(term_name: str) -> None:
    with terminal("--python", "/nowhere/bin/python", TERM=term_name, COLORTERM="") as term:
        term.read_until(b"No Python at")
        term.read_until(b"quit")
        term.type(b"q")
        assert term.wait() == 3
        assert term.is_restored
        assert b"38;2;" not in term.drawn


def test_any_size_at_any_time() -> None:
    with terminal("--python", "/nowhere/bin/python") as term:
        for columns, rows in ((20, 5), (1, 1), (200, 60), (0, 0), (79, 9), (80, 24)):
            fcntl.ioctl(term.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            term.read(0.05)
        term.read_until(b"quit")
        term.drawn = term.drawn[-20000:]
        os.write(term.master, b"q")
        assert term.wait() == 3
        assert b"Traceback" not in term.drawn
