"""Every recorded failure text is read as what it was recorded for, and every verified signature has one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from npdoctor.diagnose.signatures import cause_of, explain_text
from npdoctor.model.rules import RuleBook
from npdoctor.rulebook.load import load_rule_book

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TEXTS = Path(__file__).with_name("texts")
EXPECTED: dict[str, dict[str, Any]] = tomllib.loads((TEXTS / "expected.toml").read_text("utf-8"))
WITHOUT_TEXT: dict[str, str] = {}


@pytest.fixture(scope="module")
def book() -> RuleBook:
    return load_rule_book()


def test_every_text_is_expected_and_every_expected_text_is_there() -> None:
    assert {path.name for path in TEXTS.glob("*.txt")} == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_recorded_text_is_read_as_its_signature(book: RuleBook, name: str) -> None:
    expected = EXPECTED[name]
    found = explain_text((TEXTS / name).read_text("utf-8"), book)
    cause = cause_of(found)
    if "role" in expected:
        assert cause is None
        assert [match.signature.role for match in found] == [expected["role"]]
        cause = found[0]
    assert cause is not None
    assert (cause.signature.id, cause.signature.code) == (expected["signature"], expected["code"])
    assert name.startswith(f"{expected['signature']}--")


def test_every_verified_signature_has_a_text_of_its_own(book: RuleBook) -> None:
    recorded = {entry["signature"] for entry in EXPECTED.values()}
    verified = {rule.id for rule in book.signatures if rule.verified}
    assert verified - recorded == set(WITHOUT_TEXT)
