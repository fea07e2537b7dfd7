"""The installed distributions: as rows, and each with all that is known of it; pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from packaging.version import Version

from npdoctor.model.binary import NumpyAbi
from npdoctor.model.diagnosis import Diagnosis, DistributionState
from npdoctor.model.distribution import Distribution
from npdoctor.model.finding import Severity
from npdoctor.model.requirement import parsed_version
from npdoctor.report.prose import number
from npdoctor.tui.inventory import Inventory, kind_of_place
from npdoctor.tui.latest import Latest
from npdoctor.tui.line import EMPTY, Line, block, cut, fit, spread
from npdoctor.tui.signs import Signs
from npdoctor.tui.sorting import Sort
from npdoctor.tui.state import State

NARROW = 50
PLACED = 70
VERSION_WIDTH = 13
ABI_WIDTH = 12
COUNT_WIDTH = 9
PLACE_WIDTH = 8
LABEL = 12
RANKS = {state: rank for rank, state in enumerate((*(severity.value for severity in Severity), "ok"))}
ABI_WORDS = {
    NumpyAbi.NONE: "no binary is tied to NumPy",
    NumpyAbi.NUMPY1: "built for NumPy 1",
    NumpyAbi.BOTH: "built for NumPy 1 and 2",
    NumpyAbi.NUMPY2: "built for NumPy 2",
    NumpyAbi.MIXED: "some binaries built for NumPy 1 only, others not",
}
PLACES = {
    "editable": "an editable install",
    "user": "the user's own packages",
    "site": "the environment",
    "base": "the Python below the environment",
    "path": "a folder of PYTHONPATH",
    "other": "elsewhere on sys.path",
}

OWN = (
    "npdoctor is installed in what it examines, and nothing but npdoctor requires this. "
    "It is judged like all the rest. Better is npdoctor outside: uvx npdoctor --python PATH"
)


@dataclass(frozen=True, slots=True)
class Package:
    """One distribution of the list; `tried` tells whether anything was imported in this verdict."""

    state: DistributionState
    tried: bool
    inventory: Inventory = field(compare=False, repr=False)

    @property
    def key(self) -> str:
        """Return what tells it from the others."""
        return self.state.name

    @property
    def distribution(self) -> Distribution | None:
        """Return what its metadata says."""
        return self.inventory.distributions.get(self.state.name)


def _made(diagnosis: Diagnosis) -> tuple[Package, ...]:
    inventory = Inventory(diagnosis)
    tried = bool(diagnosis.snapshot.imports)
    assumed = diagnosis.snapshot.assumed
    states = (
        replace(state, version=assumed[state.name]) if state.name in assumed else state
        for state in _gravest_first(diagnosis)
    )
    return tuple(Package(state, tried, inventory) for state in states)


def _gravest_first(diagnosis: Diagnosis) -> list[DistributionState]:
    return sorted(diagnosis.distributions, key=lambda state: RANKS[state.state])


_latest: Latest[Diagnosis, tuple[Package, ...]] = Latest(_made)


def packages_of(state: State) -> tuple[Package, ...]:
    """Return the rows, gravest first."""
    return _latest(state.diagnosis) if state.diagnosis else ()


def package_words(package: Package) -> tuple[tuple[str, ...], str]:
    """Return what a filter looks at: the states, and the text."""
    own = ("self",) if package.state.name in package.inventory.own else ()
    return (package.state.state, *own), f"{package.state.name} {package.state.version}"


def _by_version(package: Package) -> tuple[bool, Version, str]:
    version = parsed_version(package.state.version)
    return version is None, version or Version("0"), package.state.version


PACKAGE_SORTS: tuple[Sort[Package], ...] = (
    Sort("state"),
    Sort("name", lambda package: package.state.name),
    Sort("version", _by_version),
    Sort("extensions", lambda package: -package.state.extensions),
)


def package_head(width: int) -> Line:
    """Return the titles of the columns."""
    if width < NARROW:
        return (("   NAME", "faint"),)
    place = f"  {'WHERE':<{PLACE_WIDTH}}" if width >= PLACED else ""
    titles = f"   {'NAME':<{_room(width)}}  {'VERSION':<{VERSION_WIDTH}}  {'NUMPY ABI':<{ABI_WIDTH}}"
    return ((f"{titles}  {'IMPORTED':>{COUNT_WIDTH}}{place}", "faint"),)


def _room(width: int) -> int:
    place = PLACE_WIDTH + 2 if width >= PLACED else 0
    return width - 3 - VERSION_WIDTH - ABI_WIDTH - COUNT_WIDTH - 6 - place


def sign_of(state: str, signs: Signs) -> str:
    """Return the sign of a distribution's state."""
    return signs.ok if state == "ok" else signs.of(Severity(state))


