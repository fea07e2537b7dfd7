"""A whole session in a real terminal: look around, write a fix, take it back, quit, and nothing is left."""

from __future__ import annotations

import time
import uuid
from pathlib import Path

import pytest

from clinic.patients import Environment, snapshot_of_files
from tui.picture import Picture
from tui.terminal import Terminal, processes_with, terminal

REQUIREMENTS = b"# ours\r\nscipy==1.11.4  # by ops\r\nnumpy\r\n"


class Walk:
    """Keys pressed in a terminal, and what is seen after each."""

    def __init__(self, term: Terminal) -> None:
        self.term = term
        self.picture = Picture()
        self._fed = 0

    def until(self, *words: str, seconds: float = 30) -> None:
        """Read until all these words stand on the screen."""
        for _ in range(int(seconds / 0.05)):
            self.term.read(0.05)
            self.picture.feed(self.term.drawn[self._fed :])
            self._fed = len(self.term.drawn)
            if all(word in self.picture.text for word in words):
                return
        raise AssertionError(f"{words} did not come:\n{self.picture.text}")

    def press(self, keys: str, *words: str) -> None:
        """Press keys and wait until these words stand on the screen."""
        self.term.type(keys.encode())
        self.until(*words)


def test_look_around_write_undo_and_quit(
    six: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "requirements.txt").write_bytes(REQUIREMENTS)
    before = snapshot_of_files(six.prefix)
    monkeypatch.chdir(project)
    mark = uuid.uuid4().hex
    with terminal(
        NPD_TEST_MARK=mark, NPDOCTOR_PYTHON=str(six.python), NPDOCTOR_HOME=str(tmp_path / "state")
    ) as term:
        walk = Walk(term)
        walk.until("6 broken", "NPD101")
        walk.press("2", "[2 Packages", "matplotlib", "3.8.3")
        walk.press("3", "[3 Extensions", "LAST ANSWER")
        walk.press("5", "[5 History", "Nothing was fixed here yet")
        walk.press("1", "[1 Findings", "scikit-learn 1.3.2")
        walk.press("G\r", "Evidence", "Esc back")
        walk.press("\x1b", "Space mark")
        walk.press("f", "a write files", "scipy")
        assert (project / "requirements.txt").read_bytes() == REQUIREMENTS
        walk.press("a", "written", "puts everything back")
        assert b"scipy==1.13.0  # by ops\r\n" in (project / "requirements.txt").read_bytes()
        assert snapshot_of_files(six.prefix) == before
        walk.press("u", "nothing is undone")
        walk.press("A", "A again")
        time.sleep(1)  # a key that is held down is not a second press
        walk.press("A", "Fix 1 is undone")
        assert (project / "requirements.txt").read_bytes() == REQUIREMENTS
        assert [path.name for path in project.iterdir()] == ["requirements.txt"]
        term.type(b"\x1b")
        time.sleep(0.3)  # otherwise two keys would be one with alt
        walk.press("\x1b", "Space mark", "6 broken", "imports work")
        term.type(b"q")
        assert term.wait() == 1
        assert term.is_restored
        assert not processes_with(mark)
    assert snapshot_of_files(six.prefix) == before
