"""The small files that tools are given: requirements, one a line."""

from __future__ import annotations

import os
from collections.abc import Iterable

from npdoctor.model.plan import Change


def write_lines(folder: str, name: str, lines: Iterable[str]) -> str:
    """Write a file that only its owner can read, and return its path."""
    path = os.path.join(folder, name)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(handle, "w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)
    return path


def exact_lines(changes: Iterable[Change]) -> tuple[str, ...]:
    """Return exact requirements of what is to be installed, with hashes where all of them are known.

    One hash makes an installer demand them all.
    """
    wanted = [change for change in changes if change.new is not None]
    hashes = [change.wheel.sha256 if change.wheel else None for change in wanted]
    known = all(hashes)
    return tuple(
        f"{change.name}=={change.new}" + (f" --hash=sha256:{digest}" if known else "")
        for change, digest in zip(wanted, hashes, strict=True)
    )


def is_hashed(path: str) -> bool:
    """Tell whether every requirement of a file has a hash."""
    with open(path, encoding="utf-8") as file:
        lines = [line.strip() for line in file.read().replace("\\\n", " ").splitlines()]
    requirements = [line for line in lines if line and line[0] not in "#-"]
    return bool(requirements) and all("--hash=" in line for line in requirements)
