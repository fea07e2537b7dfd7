"""`npdoctor explain` and `npdoctor rules`."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from npdoctor.cli.app import main

BOOK = str(Path(__file__).parents[1] / "rulebook/book.toml")
SIZE = (
    "ValueError: numpy.dtype size changed, may indicate binary incompatibility."
    " Expected 96 from C header, got 88 from PyObject"
)
Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _small_book(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("npdoctor.rulebook.locate.candidates", lambda: (BOOK, BOOK))


def feed(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_the_list_of_codes(capsys: Captured) -> None:
    assert main(["explain"]) == 0
    out = capsys.readouterr().out
    assert "binary compatibility\nNPD101  broken   extension built for the NumPy 1 C API\n" in out
    assert "\n\ninstalled distributions\nNPD208  warning  known bad pairing\n" in out
    assert main(["explain", "--json"]) == 0
    assert [c["code"] for c in json.loads(capsys.readouterr().out)["codes"]] == ["NPD101", "NPD106", "NPD208"]


@pytest.mark.parametrize("word", ["NPD101", "npd101", "101", "npd-101"])
def test_a_code_in_every_spelling(capsys: Captured, word: str) -> None:
    assert main(["explain", word]) == 0
    out = capsys.readouterr().out
    assert out.startswith(
        "NPD101  extension built for the NumPy 1 C API\nbinary compatibility, usually broken\n"
    )
    for heading in ("What it means", "How to check it by hand", "What mends it", "When it is wrong", "See"):
        assert f"\n\n{heading}\n  " in out


def test_a_code_as_json(capsys: Captured) -> None:
    assert main(["explain", "NPD106", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["code"] == "NPD106"
    assert shown["see"] == []


def test_a_signature_by_its_id(capsys: Captured) -> None:
    assert main(["explain", "Library-Not-Found"]) == 0
    out = capsys.readouterr().out
    assert "library-not-found\ncause, NPD106  shared library not found\n" in out
    assert "reproduced (not verified by the authors)" in out
    assert main(["explain", "pandas-noise", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["code"] is None


def test_an_unknown_code_names_what_is_near(capsys: Captured) -> None:
    assert main(["explain", "NPD100"]) == 2
    assert "Near it: NPD10" in capsys.readouterr().err
    assert main(["explain", "library-notfound"]) == 2
    assert "library-not-found" in capsys.readouterr().err
    assert main(["explain", "zzz"]) == 2
    assert "Near it" not in capsys.readouterr().err


def test_a_cause_in_a_log(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"Failed to import a.b because of the following error\n{SIZE}\n"
    feed(monkeypatch, text.encode())
    assert main(["explain", "-"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("NPD101  extension built for the NumPy 1 C API\n")
    assert "Built for NumPy 1 (dtype of 96 bytes), and NumPy 2 runs (88)." in out
    assert "seen in line 2:" in out
    assert "only wraps another error: transformers-wrapper, line 1" in out
    feed(monkeypatch, text.encode())
    assert main(["explain", "-", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["cause"]["signature"] == "size-changed-dtype"
    assert shown["cause"]["line"] == 2
    assert [other["role"] for other in shown["others"]] == ["wrapper"]
    assert shown["exit_code"] == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "does not know this failure"),
        ("something else entirely", "does not know this failure"),
        ("Failed to import a.b because of the following error", "Paste the whole traceback"),
        ("UserWarning: Pandas requires version '2.8.4' or newer of 'numexpr' (x)", "harmless by itself"),
    ],
)
def test_no_cause_is_said_plainly(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch, text: str, words: str
) -> None:
    feed(monkeypatch, text.encode())
    assert main(["explain", "-"]) == 1
    out = " ".join(capsys.readouterr().out.split())
    assert out.startswith("No cause recognised in this text.")
    assert words in out
    feed(monkeypatch, text.encode())
    assert main(["explain", "-", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["cause"] is None


def test_what_is_pasted_is_redacted_bounded_and_may_be_any_bytes(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed(monkeypatch, b"\xff\x00 HF_TOKEN=topsecret " + SIZE.encode() + b"\n" + b"x" * 5_000_000)
    assert main(["explain", "-"]) == 0
    out, err = capsys.readouterr()
    assert "topsecret" not in out
    assert "HF_TOKEN=<hidden>" in out
    assert "only the first 5 MB were read" in err


def test_the_rule_book_is_listed(capsys: Captured) -> None:
    assert main(["rules", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["packages"] == [
        {
            "name": "scipy",
            "numpy2": "1.13.0",
            "binaries": "numpy",
            "how": "wheel",
            "source": "scipy-1.13.0-cp311: every module names numpy._core",
        },
        {
            "name": "pillow",
            "numpy2": None,
            "binaries": "none",
            "how": "wheel",
            "source": "no NumPy C API in any release",
        },
    ]
    assert shown["signatures"][0]["role"] == "noise"
    assert main(["rules"]) == 0
    out = capsys.readouterr().out
    assert "scipy   1.13.0  (wheel)\n" in out
    assert "pillow  no NumPy binaries  (wheel)\n" in out
    assert "3 codes, 2 packages, 4 failure texts, 1 pairings" in out
    assert main(["rules", "-v"]) == 0
    assert "(wheel: no NumPy C API in any release)" in " ".join(capsys.readouterr().out.split())


def test_a_format_that_is_not_written_is_refused(capsys: Captured) -> None:
    assert main(["explain", "--format", "html"]) == 2
    assert "explain writes no html" in capsys.readouterr().err


def test_a_wrong_rule_book_is_npdoctors_own_failure(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wrong = tmp_path / "rules.toml"
    wrong.write_text("schema = 9")
    monkeypatch.setattr("npdoctor.rulebook.locate.candidates", lambda: (str(wrong),))
    assert main(["explain"]) == 4
    assert f"npdoctor: {wrong}: schema: must be 1" in capsys.readouterr().err
