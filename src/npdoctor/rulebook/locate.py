"""Find rules.toml: the packaged copy in a wheel, the repository root in an editable install."""

from __future__ import annotations

import os

from npdoctor.errors import RuleBookError

FILE_NAME = "rules.toml"


def candidates() -> tuple[str, ...]:
    """Name the places where the rule book may lie, best first."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    root = os.path.dirname(os.path.dirname(package))
    return os.path.join(package, FILE_NAME), os.path.join(root, FILE_NAME)


def locate(path: str | None = None) -> str:
    """Return the path of the rule book, or of the one asked for."""
    wanted = (path,) if path else candidates()
    for place in wanted:
        if os.path.isfile(place):
            return place
    raise RuleBookError(f"rule book not found: looked at {' and '.join(wanted)}")
