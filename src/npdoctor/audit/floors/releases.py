"""The releases of a project for one Python, and what their wheels and metadata say of NumPy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from npdoctor.fix.engines.offers import Offers
from npdoctor.model.index import Indexes, Wheel
from npdoctor.model.requirement import applying, parsed_version
from npdoctor.model.rules import OptionalModule
from npdoctor.model.target import Target
from npdoctor.probe.index.reading import Answer, Unreadable, WheelReading, serves_numpy
from npdoctor.probe.index.readings import Readings
from npdoctor.probe.index.wheel import FEW, Question, module_stem, read_wheels

# The Pythons whose wheels are asked, in this order. NumPy 2.0 came out for 3.9 to 3.12; newer packages have
# wheels for later ones only.
PYTHONS = ((3, 11), (3, 10), (3, 12), (3, 9), (3, 13), (3, 14))
NUMPY_2 = ("2.0.0", "2.1.3", "2.2.6", "2.3.5", "2.4.0")


def for_python(target: Target, version: tuple[int, int]) -> Target:
    """Return the target as if its interpreter were a CPython of this version."""
    digits = "".join(map(str, version))
    tag = f"{target.platform.rpartition('-')[2]}-linux-gnu"
    suffixes = (f".cpython-{digits}-{tag}.so", ".abi3.so", ".so")
    return replace(target, version=(*version, 0), implementation="cpython", extension_suffixes=suffixes)


@dataclass(frozen=True, slots=True)
class Said:
    """What one release says: of NumPy 2, and by which wheel."""

    answer: Answer
    reading: WheelReading | None = None

    @property
    def tied(self) -> bool:
        """Tell whether a compiled file of it is tied to NumPy at all."""
        return self.reading is not None and any(member.numpy for member in self.reading.members)


@dataclass
class Shelf:
    """The projects on the configured indexes, for each of several Pythons; asked once."""

    indexes: Indexes
    target: Target
    floors: Mapping[str, str] = field(default_factory=dict)
    optional: Sequence[OptionalModule] = ()
    _offers: dict[tuple[int, int], Offers] = field(default_factory=dict)
    _readings: Readings = field(default_factory=Readings)

    def offers(self, python: tuple[int, int]) -> Offers:
        """Return what the indexes offer for a Python."""
        if python not in self._offers:
            self._offers[python] = Offers(self.indexes, for_python(self.target, python))
        return self._offers[python]

    def finals(self, name: str, python: tuple[int, int]) -> list[str]:
        """Return the final releases that have a wheel for a Python, ascending; may raise WebError."""
        return [
            release.version
            for release in self.offers(python).of(name)
            if release.wheel is not None and not release.yanked and not Version(release.version).is_prerelease
        ]

    def python_for(self, name: str, versions: Sequence[str]) -> tuple[int, int] | None:
        """Return the first Python for which all these releases have wheels, None where there is none."""
        wanted = {Version(version) for version in versions}
        for python in PYTHONS:
            had = {Version(version) for version in self.finals(name, python)}
            if had and wanted <= had:
                return python
        return None

    def look(self, name: str, version: str, python: tuple[int, int], *, whole: bool) -> Said:
        """Judge one release by its wheel's compiled files (`whole`: all of them) and its requirements."""
        offers = self.offers(python)
        wheel = offers.wheel(name, version)
        if wheel is None:
            return Said(Answer(None, f"{name} {version} has no wheel for Python {_dotted(python)}."))
        (reading,) = read_wheels([Question(wheel, (), None if whole else FEW)], offers.web, self._readings)
        if isinstance(reading, Unreadable):
            return Said(serves_numpy(reading, NUMPY_2[0]))
        return Said(self._judge(self._needed(reading), wheel, python), reading)

    def _needed(self, reading: WheelReading) -> WheelReading:
        """Return a reading without the modules that may fail though nothing is wrong."""
        patterns = [rule.module for rule in self.optional if rule.distribution == reading.wheel.name]
        kept = tuple(
            member
            for member in reading.members
            if not any(fnmatchcase(module_stem(member.path), pattern) for pattern in patterns)
        )
        left = len(reading.members) - len(kept)
        return replace(reading, members=kept, compiled=reading.compiled - left)

    def _judge(self, reading: WheelReading, wheel: Wheel, python: tuple[int, int]) -> Answer:
        """Judge by the binaries for some release of NumPy 2, then by what the metadata admits."""
        answers = [serves_numpy(reading, numpy) for numpy in NUMPY_2]
        by_binaries = next((answer for answer in answers if answer.serves), answers[0])
        if by_binaries.serves is False:
            return by_binaries
        held = self._held(reading, for_python(self.target, python), self.offers(python))
        if held:
            return Answer(False, f"{wheel.filename} {held}.")
        return by_binaries

    def _held(self, reading: WheelReading, target: Target, offers: Offers) -> str:
        """Return what in the requirements keeps NumPy 2 out, empty where nothing does.

        That is a bound on NumPy, or one on a package of the book that admits nothing from its floor on.
        """
        for text in reading.requires:
            requirement = applying(text, target)
            if requirement is None or not requirement.specifier:
                continue
            name = canonicalize_name(requirement.name)
            if name == "numpy":
                if not any(requirement.specifier.contains(v, prereleases=True) for v in NUMPY_2):
                    return f"requires {text}"
            elif name in self.floors and not self._reaches(name, requirement.specifier, offers):
                return f"requires {text}, and {name} serves NumPy 2 from {self.floors[name]} on"
        return ""

    def _reaches(self, name: str, specifier: SpecifierSet, offers: Offers) -> bool:
        floor = Version(self.floors[name])
        later = [r.version for r in offers.of(name) if (v := parsed_version(r.version)) and v >= floor]
        return not later or any(specifier.contains(v, prereleases=True) for v in later)


def _dotted(python: tuple[int, int]) -> str:
    return ".".join(map(str, python))