def package_line(package: Package, width: int, selected: bool, signs: Signs) -> Line:
    """Return a distribution as one line."""
    state = package.state
    head: Line = ((signs.cursor if selected else " ", ""), (sign_of(state.state, signs), state.state))
    role = "strong" if selected else ""
    name, version = signs.text(state.name), signs.text(state.version)
    if width < NARROW:
        return fit((*head, (" ", ""), (name, role), (f" {version}", "")), width, signs.more)
    room = _room(width)
    cells = [
        cut(version, VERSION_WIDTH, signs.more).ljust(VERSION_WIDTH),
        cut(_abi(state, signs), ABI_WIDTH, signs.more).ljust(ABI_WIDTH),
        _count(package).rjust(COUNT_WIDTH),
    ]
    if width >= PLACED:
        cells.append(_place(package))
    shown = cut(name, room, signs.more).ljust(room)
    return fit((*head, (f" {shown}", role), ("  " + "  ".join(cells), "")), width, signs.more)


def _abi(state: DistributionState, signs: Signs) -> str:
    if state.numpy_abi is NumpyAbi.NONE:
        return "-"
    least = f" >={signs.text(state.numpy_min)}" if state.numpy_min else ""
    return f"{state.numpy_abi.value}{least}"


def _count(package: Package) -> str:
    state = package.state
    if not state.extensions:
        return "-"
    return f"{state.imported if package.tried else '-'}/{state.extensions}"


def _place(package: Package) -> str:
    if package.state.name in package.inventory.own:
        return "self"
    found = package.distribution
    return kind_of_place(found, package.inventory.snapshot.target) if found else ""


def package_lines(package: Package, width: int, signs: Signs) -> list[Line]:
    """Return all that is known of a distribution."""
    state = package.state
    said: Line = ((f"{sign_of(state.state, signs)} {state.state} ", state.state),)
    title = f" {signs.text(state.name)} {signs.text(state.version)}"
    lines = [spread(((title, "strong"),), said, width, signs.more), EMPTY]
    for finding in package.inventory.findings.get(state.name, ()):
        role = finding.severity.value
        first: Line = ((f" {signs.of(finding.severity)} ", role), (f"{finding.code}  ", "faint"))
        lines += block(signs.text(finding.title), width, "", first)
    if len(lines) > 2:
        lines.append(EMPTY)
    for label, text in _facts(package):
        lines += block(signs.text(text), width, "", ((f" {label:<{LABEL}} ", "faint"),))
    return lines


def _facts(package: Package) -> Iterator[tuple[str, str]]:
    state, inventory = package.state, package.inventory
    least = f", the newest floor is NumPy {state.numpy_min}" if state.numpy_min else ""
    yield "NumPy", ABI_WORDS[state.numpy_abi] + least
    yield "Extensions", _imported(package)
    files = len(inventory.binaries.get(state.name, ()))
    unread = inventory.unread.get(state.name, 0)
    yield "Binaries", number(files, "file") + (f", {unread} more could not be read" if unread else "")
    found = package.distribution
    if found:
        if found.version != state.version:
            yield "Assumed", f"{state.version}, installed is {found.version}"
        yield "Lies in", f"{PLACES[kind_of_place(found, inventory.snapshot.target)]}, {found.location}"
        if state.name in inventory.own:
            yield "Self", OWN
        yield "Installed by", found.installer or "not recorded"
        if found.direct_url:
            yield "From", found.direct_url.url
        if found.damage:
            yield "Damaged", f"{number(len(found.damage), 'recorded file')} missing or altered"
        if found.requires_python:
            yield "Python", found.requires_python
    yield "Requires", ", ".join(inventory.requires(state.name)) or "nothing that applies here"
    yield "Required by", ", ".join(inventory.required_by(state.name)) or "nothing that is installed"


def _imported(package: Package) -> str:
    state = package.state
    if not state.extensions:
        return "none"
    if not package.tried:
        return f"{state.extensions}, none imported"
    return f"{state.imported} of {state.extensions} imported"
