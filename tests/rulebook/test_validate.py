"""What a rule says must be true of itself; and the real book must be."""

from __future__ import annotations

from pathlib import Path

import pytest

from npdoctor.errors import RuleBookError
from npdoctor.rulebook.load import load_rule_book
from npdoctor.rulebook.validate import problems, validate

BOOK = Path(__file__).parent / "book.toml"
ROOT = Path(__file__).parents[2] / "rules.toml"
TEXT = BOOK.read_text()

WRONG = [
    ('numpy2 = "1.13.0"', 'numpy2 = "new"', "[[package]] scipy: numpy2", "is no version"),
    ('numpy2 = "1.13.0"', 'numpy2 = "1.12.0"', "[[package]] scipy: numpy2", "not later than"),
    ('versions = "<1.13"', 'versions = "1.13"', "scipy-old-numpy-new: versions", "is no version specifier"),
    ('beside = "numpy"', 'beside = "scipy"', "scipy-old-numpy-new: beside", "itself"),
    ("scipy {version} was", "scipy {release} was", "scipy-old-numpy-new: cause", "{release} names no"),
    ("libGL.so.1: cannot", "libGL.so.1 cannot", "library-not-found: example", "is not matched"),
    (
        "unlike = [",
        'unlike = ["x numpy.dtype size changed, may indicate binary incompatibility. '
        'Expected 96 from C header, got 88", ',
        "size-changed-dtype: unlike",
        "is matched",
    ),
    ('cause = "{1} is not', 'cause = "{2} is not', "library-not-found: cause", "{2} names no group"),
    ("({got})", "({gotten})", "size-changed-dtype: cause", "{gotten} names no group"),
    ('cause = "{1} is not', 'cause = "{} is not', "library-not-found: cause", "names no group"),
    ('cause = "{1} is not', 'cause = "{1!r} is not', "library-not-found: cause", "names no group"),
    ('cause = "{1} is not', 'cause = "{1 is not', "library-not-found: cause", "do not pair"),
    ("'''(\\S+\\.so[.\\d]*): cannot open shared object file'''", "''''''", "library-not-found", ""),
    ("== 24", "== ", "[[smoke]] scipy-special: code", "does not compile"),
]


def test_a_good_book_has_no_problems() -> None:
    book = load_rule_book(str(BOOK))
    assert list(problems(book)) == []
    validate(book)


@pytest.mark.parametrize(("old", "new", "where", "why"), WRONG, ids=[f"{w[2]}-{w[3]}" for w in WRONG])
def test_contradictions_are_named(tmp_path: Path, old: str, new: str, where: str, why: str) -> None:
    assert old in TEXT
    place = tmp_path / "rules.toml"
    place.write_text(TEXT.replace(old, new, 1))
    with pytest.raises(RuleBookError) as caught:
        validate(load_rule_book(str(place)))
    assert str(caught.value).startswith(str(place))
    assert where in str(caught.value)
    assert why in str(caught.value)


def test_the_real_book_is_sound() -> None:
    if not ROOT.exists():
        return
    book = load_rule_book(str(ROOT))
    assert list(problems(book)) == []
    assert len(book.codes) >= 40
    assert {"scipy", "pandas", "torch"} <= set(book.packages)
    assert book.signatures
