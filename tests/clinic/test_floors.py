"""The rule book held against real wheels on the index: what is right is confirmed, what is wrong is named."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from clinic.test_wheels_on_the_index import indexes
from npdoctor.audit.floors.releases import Shelf
from npdoctor.audit.floors.verify import Outcome, Verification, verify
from npdoctor.cli.app import main
from npdoctor.model.rules import PackageRule, RuleBook
from npdoctor.probe.describe import describe
from npdoctor.probe.locate import choose
from npdoctor.rulebook.load import load_rule_book


@pytest.fixture(scope="module")
def book() -> RuleBook:
    return load_rule_book()


@pytest.fixture(scope="module")
def shelf(book: RuleBook) -> Shelf:
    target = describe(choose(sys.executable, os.environ, working_folder="/"), working_folder="/")
    floors = {name: rule.numpy2 for name, rule in book.packages.items() if rule.numpy2}
    return Shelf(indexes(), target, floors, book.optional)


def verified(rule: PackageRule, shelf: Shelf) -> Verification:
    found = verify(rule, shelf)
    if "not looked at" in found.found:
        pytest.skip("the package index cannot be reached")
    return found


@pytest.mark.parametrize(
    "name",
    [
        "bottleneck",
        "contourpy",
        "tokenizers",
        "torchaudio",
        "docling-ibm-models",
        "fastapi",
        "psutil",
        "docstrange",
    ],
)
def test_the_book_is_right(book: RuleBook, shelf: Shelf, name: str) -> None:
    found = verified(book.packages[name], shelf)
    assert found.outcome is Outcome.CONFIRMED, found
    assert found.evidence


@pytest.mark.parametrize(
    ("name", "changes", "told"),
    [
        ("bottleneck", {"numpy2": "1.3.8", "last_numpy1": None}, "1.4.0 is the first"),
        ("bottleneck", {"numpy2": "1.4.2", "last_numpy1": "1.4.1"}, "1.4.0 is the first"),
        ("bottleneck", {"numpy2": None, "last_numpy1": None, "binaries": "none"}, "bottleneck/"),
        ("bottleneck", {"numpy2": None, "last_numpy1": "1.3.8"}, "NumPy 2"),
        ("docling-ibm-models", {"numpy2": "2.0.5", "last_numpy1": "2.0.4"}, "2.0.7 is the first"),
    ],
)
def test_a_wrong_book_is_told(
    book: RuleBook, shelf: Shelf, name: str, changes: dict[str, str | None], told: str
) -> None:
    rule: PackageRule = replace(book.packages[name], **changes)  # type: ignore[arg-type]
    found = verified(rule, shelf)
    assert found.outcome is Outcome.WRONG
    assert told in found.found
    assert any(told.split()[0] in evidence.source + evidence.detail for evidence in found.evidence)


def test_an_index_that_does_not_answer_leaves_it_unknown(book: RuleBook, shelf: Shelf) -> None:
    nowhere = replace(shelf.indexes, urls=("http://127.0.0.1:9/simple",), find_links=())
    found = verify(book.packages["scipy"], Shelf(nowhere, shelf.target))
    assert found.outcome is Outcome.UNKNOWN
    assert "not looked at" in found.found


def test_on_the_command_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["rules", "verify", "bottleneck", "-o", str(tmp_path / "out.json"), "numpy", "--json"]) == 0
    told = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert [(v["name"], v["outcome"]) for v in told["verified"]] == [
        ("bottleneck", "confirmed"),
        ("numpy", "unknown"),
    ]
    assert main(["rules", "verify", "no-such-thing"]) == 2
    assert "no entry for no-such-thing" in capsys.readouterr().err
