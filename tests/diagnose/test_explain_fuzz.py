"""Ten thousand malformed logs: the reading of each ends, with no traceback."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from npdoctor.diagnose.signatures import cause_of, explain_text
from npdoctor.model.rules import RuleBook
from npdoctor.rulebook.load import load_rule_book

TEXTS = sorted((Path(__file__).parents[1] / "explain/texts").glob("*.txt"))
CASES = 10_000
AT_ONCE = 1_000
NASTY = (
    "\x00",
    "\ufffd",
    "\x1b[31m",
    "\x1b]0;",
    "\r",
    "\u2028",
    "'" * 50,
    'File "',
    "ImportError: ",
    "{1}",
    "(" * 60,
)


@pytest.fixture(scope="module")
def book() -> RuleBook:
    return load_rule_book()


def mutated(text: str, chance: random.Random) -> str:
    """Return a piece of a text with some of it cut, doubled, swapped or replaced."""
    start = chance.randrange(len(text))
    piece = text[start : start + chance.randrange(1, 1500)]
    for _ in range(chance.randrange(1, 6)):
        one, other = sorted(chance.randrange(len(piece) + 1) for _ in range(2))
        piece = chance.choice(
            (
                piece[:one] + piece[other:],
                piece[:other] + piece[one:],
                piece[:one] + chance.choice(NASTY) + piece[one:],
                piece[:one] + piece[one:other][::-1] + piece[other:],
                piece[:one] + "".join(chr(chance.randrange(1, 0x2FFF)) for _ in range(20)) + piece[one:],
            )
        )
    return piece


@pytest.mark.parametrize("seed", range(CASES // AT_ONCE))
def test_malformed_logs(book: RuleBook, seed: int) -> None:
    chance = random.Random(seed)
    texts = [path.read_text("utf-8", "replace") for path in TEXTS]
    for _ in range(AT_ONCE):
        text = mutated(chance.choice(texts), chance)
        matches = explain_text(text, book)
        root = cause_of(matches)
        assert root is None or (
            root.cause and root.remedy and root.line <= text.count("\n") + 1 + text.count("\r")
        )


@pytest.mark.parametrize(
    "shape", ["a" * 2_000_000, "\n" * 2_000_000, "ImportError: numpy.core " * 80_000, "\x1b[" * 500_000]
)
def test_endless_logs(book: RuleBook, shape: str) -> None:
    explain_text(shape, book)
