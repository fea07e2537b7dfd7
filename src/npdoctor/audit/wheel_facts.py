"""What single wheels on the index say of the wanted NumPy: their binaries, and what they require of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from packaging.specifiers import SpecifierSet
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from npdoctor.audit.by_book import proof, said_of
from npdoctor.audit.ranges import in_order, span
from npdoctor.errors import Cancelled
from npdoctor.fix.engines.offers import Offers
from npdoctor.model.audit import VersionFact
from npdoctor.model.binary import NumpyAbi
from npdoctor.model.finding import Evidence
from npdoctor.model.index import Wheel
from npdoctor.model.requirement import applying, parsed_requirement
from npdoctor.model.rules import PackageRule
from npdoctor.model.target import Target
from npdoctor.probe.control import Control
from npdoctor.probe.index.reading import Answer, Unreadable, WheelReading, serves_numpy
from npdoctor.probe.index.readings import Readings
from npdoctor.probe.index.wheel import FEW, read_wheel

WHOLE_BYTES = 32 << 20  # a wheel up to this size is read whole where a few files do not tell
_IN_SOURCE = re.compile(r"[A-Za-z0-9_./-]+\.so\b|[A-Za-z0-9_./-]+(?=…so\b)")
_PYTHON_TAG = re.compile(r"\.(cpython-\d+|abi3|pypy\d+)[^/]*\.so$")


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found of one version. `holds_below`: its metadata admits only a NumPy below the wanted one.

    One whose metadata admits another release of the wanted major serves as far as its binaries go.
    `needs_later`: it is for a later NumPy only. `requires` is its Requires-Dist.
    """

    fact: VersionFact
    holds_below: bool = False
    needs_later: bool = False
    requires: tuple[str, ...] = ()


class WheelFacts:
    """Reads wheels for one target and one NumPy, and remembers what was read; threads may share it."""

    def __init__(
        self,
        offers: Offers,
        target: Target,
        numpy: str,
        readings: Readings | None = None,
        control: Control | None = None,
    ) -> None:
        self.offers = offers
        self._target, self._numpy = target, numpy
        self._readings = readings or Readings()
        self._control = control or Control()

    def look(self, name: str, version: str, rule: PackageRule | None) -> Looked:
        """Return what one version says; raises WebError and Cancelled."""
        wheel = self.offers.wheel(name, version)
        if wheel is None:
            evidence = Evidence("binary", f"{name} {version}", "No wheel of it fits this Python.")
            return Looked(VersionFact(version, None, None, evidence))
        return self.look_into(wheel, rule)

    def look_into(self, wheel: Wheel, rule: PackageRule | None) -> Looked:
        """Return what a wheel says."""
        prefer = tuple(dict.fromkeys(_IN_SOURCE.findall(rule.source))) if rule else ()
        bound = is_bound_to_python(wheel)
        reading = self._read(wheel, prefer, FEW if bound else 0)
        answer = serves_numpy(reading, self._numpy)
        if isinstance(reading, WheelReading) and answer.serves is None:
            if not bound and not any(map(_PYTHON_TAG.search, reading.names)):
                because = f"{wheel.filename} is tagged for any Python: it uses no C API, and so not NumPy's."
                return self._judged(reading, Answer(True, because), NumpyAbi.NONE, rule)
            if wheel.size is not None and wheel.size <= WHOLE_BYTES:
                reading = self._read(wheel, (), None)
                answer = serves_numpy(reading, self._numpy)
        return self._judged(reading, answer, abi_of(reading), rule)

    def _judged(
        self,
        reading: WheelReading | Unreadable,
        answer: Answer,
        abi: NumpyAbi | None,
        rule: PackageRule | None,
    ) -> Looked:
        return judged_reading(reading, answer, abi, self._numpy, self._target, rule)

    def _read(self, wheel: Wheel, prefer: tuple[str, ...], most: int | None) -> WheelReading | Unreadable:
        if self._control.cancelled:
            raise Cancelled("stopped")
        known = self._readings.find(wheel, prefer, most)
        if known is not None:
            return known
        reading = read_wheel(wheel, self.offers.web, prefer, most)
        if isinstance(reading, WheelReading):
            self._readings.keep(reading, prefer, most)
        return reading


