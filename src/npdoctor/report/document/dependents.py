"""Who requires whom among the installed distributions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion

from npdoctor.model.requirement import applying, parsed_requirement
from npdoctor.model.snapshot import Snapshot

# Of each distribution, those that require it, and the range each of them admits.
Dependents: TypeAlias = Mapping[str, Mapping[str, str]]


def dependents_of(snapshot: Snapshot) -> Dependents:
    """Return by whom each distribution is required in this target, no extra chosen."""
    found: dict[str, dict[str, str]] = {}
    for distribution in snapshot.effective().values():
        for text in distribution.requires:
            requirement = applying(text, snapshot.target)
            if requirement is not None:
                required = found.setdefault(canonicalize_name(requirement.name), {})
                required[distribution.name] = str(requirement.specifier)
    return found


def all_dependents(name: str, dependents: Dependents) -> tuple[str, ...]:
    """Return those that require a distribution, directly or through others, in the order of names."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        new = set(dependents.get(waiting.pop(), ())) - seen
        seen |= new
        waiting += new
    return tuple(sorted(seen - {name}))


def excluding(pin: str, dependents: Dependents) -> tuple[str, ...]:
    """Return who requires a range without the version that a requirement such as `scipy>=1.13` names."""
    requirement = parsed_requirement(pin)
    lowest = [s.version for s in requirement.specifier if s.operator in ("==", ">=")] if requirement else []
    if requirement is None or len(lowest) != 1:
        return ()
    requiring = dependents.get(canonicalize_name(requirement.name), {})
    return tuple(
        f"{name} requires {requirement.name}{admitted}"
        for name, admitted in sorted(requiring.items())
        if not _admits(requirement.name, admitted, lowest[0])
    )


def _admits(name: str, specifier: str, version: str) -> bool:
    admitted = parsed_requirement(f"{name}{specifier}")
    try:
        return admitted is None or admitted.specifier.contains(version, prereleases=True)
    except InvalidVersion:
        return True
