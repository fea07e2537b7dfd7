"""Plan which distribution's importer is forked from which: shared dependencies are imported once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from packaging.utils import canonicalize_name

from npdoctor.model.distribution import Distribution
from npdoctor.model.outcome import ImportJob
from npdoctor.model.requirement import applying
from npdoctor.model.target import Target


@dataclass(frozen=True, slots=True)
class Branch:
    """The extension modules of one distribution, forked from the importer of `parent`.

    A lower `rank` is probed earlier; a branch ranks as early as the earliest one that grows on it.
    """

    distribution: str
    parent: str | None
    jobs: tuple[ImportJob, ...]
    rank: int


def requirement_names(distribution: Distribution, target: Target) -> tuple[str, ...]:
    """Return the normalised names that a distribution needs without any extra."""
    needs = (applying(text, target) for text in distribution.requires)
    return tuple(canonicalize_name(need.name) for need in needs if need)


def closures(needs: Mapping[str, Sequence[str]]) -> dict[str, frozenset[str]]:
    """Return for each name all it needs, directly or not; cycles are cut."""
    done: dict[str, frozenset[str]] = {}

    def visit(name: str, path: frozenset[str]) -> frozenset[str]:
        if name in done:
            return done[name]
        if name in path:
            return frozenset()
        found: set[str] = set()
        for need in needs.get(name, ()):
            if need in needs:
                found |= {need} | visit(need, path | {name})
        result = frozenset(found - {name})
        if not path:
            done[name] = result
        return result

    for name in needs:
        visit(name, frozenset())
    return done


def plan_tree(
    jobs: Sequence[ImportJob],
    distributions: Mapping[str, Distribution],
    target: Target,
    suspects: Collection[str] = (),
) -> tuple[Branch, ...]:
    """Make each distribution a branch of that dependency which itself depends on most.

    Dependencies of the same size are told apart by the number of their extensions, then by name, so
    that a plan is the same each time. Branches with a suspect on them come first.
    """
    by_distribution: dict[str, list[ImportJob]] = {}
    for job in jobs:
        by_distribution.setdefault(job.distribution, []).append(job)
    needs = {name: requirement_names(d, target) for name, d in distributions.items()}
    below = closures(needs)
    parents: dict[str, str | None] = {}
    for name in by_distribution:
        candidates = [need for need in below.get(name, ()) if need in by_distribution]
        parents[name] = max(
            (c for c in candidates if name not in below[c]),
            key=lambda c: (len(below[c]), len(by_distribution[c]), c),
            default=None,
        )
    rank = {name: 0 if name in suspects else 1 for name in by_distribution}
    for name in by_distribution:
        ancestor = parents[name]
        while ancestor is not None:
            rank[ancestor] = min(rank[ancestor], rank[name])
            ancestor = parents[ancestor]
    ordered = sorted(by_distribution, key=lambda n: (rank[n], len(below.get(n, ())), n))
    return tuple(Branch(n, parents[n], tuple(by_distribution[n]), rank[n]) for n in ordered)
