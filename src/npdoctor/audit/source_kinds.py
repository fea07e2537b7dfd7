"""Tell by name, then by content, which reader a file is for."""

from __future__ import annotations

import fnmatch
import os
import re
from enum import Enum

from npdoctor.fix.files.requirement_lines import Include, Listed, read_lines


class Reader(str, Enum):
    """What reads a file."""

    LINES = "requirements"
    TOML = "project"
    SETUP_CFG = "setup.cfg"
    LOCK = "lock"
    DOCKERFILE = "Dockerfile"
    CONDA = "conda environment"


_BY_NAME = (
    ("pyproject.toml", Reader.TOML),
    ("pixi.toml", Reader.TOML),
    ("pipfile", Reader.TOML),
    ("setup.cfg", Reader.SETUP_CFG),
    ("*.lock", Reader.LOCK),
    ("pylock.toml", Reader.LOCK),
    ("pylock.*.toml", Reader.LOCK),
    ("dockerfile", Reader.DOCKERFILE),
    ("dockerfile.*", Reader.DOCKERFILE),
    ("*.dockerfile", Reader.DOCKERFILE),
    ("containerfile", Reader.DOCKERFILE),
    ("containerfile.*", Reader.DOCKERFILE),
    ("*.containerfile", Reader.DOCKERFILE),
    ("environment*.yml", Reader.CONDA),
    ("environment*.yaml", Reader.CONDA),
    ("*.txt", Reader.LINES),
    ("*.in", Reader.LINES),
    ("*.pip", Reader.LINES),
)
_LOCK = re.compile(r"^\[\[packages?\]\]\s*$", re.MULTILINE)
_PROJECT = re.compile(r"^\[(project|build-system|dependency-groups|tool\.[\w.-]+)\]\s*$", re.MULTILINE)
_INSTRUCTION = re.compile(r"(?:\s*(?:#.*)?\n)*\s*(?:FROM\s+\S|ARG\s+\w+)", re.IGNORECASE)
_FROM = re.compile(r"^\s*FROM\s+\S", re.IGNORECASE | re.MULTILINE)
_SNIFFED = 100_000


def reader_of(path: str, text: str) -> Reader | None:
    """Return what reads a file, None for one that declares nothing of distributions in a known form."""
    name = os.path.basename(path).lower()
    for pattern, reader in _BY_NAME:
        if fnmatch.fnmatchcase(name, pattern):
            return reader
    head = text[:_SNIFFED]
    if _LOCK.search(head):
        return Reader.LOCK
    if _PROJECT.search(head):
        return Reader.TOML
    if _INSTRUCTION.match(head) and _FROM.search(head):
        return Reader.DOCKERFILE
    return Reader.LINES if _lists(head) else None


def _lists(text: str) -> bool:
    """Tell whether a text is a requirements file throughout, and lists or includes something."""
    told = [line for line in read_lines(text) if line.joined.strip()]
    known = [isinstance(line, Listed | Include) or line.joined.lstrip().startswith("-") for line in told]
    return bool(told) and all(known) and any(isinstance(line, Listed | Include) for line in told)
