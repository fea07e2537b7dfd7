"""Constraints of Poetry and Pixi."""

from __future__ import annotations

import pytest
from files_build import NUMPY, SCIPY, pin

from npdoctor.fix.files.loose_version import loosely_admits, loosely_respecified


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("^1.2.3", "1.9", "2.0"),
        ("^0.2.3", "0.2.9", "0.3.0"),
        ("^0.0.3", "0.0.3", "0.0.4"),
        ("^0.0", "0.0.9", "0.1"),
        ("~1.2", "1.2.9", "1.3"),
        ("~1", "1.9", "2.0"),
        ("1.2", "1.2.0", "1.2.1"),
        ("1.2.*", "1.2.5", "1.3"),
        ("~=1.2", "1.9", "2.0"),
        (">=1 <2", "1.5", "2.0"),
        ("^1.2, !=1.3", "1.4", "1.3"),
    ],
)
def test_what_a_constraint_admits(text: str, inside: str, outside: str) -> None:
    assert loosely_admits(text, inside)
    assert not loosely_admits(text, outside)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("^1.2", "^1.13.0"),
        ("^1.13", "^1.13"),
        ("~1.2", "~1.13.0"),
        ("~=1.2", "~=1.13.0"),
        ("1.2", "1.13.0"),
        ("==1.2", "==1.13.0"),
        ("*", ">=1.13.0"),
        ("<1.5 || >1.6", "==1.13.0"),
        ("=1.10", "==1.13.0"),
    ],
)
def test_the_style_stays(before: str, after: str) -> None:
    assert loosely_respecified(before, SCIPY, down=False) == after
    assert loosely_admits(after, "1.13.0")


def test_going_down_a_caret_is_not_enough() -> None:
    assert loosely_respecified("^2.0", pin("x", "1.5"), down=True) == "==1.5"
    assert loosely_respecified("^2.0", pin("x", "1.5", "<2", guard=True), down=True) == "^1.5"


def test_a_guard_on_anything() -> None:
    assert loosely_respecified("*", NUMPY, down=False) == ">=2.1.3,<3"
