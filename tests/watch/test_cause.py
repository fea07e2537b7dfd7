"""The cause is what the ending, the crash and the last words prove, in this order."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from npdoctor.model.rules import RuleBook
from npdoctor.model.run import Ending, Exited, Signalled, Stopped
from npdoctor.rulebook.load import load_rule_book
from npdoctor.watch.cause import Clues, causes_of, last_words
from npdoctor.watch.crash import parse_crash

ABI = """Traceback (most recent call last):
  File "t.py", line 1, in <module>
    import scipy.special
ValueError: numpy.dtype size changed, may indicate binary incompatibility. \
Expected 96 from C header, got 88 from PyObject
"""
OWN = """Traceback (most recent call last):
  File "t.py", line 9, in <module>
    main()
ValueError: batch size must divide 7
"""
CHAIN = "\nThe above exception was the direct cause of the following exception:\n\n"
TWO_NUMPYS = """Fatal Python error: Segmentation fault

Current thread 0x00007f6a6fa6fb80 (most recent call first):
  File "<string>", line 1 in <module>

Extension modules: numpy.core._multiarray_umath, numpy._core._multiarray_umath, pandas._libs.lib (total: 3)
"""


@pytest.fixture(scope="module")
def book() -> RuleBook:
    return load_rule_book(str(Path(__file__).resolve().parents[2] / "rules.toml"))


def clues(
    ending: Ending, stderr: str = "", stdout: str = "", kills: int | None = 0, shm: int | None = 1 << 33
) -> Clues:
    return Clues(ending, stderr, stdout, parse_crash(stderr), kills, shm)


def test_nobody_asks_for_the_cause_of_a_good_end(book: RuleBook) -> None:
    assert causes_of(clues(Exited(0), ABI), book) == ()
    assert causes_of(clues(Stopped(signal.SIGTERM), ABI), book) == ()


def test_the_last_traceback_comes_first(book: RuleBook) -> None:
    (cause,) = causes_of(clues(Exited(1), ABI), book)
    assert (cause.code, cause.earlier) == ("NPD101", False)
    first, second = causes_of(clues(Exited(1), ABI + OWN), book)
    assert (first.code, first.evidence) == ("", ("ValueError: batch size must divide 7",))
    assert (second.code, second.earlier) == ("NPD101", True)


def test_a_chained_traceback_belongs_to_it(book: RuleBook) -> None:
    first, *_ = causes_of(clues(Exited(1), OWN + ABI + CHAIN + OWN), book)
    assert (first.code, first.earlier) == ("NPD101", False)
    assert last_words(OWN + ABI + CHAIN + OWN) == ABI + CHAIN + OWN


def test_stdout_is_read_when_stderr_says_nothing(book: RuleBook) -> None:
    (cause,) = causes_of(clues(Exited(1), "", ABI), book)
    assert (cause.code, cause.earlier) == ("NPD101", True)


def test_a_crash_that_has_a_signature_is_named_by_it(book: RuleBook) -> None:
    first, *others = causes_of(clues(Signalled(signal.SIGSEGV), TWO_NUMPYS), book)
    assert first.code == "NPD111"
    assert [cause.code for cause in others] == ["NPD108"]


@pytest.mark.parametrize("ending", [Signalled(signal.SIGKILL), Exited(137)])
def test_killed_for_memory_needs_the_kernels_count(book: RuleBook, ending: Ending) -> None:
    assert causes_of(clues(ending, kills=1), book)[0].code == "NPD401"
    (by_others,) = causes_of(clues(ending, kills=0), book)
    assert by_others.code == ""
    assert "not for memory" in by_others.words
    (unknown,) = causes_of(clues(ending, kills=None), book)
    assert "unknown" in unknown.words


@pytest.mark.parametrize(
    ("number", "shm", "code"),
    [
        (signal.SIGSEGV, None, "NPD108"),
        (signal.SIGABRT, None, "NPD108"),
        (signal.SIGILL, None, "NPD112"),
        (signal.SIGBUS, 64 << 20, "NPD402"),
        (signal.SIGBUS, 8 << 30, "NPD108"),
        (signal.SIGBUS, None, "NPD108"),
    ],
)
def test_signals_of_the_cpu(book: RuleBook, number: signal.Signals, shm: int | None, code: str) -> None:
    for ending in (Signalled(number), Exited(128 + number)):
        (cause,) = causes_of(clues(ending, shm=shm), book)
        assert cause.code == code


def test_what_was_said_before_an_abort_is_evidence(book: RuleBook) -> None:
    text = "free(): invalid pointer\nFatal Python error: Aborted\n\nExtension modules: a.b (total: 1)\n"
    first, *_ = causes_of(clues(Signalled(signal.SIGABRT), text), book)
    assert first.evidence[0] == "free(): invalid pointer"


@pytest.mark.parametrize(
    "line",
    [
        "MemoryError",
        "numpy._core._exceptions._ArrayMemoryError: Unable to allocate 1. TiB for an array with shape (1,)",
        "OSError: [Errno 12] Cannot allocate memory",
        "terminate called after throwing an instance of 'std::bad_alloc'",
    ],
)
def test_memory_that_was_refused(book: RuleBook, line: str) -> None:
    text = f"Traceback (most recent call last):\n  File 't.py', line 1\n{line}\n"
    assert causes_of(clues(Exited(1), text), book)[0].code == "NPD401"
    assert all(c.code != "NPD401" for c in causes_of(clues(Exited(1), line + "\n" + OWN), book))


def test_nothing_is_made_up(book: RuleBook) -> None:
    assert causes_of(clues(Exited(1), "usage: t.py [-h]\n"), book) == ()
