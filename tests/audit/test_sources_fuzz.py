"""Damaged files are read or refused in a line, never a traceback, never a hang."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from npdoctor.audit.locks import lock_source
from npdoctor.audit.projects import toml_source
from npdoctor.audit.source_files import CannotRead
from npdoctor.audit.source_lines import line_source
from npdoctor.audit.sources import read_sources
from npdoctor.errors import UsageError
from npdoctor.fix.files.encoding import FileText

LOCKED = Path(__file__).parent / "locked"
CASES = 10_000
REQUIREMENTS = (
    "# c\n-r a.txt\n-c b.txt\nNumPy[x] >= 1.2 , <2 ; python_version > '3'\nscipy==1.10 \\\n"
    "  --hash=sha256:aa\n"
    "-e git+https://e.org/x#egg=y\ntorch @ https://e.org/torch-2.1-py3-none-any.whl\n"
)
PROJECT = (
    "[project]\nname = 'x'\nrequires-python = '>=3.9'\ndependencies = ['numpy>=1', \"scipy (>1)\"]\n"
    "[dependency-groups]\na = ['b', {include-group = 'a'}]\n[tool.poetry.dependencies]\n"
    "x = {version = '^1'}\n"
)
LOCK = (LOCKED / "pdm/pdm.lock").read_text().partition('[[package]]\nname = "numpy"')[0]
POETRY = "[[package]]\nname='a'\nversion='1'\n[package.dependencies]\nb='*'\n[metadata]\ncontent-hash='x'\n"
PIECES = (
    "\n",
    "\\",
    "[",
    "]",
    "[[",
    "'",
    '"',
    "{",
    "}",
    "=",
    "==",
    ",",
    ";",
    "#",
    "é",
    "\r",
    "1" * 30,
    "@",
    "-r ",
    "^",
)


def mutated(text: str, chance: random.Random) -> str:
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(text) + 1)
        until = at + chance.choice((0, 0, 1, 2, 20))
        text = text[:at] + chance.choice((*PIECES, text[until : until + 15])) + text[until:]
    return text


def of_lock(file: FileText) -> object:
    return lock_source(file)


def of_lines(file: FileText) -> object:
    return line_source(file, False)


@pytest.mark.parametrize(
    ("name", "text", "reader"),
    [
        ("requirements.txt", REQUIREMENTS, of_lines),
        ("pyproject.toml", PROJECT, toml_source),
        ("pdm.lock", LOCK, of_lock),
        ("poetry.lock", POETRY, of_lock),
    ],
)
def test_mutated_files(name: str, text: str, reader: Callable[[FileText], object]) -> None:
    chance = random.Random(name)
    read, refusals = 0, list[str]()
    for _ in range(CASES // 2 if reader is of_lock else CASES):
        try:
            reader(FileText(name, None, mutated(text, chance)))
            read += 1
        except CannotRead as refusal:
            refusals.append(str(refusal))
    assert read
    assert not [text for text in refusals if "\n" in text]
    assert bool(refusals) == (reader is not of_lines)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements.txt", "numpy>=1\n" * 30_000),
        ("requirements.txt", "-r " + "x" * 90_000),
        ("requirements.txt", "numpy \\\n" * 12_000),
        ("requirements.txt", "a" * 5_000_000),
        ("pyproject.toml", "[project]\nname='x'\ndependencies=[" + "'numpy',\n" * 10_000 + "]\n"),
        ("pyproject.toml", "a = " + "{b=" * 5_000),
        ("uv.lock", "version = 1\n" + "[[package]]\nname = 'a'\nversion = '1'\n" * 30_000),
    ],
)
def test_large_files_end(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    told = ""
    try:
        found = read_sources([name], str(tmp_path))
        assert found[0].declared or found[0].notes
    except UsageError as refusal:
        told = str(refusal)
    assert len(told) < 500
