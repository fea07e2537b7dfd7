"""Put a goal into the words of a resolver: requirements, constraints, overrides. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from npdoctor.fix.demand import Demand, Goal
from npdoctor.fix.engines.engine import Problem
from npdoctor.model.plan import Strategy
from npdoctor.model.requirement import parsed_version


@dataclass
class Knowledge:
    """What the search has learned so far.

    `excluded` versions were looked at and do not serve; `floors` are versions below which none does;
    `pinned` are exact versions settled already; `drivers` must move though no finding names them;
    `direct` are distributions to be named as requirements, so that they too move as little as possible.
    `tolerant` sets aside what distributions require of NumPy; `free` lets what need not move go to a lower
    version too.
    """

    excluded: dict[str, set[str]] = field(default_factory=dict)
    floors: dict[str, str] = field(default_factory=dict)
    pinned: dict[str, str] = field(default_factory=dict)
    drivers: dict[str, Demand] = field(default_factory=dict)
    direct: set[str] = field(default_factory=set)
    tolerant: bool = False
    free: bool = False

    def exclude(self, name: str, version: str) -> None:
        """Note that a version does not serve."""
        self.excluded.setdefault(name, set()).add(version)


def pose(goal: Goal, known: Knowledge) -> Problem:
    """Return the problem: what must move is free to, everything else keeps at least its version.

    Roots and what must move are requirements, the rest constraints: were transitive distributions
    requirements too, a resolver would settle them first and drag large ones along.
    """
    demands = {d.name: d for d in goal.demands} | known.drivers
    requirements: list[str] = list(goal.additions)
    constraints: list[str] = []
    for name in goal.installed:
        if name in goal.removals:
            continue
        text = name + ",".join(_clauses(goal, known, name, demands))
        named = name in goal.roots or name in demands or name == "numpy" or name in known.direct
        (requirements if named else constraints).append(text)
    strangers = sorted(known.excluded.keys() - goal.installed.keys())
    constraints += [name + ",".join(_not(known, name)) for name in strangers]
    downwards = any(d.specifier.startswith("<") for d in demands.values())
    return Problem(
        requirements=tuple(requirements),
        constraints=tuple(constraints),
        lowest=goal.strategy is Strategy.NEAREST and not downwards and not known.free,
        overrides=tuple(f"{n}=={v}" if v else f"{n}; python_version<'3'" for n, v in _unmet(goal, known)),
    )


def _clauses(goal: Goal, known: Knowledge, name: str, demands: Mapping[str, Demand]) -> Iterator[str]:
    if name in known.pinned:
        yield f"=={known.pinned[name]}"
        return
    if name in goal.held or name in goal.reinstalls:
        yield f"=={goal.installed[name]}"
        return
    if name == "numpy":
        yield from filter(None, [goal.numpy])
    elif name in demands:
        yield demands[name].specifier
        yield from (f">={known.floors[name]}" for _ in [0] if name in known.floors)
    elif name not in goal.loose and goal.strategy is not Strategy.BACK and not known.free:
        version = parsed_version(goal.installed[name])
        yield from ([f">={version.public}"] if version else [])
    yield from _not(known, name)
    yield from _declared(goal, name, moves=name in demands or name == "numpy")


def _unmet(goal: Goal, known: Knowledge) -> Iterator[tuple[str, str | None]]:
    yield from goal.unmet
    if known.tolerant:
        yield "numpy", goal.installed["numpy"]


def _not(known: Knowledge, name: str) -> Iterator[str]:
    yield from (f"!={version}" for version in sorted(known.excluded.get(name, ())))


def _declared(goal: Goal, name: str, moves: bool) -> Iterator[str]:
    """Yield the person's own limits, but not an exact pin of what must move, which the plan rewrites."""
    try:
        clauses = list(SpecifierSet(goal.declared.get(name, "")))
    except InvalidSpecifier:
        return
    for clause in clauses:
        met = clause.contains(goal.installed[name], prereleases=True)
        if met and not (moves and clause.operator in ("==", "===", "<=", "<")):
            yield str(clause)
