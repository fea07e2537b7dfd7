"""The workflow on a tiny real environment: what is told, in which order, and what is never started."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import Any

import pytest

from npdoctor.checkup import Listener, Request, examine, import_jobs, suspects
from npdoctor.errors import Cancelled, TargetError
from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.finding import Severity
from npdoctor.model.outcome import Imported, Outcome, Raised
from npdoctor.model.target import Choice, Target
from npdoctor.probe.control import Control
from npdoctor.rulebook.load import load_rule_book

BOOK = load_rule_book()
STANDARD = sorted(Path(sysconfig.get_config_var("DESTSHARED") or os.sep).glob("_heapq.*.so"))
TAG = "-x86_64-linux-gnu.so"

pytestmark = pytest.mark.skipif(not STANDARD, reason="this interpreter has no shared extension modules")


class Recorder(Listener):
    """Keeps what it hears; `on_import` is called with each outcome."""

    def __init__(self, *, live: bool = False) -> None:
        self.live = live
        self.heard: list[tuple[str, Any]] = []
        self.on_import: list[Any] = []

    def target_chosen(self, choice: Choice) -> None:
        self.heard.append(("chosen", choice))

    def described(self, target: Target) -> None:
        self.heard.append(("described", target))

    def reading(self, done: int, total: int) -> None:
        self.heard.append(("reading", (done, total)))

    def verdict(self, diagnosis: Diagnosis, final: bool) -> None:
        self.heard.append(("final" if final else "verdict", diagnosis))

    def importing(self, done: int, total: int, path: str, outcome: Outcome | None) -> None:
        self.heard.append(("importing", (done, total, path, outcome)))
        for call in self.on_import:
            call()

    def names(self) -> list[str]:
        """Return the events, what repeats only once."""
        names = [name for name, _ in self.heard]
        return [name for position, name in enumerate(names) if not position or names[position - 1] != name]

    def said(self, name: str) -> list[Any]:
        return [value for event, value in self.heard if event == name]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build an environment with one healthy distribution, one that raises, and one for another Python."""
    prefix = tmp_path_factory.mktemp("environment")
    venv.create(prefix, with_pip=False, symlinks=True)
    site = next(prefix.glob("lib/python3*/site-packages"))
    extension = STANDARD[0].name
    install(site, "good", "", {"good": extension}, requires="absent>=2")
    install(site, "bad", "raise ImportError('never')\n", {"bad": extension})
    install(site, "old", "", {"old": f"_heapq.cpython-30{TAG}"})
    return prefix


