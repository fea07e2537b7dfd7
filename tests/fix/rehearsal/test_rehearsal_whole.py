"""A rehearsal from the plan to the comparison, with real installs, examinations and broken modules."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from rehearsal_patient import LocalUv, Small, change, extension, make_small, make_wheel, plan_of

from clinic.patients import snapshot_of_files
from npdoctor.checkup import Listener, Request, examine
from npdoctor.errors import Cancelled, TargetError
from npdoctor.fix.engines.engine import Command
from npdoctor.fix.rehearsal.rehearse import Failed, Look, rehearse
from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.plan import Plan, Rehearsal
from npdoctor.model.target import Choice
from npdoctor.probe.control import Control
from npdoctor.rulebook.load import load_rule_book

BOOK = load_rule_book()
REFUSES = "raise ImportError('not with this neighbour')\n"
ASKS = "import alpha\nif alpha.VALUE != 1:\n    raise ImportError('not with this alpha')\n"


@dataclass
class Ward:
    """An environment with broken and healthy distributions, wheels to mend them, and what was examined."""

    small: Small
    wheels: Path
    before: Diagnosis
    looked: list[tuple[str, frozenset[str], Diagnosis]]

    def look(self, python: str, only: frozenset[str]) -> Diagnosis:
        seen = examine(Request(python=python, only=only, why="rehearsal", working_folder="/"), BOOK)
        self.looked.append((python, only, seen))
        return seen

    def rehearse(self, plan: Plan, *options: str, look: Look | None = None) -> Rehearsal | Failed:
        """Rehearse, and hold that the environment is as it was and nothing was left."""
        files = snapshot_of_files(self.small.prefix)
        result = rehearse(plan, self.before, LocalUv(self.wheels, options), look or self.look, BOOK)
        assert snapshot_of_files(self.small.prefix) == files
        return result


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Ward:
    name, content = extension()
    folder = tmp_path_factory.mktemp("ward")
    small, wheels = make_small(folder), folder / "wheels"
    wheels.mkdir()

    def package(top: str, code: str) -> dict[str, str | bytes]:
        return {f"{top}/__init__.py": code, f"{top}/{name}": content}

    small.install("alpha", "1", package("alpha", "VALUE = 1\n"))
    small.install("sick", "1", {**package("sick", REFUSES), "shared.py": "1"})
    small.install("incurable", "1", {**package("incurable", REFUSES), "shared.py": "1"})
    small.install("asks", "1", package("asks", ASKS), requires="pure")
    small.install("pure", "1", {"pure.py": ""}, requires="alpha")
    small.install("stranger", "1", package("stranger", ""))
    (small.site / "sick/unowned.py").write_text("old")
    make_wheel(wheels, "alpha", "2", package("alpha", "VALUE = 2\n"))
    make_wheel(wheels, "sick", "2", package("sick", ""))
    over = {**package("sick", ""), "sick/unowned.py": "newer", "shared.py": "newer"}
    make_wheel(wheels, "sick", "2.1", over)
    make_wheel(wheels, "sick", "3", package("sick", REFUSES + REFUSES))
    before = examine(Request(python=small.python, working_folder="/"), BOOK)
    return Ward(small, wheels, before, [])


@pytest.fixture
def ward(built: Ward) -> Ward:
    return replace(built, looked=[])


def held(result: Rehearsal | Failed) -> Rehearsal:
    assert isinstance(result, Rehearsal), result
    return result


def test_what_the_plan_mends_is_no_longer_broken(ward: Ward) -> None:
    result = held(ward.rehearse(plan_of(change("sick", "1", "2"))))
    assert (result.before, result.after) == (("incurable", "sick"), ("incurable",))
    assert (result.worse, result.approximate) == ((), "")
    assert result.seconds > 0


def test_what_the_plan_does_not_mend_stays_broken(ward: Ward) -> None:
    result = held(ward.rehearse(plan_of(change("sick", "1", "3"))))
    assert (result.after, result.worse) == (("incurable", "sick"), ())


def test_who_depends_on_a_change_is_looked_at_and_no_one_else(ward: Ward) -> None:
    """It depends by way of a distribution without extension modules."""
    result = held(ward.rehearse(plan_of(change("alpha", "1", "2"))))
    _, only, seen = ward.looked[0]
    assert only == {"alpha", "asks"}
    assert {path.split("/")[-2] for path in seen.snapshot.imports} == {"alpha", "asks"}
    assert (result.worse, result.after) == (("asks",), ("asks", "incurable", "sick"))


def test_what_goes_is_missed_by_who_needs_it(ward: Ward) -> None:
    result = held(ward.rehearse(plan_of(change("alpha", "1", None))))
    assert "asks" in result.worse
    assert "stranger" not in result.worse


@pytest.mark.parametrize("mode", ["copy", "hardlink"])
def test_no_installer_writes_through_a_link(ward: Ward, mode: str) -> None:
    """Both a file of nobody and one of another distribution lie where the new wheel has one."""
    result = held(ward.rehearse(plan_of(change("sick", "1", "2.1")), "--link-mode", mode))
    assert result.approximate == ""
    assert (ward.small.site / "sick/unowned.py").read_text() == "old"
    assert (ward.small.site / "shared.py").read_text() == "1"


def test_the_copy_is_examined_as_such(ward: Ward) -> None:
    heard: list[Choice] = []

    class Hears(Listener):
        def target_chosen(self, choice: Choice) -> None:
            heard.append(choice)

    def look(python: str, only: frozenset[str]) -> Diagnosis:
        request = Request(python=python, only=only, why="rehearsal", working_folder="/")
        return examine(request, BOOK, Hears())

    held(ward.rehearse(plan_of(change("sick", "1", "2")), look=look))
    assert [choice.why for choice in heard] == ["rehearsal"]
    assert heard[0].executable.startswith(str(ward.small.prefix / ".npdoctor/rehearsal-"))
    assert not os.path.exists(heard[0].executable)


def test_a_version_that_nobody_has(ward: Ward) -> None:
    result = ward.rehearse(plan_of(change("sick", "1", "9")))
    assert isinstance(result, Failed)
    assert result.reason.startswith("uv could not install the changes: ")
    assert "sick==9" in result.reason
    assert ward.looked == []


def test_a_wheel_with_another_hash(ward: Ward, tmp_path: Path) -> None:
    other = make_wheel(tmp_path, "sick", "2", {"sick.py": ""})
    result = ward.rehearse(plan_of(change("sick", "1", "2", other)))
    assert isinstance(result, Failed)
    assert "hash" in result.reason.lower()


def test_an_engine_that_is_not_there(ward: Ward) -> None:
    class Absent(LocalUv):
        def install_command(self, python: str, requirements: str) -> Command:
            command = super().install_command(python, requirements)
            return replace(command, arguments=("/no/such/uv",))

    plan = plan_of(change("sick", "1", "2"))
    assert rehearse(plan, ward.before, Absent(), ward.look, BOOK) == Failed(
        "uv cannot be run: No such file or directory."
    )


def test_an_engine_that_does_nothing(ward: Ward) -> None:
    result = ward.rehearse(plan_of(change("sick", "1", "2")), "--dry-run")
    assert result == Failed("After the install the copy does not have sick==2.")


def test_a_copy_that_cannot_be_examined(ward: Ward) -> None:
    def look(python: str, only: frozenset[str]) -> Diagnosis:
        raise TargetError("it does not start")

    result = ward.rehearse(plan_of(change("sick", "1", "2")), look=look)
    assert result == Failed("it does not start")


def test_stopping_it_leaves_nothing(ward: Ward) -> None:
    control = Control()
    stages: list[str] = []

    def hear(stage: str) -> None:
        stages.append(stage)
        control.cancel()

    with pytest.raises(Cancelled):
        rehearse(
            plan_of(change("sick", "1", "2")),
            ward.before,
            LocalUv(ward.wheels),
            ward.look,
            BOOK,
            hear,
            control,
        )
    assert stages == ["installing"]
    assert not (ward.small.prefix / ".npdoctor").exists()


def test_without_imports_before_it_is_said(ward: Ward) -> None:
    before = examine(Request(python=ward.small.python, imports=False, working_folder="/"), BOOK)
    result = held(replace(ward, before=before).rehearse(plan_of(change("sick", "1", "3"))))
    assert result.before == ()
    assert result.approximate.startswith("Before, nothing was imported")
