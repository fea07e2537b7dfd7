"""A pasted traceback is held against the environment at hand."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from clinic.patients import admit
from clinic.recipes import HEALTHY_ON_NUMPY_1, SIX
from npdoctor.cli.app import main

TEXTS = Path(__file__).parents[1] / "explain/texts"
MATPLOTLIB = (TEXTS / "numpy1-module-in--matplotlib-3.8.3-numpy-2.2.6.txt").read_bytes()


def explained(
    python: str, text: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> dict[str, object]:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
    main(["explain", "-", "--json", "--python", python])
    document = json.loads(capsys.readouterr().out)["environment"]
    assert isinstance(document, dict)
    return document


def test_the_environment_it_comes_from_has_the_finding(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    here = explained(str(admit(SIX).prefix), MATPLOTLIB, monkeypatch, capsys)
    findings = here["findings"]
    assert isinstance(findings, list)
    assert (findings[0]["code"], findings[0]["subject"]) == ("NPD101", "matplotlib")
    assert len(findings) == 6


def test_a_healthy_environment_has_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert explained(str(admit(HEALTHY_ON_NUMPY_1).prefix), MATPLOTLIB, monkeypatch, capsys)["findings"] == []
