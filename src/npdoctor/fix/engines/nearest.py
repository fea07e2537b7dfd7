"""Choose lowest versions for a resolver that only knows the highest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from npdoctor.fix.engines.engine import Problem, Resolution, Unsolvable
from npdoctor.fix.engines.offers import Offers, exactly, limits
from npdoctor.fix.engines.pip_words import names_in_conflict
from npdoctor.model.requirement import parsed_requirement

MOST_ROUNDS = 8
Solve = Callable[[Sequence[str], Sequence[str]], Resolution]


def nearest(problem: Problem, installed: Mapping[str, str], offers: Offers, solve: Solve) -> Resolution:
    """Resolve with the lowest admitted release of each requirement that what is installed does not meet.

    A conflict moves the first distribution that it names to its next release, at most 8 times. Then the
    requirements are resolved as they are, so that a solution is not missed; it has the highest versions.
    """
    admitted = limits((*problem.requirements, *problem.constraints))
    candidates: dict[str, list[str]] = {}
    for text in problem.requirements:
        requirement = parsed_requirement(text)
        if requirement and requirement.marker is None and not requirement.url:
            name = canonicalize_name(requirement.name)
            if not _is_met(admitted[name], installed.get(name)):
                candidates[name] = offers.admitted(name, admitted[name])
    for _ in range(MOST_ROUNDS if all(candidates.values()) else 0):
        pinned = [_pinned(text, candidates) for text in problem.requirements]
        answer = solve(pinned, problem.constraints)
        if not isinstance(answer, Unsolvable):
            return answer
        blamed = [n for n in names_in_conflict(answer.reason) if len(candidates.get(n, ())) > 1]
        if not blamed:
            break
        del candidates[blamed[0]][0]
    return solve(problem.requirements, problem.constraints)


def _is_met(specifier: SpecifierSet, version: str | None) -> bool:
    return version is not None and specifier.contains(version, prereleases=True)


def _pinned(text: str, candidates: Mapping[str, Sequence[str]]) -> str:
    requirement: Requirement | None = parsed_requirement(text)
    if requirement is None:
        return text
    versions = candidates.get(canonicalize_name(requirement.name))
    return exactly(requirement, versions[0]) if versions else text
