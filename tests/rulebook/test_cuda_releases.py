"""The table of drivers: the one that ships is sound, and an unsound one is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from npdoctor.model.cuda_driver import CudaRelease
from npdoctor.model.rules import RuleBook
from npdoctor.rulebook.load import load_rule_book
from npdoctor.rulebook.validate import problems

GOOD = CudaRelease("12.8", "570.26", "525.60.13", "a source")


def told(*releases: CudaRelease) -> list[str]:
    empty = RuleBook("rules.toml", {}, {}, (), (), (), ())
    return list(problems(replace(empty, cuda=releases)))


def test_the_table_that_ships() -> None:
    table = load_rule_book().cuda
    assert told(*table) == []
    drivers = [tuple(map(int, (release.driver or "0").split("."))) for release in table]
    assert drivers == sorted(drivers)
    assert {release.version for release in table} >= {"11.8", "12.8", "13.0"}


@pytest.mark.parametrize(
    ("release", "words"),
    [
        (replace(GOOD, version="twelve"), "version: is no version"),
        (replace(GOOD, floor="525.x"), "floor: is no version"),
        (replace(GOOD, driver="new"), "driver: is no version"),
        (replace(GOOD, driver="520.61.05"), "older than the floor"),
    ],
)
def test_an_unsound_release(release: CudaRelease, words: str) -> None:
    (problem,) = told(release)
    assert words in problem


def test_one_major_has_one_floor() -> None:
    assert told(GOOD, replace(GOOD, version="12.9", driver=None)) == []
    assert len(told(GOOD, replace(GOOD, version="12.9", floor="530"))) == 2
