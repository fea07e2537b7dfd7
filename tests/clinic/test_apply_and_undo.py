"""Change environments of real scientific packages, and take it back."""

from __future__ import annotations

from pathlib import Path

import pytest

from clinic.examination import examine
from clinic.patients import Environment, admit
from clinic.pythons import builder_environment
from clinic.recipes import MIXED, SIX
from installing import UvEngine, look_at, moves, plan_for, tree
from npdoctor.fix.write.apply import apply
from npdoctor.fix.write.outcome import Applied, Failed, Undone
from npdoctor.fix.write.undo import undo
from npdoctor.model.plan import Plan

SIX_FORWARD = moves(
    matplotlib="3.8.3 3.9.2",
    opencv_python_headless="4.9.0.80 4.10.0.84",
    pandas="2.1.4 2.2.3",
    scikit_image="0.22.0 0.24.0",
    scikit_learn="1.3.2 1.5.2",
    scipy="1.11.4 1.13.1",
)


def environ(tmp_path: Path) -> dict[str, str]:
    return {**builder_environment(), "NPDOCTOR_HOME": str(tmp_path / "state")}


def carry_out(environment: Environment, plan: Plan, tmp_path: Path) -> None:
    outcome = apply(plan, look_at(environment.python), UvEngine(tmp_path), environ=environ(tmp_path))
    if isinstance(outcome, Failed) and "Failed to fetch" in outcome.output:
        pytest.skip("the package index cannot be reached")
    assert isinstance(outcome, Applied), outcome
    assert outcome.overwritten == ()


def take_back(environment: Environment, tmp_path: Path) -> None:
    outcome = undo(None, str(environment.prefix), environ=environ(tmp_path))
    assert isinstance(outcome, Undone), outcome
    assert outcome.lost == ()


def test_six_packages_are_mended_and_every_file_comes_back(tmp_path: Path) -> None:
    environment = admit(SIX).copy_to(tmp_path / "env")
    before = tree(environment.prefix)
    carry_out(environment, plan_for(*SIX_FORWARD), tmp_path)
    assert not examine(environment).findings(severity="broken")
    take_back(environment, tmp_path)
    assert tree(environment.prefix) == before
    broken = examine(environment).subjects("NPD101", "broken")
    assert broken == {change.name for change in SIX_FORWARD}


def test_two_numpys_become_one_and_two_again(tmp_path: Path) -> None:
    environment = admit(MIXED).copy_to(tmp_path / "env")
    before = tree(environment.prefix)
    records = sorted(path.name for path in environment.site.glob("numpy-*.dist-info"))
    assert len(records) == 2
    carry_out(environment, plan_for(*moves(numpy="2.2.6 2.2.6")), tmp_path)
    assert [path.name for path in environment.site.glob("numpy-*.dist-info")] == ["numpy-2.2.6.dist-info"]
    assert not examine(environment).findings(severity="broken")
    take_back(environment, tmp_path)
    assert tree(environment.prefix) == before
