"""The pins of one edit, by name, with what deciding about a line needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from npdoctor.fix.files.place import CannotEdit, Pin
from npdoctor.fix.files.requirement_lines import Written
from npdoctor.fix.files.specifier import Splice, respecified
from npdoctor.model.requirement import parsed_version
from npdoctor.model.target import Target


@dataclass(frozen=True, slots=True)
class Wanted:
    """Pins by normalised name, the target they are for, and the sha256 hashes that are at hand.

    `conda` maps distributions that conda installed to the names conda has for them.
    """

    pins: Mapping[str, Pin]
    target: Target
    installed: Mapping[str, str]
    hashes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    conda: Mapping[str, str] = field(default_factory=dict)

    def is_down(self, pin: Pin) -> bool:
        """Tell whether a pin's version is lower than the installed one."""
        new, old = parsed_version(pin.version), parsed_version(self.installed.get(pin.name))
        return new is not None and old is not None and new < old

    def splices(self, text: str, written: Written, pin: Pin) -> tuple[Splice, ...]:
        """Return what to change in the text of a requirement so that it agrees with a pin."""
        found = respecified(text[written.start : written.end], pin, self.is_down(pin))
        return tuple(Splice(s.start + written.start, s.end + written.start, s.text) for s in found)

    def only(self, names: frozenset[str]) -> Wanted:
        """Return the same for some names only."""
        pins = {name: pin for name, pin in self.pins.items() if name in names}
        return replace(self, pins=pins)


def by_name(pins: Sequence[Pin], path: str) -> dict[str, Pin]:
    """Return pins by normalised name, a guard and an exact pin of one name as one; raise on nonsense."""
    found: dict[str, Pin] = {}
    for pin in pins:
        name = canonicalize_name(pin.name)
        if pin.version is not None and parsed_version(pin.version) is None:
            raise CannotEdit(path, f"{name} {pin.version} is not a version that can be pinned")
        try:
            agrees = SpecifierSet(pin.specifier).contains(pin.version or "0", prereleases=True)
        except InvalidSpecifier as error:
            raise CannotEdit(path, f"{name} {pin.specifier} is not a valid specifier") from error
        if (pin.version and not agrees) or (pin.guard and not pin.version and not pin.specifier):
            raise CannotEdit(path, f"{name} {pin.version or ''} is not in its own range {pin.specifier}")
        before = found.get(name)
        found[name] = _together(before, pin, path) if before else _plain(pin, pin.version)
    return {name: found[name] for name in sorted(found)}


def _plain(pin: Pin, version: str | None) -> Pin:
    """Return a pin whose name is normalised and whose reason fits into a comment at the end of a line."""
    printable = "".join(c if c.isprintable() else " " for c in pin.reason)
    reason = " ".join(printable.split()).rstrip("\\ ")
    return Pin(canonicalize_name(pin.name), version, pin.specifier, pin.guard, reason)


def _together(first: Pin, second: Pin, path: str) -> Pin:
    versions = {pin.version for pin in (first, second) if pin.version is not None}
    if len(versions) > 1 or first.is_removal or second.is_removal:
        raise CannotEdit(path, f"{first.name} is to be pinned in two ways")
    return _plain(first if first.guard else second, next(iter(versions), None))
