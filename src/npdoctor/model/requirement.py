"""Requirements of distributions, and whether they apply to a target."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

from npdoctor.model.target import Target

_IMPLEMENTATIONS = {"cpython": "CPython", "pypy": "PyPy", "graalpy": "GraalVM"}


def marker_environment(target: Target) -> dict[str, str]:
    """Return what environment markers (PEP 508) are judged by in this target, with no extra chosen."""
    system, machine = target.platform.partition("-")[0], target.platform.rpartition("-")[2]
    return {
        "extra": "",
        "python_version": ".".join(map(str, target.version[:2])),
        "python_full_version": target.python,
        "implementation_name": target.implementation,
        "implementation_version": target.python,
        "platform_python_implementation": _IMPLEMENTATIONS.get(target.implementation, target.implementation),
        "sys_platform": system,
        "platform_system": system.capitalize(),
        "platform_machine": machine,
        "platform_release": "",
        "platform_version": "",
        "os_name": "posix",
    }


def marker_holds(marker: Marker | str | None, environment: Mapping[str, str]) -> bool:
    """Tell whether a marker holds, given as an environment; none always does, one without sense never."""
    try:
        read = Marker(marker) if isinstance(marker, str) and marker else marker
        return not isinstance(read, Marker) or read.evaluate(dict(environment))
    except ValueError:
        return False


def applying(text: str, target: Target) -> Requirement | None:
    """Return a requirement that holds in the target without any extra; None otherwise, or if malformed."""
    requirement = parsed_requirement(text)
    if requirement and marker_holds(requirement.marker, marker_environment(target)):
        return requirement
    return None


@lru_cache(maxsize=20_000)
def parsed_requirement(text: str) -> Requirement | None:
    """Return a requirement as PEP 508 reads it, None where it is malformed."""
    try:
        return Requirement(text)
    except InvalidRequirement:
        return None


@lru_cache(maxsize=20_000)
def parsed_version(text: str | None) -> Version | None:
    """Return a version as PEP 440 reads it, None where there is none or it is malformed."""
    try:
        return Version(text) if text else None
    except InvalidVersion:
        return None
