"""The audit written by hand beside npdoctor's: each verdict on it follows from what npdoctor says."""

from __future__ import annotations

import importlib
import re
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from npdoctor.diagnose.signatures import explain_text
from npdoctor.model.finding import Severity
from npdoctor.model.rules import RuleBook
from npdoctor.rulebook.load import load_rule_book

ROOT = Path(__file__).resolve().parents[2]
TEXTS = ROOT / "tests/explain/texts"
RECORDED = (
    "two-numpys-ufunc--mixed-files-scipy-1.15.2.txt",
    "two-numpys-ufunc--stale-process-scipy-1.15.2.txt",
)


def _docs(name: str) -> ModuleType:
    if str(ROOT / "docs") not in sys.path:
        sys.path.append(str(ROOT / "docs"))
    return importlib.import_module(name)


migration = _docs("migration")
BY_HAND = migration.read_by_hand()
BY_NAME = {said.name: said for said in BY_HAND.said}
NOT_NUMPY = [name for name in BY_NAME if name != "numpy"]


@pytest.fixture(scope="module")
def book() -> RuleBook:
    return load_rule_book(str(ROOT / "rules.toml"))


@pytest.fixture(scope="module")
def found(book: RuleBook) -> Any:
    return migration.audited(BY_HAND, book)


def holds(said: Any, found: Any, book: RuleBook) -> bool:
    """Tell whether a verdict on a statement follows from what npdoctor says of the package."""
    judged, rule = found.judged(said.name), book.packages[said.name]
    objected = {finding.subject for finding in found.after.findings}
    recommended = SpecifierSet(judged.recommended) if judged.recommended else None
    claimed = SpecifierSet(said.claimed)
    if said.verdict == "right":
        agreed = recommended == claimed if recommended else not said.claimed or said.name == "numpy"
        return agreed and said.name not in objected
    if said.verdict == "wrong floor":
        return bool(said.claimed) and claimed != (recommended or SpecifierSet(f">={rule.numpy2 or 0}"))
    if said.verdict == "not needed":
        return bool(said.wants) and judged.state == "ok" and not recommended and rule.numpy2 is None
    if said.verdict == "wrong package":
        named = re.findall(r"opencv-python[\w-]*", book.packages["easyocr"].note)
        return said.name in ("easyocr", "opencv-python") and set(named) == {"opencv-python-headless"}
    if said.verdict == "missed":
        return judged.state != "ok" and not said.claimed and said.name in objected
    return said.verdict == "unverified" and not said.claimed and "verification" in said.says


@pytest.mark.parametrize("name", BY_NAME)
def test_the_verdict_follows_from_what_npdoctor_says(name: str, found: Any, book: RuleBook) -> None:
    assert holds(BY_NAME[name], found, book)


@pytest.mark.parametrize(
    ("name", "verdicts"),
    [
        ("pandas", {"wrong floor"}),
        ("scipy", {"right"}),
        ("accelerate", {"not needed", "wrong floor"}),
        ("tokenizers", {"missed"}),
        ("mcp", {"right", "unverified"}),
        ("fastapi", {"right"}),
    ],
)
def test_another_verdict_would_not_follow(name: str, verdicts: set[str], found: Any, book: RuleBook) -> None:
    others = {verdict: replace(BY_NAME[name], verdict=verdict) for verdict in migration.VERDICTS}
    assert {verdict for verdict, said in others.items() if holds(said, found, book)} == verdicts


@pytest.mark.parametrize(
    ("name", "floor"), [("scipy", "1.14.0"), ("scipy", "1.12.0"), ("fastapi", "0.110.0")]
)
def test_another_floor_would_not_be_right(name: str, floor: str, found: Any, book: RuleBook) -> None:
    assert not holds(replace(BY_NAME[name], wants=f">={floor}"), found, book)


@pytest.mark.parametrize("name", NOT_NUMPY)
def test_every_package_is_judged_by_the_rule_book(name: str, found: Any) -> None:
    judged = found.judged(name)
    assert judged.state in ("ok", "warning")
    assert {evidence.kind for evidence in judged.evidence} == {"file", "rule"}


def test_what_the_advice_leaves(found: Any) -> None:
    left = {finding.subject: finding for finding in found.after.findings}
    asked = {subject for subject in left if subject in BY_NAME and BY_NAME[subject].wants}
    assert asked == {"pandas", "opencv-python", "opencv-python-headless"}
    assert left["docstrange"].code == "NPD502"
    assert left["docstrange"].severity is Severity.BROKEN
    assert not [f for f in found.after.findings if f.title == "A step holds NumPy 1"]
    assert [f for f in found.before.findings if f.title == "A step holds NumPy 1"]


def test_the_way_back_is_sound(found: Any) -> None:
    assert found.back.basis.numpy == "1.26.4"
    assert not [f for f in found.back.findings if f.severity is Severity.BROKEN]


@pytest.mark.parametrize("text", RECORDED)
def test_the_error_is_one_that_two_numpys_were_seen_to_raise(text: str, book: RuleBook) -> None:
    error = BY_HAND.points["cause"]["error"]
    start = error.partition("(")[0] + "(<ufunc 'sph_legendre_p'>"
    assert start in (TEXTS / text).read_text(encoding="utf-8")
    assert [match.signature.code for match in explain_text(error, book)] == ["NPD111"]


def test_the_statements_quote_what_the_files_declare(found: Any) -> None:
    lines = [line for source in found.before.sources for line in source.declared]
    declared = {(line.name, line.specifier) for line in lines}
    assert {said.name for said in BY_HAND.said} == {line.name for line in lines}
    assert [said.name for said in BY_HAND.said if (said.name, said.specifier) not in declared] == []


def test_what_comes_along_is_not_constrained() -> None:
    texts = (migration.FILES / "along.txt").read_text(encoding="utf-8").splitlines()
    along = [Requirement(line) for line in texts if line and not line.startswith("#")]
    assert [str(requirement) for requirement in along if requirement.specifier] == []
    assert len(along) > 20


def test_what_is_installed_here_has_no_say(
    monkeypatch: pytest.MonkeyPatch, found: Any, book: RuleBook
) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)
    again = migration.audited(BY_HAND, book)
    assert (again.before.judged, again.before.findings) == (found.before.judged, found.before.findings)
    assert (again.after.judged, again.back.judged) == (found.after.judged, found.back.judged)
    assert "installed here" not in found.before.transitive


def test_what_the_rules_know_is_not_written_twice(book: RuleBook) -> None:
    text = migration.BY_HAND.read_text(encoding="utf-8")
    assert re.findall(r"-cp3\d|abi3|numpy\._?core|\.so\b", text) == []
    for said in BY_HAND.said:
        rule = book.packages[said.name]
        assert rule.source not in text
        if rule.numpy2 and said.verdict != "right":
            assert rule.numpy2 not in said.says
            assert not said.claimed.endswith(rule.numpy2)


def test_a_statement_with_an_unknown_key_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "by_hand.toml").write_text('[[said]]\nname = "six"\nsource = "a wheel"\n')
    monkeypatch.setattr(migration, "BY_HAND", tmp_path / "by_hand.toml")
    with pytest.raises(TypeError, match="source"):
        migration.read_by_hand()


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("a (e.g. x…so); b", "a; b"),
        (f"{'a' * 180}; {'b' * 20}; c", "a" * 180),
        ("a" * 300, "a" * 300),
    ],
)
def test_evidence_is_shortened_by_whole_clauses(source: str, shown: str) -> None:
    assert migration.shortened(source) == shown
