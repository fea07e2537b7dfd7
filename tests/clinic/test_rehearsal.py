"""The plan that mends the six is rehearsed: before six are broken, after none, and nothing was touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from clinic.patients import Environment, admit, snapshot_of_files
from clinic.pythons import uv
from clinic.recipes import SIX, UNSAFE
from npdoctor.checkup import Request, examine
from npdoctor.fix.engines.engine import Command
from npdoctor.fix.rehearsal.rehearse import Failed, rehearse
from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.index import Indexes
from npdoctor.model.plan import Change, Plan, Rehearsal, Strategy
from npdoctor.rulebook.load import load_rule_book

BOOK = load_rule_book()
MENDED = {
    "matplotlib": "3.8.4",
    "opencv-python-headless": "4.10.0.84",
    "pandas": "2.2.2",
    "scikit-image": "0.23.1",
    "scikit-learn": "1.4.2",
    "scipy": "1.13.0",
}
UNREACHABLE = ("Failed to fetch", "client error", "dns error", "timed out")


class Uv:
    """Installs from the configured index."""

    name = "uv"
    indexes = Indexes()

    def uninstall_command(self, python: str, names: tuple[str, ...]) -> Command:
        raise AssertionError("a rehearsal removes nothing")

    def install_command(self, python: str, requirements: str) -> Command:
        program = uv()
        if program is None:
            pytest.skip("uv is not installed: it belongs to the test extra")
        options = ("--no-deps", "--only-binary", ":all:", "--python", python)
        return Command((program, "pip", "install", *options, "-r", requirements), {}, "/")


def look(python: str, only: frozenset[str]) -> Diagnosis:
    return examine(Request(python=python, only=only, why="rehearsal", working_folder="/"), BOOK)


def rehearsed(environment: Environment, before: Diagnosis, pins: dict[str, str | None]) -> Rehearsal:
    """Rehearse a plan with these versions, and hold that no file of the environment was touched."""
    installed = before.snapshot.effective()
    changes = tuple(Change(name, installed[name].version, new, "a test") for name, new in pins.items())
    files = snapshot_of_files(environment.prefix)
    plan = Plan("test", Strategy.NEAREST, "uv", tuple(pins), changes)
    result = rehearse(plan, before, Uv(), look, BOOK)
    assert snapshot_of_files(environment.prefix) == files
    if isinstance(result, Failed) and any(sign in result.reason for sign in UNREACHABLE):
        pytest.skip(f"the package index cannot be reached: {result.reason}")
    assert isinstance(result, Rehearsal), result
    return result


def examined(environment: Environment) -> Diagnosis:
    return examine(Request(python=str(environment.python), working_folder="/"), BOOK)


def test_the_six_are_mended(six: Environment) -> None:
    before = examined(six)
    result = rehearsed(six, before, dict(MENDED))
    assert result.before == tuple(MENDED)
    assert (result.after, result.worse, result.approximate) == ((), (), "")
    half = {name: MENDED[name] for name in ("scipy", "pandas")}
    result = rehearsed(six, before, dict(half))
    assert set(result.after) == set(MENDED) - set(half)
    assert result.worse == ()


def test_one_that_imports_beside_a_suspect_binary_is_not_made_worse(tmp_path: Path) -> None:
    """Tokenizers looks broken to the eye and imports: what was seen of it before still counts."""
    environment = admit(UNSAFE).copy_to(tmp_path / "environment")
    result = rehearsed(environment, examined(environment), {"pyyaml": "6.0.1"})
    assert (result.before, result.after, result.worse) == ((), (), ())


def test_only_the_named_are_imported_and_put_to_use() -> None:
    environment = admit(SIX)
    request = Request(
        python=str(environment.python), only=frozenset({"scipy"}), smoke=True, working_folder="/"
    )
    seen = examine(request, BOOK).snapshot
    assert seen.imports
    assert all("/site-packages/scipy/" in path for path in seen.imports)
    assert {result.id for result in seen.smoke} == {"scipy-special", "scipy-linalg-sparse"}
    assert len(seen.effective()) > 20
