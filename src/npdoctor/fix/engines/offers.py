"""What the configured indexes offer of a project, asked for once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from npdoctor.model.index import Indexes, Release, Wheel
from npdoctor.model.requirement import parsed_requirement
from npdoctor.model.target import Target
from npdoctor.probe.index.releases import releases
from npdoctor.probe.index.web import Web

AT_ONCE = 8  # projects that are asked for at a time


class Offers:
    """The releases of projects on these indexes; an index that does not answer raises WebError.

    `web` is the client that reaches the indexes. Threads may share it all.
    """

    def __init__(self, indexes: Indexes, target: Target) -> None:
        self._indexes = indexes
        self._target = target
        self.web = Web(indexes)
        self._known: dict[str, tuple[Release, ...]] = {}

    def of(self, name: str) -> tuple[Release, ...]:
        """Return all releases, ascending."""
        if name not in self._known:
            self._known[name] = releases(name, self._indexes, self.web, self._target)
        return self._known[name]

    def wheel(self, name: str, version: str) -> Wheel | None:
        """Return the wheel of an exact version that fits the target."""
        wanted = Version(version)
        return next((r.wheel for r in self.of(name) if Version(r.version) == wanted), None)

    def admitted(self, name: str, specifier: SpecifierSet) -> list[str]:
        """Return the versions that a resolver could take for a specifier, ascending."""
        usable = [r.version for r in self.of(name) if r.wheel is not None and not r.yanked]
        return list(specifier.filter(usable))


def limits(lines: Iterable[str]) -> Mapping[str, SpecifierSet]:
    """Return by name what requirements and constraints together admit."""
    found: dict[str, SpecifierSet] = {}
    for requirement in filter(None, map(parsed_requirement, lines)):
        name = canonicalize_name(requirement.name)
        found[name] = found.get(name, SpecifierSet()) & requirement.specifier
    return found


def exactly(requirement: Requirement, version: str) -> str:
    """Return the requirement with its versions replaced by one."""
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{requirement.name}{extras}=={version}"
