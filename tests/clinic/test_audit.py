"""An audit that reads wheels on the index: the floor, the proof, and what comes along."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from npdoctor.audit.auditor import AuditRequest, audit
from npdoctor.model.audit import Audit, Judged
from npdoctor.model.binary import NumpyAbi
from npdoctor.model.rules import RuleBook
from npdoctor.rulebook.load import load_rule_book

BOOK = load_rule_book()
WITHOUT_FLOORS = RuleBook("none", BOOK.codes, {}, (), (), (), ())


def online(folder: Path, lines: str, assume: Mapping[str, str], book: RuleBook = BOOK) -> Audit:
    (folder / "requirements.txt").write_text(lines)
    (folder / "Dockerfile").write_text("FROM python:3.11-slim\nRUN pip install -r requirements.txt\n")
    paths = ("requirements.txt", "Dockerfile")
    found = audit(AuditRequest(paths, str(folder), None, assume, online=True), book)
    if "cannot be reached" in found.transitive:
        pytest.skip("the package index cannot be reached")
    return found


def named(found: Audit, name: str) -> Judged:
    return next(judged for judged in found.judged if judged.name == name)


def test_wheels_prove_floors_and_what_comes_along(tmp_path: Path) -> None:
    lines = "bottleneck\npywavelets<1.7\npymannkendall==1.4.3\nsix\nnetcdf4==1.6.5\n"
    found = online(tmp_path, lines, {"numpy": "2.2.6"})
    findings = {f.subject: f for f in found.findings if f.code != "NPD504"}
    told = {name: (f.code, f.severity.value, f.fix and f.fix.specifier) for name, f in findings.items()}
    assert told.pop("cftime") == ("NPD503", "warning", ">=1.6.4")
    assert told == {
        "bottleneck": ("NPD501", "warning", ">=1.4.0"),
        "netcdf4": ("NPD501", "broken", ">=1.7.1.post1"),
        "pywavelets": ("NPD501", "warning", ">=1.6.0,<1.7"),
        "scipy": ("NPD503", "warning", ">=1.13.0"),
    }
    proof = {e.source for e in findings["bottleneck"].evidence if e.kind == "binary"}
    assert any(source.startswith("Bottleneck-1.4.0-cp311") for source in proof)
    assert any(source.startswith("Bottleneck-1.3.8-cp311") for source in proof)
    assert named(found, "scipy").via == ("pymannkendall",)
    assert named(found, "six").state == "ok"
    assert named(found, "six").numpy_abi is NumpyAbi.NONE
    assert named(found, "pymannkendall").state == "ok"


def test_without_the_book_the_floor_is_found_by_reading(tmp_path: Path) -> None:
    found = online(tmp_path, "bottleneck\n", {"numpy": "2.2.6"}, WITHOUT_FLOORS)
    judged = named(found, "bottleneck")
    assert (judged.state, judged.recommended) == ("warning", ">=1.4.0")
    assert judged.lowest is not None
    assert judged.lowest.numpy_abi is NumpyAbi.NUMPY1
    assert judged.numpy_abi is NumpyAbi.BOTH


def test_nothing_is_known_of_what_no_index_has(tmp_path: Path) -> None:
    found = online(tmp_path, "npdoctor-no-such-project-at-all\n", {"numpy": "2.2.6"})
    assert [(f.code, f.subject) for f in found.findings if f.code != "NPD504"] == [
        ("NPD505", "npdoctor-no-such-project-at-all")
    ]
    assert "not known" in found.transitive


def test_pip_resolves_where_there_is_no_uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("npdoctor.audit.resolution.find_uv", lambda _environ, _folder: None)
    found = online(tmp_path, "pymannkendall==1.4.3\nsix\n", {"numpy": "2.2.6"})
    assert "resolved with pip" in found.transitive
    assert named(found, "scipy").via == ("pymannkendall",)
    assert named(found, "scipy").recommended == ">=1.13.0"


def test_one_from_a_url_is_not_taken_for_the_indexs_project(tmp_path: Path) -> None:
    lines = "six\nbottleneck @ https://example.org/Bottleneck-1.4.0.tar.gz\n"
    assert named(online(tmp_path, lines, {"numpy": "2.2.6"}), "bottleneck").state == "unknown"
