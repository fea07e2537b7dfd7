"""Lines about NumPy itself: which hold it below 2, and when that is broken rather than a warning."""

from __future__ import annotations

import pytest

from npdoctor.audit.numpy_lines import judge_numpy
from npdoctor.model.audit import Basis
from npdoctor.model.declaration import Declared
from npdoctor.model.finding import Severity


def lines(*specifiers: str) -> tuple[Declared, ...]:
    return tuple(
        Declared("numpy", specifier, "requirements.txt", number)
        for number, specifier in enumerate(specifiers, start=1)
    )


def basis(numpy: str) -> Basis:
    return Basis(numpy, "", "3.11", "")


@pytest.mark.parametrize("specifier", ["<2", "<2.0.0,>=1.24.0", "==1.26.4", "~=1.24", "==1.*", "<=1.26.4"])
def test_a_line_below_2_is_a_warning(specifier: str) -> None:
    verdict = judge_numpy(lines(specifier), basis("1.26.4"), assumed=False)
    assert verdict is not None
    assert verdict.finding is not None
    assert (verdict.finding.code, verdict.finding.severity) == ("NPD502", Severity.WARNING)
    assert verdict.finding.evidence[0].source == "requirements.txt:1"
    assert verdict.finding.fix is None


@pytest.mark.parametrize(
    ("specifier", "right"),
    [
        ("<2", ">=2.0.0,<3"),
        (">=1.24.0,<2.0.0", ">=2.0.0,<3"),
        ("==1.26.4", "==2.2.6"),
        (">=2.0.1,<2.2", ">=2.0.1,<3"),
    ],
)
def test_it_is_broken_where_another_numpy_is_assumed(specifier: str, right: str) -> None:
    verdict = judge_numpy(lines(specifier), basis("2.2.6"), assumed=True)
    assert verdict is not None
    assert verdict.finding is not None
    assert verdict.finding.severity is Severity.BROKEN
    assert verdict.finding.fix is not None
    assert verdict.finding.fix.specifier == right


@pytest.mark.parametrize("specifier", ["", ">=1.24", ">=2.0.0,<3.0.0", "==2.1.3", "<=2.0.0", "!=2.4.0"])
def test_a_line_that_admits_numpy_2_is_fine(specifier: str) -> None:
    verdict = judge_numpy(lines(specifier), basis("2.2.6"), assumed=False)
    assert verdict is not None
    assert verdict.finding is None
    assert verdict.judged.state == "ok"


def test_lines_that_contradict_each_other_are_broken() -> None:
    verdict = judge_numpy(lines(">=2", "<2"), basis("2.2.6"), assumed=False)
    assert verdict is not None
    assert verdict.finding is not None
    assert verdict.finding.severity is Severity.BROKEN
    assert {e.source for e in verdict.finding.evidence} == {"requirements.txt:1", "requirements.txt:2"}


def test_without_a_line_there_is_no_verdict() -> None:
    assert judge_numpy((), basis("2.2.6"), assumed=True) is None
