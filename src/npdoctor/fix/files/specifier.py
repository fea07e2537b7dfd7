"""Change what a version specifier says, clause by clause, and leave the rest of its characters alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from packaging.specifiers import InvalidSpecifier, Specifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from npdoctor.fix.files.place import Pin
from npdoctor.model.requirement import parsed_version

_CLAUSE = re.compile(r"(===|==|~=|!=|<=|>=|<|>)\s*([^\s,;()]+)")


@dataclass(frozen=True, slots=True)
class Splice:
    """Replace the characters from `start` to `end` by `text`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Clause:
    """One comparison such as `>= 1.2`, and where it, and the version in it, begins in the specifier."""

    operator: str
    version: str
    start: int
    version_start: int
    end: int

    @property
    def is_wildcard(self) -> bool:
        """Tell whether it compares with a series such as `1.26.*`."""
        return self.version.endswith(".*")

    @property
    def is_exact(self) -> bool:
        """Tell whether it admits one version only."""
        return self.operator == "===" or (self.operator == "==" and not self.is_wildcard)


def spliced(text: str, splices: Sequence[Splice]) -> str:
    """Return the text with all replacements made; they do not overlap."""
    for splice in sorted(splices, key=lambda s: (s.start, s.end), reverse=True):
        text = text[: splice.start] + splice.text + text[splice.end :]
    return text


def clauses(text: str) -> tuple[Clause, ...]:
    """Return the clauses of a valid specifier."""
    return tuple(
        Clause(m.group(1), m.group(2), m.start(), m.start(2), m.end()) for m in _CLAUSE.finditer(text)
    )


