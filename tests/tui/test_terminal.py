"""The program as a person starts it, in a real terminal."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
import uuid

import pytest

from clinic.patients import admit
from clinic.recipes import SIX

from .terminal import Terminal, processes_with, terminal


@pytest.fixture
def mark() -> str:
    """Return a text by which everything that was started can be found."""
    return f"NPD_TEST_MARK={uuid.uuid4().hex}"


def opened(mark: str, python: str = sys.executable, **environ: str) -> dict[str, str]:
    name, _, value = mark.partition("=")
    return {name: value, "NPDOCTOR_PYTHON": python, **environ}


def test_it_opens_at_once_and_leaves_the_terminal_as_it_was(mark: str) -> None:
    with terminal(**opened(mark)) as term:
        term.read_until(b"npdoctor: starting")
        term.read_until(b"quit")
        term.read_until(b"unknown")
        began = time.monotonic()
        term.type(b"q")
        code = term.wait()
        assert time.monotonic() - began < 2
        assert code in (0, 1, 130)
        assert term.is_restored
        assert term.drawn.rstrip().endswith(b"npdoctor check")
        assert not processes_with(mark)


def test_no_python_there_is_said_and_ends_with_3(mark: str) -> None:
    with terminal(**opened(mark, "/nowhere/bin/python")) as term:
        term.read_until(b"No Python at /nowhere/bin/python")
        term.type(b"q")
        assert term.wait() == 3
        assert term.is_restored


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)]
)
def test_a_signal_restores_the_terminal(mark: str, number: signal.Signals, code: int) -> None:
    with terminal(**opened(mark)) as term:
        term.read_until(b"quit")
        os.kill(term.pid, number)
        assert term.wait() == code
        assert term.is_restored
        assert not processes_with(mark)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_before_the_first_screen(mark: str, number: signal.Signals) -> None:
    with terminal(**opened(mark)) as term:
        term.read_until(b"npdoctor: starting")
        time.sleep(0.1)
        os.kill(term.pid, number)
        code = term.wait()
        assert code == {signal.SIGTERM: 143, signal.SIGINT: 130}[number], term.drawn
        assert b"Traceback" not in term.drawn
        assert not processes_with(mark)


def test_a_terminal_that_is_taken_away_leaves_nothing_behind(mark: str) -> None:
    with terminal(**opened(mark)) as term:
        term.read_until(b"quit")
        term.hang_up()
        end = time.monotonic() + 8
        code = None
        while code is None and time.monotonic() < end:
            pid, status = os.waitpid(term.pid, os.WNOHANG)
            if pid:
                term.pid, code = 0, os.waitstatus_to_exitcode(status)
            time.sleep(0.05)
        assert code == 129
        assert not processes_with(mark)


def test_ctrl_z_gives_the_terminal_back_and_all_is_drawn_again(mark: str) -> None:
    with terminal(**opened(mark)) as term:
        term.read_until(b"unknown")
        term.type(b"\x1a")
        end = time.monotonic() + 10
        while not os.waitpid(term.pid, os.WUNTRACED | os.WNOHANG)[0]:
            assert time.monotonic() < end
            term.read(0.02)
        term.read(0.1)
        assert term.is_restored
        term.drawn = b""
        os.kill(term.pid, signal.SIGCONT)
        term.read_until(b"quit")
        term.read_until(b"npdoctor")
        term.type(b"q")
        term.wait()
        assert term.is_restored


def test_no_color_draws_without_colour(mark: str) -> None:
    with terminal(**opened(mark, NO_COLOR="1")) as term:
        term.read_until(b"unknown")
        term.type(b"q")
        term.wait()
        codes = {code for found in re.findall(rb"\x1b\[([\d;]*)m", term.drawn) for code in found.split(b";")}
        assert codes <= {b"", b"0", b"1", b"2", b"7", b"39", b"49"}


def test_ascii_by_wish(mark: str) -> None:
    with terminal(**opened(mark, NPDOCTOR_ASCII="1")) as term:
        term.read_until(b"unknown")
        term.type(b"q")
        term.wait()
        drawn = term.drawn.replace("starting…".encode(), b"")
        assert drawn.isascii()


@pytest.fixture(scope="module")
def broken() -> str:
    """Return the interpreter of an environment in which six packages are broken."""
    return str(admit(SIX).python)


@pytest.mark.clinic
def test_a_broken_environment_shows_its_findings(broken: str, mark: str) -> None:
    with terminal(**opened(mark, broken)) as term:
        _finds_scipy(term)
        began = time.monotonic()
        term.type(b"q")
        assert term.wait() == 1
        assert time.monotonic() - began < 2
        assert term.is_restored
        assert b"6 broken" in term.drawn[-200:]
        assert not processes_with(mark)


@pytest.mark.clinic
def test_ctrl_c_while_importing_ends_with_130(broken: str, mark: str) -> None:
    with terminal(**opened(mark, broken)) as term:
        _finds_scipy(term)
        term.type(b"p\x03")
        assert term.wait() == 130
        assert term.is_restored
        assert not processes_with(mark)


def _finds_scipy(term: Terminal) -> None:
    term.read_until(b"NPD101", 60)
    term.read_until(b"scipy 1.11.4", 60)
