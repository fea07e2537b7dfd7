"""Ranges of versions: their ends, and what they become with a floor or a ceiling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from npdoctor.audit.ranges import is_empty, lowered, merged, raised, span, upper_clauses

VERSIONS = st.tuples(*[st.integers(0, 4)] * 3).map(lambda v: ".".join(map(str, v)))
CLAUSES = st.tuples(st.sampled_from([">=", ">", "<", "<=", "!=", "==", "~="]), VERSIONS).map("".join)


@pytest.mark.parametrize(
    ("specifier", "right"),
    [
        ("", ">=1.13.0"),
        (">=1.9", ">=1.13.0"),
        (">=1.9,<2", ">=1.13.0,<2"),
        ("<=1.14", ">=1.13.0,<=1.14"),
        (">1.9,!=1.10,!=1.14.1", ">=1.13.0,!=1.14.1"),
        ("~=1.9", ">=1.13.0,<2"),
        ("==1.*", ">=1.13.0,<2"),
        ("==1.11.4", None),
        ("<1.12", None),
        ("<1.13.0", None),
        ("<=1.13.0", ">=1.13.0,<=1.13.0"),
    ],
)
def test_a_floor_is_raised_and_upper_bounds_stay(specifier: str, right: str | None) -> None:
    assert raised(specifier, "1.13.0") == right


@given(st.lists(CLAUSES, max_size=3).map(",".join), VERSIONS, VERSIONS)
def test_a_raised_range_admits_only_what_the_old_one_did_from_the_floor_on(
    specifier: str, floor: str, version: str
) -> None:
    new = raised(specifier, floor)
    if new is None or "==" in specifier.replace("!=", ""):
        return
    old_admits = SpecifierSet(specifier).contains(version)
    at_least = SpecifierSet(f">={floor}").contains(version)
    if SpecifierSet(new).contains(version):
        assert at_least
    if old_admits and at_least:
        assert SpecifierSet(new).contains(version)


@pytest.mark.parametrize(
    ("specifier", "empty"),
    [
        ("", False),
        (">=2,<2", True),
        (">2,<=2", True),
        ("==2", False),
        (">=2,<1", True),
        ("==1.0,==2.0", True),
    ],
)
def test_an_empty_range_is_told(specifier: str, empty: bool) -> None:
    assert is_empty(specifier) is empty


def test_what_is_above_a_ceiling_goes() -> None:
    assert lowered(">=1,<3", "2.1") == ">=1,<2.1"
    assert upper_clauses(">=1,<3,!=2") == "<3"
    assert upper_clauses("==1.2") == "==1.2"


def test_lines_are_merged_in_the_words_of_pep_440() -> None:
    assert merged([">=1.2", "<2", ""]) == ">=1.2,<2"
    assert merged(["^1.2"]) == ">=1.2,<2"
    assert merged([">=1", "latest"]) is None
    assert span(merged(["==1.2.0", ">=1"]) or "").exact == "1.2.0"
