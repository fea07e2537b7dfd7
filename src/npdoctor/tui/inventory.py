"""One verdict, indexed by distribution: what the lists of packages and extensions look up; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from packaging.utils import canonicalize_name

from npdoctor.model.binary import Binary
from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.distribution import Distribution
from npdoctor.model.finding import Finding
from npdoctor.model.requirement import applying
from npdoctor.model.target import Target

_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")


class Inventory:
    """Each index is made once, when first asked for."""

    def __init__(self, diagnosis: Diagnosis) -> None:
        self.diagnosis = diagnosis
        self.snapshot = diagnosis.snapshot

    @cached_property
    def distributions(self) -> dict[str, Distribution]:
        """Map names to the distributions that an import would find."""
        return self.snapshot.effective()

    @cached_property
    def findings(self) -> dict[str, list[Finding]]:
        """Map names to the findings on them, gravest first."""
        found: dict[str, list[Finding]] = {}
        for finding in self.diagnosis.findings:
            found.setdefault(finding.subject, []).append(finding)
        return found

    @cached_property
    def binaries(self) -> dict[str, list[Binary]]:
        """Map names to compiled files."""
        found: dict[str, list[Binary]] = {}
        for binary in self.snapshot.binaries:
            found.setdefault(binary.distribution, []).append(binary)
        return found

    @cached_property
    def unread(self) -> dict[str, int]:
        """Map names to how many files claim to be binaries and could not be read."""
        found: dict[str, int] = {}
        for file in self.snapshot.unread:
            found[file.distribution] = found.get(file.distribution, 0) + 1
        return found

    @cached_property
    def _named_by(self) -> dict[str, list[tuple[str, str]]]:
        """Map names to those whose requirements begin with them, markers not looked at yet."""
        found: dict[str, list[tuple[str, str]]] = {}
        for distribution in self.distributions.values():
            for text in distribution.requires:
                match = _NAME.match(text)
                if match:
                    found.setdefault(canonicalize_name(match[1]), []).append((distribution.name, text))
        return found

    @cached_property
    def own(self) -> frozenset[str]:
        """Return npdoctor, where it is installed, and what nothing but npdoctor requires."""
        if "npdoctor" not in self.distributions:
            return frozenset()
        own, found = {"npdoctor"}, ["npdoctor"]
        while found:
            new = {name for name in self._required(found.pop()) if name in self.distributions} - own
            own |= new
            found += new
        while others := {n for n in own - {"npdoctor"} if not set(self.required_by(n)) <= own}:
            own -= others
        return frozenset(own)

    def _required(self, name: str) -> Iterator[str]:
        texts = self.distributions[name].requires
        target = self.snapshot.target
        yield from (one.name for one in (applying(text, target) for text in texts) if one)

    def requires(self, name: str) -> tuple[str, ...]:
        """Return the requirements of a distribution that apply here, without their markers."""
        distribution = self.distributions.get(name)
        texts = distribution.requires if distribution else ()
        found = (applying(text, self.snapshot.target) for text in texts)
        return tuple(f"{one.name}{one.specifier}" for one in found if one)

    def required_by(self, name: str) -> tuple[str, ...]:
        """Return the distributions that require this one here."""
        named = self._named_by.get(name, ())
        target = self.snapshot.target
        return tuple(dict.fromkeys(by for by, text in named if applying(text, target) is not None))


def kind_of_place(distribution: Distribution, target: Target) -> str:
    """Name the kind of place a distribution lies in: editable, user, site, base, path or other.

    `base` is the Python that a virtual environment was made of, `path` an entry of PYTHONPATH.
    """
    if distribution.direct_url and distribution.direct_url.editable:
        return "editable"
    place = distribution.location
    if target.user_site and place == target.user_site:
        return "user"
    if place in target.pythonpath:
        return "path"
    if _is_below(place, target.prefix):
        return "site"
    return "base" if _is_below(place, target.base_prefix) else "other"


def _is_below(place: str, folder: str) -> bool:
    return bool(folder) and (place == folder or place.startswith(folder.rstrip("/") + "/"))
