"""NPD201, NPD202: what the installed distributions require of each other."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from npdoctor.diagnose.context import Context
from npdoctor.model.distribution import Distribution
from npdoctor.model.finding import Evidence, Finding, Fix, Severity
from npdoctor.model.requirement import applying, parsed_version


def unmet(context: Context, distribution: Distribution) -> Iterator[tuple[str, Requirement, str | None]]:
    """Yield each requirement that is not met: the name, the requirement, the version found."""
    for text in distribution.requires:
        requirement = applying(text, context.snapshot.target)
        if requirement is None:
            continue
        name = canonicalize_name(requirement.name)
        found = context.version(name)
        if found is None:
            yield name, requirement, None
        elif parsed_version(found) and not requirement.specifier.contains(found, prereleases=True):
            yield name, requirement, found


def about_numpy(context: Context, name: str) -> tuple[Evidence, ...]:
    """Return as evidence that a distribution's metadata excludes the NumPy in question."""
    distribution = context.installed.get(name)
    return tuple(
        Evidence("metadata", f"{name} requires", _pin(other, requirement))
        for other, requirement, found in (unmet(context, distribution) if distribution else ())
        if other == "numpy" and found is not None
    )


def broken_requirements(context: Context) -> Iterator[Finding]:
    """Yield NPD201 and NPD202, one of each at most for a distribution."""
    for name, distribution in context.installed.items():
        if name in context.not_there:
            continue  # what an assumed release requires is not known
        problems = list(unmet(context, distribution))
        missing = [(other, requirement) for other, requirement, found in problems if found is None]
        excluded = [(other, requirement, found) for other, requirement, found in problems if found]
        if missing:
            pins = tuple(_pin(other, requirement) for other, requirement in missing)
            yield Finding(
                "NPD201",
                Severity.WARNING,
                name,
                distribution.version,
                f"requires {_some(pins)}: not installed",
                f"{name} {distribution.version} requires {', '.join(pins)}, and that is not installed.",
                tuple(Evidence("metadata", f"{name} requires", pin) for pin in pins),
                f"Install {' '.join(pins)}.",
                fix=Fix(pins),
            )
        if excluded:
            pins = tuple(_pin(other, requirement) for other, requirement, _ in excluded)
            have = ", ".join(f"{other} {found}" for other, _, found in excluded)
            yield Finding(
                "NPD202",
                Severity.WARNING,
                name,
                distribution.version,
                f"requires {_some(pins)}; found {have}",
                f"{name} {distribution.version} requires {', '.join(pins)}. Installed: {have}.",
                tuple(
                    Evidence("metadata", f"{name} requires", f"{pin}; installed is {found}")
                    for pin, (_, _, found) in zip(pins, excluded, strict=True)
                ),
                f"Install {' '.join(pins)}, or a release of {name} that accepts {have}.",
                fix=Fix(pins),
            )


def _some(pins: tuple[str, ...], most: int = 3) -> str:
    """Name the first few, and count the others."""
    more = f" and {len(pins) - most} more" if len(pins) > most else ""
    return ", ".join(pins[:most]) + more


def _pin(name: str, requirement: Requirement) -> str:
    return str(requirement) if requirement.url else f"{name}{requirement.specifier}"
