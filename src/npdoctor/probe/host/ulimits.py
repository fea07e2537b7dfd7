"""Read the kernel limits of this process from /proc/self/limits."""

from __future__ import annotations

import re

from npdoctor.model.limits import Ulimit
from npdoctor.probe.host.tree import Tree, Unreadable

_NAMES = {
    "Max open files": "nofile",
    "Max locked memory": "memlock",
    "Max processes": "nproc",
    "Max stack size": "stack",
    "Max core file size": "core",
}
_LINE = re.compile(r"(Max [a-z ]+?)\s{2,}(unlimited|\d+)\s+(unlimited|\d+)\b", re.ASCII)


def read_ulimits(tree: Tree) -> dict[str, Ulimit]:
    """Return soft and hard limits by their names in limits.conf; none where they cannot be read."""
    try:
        text = tree.must("/proc/self/limits")
    except Unreadable:
        return {}
    lines = (match for line in text.splitlines() if (match := _LINE.match(line)))
    return {
        _NAMES[match[1]]: Ulimit(_value(match[2]), _value(match[3])) for match in lines if match[1] in _NAMES
    }


def _value(text: str) -> int | None:
    return None if text == "unlimited" or len(text) > 20 else int(text)
