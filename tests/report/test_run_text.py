"""The summary of a run, and its curve."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from npdoctor.model.rules import RuleBook
from npdoctor.model.run import (
    Cause,
    Counted,
    Exited,
    FirstOutput,
    GpuUse,
    Growth,
    RamUse,
    RunRecord,
    Sample,
    Signalled,
    Stopped,
    exit_code,
)
from npdoctor.report.plot import plot
from npdoctor.report.redact import Redactor
from npdoctor.report.run_json import run_json
from npdoctor.report.run_text import duration, ending_words, run_text, size
from npdoctor.report.text import Layout
from npdoctor.rulebook.load import load_rule_book

MIB = 1 << 20
RECORD = RunRecord(
    command=("python", "train.py", "--api-key", "s3cr3t-value-77", "--out", "/home/ada/run"),
    seconds=100.0,
    ending=Exited(0),
    first_output=FirstOutput(1.25),
    ram=RamUse(900 * MIB, 800 * MIB, 9, Counted.SHARED_ONCE, 950 * MIB, Growth(35 * MIB, 50.0)),
    gpus=(GpuUse(1, 24 << 30, 1 << 30, 20 << 30, None),),
    samples=tuple(Sample(float(n), n * MIB, 9, (None, n << 20)) for n in range(100)),
)
KILLED = replace(
    RECORD,
    ending=Signalled(9),
    causes=(
        Cause(
            "NPD401",
            "The kernel killed it because memory ran out.",
            "Use less.",
            evidence=("at /home/ada/x",),
        ),
        Cause("NPD101", "Something older.", earlier=True),
    ),
)


@pytest.fixture(scope="module")
def book() -> RuleBook:
    return load_rule_book(str(Path(__file__).resolve().parents[2] / "rules.toml"))


def text(record: RunRecord, book: RuleBook | None = None, **layout: bool) -> str:
    return run_text(record, Redactor(home="/home/ada", user="ada"), Layout(**layout), book)  # type: ignore[arg-type]


def test_the_summary_says_what_was_used() -> None:
    shown = text(RECORD)
    for words in (
        "exit 0 after 100 s; first output after 1.25 s",
        "RAM    peak 950 MiB, at the end 800 MiB, up to 9 processes, shared memory once",
        "growing by 35 MiB per minute over the last 50 s",
        "GPU 1  peak 20.00 GiB of 24.00 GiB, at the start 1.00 GiB",
    ):
        assert words in shown
    assert "s3cr3t" not in shown
    assert "/home/ada" not in shown
    assert max(len(line) for line in shown.splitlines()) <= 80


def test_the_cause_comes_with_evidence_and_what_else_was_seen(book: RuleBook) -> None:
    shown = text(KILLED, book)
    assert "ended by SIGKILL, exit 137" in shown
    assert shown.index("NPD401") < shown.index("memory ran out") < shown.index("seen earlier: NPD101")
    assert "/home/ada" not in shown


def test_a_failure_without_a_cause_says_so() -> None:
    assert "No cause was recognised" in text(replace(RECORD, ending=Exited(2)))
    assert "No cause" not in text(RECORD)
    assert "No cause" not in text(replace(RECORD, ending=Stopped(15)))


def test_plain_text_is_ascii(book: RuleBook) -> None:
    assert text(KILLED, book, ascii_only=True).isascii()
    assert not text(KILLED, book).isascii()


def test_what_was_not_seen_is_not_called_nothing() -> None:
    assert "no output" in text(replace(RECORD, first_output=FirstOutput(None)))
    unseen = text(replace(RECORD, first_output=FirstOutput(None, ("stdout",))))
    assert "first output unknown (stdout not seen)" in unseen


def test_the_document_holds_the_same(book: RuleBook) -> None:
    document = json.loads(run_json(KILLED, Redactor(home="/home/ada", user="ada"), book, "1.0"))
    assert (document["schema"], document["exit_code"]) == (1, 137)
    assert document["cause"]["title"] == book.codes["NPD401"].title
    assert [other["code"] for other in document["others"]] == ["NPD101"]
    assert document["samples"][3] == {"at": 3.0, "ram": 3 * MIB, "processes": 9, "vram": [None, 3 * MIB]}
    assert "s3cr3t" not in str(document)
    assert "ada" not in str(document)
    assert document["redacted"]


def test_codes_are_those_of_a_shell() -> None:
    assert [exit_code(e) for e in (Exited(3), Signalled(11), Stopped(15))] == [3, 139, 143]
    assert ending_words(Stopped(2)) == "stopped by SIGINT, exit 130"


def test_sizes_and_times_for_people() -> None:
    assert [size(n) for n in (0, 5 * MIB, 512 * MIB, 3 << 29)] == [
        "0.0 MiB",
        "5.0 MiB",
        "512 MiB",
        "1.50 GiB",
    ]
    assert [duration(n) for n in (0.214, 42.4, 600, 3720)] == ["0.21 s", "42 s", "10 min", "1 h 02 min"]


def test_a_curve_rises_as_its_values_do() -> None:
    rows = plot([(float(n), float(n)) for n in range(17)], 17, 2, ascii_only=False)
    assert rows == ["         ▁▂▃▄▅▆▇█"[:17], " ▁▂▃▄▅▆▇█████████"[:17]]
    assert plot([(0.0, 5.0), (1.0, 5.0)], 4, 1, ascii_only=True) == ["####"]


def test_a_short_peak_is_not_lost() -> None:
    points = [(float(n), 1000.0 if n == 577 else 10.0) for n in range(1000)]
    top = plot(points, 40, 3, ascii_only=True)[0]
    assert top.count("#") == 1
    assert top.index("#") == 23


def test_there_is_no_curve_of_nothing() -> None:
    assert plot([], 10, 2, ascii_only=True) == []
    assert plot([(0.0, 0.0)], 10, 2, ascii_only=True) == []


def test_a_cause_may_have_a_title_of_its_own(book: RuleBook) -> None:
    died = replace(KILLED, causes=(Cause("NPD108", "It died.", title="Died in compiled code"),))
    assert "NPD108  Died in compiled code" in text(died, book)
    assert json.loads(run_json(died, Redactor(), book, "0"))["cause"]["title"] == "Died in compiled code"
