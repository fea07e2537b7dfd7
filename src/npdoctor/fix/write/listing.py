"""What lies in the folders of an environment at one moment: names, sizes and times, without caches."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass

CACHES = "__pycache__"
_PLACE = ".npdoctor"


@dataclass(frozen=True, slots=True)
class Listing:
    """Folders with time (ns) and mode, and files with size (bytes), time (ns) and inode."""

    folders: dict[str, tuple[int, int]]
    files: dict[str, tuple[int, int, int]]

    def created(self, later: Listing) -> tuple[list[str], list[str]]:
        """Return the files and the folders of a later listing that are not in this one."""
        files = [path for path in later.files if path not in self.files]
        return files, [path for path in later.folders if path not in self.folders]

    def altered(self, later: Listing) -> list[str]:
        """Return the files that are gone or another one in a later listing."""
        return [path for path, facts in self.files.items() if later.files.get(path) != facts]

    def encoded(self) -> bytes:
        """Return it as JSON."""
        return json.dumps({"folders": self.folders, "files": self.files}, separators=(",", ":")).encode()


def decode(data: bytes) -> Listing:
    """Read what `Listing.encoded` wrote."""
    document = json.loads(data)
    return Listing(
        {path: (time, mode) for path, (time, mode) in document["folders"].items()},
        {path: (size, time, inode) for path, (size, time, inode) in document["files"].items()},
    )


def scan(roots: Iterable[str]) -> Listing:
    """List everything below the folders but byte code caches; links are listed and not followed."""
    folders: dict[str, tuple[int, int]] = {}
    files: dict[str, tuple[int, int, int]] = {}
    waiting = [root for root in roots if os.path.isdir(root) and not os.path.islink(root)]
    for root in waiting:
        facts = os.lstat(root)
        folders[root] = (facts.st_mtime_ns, stat.S_IMODE(facts.st_mode))
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                facts = entry.stat(follow_symlinks=False)
                if not stat.S_ISDIR(facts.st_mode):
                    files[entry.path] = (facts.st_size, facts.st_mtime_ns, facts.st_ino)
                elif entry.name not in (CACHES, _PLACE):
                    folders[entry.path] = (facts.st_mtime_ns, stat.S_IMODE(facts.st_mode))
                    waiting.append(entry.path)
    return Listing(folders, files)
