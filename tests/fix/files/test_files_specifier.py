"""What a specifier becomes, clause by clause."""

from __future__ import annotations

import pytest
from files_build import NUMPY, SCIPY, pin
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from npdoctor.fix.files.place import Pin
from npdoctor.fix.files.specifier import holds, is_exact, respecified, spliced

BACK = pin("numpy", "1.26.4", "<2", guard=True)
LOCAL = pin("torch", "2.3.0+cu121")


def becomes(text: str, wanted: Pin, down: bool = False) -> str:
    return spliced(text, respecified(text, wanted, down))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ">=1.13.0"),
        ("==1.2", "==1.13.0"),
        ("== 1.2", "== 1.13.0"),
        ("===1.2", "===1.13.0"),
        ("==1.13", "==1.13"),
        ("~=1.4", "~=1.13.0"),
        (">=1.0", ">=1.13.0"),
        (">1", ">=1.13.0"),
        (">=1.13", ">=1.13"),
        ("<2", ">=1.13.0,<2"),
        (">= 1, < 2", ">= 1.13.0, < 2"),
        ("<1.5", ">=1.13.0"),
        ("<=1.10", ">=1.13.0"),
        (">=1,<1.5,!=1.3", ">=1.13.0,!=1.3"),
        ("<1.5,<1.6,>=1", ">=1.13.0"),
        ("==1.*", ">=1.13.0,==1.*"),
        ("==1.10.*", ">=1.13.0,==1.13.*"),
        (">=3", "==1.13.0"),
        (">=3,<4", "==1.13.0"),
    ],
)
def test_an_exact_pin(before: str, after: str) -> None:
    assert becomes(before, SCIPY) == after
    assert holds(after, SCIPY)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ">=2.1.3,<3"),
        ("<2", ">=2.1.3,<3"),
        (">=1.20,<2", ">=2.1.3,<3"),
        (">=1,<4", ">=2.1.3,<3"),
        (">=1,<2.4", ">=2.1.3,<2.4"),
        (">=1.20, <2, !=1.25", ">=2.1.3, <3, !=1.25"),
        ("~=2.0", "~=2.1.3"),
        ("==1.26", "==2.1.3"),
    ],
)
def test_a_guard_narrows_a_range_and_leaves_one_version_one_version(before: str, after: str) -> None:
    assert becomes(before, NUMPY) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [("", ">=1.26.4,<2"), (">=2", ">=1.26.4,<2"), ("<3", ">=1.26.4,<2"), ("==2.1.3", "==1.26.4")],
)
def test_a_guard_below_2_holds_numpy_there(before: str, after: str) -> None:
    assert becomes(before, BACK, down=True) == after


@pytest.mark.parametrize("before", ["", ">=2", "<3", ">=1.20", "==2.0"])
def test_going_down_a_floor_is_not_enough(before: str) -> None:
    assert becomes(before, pin("x", "1.5"), down=True) == "==1.5"


def test_going_down_replaces_a_compatible_release() -> None:
    assert becomes("~=2.0", pin("x", "1.5"), down=True) == "==1.5"


@pytest.mark.parametrize(
    ("before", "after"), [("", ">=2.3.0"), ("==2.1", "==2.3.0+cu121"), ("~=2.1", "~=2.3.0")]
)
def test_a_range_never_names_a_local_version(before: str, after: str) -> None:
    assert becomes(before, LOCAL) == after
    assert holds(after, LOCAL)


def test_a_guard_without_version_only_limits() -> None:
    guard = pin("numpy", None, "<2", guard=True)
    assert becomes(">=1.20", guard) == ">=1.20,<2"
    assert becomes("==1.26.4", guard) == "==1.26.4"
    assert not holds("==2.1.3", guard)


def test_an_exclusion_of_the_very_version_stays_and_does_not_hold() -> None:
    after = becomes("!=1.13.0", SCIPY)
    assert "!=1.13.0" in after
    assert not holds(after, SCIPY)


VERSIONS = st.builds(
    lambda parts: ".".join(map(str, parts)), st.lists(st.integers(0, 30), min_size=2, max_size=3)
)
CLAUSES = st.builds(
    lambda operator, gap, version: f"{operator}{gap}{version}",
    st.sampled_from(["==", "~=", ">=", "<=", ">", "<"]),
    st.sampled_from(["", " "]),
    VERSIONS,
)


@given(
    st.lists(CLAUSES, max_size=4),
    st.sampled_from([",", ", ", " , "]),
    VERSIONS,
    st.booleans(),
    st.sampled_from(["", "range"]),
)
def test_what_comes_out_is_valid_admits_the_version_and_is_stable(
    found: list[str], separator: str, version: str, down: bool, kind: str
) -> None:
    specifier = f">={version},<{int(version.partition('.')[0]) + 1}" if kind else ""
    wanted = pin("x", version, specifier, guard=bool(kind))
    before = separator.join(found)
    after = becomes(before, wanted, down)
    SpecifierSet(after)
    assert holds(after, wanted)
    assert becomes(after, wanted, down) == after
    if is_exact(before):
        assert is_exact(after)
