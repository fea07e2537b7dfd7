"""What a range of versions admits below and above a border, told without a list of releases; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import Version

from npdoctor.fix.files.loose_version import strict
from npdoctor.model.requirement import parsed_version

_UPPER = ("<", "<=")
_LOWER = (">", ">=")


@dataclass(frozen=True, slots=True)
class Span:
    """The ends of a range, None where it is open; `excluded` are single versions that are left out.

    `bottom_open` and `top_open` tell that the end itself is not admitted.
    """

    bottom: Version | None = None
    bottom_open: bool = False
    top: Version | None = None
    top_open: bool = False

    @property
    def exact(self) -> str | None:
        """Return the one version that is admitted, None where there may be others."""
        if self.bottom is None or self.bottom != self.top or self.bottom_open or self.top_open:
            return None
        return str(self.bottom)

    def reaches_down_to(self, version: str) -> bool:
        """Tell whether the range begins at this version or below."""
        return self.bottom is None or self.bottom < Version(version) or self._is_bottom(version)

    def reaches_up_to(self, version: str) -> bool:
        """Tell whether the range ends at this version or above."""
        if self.top is None:
            return True
        wanted = Version(version)
        return wanted < self.top or (wanted == self.top and not self.top_open)

    def _is_bottom(self, version: str) -> bool:
        return self.bottom == Version(version) and not self.bottom_open


def specifier_of(text: str) -> SpecifierSet | None:
    """Return what a declaration admits, also in Poetry's words; None where it cannot be understood."""
    return strict(text)


def merged(texts: Iterable[str]) -> str | None:
    """Return what all of these admit together, None where one of them cannot be understood."""
    whole = SpecifierSet()
    for text in texts:
        part = specifier_of(text)
        if part is None:
            return None
        whole &= part
    return in_order(whole)


def in_order(specifiers: SpecifierSet) -> str:
    """Return the clauses as a person writes them: what is below first, exceptions last."""
    rank = {"===": 0, "==": 0, "~=": 1, ">": 2, ">=": 2, "<": 3, "<=": 3, "!=": 4}
    return ",".join(map(str, sorted(specifiers, key=lambda s: (rank[s.operator], str(s)))))


def span(specifier: str) -> Span:
    """Return the ends of a valid specifier."""
    found = Span()
    for clause in SpecifierSet(specifier):
        found = _narrowed(found, _of_clause(clause))
    return found


def is_empty(specifier: str) -> bool:
    """Tell whether the ends of a range leave nothing between them."""
    ends = span(specifier)
    if ends.bottom is None or ends.top is None or ends.bottom < ends.top:
        return False
    return ends.bottom > ends.top or ends.bottom_open or ends.top_open


def raised(specifier: str, floor: str) -> str | None:
    """Return a range whose floor is this version and whose upper bounds stay; None if that admits nothing.

    An exact version, a series and a compatible release become a floor with the bound that they imply.
    """
    ends = span(specifier)
    if not ends.reaches_up_to(floor):
        return None
    version = Version(floor)
    kept = []
    for clause in SpecifierSet(specifier):
        if clause.operator in _UPPER or (clause.operator == "!=" and not _is_below(clause, version)):
            kept.append(clause)
        elif clause.operator in ("~=", "==") and (top := _of_clause(clause)).top is not None and top.top_open:
            kept.append(Specifier(f"<{top.top}"))
    return in_order(SpecifierSet(f">={version.public}") & SpecifierSet(",".join(map(str, kept))))


def lowered(specifier: str, ceiling: str) -> str:
    """Return the range without this version and all above it."""
    kept = [str(c) for c in SpecifierSet(specifier) if c.operator not in _UPPER]
    return in_order(SpecifierSet(",".join([*kept, f"<{Version(ceiling).public}"])))


def upper_clauses(specifier: str) -> str:
    """Return only what bounds a range from above, as it is written; one exact version is such a bound."""
    bounds = [c for c in SpecifierSet(specifier) if c.operator not in (*_LOWER, "!=")]
    return in_order(SpecifierSet(",".join(map(str, bounds))))


def _of_clause(clause: Specifier) -> Span:
    if clause.operator in ("!=", "==="):
        exact = parsed_version(clause.version) if clause.operator == "===" else None
        return Span(exact, False, exact, False) if exact else Span()
    if clause.version.endswith(".*"):
        bottom = Version(clause.version[:-2])
        return Span(bottom, False, _next(bottom.release), True)
    version = Version(clause.version)
    if clause.operator == "==":
        return Span(version, False, version, False)
    if clause.operator == "~=":
        return Span(version, False, _next(version.release[:-1]), True)
    if clause.operator in _LOWER:
        return Span(bottom=version, bottom_open=clause.operator == ">")
    return Span(top=version, top_open=clause.operator == "<")


def _narrowed(one: Span, other: Span) -> Span:
    bottom, bottom_open = one.bottom, one.bottom_open
    if other.bottom is not None and (
        bottom is None or (other.bottom, other.bottom_open) > (bottom, bottom_open)
    ):
        bottom, bottom_open = other.bottom, other.bottom_open
    top, top_open = one.top, one.top_open
    if other.top is not None and (top is None or (other.top, not other.top_open) < (top, not top_open)):
        top, top_open = other.top, other.top_open
    return Span(bottom, bottom_open, top, top_open)


def _next(release: tuple[int, ...]) -> Version:
    return Version(".".join(map(str, (*release[:-1], release[-1] + 1))))


def _is_below(clause: Specifier, version: Version) -> bool:
    excluded = parsed_version(clause.version.removesuffix(".*"))
    return excluded is not None and excluded < version
