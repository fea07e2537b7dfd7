"""Read the mounts of this process from /proc/self/mountinfo (proc(5))."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from npdoctor.probe.host.tree import Tree, Unreadable

MOUNTINFO = "/proc/self/mountinfo"
_ESCAPED = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """One mount: `root` is the folder of the file system that `point` shows, `device` its major:minor."""

    device: str
    root: str
    point: str
    type: str
    read_only: bool
    options: frozenset[str]


def read_mounts(tree: Tree) -> tuple[Mount, ...]:
    """Return the mounts in the order they were made, none where they cannot be read."""
    try:
        lines = tree.must(MOUNTINFO).splitlines()
    except Unreadable:
        return ()
    return tuple(mount for line in lines if (mount := _parsed(line)))


def mount_of(path: str, mounts: Sequence[Mount]) -> Mount | None:
    """Return the mount that a path without links lies on: the deepest, and of these the last made."""
    best: Mount | None = None
    for mount in mounts:
        inside = mount.point == "/" or path == mount.point or path.startswith(mount.point + "/")
        if inside and (best is None or len(mount.point) >= len(best.point)):
            best = mount
    return best


def _parsed(line: str) -> Mount | None:
    before, _, after = line.partition(" - ")
    words, kind = before.split(" "), after.split(" ")
    if len(words) < 6 or len(kind) < 3 or not words[4].startswith("/"):
        return None
    options = frozenset(kind[2].split(","))
    return Mount(
        device=words[2],
        root=_unescaped(words[3]),
        point=_unescaped(words[4]),
        type=kind[0],
        read_only="ro" in options or "ro" in words[5].split(","),
        options=options,
    )


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 8)), text)
