"""The interpreter that an audit speaks of, which need not be one that is at hand."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import replace

from npdoctor.audit.floors.releases import for_python
from npdoctor.errors import TargetError
from npdoctor.model.target import Choice, Target
from npdoctor.probe.describe import describe
from npdoctor.probe.locate import choose

# A minor version alone stands for its latest patch release, whatever its number.
_LATEST = 99


def target_at_hand(python: str | None, environ: Mapping[str, str], folder: str) -> tuple[Target, bool]:
    """Return the interpreter chosen as for a check, and true; npdoctor's own and false where there is none.

    Raises TargetError where the person named one that cannot be examined.
    """
    try:
        return describe(choose(python, environ, working_folder=folder), working_folder=folder), True
    except TargetError:
        if python is not None or environ.get("NPDOCTOR_PYTHON"):
            raise
    own = Choice(os.path.abspath(sys.executable), "npdoctor's own, as no other was found")
    return describe(own, working_folder=folder), False


def target_for(target: Target, python: str) -> Target:
    """Return the target as if it were a CPython of this version, such as 3.11 or 3.11.7, on this machine."""
    numbers = tuple(map(int, python.split(".")))
    if numbers[: len(numbers)] == target.version[: len(numbers)]:
        return target
    other = for_python(target, (numbers[0], numbers[1]))
    return replace(other, version=(numbers[0], numbers[1], numbers[2] if len(numbers) > 2 else _LATEST))