def install(site: Path, name: str, code: str, files: dict[str, str], requires: str = "") -> None:
    rows = [f"{name}/__init__.py,,"]
    (site / name).mkdir()
    (site / name / "__init__.py").write_text(code)
    for folder, file in files.items():
        shutil.copyfile(STANDARD[0], site / folder / file)
        rows.append(f"{folder}/{file},,")
    info = site / f"{name}-1.0.dist-info"
    info.mkdir()
    need = f"Requires-Dist: {requires}\n" if requires else ""
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{need}")
    (info / "RECORD").write_text("\n".join([*rows, f"{name}-1.0.dist-info/METADATA,,"]) + "\n")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the command lines of all processes that are started from now on."""
    lines: list[str] = []
    original = subprocess.Popen.__init__

    def remember(self: Any, args: Any, *rest: Any, **options: Any) -> None:
        lines.append(" ".join(map(str, args)))
        original(self, args, *rest, **options)

    monkeypatch.setattr(subprocess.Popen, "__init__", remember)
    return lines


def request(environment: Path, tmp_path: Path, **changes: Any) -> Request:
    return Request(python=str(environment), working_folder=str(tmp_path), **changes)


def codes(diagnosis: Diagnosis) -> set[tuple[str, str, str]]:
    return {
        (f.code, f.severity.value, f.subject)
        for f in diagnosis.findings
        if f.subject in ("good", "bad", "old")
    }


def test_the_static_verdict_comes_first_and_the_final_one_last(environment: Path, tmp_path: Path) -> None:
    listener = Recorder()
    shown = examine(request(environment, tmp_path), BOOK, listener)
    assert listener.names() == ["chosen", "described", "reading", "verdict", "importing", "final"]
    (first,), (final,) = listener.said("verdict"), listener.said("final")
    assert final is shown
    assert codes(first) == {("NPD201", "warning", "good"), ("NPD105", "broken", "old")}
    assert codes(final) == {*codes(first), ("NPD110", "broken", "bad")}
    assert not first.snapshot.imports
    assert final.snapshot.target.prefix == str(environment)
    (choice,) = listener.said("chosen")
    assert choice.why == "--python"


def test_every_import_is_counted_and_told_with_its_outcome(environment: Path, tmp_path: Path) -> None:
    listener = Recorder()
    shown = examine(request(environment, tmp_path), BOOK, listener)
    told = listener.said("importing")
    assert [done for done, *_ in told] == list(range(1, len(told) + 1))
    assert {total for _, total, *_ in told} == {len(import_jobs(shown.snapshot))} == {3}
    assert {path: outcome for _, _, path, outcome in told} == shown.snapshot.imports
    kinds = {Path(path).parent.name: type(outcome) for path, outcome in shown.snapshot.imports.items()}
    assert kinds == {"good": Imported, "bad": Raised, "old": Raised}
    assert {(s.name, s.extensions, s.imported, s.state) for s in shown.distributions} == {
        ("good", 1, 1, "warning"),
        ("bad", 1, 0, "broken"),
        ("old", 0, 0, "broken"),
    }
    assert listener.said("reading")[-1] == (3, 3)


def test_suspects_of_the_static_verdict_are_imported_first(environment: Path, tmp_path: Path) -> None:
    listener = Recorder()
    examine(request(environment, tmp_path, jobs=1), BOOK, listener)
    assert suspects(listener.said("verdict")[0]) >= {"good", "old"}


def test_a_live_listener_hears_verdicts_meanwhile(
    environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("npdoctor.checkup.VERDICT_PAUSE", 0)
    listener = Recorder(live=True)
    examine(request(environment, tmp_path), BOOK, listener)
    verdicts = listener.said("verdict")
    assert [len(v.snapshot.imports) for v in verdicts] == [0, 1, 2, 3]
    assert listener.heard[-1][0] == "final"


def test_without_a_listener_it_only_returns(environment: Path, tmp_path: Path) -> None:
    assert examine(request(environment, tmp_path), BOOK).count(Severity.BROKEN) == 2


def test_cancelled_is_told_by_no_final_verdict(environment: Path, tmp_path: Path) -> None:
    listener, control = Recorder(), Control()
    listener.on_import.append(control.cancel)
    with pytest.raises(Cancelled):
        examine(request(environment, tmp_path, jobs=1), BOOK, listener, control)
    assert "final" not in listener.names()
    assert listener.names()[:4] == ["chosen", "described", "reading", "verdict"]


def test_assume_starts_no_importer(environment: Path, tmp_path: Path, started: list[str]) -> None:
    listener = Recorder()
    shown = examine(request(environment, tmp_path, assume={"absent": "3.0"}), BOOK, listener)
    assert listener.names() == ["chosen", "described", "reading", "final"]
    assert codes(shown) == {("NPD105", "broken", "old")}
    assert shown.snapshot.assumed == {"absent": "3.0"}
    assert any("describe" in line for line in started)
    assert not any("importer" in line for line in started)


def test_no_import_starts_no_importer(environment: Path, tmp_path: Path, started: list[str]) -> None:
    shown = examine(request(environment, tmp_path, imports=False), BOOK, Recorder())
    assert not shown.snapshot.imports
    assert not any("importer" in line for line in started)
    examine(request(environment, tmp_path), BOOK)
    assert any("importer" in line for line in started)


def test_the_environment_is_left_byte_for_byte(environment: Path, tmp_path: Path) -> None:
    def contents() -> dict[str, bytes]:
        return {str(p): p.read_bytes() for p in environment.rglob("*") if p.is_file()}

    before = contents()
    examine(request(environment, tmp_path), BOOK)
    assert contents() == before
    assert list(tmp_path.iterdir()) == []


def test_functional_tests_run_only_where_their_distribution_is(environment: Path, tmp_path: Path) -> None:
    shown = examine(request(environment, tmp_path, smoke=True), BOOK)
    assert shown.snapshot.smoke == ()


def test_what_is_no_interpreter_cannot_be_examined(tmp_path: Path) -> None:
    listener = Recorder()
    with pytest.raises(TargetError):
        examine(Request(python=str(tmp_path / "none"), working_folder=str(tmp_path)), BOOK, listener)
    assert listener.said("final") == []


def test_the_interpreter_that_runs_is_examined_where_nothing_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NPDOCTOR_PYTHON", sys.executable)
    listener = Recorder()
    examine(Request(imports=False, working_folder=str(tmp_path)), BOOK, listener)
    (choice,) = listener.said("chosen")
    assert choice.why != "--python"
    assert os.path.samefile(choice.executable, sys.executable)
