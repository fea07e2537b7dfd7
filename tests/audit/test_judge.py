"""From what is known of a range to the verdict: what must be said, and what must not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from npdoctor.audit.judge import judge
from npdoctor.model.audit import Ask, Basis, Known, VersionFact
from npdoctor.model.binary import NumpyAbi
from npdoctor.model.declaration import Declared
from npdoctor.model.finding import Evidence, Severity

BASIS = Basis("2.2.6", "--assume", "3.11", "the base image", meant=True)
BORDER = (
    Evidence("binary", "scipy-1.13.0.whl", "built for NumPy 2"),
    Evidence("binary", "scipy-1.12.0.whl", "built for NumPy 1"),
)


def fact(version: str, serves: bool | None, abi: NumpyAbi | None = None, holds: str = "") -> VersionFact:
    return VersionFact(version, serves, abi, Evidence("binary", f"scipy-{version}.whl", "as read"), holds)


OLD = fact("1.9.3", False, NumpyAbi.NUMPY1)
NEW = fact("1.15.3", True, NumpyAbi.BOTH)
PURE = fact("1.0", True, NumpyAbi.NONE)


def ask(specifier: str | None = "", **changes: object) -> Ask:
    line = Declared("scipy", specifier or "", "requirements.txt", 3)
    return replace(Ask("scipy", specifier, (line,)), **changes)  # type: ignore[arg-type]


def test_only_older_versions_break() -> None:
    verdict = judge(ask(">=1.9,<2"), Known(OLD, NEW, floor="1.13.0", proof=BORDER), BASIS, "scientific")
    assert verdict.finding is not None
    assert (verdict.finding.code, verdict.finding.severity) == ("NPD501", Severity.WARNING)
    assert verdict.finding.title == ">=1.9,<2 admits 1.9.3, which breaks under NumPy 2.2.6"
    assert verdict.finding.fix is not None
    assert verdict.finding.fix.specifier == ">=1.13.0,<2"
    assert verdict.finding.fix.pins == ("scipy>=1.13.0,<2",)
    assert verdict.finding.fix.verified == "binary"
    assert verdict.finding.evidence[0] == Evidence("file", "requirements.txt:3", "scipy>=1.9,<2")
    assert set(BORDER) <= set(verdict.finding.evidence)
    assert verdict.judged.state == "warning"
    assert verdict.judged.recommended == ">=1.13.0,<2"
    assert verdict.judged.numpy_abi is NumpyAbi.BOTH


@pytest.mark.parametrize("specifier", ["==1.9.3", ">=1.9,<1.12", "~=1.9.3"])
def test_what_an_install_takes_today_breaks(specifier: str) -> None:
    verdict = judge(ask(specifier), Known(OLD, OLD, floor="1.13.0", proof=BORDER), BASIS)
    assert verdict.finding is not None
    assert (verdict.finding.code, verdict.finding.severity) == ("NPD501", Severity.BROKEN)
    assert verdict.finding.version == "1.9.3"
    assert verdict.finding.fix is not None
    assert verdict.finding.fix.specifier == ">=1.13.0"
    assert "1.13.0 does" in verdict.finding.remedy
    assert "has to go" in verdict.finding.remedy


def test_a_floor_that_the_upper_bound_admits_keeps_the_bound() -> None:
    verdict = judge(ask("<1.16"), Known(OLD, OLD, floor="1.13.0", proof=BORDER), BASIS)
    assert verdict.judged.recommended == ">=1.13.0,<1.16"


@pytest.mark.parametrize("known", [Known(NEW, NEW), Known(PURE, PURE)])
def test_what_serves_at_both_ends_is_fine(known: Known) -> None:
    verdict = judge(ask(), known, BASIS)
    assert verdict.finding is None
    assert verdict.judged.state == "ok"
    assert verdict.judged.recommended is None


@pytest.mark.parametrize(
    "known",
    [
        Known(),
        Known(highest=NEW),
        Known(NEW, fact("1.15.3", None)),
        Known(fact("1.0", None), NEW),
    ],
)
def test_what_was_not_looked_at_is_unknown(known: Known) -> None:
    verdict = judge(ask(), known, BASIS)
    assert verdict.finding is not None
    assert (verdict.finding.code, verdict.finding.severity) == ("NPD505", Severity.UNKNOWN)
    assert verdict.judged.state == "unknown"
    assert verdict.finding.fix is None


def test_a_line_that_cannot_be_understood_is_unknown() -> None:
    assert judge(ask(None), Known(NEW, NEW), BASIS).judged.state == "unknown"


def test_a_url_of_which_nothing_is_known_is_unknown() -> None:
    verdict = judge(ask("", direct=True), Known(), BASIS)
    assert verdict.judged.state == "unknown"
    assert "URL" in verdict.judged.statement


@pytest.mark.parametrize(("meant", "severity"), [(True, Severity.BROKEN), (False, Severity.WARNING)])
def test_a_package_that_never_admits_numpy_2_holds_it(meant: bool, severity: Severity) -> None:
    held = fact("1.1.8", False, NumpyAbi.NONE, "<2.0.0,>=1.21.0")
    verdict = judge(ask(), Known(held, held, held=True), replace(BASIS, meant=meant))
    assert verdict.finding is not None
    assert (verdict.finding.code, verdict.finding.severity) == ("NPD502", severity)
    assert verdict.finding.subject == "scipy"
    assert verdict.finding.fix is None
    assert "numpy<2.0.0,>=1.21.0" in verdict.finding.title


def test_a_cap_within_numpy_2_matters_only_where_that_numpy_is_meant() -> None:
    capped = fact("0.60.0", True, NumpyAbi.BOTH, "<2.1,>=1.22")
    known = Known(capped, capped, held=True)
    assert judge(ask(), known, replace(BASIS, meant=False)).finding is None
    meant = judge(ask(), known, BASIS).finding
    assert meant is not None
    assert meant.code == "NPD502"


def test_one_that_needs_a_later_numpy_gets_a_ceiling() -> None:
    later = fact("1.18.0", False, NumpyAbi.NUMPY2, ">=2.3")
    verdict = judge(ask(">=1.13"), Known(NEW, later, ceiling="1.18.0", proof=BORDER), BASIS)
    assert verdict.finding is not None
    assert verdict.finding.severity is Severity.WARNING
    assert verdict.judged.recommended == ">=1.13,<1.18.0"


def test_what_comes_along_is_judged_as_transitive() -> None:
    brought = Ask("opencv-python-headless", "", via=("easyocr",))
    verdict = judge(brought, Known(OLD, NEW, floor="4.10.0.84", proof=BORDER), BASIS)
    assert verdict.finding is not None
    assert (verdict.finding.code, verdict.finding.severity) == ("NPD503", Severity.WARNING)
    assert verdict.finding.fix is not None
    assert verdict.finding.fix.pins == ("opencv-python-headless>=4.10.0.84",)
    assert "not constrained by easyocr" in verdict.finding.title
    assert judge(brought, Known(NEW, NEW), BASIS).finding is None
    broken = judge(brought, Known(OLD, OLD, floor="4.10.0.84"), BASIS).finding
    assert broken is not None
    assert (broken.code, broken.severity) == ("NPD503", Severity.BROKEN)


def test_what_still_works_in_part_is_a_warning() -> None:
    verdict = judge(ask("==3.1"), Known(OLD, OLD, floor="3.2", at_risk=True), BASIS)
    assert verdict.judged.state == "warning"


def test_the_unknown_end_of_a_range_under_numpy_1_is_no_finding_for_each() -> None:
    verdict = judge(ask(), Known(lowest=fact("", True)), replace(BASIS, numpy="1.26.4"))
    assert verdict.finding is None
    assert verdict.judged.state == "unknown"
