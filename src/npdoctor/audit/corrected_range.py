"""Change what a file says of one distribution's versions as little as agreeing with a range takes; pure."""

from __future__ import annotations

from dataclasses import replace

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from npdoctor.audit.ranges import Span, span
from npdoctor.fix.files.loose_version import strict
from npdoctor.fix.files.place import Pin
from npdoctor.fix.files.specifier import clauses, respecified, spliced


def corrected_range(old: str, wanted: str, loose: bool = False) -> str | None:
    """Return a specifier that admits nothing outside of a wanted range, the old one where it does not.

    One exact version outside of it, and a range that has nothing in common with it, become the wanted one.
    `loose` is for the words of Poetry and Pixi. None stands for an old one that cannot be understood.
    """
    meant = strict(old) if loose else _strict(old)
    if meant is None:
        return None
    here, there = span(str(meant)), span(wanted)
    if here.exact is not None and SpecifierSet(wanted).contains(here.exact, prereleases=True):
        return old
    goal = _within(here, there)
    if goal == here:
        return old
    if here.exact is not None or there.exact is not None or _is_empty(goal):
        return wanted
    for candidate in _candidates(old, here, goal, loose):
        told = strict(candidate) if loose else _strict(candidate)
        if told is not None and span(str(told)) == goal:
            return candidate
    exceptions = [f"!={clause.version}" for clause in meant if clause.operator == "!="]
    return ",".join([_bounds(goal), *sorted(exceptions)])


def _candidates(old: str, here: Span, goal: Span, loose: bool) -> list[str]:
    """Return what would read most like the old one, the best first."""
    found = []
    if loose and goal.bottom is not None and old.strip()[:1] in ("^", "~") and not old.startswith("~="):
        found.append(f"{old.strip()[0]}{goal.bottom}")
    if _strict(old) is not None and not (loose and not clauses(old)):
        low = (goal.bottom, goal.bottom_open) != (here.bottom, here.bottom_open)
        high = (goal.top, goal.top_open) != (here.top, here.top_open)
        bottom = Span(goal.bottom, goal.bottom_open) if low else Span()
        changed = replace(bottom, top=goal.top, top_open=goal.top_open) if high else bottom
        pin = Pin("", None, _bounds(changed), True, "")
        found.append(spliced(old, respecified(old, pin, down=False)))
    return found


def _bounds(goal: Span) -> str:
    bottom = f">{'' if goal.bottom_open else '='}{goal.bottom}" if goal.bottom is not None else ""
    top = f"<{'' if goal.top_open else '='}{goal.top}" if goal.top is not None else ""
    return ",".join(part for part in (bottom, top) if part)


def _within(here: Span, there: Span) -> Span:
    """Return the ends of what is in both ranges."""
    low, high = here, here
    if there.bottom is not None and _rank(there.bottom, there.bottom_open) > _rank(
        here.bottom, here.bottom_open
    ):
        low = there
    if there.top is not None and (
        here.top is None or (there.top, not there.top_open) < (here.top, not here.top_open)
    ):
        high = there
    return Span(low.bottom, low.bottom_open, high.top, high.top_open)


def _rank(version: Version | None, is_open: bool) -> tuple[bool, Version, bool]:
    return (version is not None, version or Version("0"), is_open)


def _is_empty(goal: Span) -> bool:
    if goal.bottom is None or goal.top is None or goal.bottom < goal.top:
        return False
    return goal.bottom > goal.top or goal.bottom_open or goal.top_open


def _strict(text: str) -> SpecifierSet | None:
    try:
        return SpecifierSet(text)
    except InvalidSpecifier:
        return None


def bounded_above(told: str, wanted: str) -> bool:
    """Tell whether what one line says is bounded from above at least as low as a wanted range is."""
    meant = strict(told)
    top = span(wanted).top
    mine = span(str(meant)).top if meant is not None else None
    return mine is not None and (top is None or mine <= top)


def overlap(told: str, wanted: str) -> bool:
    """Tell whether what a line says has versions in common with a wanted range."""
    meant = strict(told)
    return meant is not None and not _is_empty(_within(span(str(meant)), span(wanted)))


def floor_of(wanted: str) -> str:
    """Return a range without its upper bounds, whole where it is one version or has no lower bound."""
    ends = span(wanted)
    if ends.exact is not None or ends.bottom is None:
        return wanted
    return _bounds(Span(ends.bottom, ends.bottom_open))