def judged_reading(
    reading: WheelReading | Unreadable,
    answer: Answer,
    abi: NumpyAbi | None,
    numpy: str,
    target: Target,
    rule: PackageRule | None,
) -> Looked:
    """Join what the binaries of a wheel say, what its metadata says, and what the book knows of it.

    The book decides where the binaries do not tell, and where it knows of a failure that they do not show.
    """
    wheel, serves = reading.wheel, answer.serves
    because = answer.because
    if because.startswith(f"{wheel.filename} "):
        because = f"It{because[len(wheel.filename) :]}"
    evidence = Evidence("binary", wheel.filename, because)
    by_book = said_of(rule, wheel.version, numpy)
    needed = required_numpy(reading.requires, target) if isinstance(reading, WheelReading) else None
    holds = in_order(needed) if needed is not None else ""
    excluded = needed is not None and not needed.contains(numpy, prereleases=True)
    major = numpy.partition(".")[0]
    capped = excluded and span(holds).reaches_up_to(f"{major}.0.0") and not _is_later(holds, numpy)
    later = serves is False and abi not in (NumpyAbi.NUMPY1, NumpyAbi.MIXED)
    if excluded and not capped:
        later = later or _is_later(holds, numpy)
        if serves is not False:
            evidence = Evidence("metadata", wheel.filename, f"Requires-Dist: numpy{holds}")
        serves = False
    elif rule is not None and ((serves is None and by_book is not None) or (serves and by_book is False)):
        evidence, serves = proof(rule), by_book
    fact = VersionFact(wheel.version, serves, abi, evidence, holds if excluded else "")
    requires = reading.requires if isinstance(reading, WheelReading) else ()
    return Looked(fact, excluded and not later, later, requires)


def _is_later(specifier: str, numpy: str) -> bool:
    bottom = span(specifier).bottom
    return bottom is not None and bottom > Version(numpy)


def abi_of(reading: WheelReading | Unreadable) -> NumpyAbi | None:
    """Return how the members that were read are tied to NumPy, None where that does not tell."""
    if isinstance(reading, Unreadable):
        return None
    found = {member.numpy.abi for member in reading.members if member.numpy}
    if not found:
        return NumpyAbi.NONE if reading.complete else None
    if len(found) == 1:
        return found.pop()
    return NumpyAbi.MIXED if NumpyAbi.NUMPY1 in found else NumpyAbi.BOTH


def required_numpy(requires: tuple[str, ...], target: Target) -> SpecifierSet | None:
    """Return what metadata admits of NumPy in a target, None where it does not ask for NumPy."""
    found: SpecifierSet | None = None
    for text in requires:
        requirement = applying(text, target)
        if requirement is not None and canonicalize_name(requirement.name) == "numpy":
            found = requirement.specifier if found is None else found & requirement.specifier
    return found


def required(requires: tuple[str, ...], name: str, target: Target) -> SpecifierSet:
    """Return what metadata admits of another distribution; that of any extra where only those name it."""
    every = [r for r in map(parsed_requirement, requires) if r and canonicalize_name(r.name) == name]
    plain = [r for r in every if applying(str(r), target) is not None]
    found = SpecifierSet()
    for requirement in plain or every:
        found &= requirement.specifier
    return found


def is_bound_to_python(wheel: Wheel) -> bool:
    """Tell whether a wheel's tags tie it to the C API of some Python."""
    try:
        tags = parse_wheel_filename(wheel.filename)[3]
    except InvalidWheelFilename:
        return True
    return any(tag.abi != "none" for tag in tags)
