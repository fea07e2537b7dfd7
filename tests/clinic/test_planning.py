"""Plans for real environments by reading alone, and the lock files that they lead to."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from clinic.patients import admit, snapshot_of_files
from clinic.pythons import builder_environment, uv
from clinic.recipes import SIX
from npdoctor.checkup import Request, examine
from npdoctor.mend import Mender, MendListener, Wish
from npdoctor.model.mending import Mending
from npdoctor.model.plan import Verified
from npdoctor.model.rules import RuleBook
from npdoctor.rulebook.load import load_rule_book

LEAST = {
    "matplotlib": "3.8.4",
    "opencv-python-headless": "4.10.0.84",
    "pandas": "2.2.2",
    "scikit-image": "0.23.1",
    "scikit-learn": "1.4.2",
    "scipy": "1.13.0",
}


class Ears(MendListener):
    """Remembers what was tried."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def round(self, number: int, words: str) -> None:
        self.heard.append(words)


def planned(book: RuleBook, project: Path, ears: MendListener | None = None) -> tuple[Mender, Mending]:
    """Plan for the six without rehearsing."""
    request = Request(python=str(admit(SIX).python), working_folder=str(project))
    mender = Mender(examine(request, book), book, Wish(rehearse=False), request, ears)
    mending = mender.plan()
    if "cannot be reached" in mending.plan.impossible:
        pytest.skip(mending.plan.impossible)
    return mender, mending


def test_a_release_that_forgets_its_bound_is_caught_by_reading_its_wheel(tmp_path: Path) -> None:
    """4.10.0.82 of OpenCV is built for NumPy 1 and does not say so; the rule book is told to know nothing."""
    before, ears = snapshot_of_files(admit(SIX).prefix), Ears()
    _, mending = planned(replace(load_rule_book(), packages={}), tmp_path, ears)
    assert {c.name: c.new for c in mending.plan.changes} == LEAST
    assert {c.verified for c in mending.plan.changes} == {Verified.BINARY}
    assert any("1 releases excluded" in words for words in ears.heard)
    assert snapshot_of_files(admit(SIX).prefix) == before


def test_the_known_good_set_can_be_installed_from_a_lock(tmp_path: Path) -> None:
    mender, mending = planned(load_rule_book(), tmp_path)
    locked = mender.lock(mending)
    assert locked is not None
    assert locked.missing == ()
    installed = mender.diagnosis.snapshot.effective()
    pins = {name: d.version for name, d in installed.items()} | LEAST
    lines = {line.split(" ")[0] for line in locked.requirements.splitlines() if "==" in line}
    assert lines == {f"{name}=={version}" for name, version in pins.items()}
    program = uv()
    assert program is not None
    path = tmp_path / "pylock.toml"
    path.write_text(locked.pylock)
    command = [program, "pip", "install", "--dry-run", "--no-config", "--target", str(tmp_path / "new")]
    python = ["--python", str(admit(SIX).python), "-r", str(path)]
    done = subprocess.run(
        [*command, *python], env=builder_environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert f"Would install {len(pins)} packages" in done.stderr
