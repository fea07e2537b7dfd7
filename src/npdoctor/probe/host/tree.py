"""Read small files of the kernel, of this machine or of a recorded one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass

LARGEST = 4 << 20
_WHOLE = re.compile(r"\d{1,24}", re.ASCII)


class Unreadable(Exception):
    """A fact could not be read; the text names the file and says why."""


@dataclass(frozen=True, slots=True)
class Tree:
    """All files below `root`, named by the absolute paths that they have inside it."""

    root: str = "/"

    def outside(self, path: str) -> str:
        """Return where a path of the tree lies for this process."""
        return path if self.root == "/" else self.root.rstrip("/") + path

    def has(self, path: str) -> bool:
        """Tell whether there is such a file or folder."""
        return os.path.exists(self.outside(path))

    def text(self, path: str) -> str | None:
        """Return the text of a file, None where there is no such file.

        Raises Unreadable where there is one that cannot be read.
        """
        try:
            with open(self.outside(path), "rb") as stream:
                return os.fsdecode(stream.read(LARGEST))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            raise Unreadable(f"{path}: {reason(error)}") from None

    def must(self, path: str) -> str:
        """Return the text of a file. Raises Unreadable, also where there is none."""
        text = self.text(path)
        if text is None:
            raise Unreadable(f"{path}: no such file")
        return text

    def counts(self, path: str) -> dict[str, int]:
        """Return the lines `key number` or `key: number` of a file. Raises Unreadable."""
        found = {}
        for line in self.must(path).splitlines():
            words = line.split()
            if len(words) > 1 and _WHOLE.fullmatch(words[1]):
                found[words[0].rstrip(":")] = int(words[1])
        return found


def whole(text: str, path: str) -> int:
    """Return the natural number that a file holds. Raises Unreadable where it is none."""
    number = text.strip()
    if not _WHOLE.fullmatch(number):
        raise Unreadable(f"{path}: not a number: {number[:40]!a}")
    return int(number)


def reason(error: Exception) -> str:
    """Return what the system says of an error, without the path."""
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else str(error)


@contextmanager
def noting(unknown: MutableMapping[str, str], *names: str) -> Iterator[None]:
    """Keep under these names why a fact could not be read."""
    try:
        yield
    except Unreadable as error:
        for name in names:
            unknown[name] = str(error)
