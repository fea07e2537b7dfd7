"""The small files that tools are given: requirements, one a line."""

from __future__ import annotations

import os
from collections.abc import Iterable


def write_lines(folder: str, name: str, lines: Iterable[str]) -> str:
    """Write a file that only its owner can read, and return its path."""
    path = os.path.join(folder, name)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(handle, "w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)
    return path


def is_hashed(path: str) -> bool:
    """Tell whether every requirement of a file has a hash."""
    with open(path, encoding="utf-8") as file:
        lines = [line.strip() for line in file.read().replace("\\\n", " ").splitlines()]
    requirements = [line for line in lines if line and line[0] not in "#-"]
    return bool(requirements) and all("--hash=" in line for line in requirements)