def admits(specifier: str, version: str) -> bool:
    """Tell whether a specifier admits a version, pre-releases included; a malformed one admits nothing."""
    try:
        return SpecifierSet(specifier).contains(version, prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return False


def is_exact(specifier: str) -> bool:
    """Tell whether a specifier is for one version only."""
    return any(clause.is_exact for clause in clauses(specifier))


def same_version(first: str, second: str) -> bool:
    """Tell whether two texts mean the same version, as `1.26` and `1.26.0` do."""
    one, other = parsed_version(first), parsed_version(second)
    return first == second if one is None or other is None else one == other


def holds(specifier: str, pin: Pin) -> bool:
    """Tell whether what a file says agrees with a pin."""
    if pin.version is not None:
        return admits(specifier, pin.version)
    exact = next((c.version for c in clauses(specifier) if c.is_exact), None)
    return exact is None or admits(pin.specifier, exact)


def respecified(text: str, pin: Pin, down: bool) -> tuple[Splice, ...]:
    """Return what to change in a specifier so that it agrees with a pin.

    One version stays one version; of a range, the clauses that admit the new version stay, and its floor
    is raised or added. With `down` the version is lower than the installed one: a floor alone would let
    the higher one return, so that the range becomes one version unless the pin has an upper bound.
    """
    found = clauses(text)
    wanted = _Wanted(pin, down or _was_above(found, pin))
    new = [wanted.instead_of(clause, text) for clause in found]
    kept = [c for c, t in zip(found, new, strict=True) if t is not None]
    front, back = wanted.missing(kept)
    for extra in (front, back):
        if extra and None in new:
            new[new.index(None)] = extra.pop()
    separator = ", " if ", " in text else ","
    if not found:
        return (Splice(len(text), len(text), separator.join(front + back)),) if front + back else ()
    changes = _changed(text, found, new)
    if front:
        changes.append(Splice(found[0].start, found[0].start, front[0] + separator))
    if back:
        changes.append(Splice(found[-1].end, found[-1].end, separator + back[0]))
    return tuple(changes)


def _was_above(found: Sequence[Clause], pin: Pin) -> bool:
    """Tell whether a floor excludes the new version."""
    return pin.version is not None and any(
        c.operator in (">", ">=") and not admits(f"{c.operator}{c.version}", pin.version) for c in found
    )


def _changed(text: str, found: Sequence[Clause], new: Sequence[str | None]) -> list[Splice]:
    """Return what replaces and deletes clauses, each deleted one with a comma beside it."""
    changes = []
    for index, (clause, wanted) in enumerate(zip(found, new, strict=True)):
        if wanted is None:
            if any(other is not None for other in new[:index]):
                changes.append(Splice(found[index - 1].end, clause.end, ""))
            else:
                until = found[index + 1].start if index + 1 < len(found) else clause.end
                changes.append(Splice(clause.start, until, ""))
        elif wanted != text[clause.start : clause.end]:
            changes.append(Splice(clause.start, clause.end, wanted))
    return changes


class _Wanted:
    """What the clauses of a specifier should become for one pin."""

    def __init__(self, pin: Pin, down: bool) -> None:
        self.version = pin.version
        version = parsed_version(pin.version)
        # A range cannot be compared with a local version such as 2.3.0+cu121.
        self.public = version.public if version else ""
        bounds = [] if is_exact(pin.clause) else clauses(pin.specifier)
        floor = next((c.version for c in bounds if c.operator == ">="), self.public)
        self.floor = f">={floor}" if floor else ""
        self.upper = next((f"{c.operator}{c.version}" for c in bounds if c.operator in ("<", "<=")), "")
        self.one = f"=={pin.version}" if down and not self.upper and pin.version else ""

    def instead_of(self, clause: Clause, text: str) -> str | None:
        """Return what a clause becomes, None where it goes."""
        old = text[clause.start : clause.end]
        head = text[clause.start : clause.version_start]
        if clause.operator == "!=" or (not self.version and clause.is_exact):
            return old
        if clause.operator == "===":
            return f"{head}{self.version}"
        if clause.is_exact:
            return old if same_version(clause.version, self.version or "") else f"{head}{self.version}"
        if self.one:
            return None
        if clause.operator == "~=":
            value = _two_parts(self.public)
            return old if not value or same_version(clause.version, value) else head + value
        if clause.operator in ("<", "<="):
            return self._upper(clause, old)
        if clause.operator in (">", ">="):
            return self._floor(clause, old, head)
        if not self.version or admits(f"=={clause.version}", self.version):
            return old
        return head + _series(self.public, clause.version.count("."))

    def _upper(self, clause: Clause, old: str) -> str | None:
        if self.version and not admits(f"{clause.operator}{clause.version}", self.version):
            return self.upper or None
        return self.upper if self.upper and _below(self.upper, clause) else old

    def _floor(self, clause: Clause, old: str, head: str) -> str | None:
        if not self.floor or (same_version(clause.version, self.floor[2:]) and clause.operator == ">="):
            return old
        raised = admits(f">={clause.version}", self.floor[2:])
        if not raised:
            excluded = self.version and not admits(f"{clause.operator}{clause.version}", self.version)
            return self.floor if excluded else old
        return head + self.floor[2:] if clause.operator == ">=" else self.floor

    def missing(self, kept: Sequence[Clause]) -> tuple[list[str], list[str]]:
        """Return the floor and the upper bound that are still to be added, each in a list of none or one."""
        if any(c.is_exact for c in kept):
            return [], []
        if self.one:
            return [self.one], []
        operators = {c.operator for c in kept}
        front = [self.floor] if self.floor and not operators & {">", ">=", "~="} else []
        back = [self.upper] if self.upper and not operators & {"<", "<=", "~="} else []
        return front, back


def _two_parts(public: str) -> str:
    """Return a version that `~=` accepts: it needs two numbers."""
    version = parsed_version(public)
    return f"{public}.0" if version and len(version.release) == 1 and public.isdigit() else public


def _series(public: str, dots: int) -> str:
    """Return the series of a version with as many numbers as there were, such as `2.1.*`."""
    release = (*Version(public).release, 0, 0, 0, 0)[: max(dots, 1)]
    return ".".join(map(str, release)) + ".*"


def _below(upper: str, clause: Clause) -> bool:
    """Tell whether an upper bound is lower than the one that a clause has."""
    mine, theirs = parsed_version(Specifier(upper).version), parsed_version(clause.version)
    return mine is not None and theirs is not None and mine < theirs
