"""A resolution of what the files declare, and the question that it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from npdoctor.model.index import Wheel


@dataclass(frozen=True, slots=True)
class Resolved:
    """What would be installed: versions and wheels by name, and who requires each (`via`, without files).

    `how` says who resolved it. `conflict` is the resolver's reason why it cannot be had beside the wanted
    NumPy: then what distributions say of NumPy was set aside.
    """

    versions: Mapping[str, str] = field(default_factory=dict)
    via: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    wheels: Mapping[str, Wheel] = field(default_factory=dict)
    how: str = ""
    conflict: str = ""


@dataclass(frozen=True, slots=True)
class NotResolved:
    """There is no resolution, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Lines:
    """What is to be resolved; `numpy` is the wanted one."""

    requirements: tuple[str, ...]
    constraints: tuple[str, ...]
    numpy: str
