"""What the agent reports becomes an outcome, or is refused."""

from __future__ import annotations

import signal
from typing import Any

import pytest

from npdoctor.model.outcome import Died, Imported, ImportJob, NoAnswer, NotTried, Raised
from npdoctor.probe.imports.records import from_exit, from_record, sameness, signal_name, with_output

LINK = {"type": "ImportError", "message": "no", "frames": ["a.py:1 in <module>"]}
JOB = ImportJob("/s/a.so", "a", "dist")
OTHER = ImportJob("/s/b.so", "b", "dist")
ELSEWHERE = ImportJob("/s/c.so", "c", "else")


def test_a_record_of_success_and_one_of_an_exception() -> None:
    assert from_record({"ok": True, "seconds": 0.5}) == Imported(0.5)
    record = {"ok": False, "seconds": 1, "chain": [LINK, LINK], "failed_in": "/s/a.so", "parent": "p"}
    raised = from_record(record)
    assert isinstance(raised, Raised)
    assert (len(raised.exceptions), raised.failed_in, raised.parent) == (2, "/s/a.so", "p")
    assert raised.exceptions[0].frames == ("a.py:1 in <module>",)


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"ok": True},
        {"ok": True, "seconds": "x"},
        {"ok": True, "seconds": None},
        {"ok": False, "seconds": 1},
        {"ok": 1, "seconds": 1},
        {"ok": False, "seconds": 1, "chain": [{}]},
        {"ok": False, "seconds": 1, "chain": 3},
        {"ok": False, "seconds": 1, "chain": ["x"]},
        {"ok": False, "seconds": 1, "chain": [{**LINK, "frames": 3}]},
    ],
)
def test_anything_else_is_no_outcome(record: dict[str, Any]) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        from_record(record)


def test_ends_of_processes() -> None:
    assert from_exit(signal.SIGSEGV, None, "/s/a.so") == Died(11, None, "/s/a.so", "ended by SIGSEGV (11)")
    assert from_exit(0, None, None) == Died(None, 0, None, "ended the process with exit status 0")
    assert from_exit(3 << 8, None, None).exit_code == 3
    assert "memory" in from_exit(signal.SIGKILL, "memory", None).detail
    assert signal_name(signal.SIGILL) == "SIGILL (4)"
    assert signal_name(200) == "signal 200"


def test_output_is_added_to_whatever_ran() -> None:
    for outcome in (Imported(1), Raised((), None, None, 1), Died(1, None, None, ""), NoAnswer(1)):
        added = with_output(outcome, "said")
        assert not isinstance(added, NotTried)
        assert added.output == "said"
    assert with_output(NotTried("no"), "said") == NotTried("no")


def test_only_failures_of_one_kind_in_one_distribution_are_decided_together() -> None:
    one = from_record({"ok": False, "seconds": 1, "chain": [LINK], "failed_in": None, "parent": "p"})
    two = from_record({"ok": False, "seconds": 9, "chain": [LINK], "failed_in": None, "parent": "p"})
    assert sameness(JOB, one) == sameness(OTHER, two)
    assert sameness(JOB, one) != sameness(ELSEWHERE, one)
    assert sameness(JOB, one) != sameness(JOB, from_record({"ok": False, "seconds": 1, "chain": [LINK]}))
    died = Died(11, None, "/s/base.so", "")
    assert sameness(JOB, died) == sameness(OTHER, died)
    assert sameness(JOB, Died(11, None, None, "")) != sameness(OTHER, Died(11, None, None, ""))
