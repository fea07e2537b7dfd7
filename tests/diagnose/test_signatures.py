"""A failure text leads to its cause, through wrappers and past noise."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npdoctor.diagnose.literals import may_match, required
from npdoctor.diagnose.signatures import cause_of, explain_text, fill
from npdoctor.model.rules import RuleBook
from npdoctor.rulebook.load import load_rule_book

TESTS = Path(__file__).parents[1]
BOOK = load_rule_book(str(TESTS / "rulebook/book.toml"))
ROOT = TESTS.parent / "rules.toml"
SIZE = (
    "ValueError: numpy.dtype size changed, may indicate binary incompatibility."
    " Expected 96 from C header, got 88 from PyObject"
)
WRAPPER = (
    "RuntimeError: Failed to import transformers.models.bert because of the following error"
    " (look up to see its traceback):"
)
NOISE = "UserWarning: Pandas requires version '2.8.4' or newer of 'numexpr' (version '2.8.0' installed)."


def ids(text: str, book: RuleBook = BOOK) -> list[str]:
    return [match.signature.id for match in explain_text(text, book)]


def test_the_cause_is_found_with_its_numbers_line_and_excerpt() -> None:
    found = cause_of(explain_text(f"Traceback:\n  File x\n{SIZE}\n", BOOK))
    assert found is not None
    assert found.cause == "Built for NumPy 1 (dtype of 96 bytes), and NumPy 2 runs (88)."
    assert found.line == 3
    assert found.excerpt == SIZE
    assert found.groups["1"] == "96"
    assert found.groups["got"] == found.groups["2"] == "88"


def test_a_wrapper_is_reported_and_is_not_the_cause() -> None:
    found = explain_text(f"{WRAPPER}\n{SIZE}", BOOK)
    assert [m.signature.id for m in found] == ["transformers-wrapper", "size-changed-dtype"]
    cause = cause_of(found)
    assert cause is not None
    assert cause.signature.id == "size-changed-dtype"
    assert found[0].cause == "The import of transformers.models.bert failed for another reason."


def test_wrapper_or_noise_alone_is_no_cause() -> None:
    for text in (WRAPPER, NOISE, f"{NOISE}\n{WRAPPER}", "", "nothing of the kind"):
        assert cause_of(explain_text(text, BOOK)) is None


def test_the_books_order_decides_between_two_causes() -> None:
    text = f"ImportError: libGL.so.1: cannot open shared object file: No such file\n{SIZE}"
    found = explain_text(text, BOOK)
    assert [m.signature.id for m in found] == ["size-changed-dtype", "library-not-found"]
    assert found[0].line == 2
    assert found[1].remedy == "Install what brings libGL.so.1."


def test_what_stands_within_noise_is_noise() -> None:
    inside = f"{NOISE} libx.so: cannot open shared object file"
    assert ids(inside) == ["pandas-noise"]
    assert ids(f"{inside}\nImportError: libGL.so.1: cannot open shared object file") == [
        "pandas-noise",
        "library-not-found",
    ]


def test_terminal_colours_and_carriage_returns_do_not_hide_a_cause() -> None:
    coloured = SIZE.replace("numpy.dtype", "\x1b[1mnumpy.dtype\x1b[0m") + "\r\n"
    assert ids(f"progress 10%\rprogress 20%\r{coloured}") == ["size-changed-dtype"]


def test_an_endless_line_keeps_its_ends() -> None:
    assert ids("x" * 100_000 + f" {SIZE}") == ["size-changed-dtype"]
    assert ids(f"{SIZE} " + "x" * 100_000) == ["size-changed-dtype"]


def test_a_large_log_is_read_in_seconds() -> None:
    line = "2026-01-01 INFO epoch 3 loss=0.1 file=/venv/lib/python3.11/site-packages/torch/nn/module.py\n"
    text = line * (5_000_000 // len(line)) + SIZE
    begin = time.process_time()
    assert ids(text) == ["size-changed-dtype"]
    assert time.process_time() - begin < 5


def test_fill_leaves_literal_braces_and_unknown_groups_empty() -> None:
    assert fill("{{a}} {1}{2}", {"1": "x"}) == "{a} x"


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        (r"ImportError: numpy\.core\.multiarray", ("ImportError: numpy.core.multiarray",)),
        (r"abcd|(x)efghi?", ("abcd", "efgh")),
        (r"abcd|\d+", ()),
        (r"(?i)abcdef", ()),
        (r"(abcdef)", ()),
        (r"ab(?:cd|e\)f)?ghijk", ("ghijk",)),
        (r"abcdx*yz", ("abcd",)),
        (r"\x41bcdef[()|]+ghi", ("bcdef",)),
        (r"abcde{2,3}f", ("abcd",)),
        (r"abcdef+?gh", ("abcdef",)),
    ],
)
def test_the_words_a_pattern_needs(pattern: str, words: tuple[str, ...]) -> None:
    assert required(re.compile(pattern)) == words


@given(st.from_regex(BOOK.signatures[2].pattern) | st.from_regex(r"(ab|c)defg?\.[hi]j+klmn|opqrs*"))
def test_no_match_is_lost_to_the_search_for_words(text: str) -> None:
    for pattern in (BOOK.signatures[2].pattern, re.compile(r"(ab|c)defg?\.[hi]j+klmn|opqrs*")):
        if pattern.search(text):
            assert may_match(pattern, text)


def test_every_example_of_the_real_book_is_explained_by_its_own_rule() -> None:
    if not ROOT.exists():
        return
    book = load_rule_book(str(ROOT))
    for rule in book.signatures:
        assert may_match(rule.pattern, rule.example), rule.id
        found = explain_text(rule.example, book)
        assert rule.id in [match.signature.id for match in found], rule.id
        if rule.role == "cause":
            cause = cause_of(found)
            assert cause is not None
            assert cause.signature.id == rule.id, f"{rule.id} is hidden by {cause.signature.id}"
