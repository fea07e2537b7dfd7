"""Findings, --fail-on, --strict, --select and --ignore make the exit code."""

from __future__ import annotations

import pytest
from sample_diagnosis import broken, diagnosis, finding, state

from npdoctor.model.finding import Severity
from npdoctor.report.verdict import chosen, exit_code, is_chosen

BROKEN = diagnosis(finding())
WARNING = diagnosis(finding(severity=Severity.WARNING))
UNKNOWN = diagnosis(finding(severity=Severity.UNKNOWN))
INFO = diagnosis(finding(severity=Severity.INFO))
BOTH = diagnosis(finding(), finding(severity=Severity.UNKNOWN))
UNSAID = diagnosis(states=(state("scipy", "1", "unknown"),))


@pytest.mark.parametrize(
    ("found", "fail_on", "strict", "code"),
    [
        (diagnosis(), "broken", True, 0),
        (BROKEN, "broken", False, 1),
        (BROKEN, "warning", True, 1),
        (BROKEN, "never", True, 0),
        (WARNING, "broken", False, 0),
        (WARNING, "broken", True, 0),
        (WARNING, "warning", False, 1),
        (WARNING, "never", False, 0),
        (UNKNOWN, "broken", False, 0),
        (UNKNOWN, "warning", False, 0),
        (UNKNOWN, "broken", True, 3),
        (UNKNOWN, "never", True, 3),
        (UNSAID, "broken", True, 3),
        (INFO, "warning", True, 0),
        (BOTH, "broken", True, 1),
        (BOTH, "never", True, 0),
    ],
)
def test_exit_codes(found: object, fail_on: str, strict: bool, code: int) -> None:
    from npdoctor.model.diagnosis import Diagnosis

    assert isinstance(found, Diagnosis)
    assert exit_code(found, fail_on, strict) == code


@pytest.mark.parametrize(
    ("code", "select", "ignore", "wanted"),
    [
        ("NPD101", [], [], True),
        ("NPD101", ["NPD1"], [], True),
        ("NPD201", ["NPD1"], [], False),
        ("NPD101", [], ["NPD1"], False),
        ("NPD201", [], ["NPD1"], True),
        ("NPD101", ["NPD101"], ["NPD1"], True),
        ("NPD101", ["NPD1"], ["NPD101"], False),
        ("NPD101", ["NPD101"], ["NPD101"], False),
    ],
)
def test_which_codes_are_chosen(code: str, select: list[str], ignore: list[str], wanted: bool) -> None:
    assert is_chosen(code, select, ignore) is wanted


def test_what_is_left_out_no_longer_weighs_on_its_distribution() -> None:
    shown = chosen(broken(), [], ["NPD101"])
    assert [f.code for f in shown.findings] == ["NPD110", "NPD208", "NPD109", "NPD404"]
    assert {d.name: d.state for d in shown.distributions} == {
        "numpy": "ok",
        "scipy": "ok",
        "scikit-learn": "broken",
        "transformers": "warning",
        "flash-attn": "unknown",
    }
    assert chosen(broken(), [], []) == broken()
