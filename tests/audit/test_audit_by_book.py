"""What the shipped rule book says of declared ranges, judged without any network."""

from __future__ import annotations

import pytest

from npdoctor.audit.by_book import known_by_book
from npdoctor.audit.judge import judge
from npdoctor.model.audit import Ask, Basis, Judged
from npdoctor.rulebook.load import load_rule_book

BOOK = load_rule_book()


def judged(name: str, specifier: str, numpy: str = "2.2.6") -> Judged:
    ask = Ask(name, specifier)
    known = known_by_book(ask, BOOK.packages.get(name), numpy)
    return judge(ask, known, Basis(numpy, "", "3.11", "")).judged


@pytest.mark.parametrize(
    ("name", "specifier", "right"),
    [
        ("scipy", "", ">=1.13.0"),
        ("scipy", ">=1.9,<1.15", ">=1.13.0,<1.15"),
        ("scipy", ">=1.12.0", ">=1.13.0"),
        ("pandas", ">=2.2.0", ">=2.2.2"),
        ("opencv-python", ">=4.10.0", ">=4.10.0.84"),
        ("opencv-python", ">=4.10.0.82", ">=4.10.0.84"),
        ("scikit-image", ">=0.22.0", ">=0.23.1"),
        ("matplotlib", "", ">=3.8.4"),
        ("torch", ">=2.2.0,<2.5.0", ">=2.3.0,<2.5.0"),
    ],
)
def test_a_range_that_reaches_below_the_floor_is_a_warning(name: str, specifier: str, right: str) -> None:
    found = judged(name, specifier)
    assert (found.state, found.recommended) == ("warning", right)
    assert found.evidence[0].kind == "rule"


@pytest.mark.parametrize("specifier", ["==1.11.4", "<1.13", ">=1.9,<1.12", "~=1.11.0"])
def test_a_range_below_the_floor_is_broken(specifier: str) -> None:
    found = judged("scipy", specifier)
    assert (found.state, found.recommended) == ("broken", ">=1.13.0")


@pytest.mark.parametrize(
    ("name", "specifier"),
    [
        ("scipy", ">=1.13.0"),
        ("scipy", ">1.12.0"),
        ("scipy", "==1.15.3"),
        ("torch", ">=2.3.1,<2.5.0"),
        ("accelerate", ">=0.25.0"),
        ("safetensors", ">=0.4.0"),
        ("huggingface-hub", ">=0.19.0"),
        ("bitsandbytes", ">=0.42.0"),
        ("pillow", ">=10.1.0"),
        ("pymupdf", ""),
        ("mcp", ""),
    ],
)
def test_what_needs_no_upgrade_is_fine_and_says_by_what(name: str, specifier: str) -> None:
    found = judged(name, specifier)
    assert (found.state, found.recommended) == ("ok", None)
    assert found.evidence


def test_a_package_that_never_admits_numpy_2_is_held() -> None:
    assert judged("docstrange", "").state == "warning"
    assert judged("docstrange", ">=9").state == "unknown"


def test_what_the_book_does_not_know_is_unknown() -> None:
    assert judged("no-such-package", "").state == "unknown"


@pytest.mark.parametrize(("specifier", "state"), [("<1.12", "ok"), ("==1.12.0", "ok"), ("", "unknown")])
def test_under_numpy_1_only_what_was_built_for_it_is_known(specifier: str, state: str) -> None:
    assert judged("scipy", specifier, "1.26.4").state == state
