"""Hold the CUDA libraries that installed distributions ask for against those that are installed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from npdoctor.model.cuda import LibraryNeed, SharedFolder
from npdoctor.model.requirement import applying, marker_environment, parsed_requirement

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from packaging.requirements import Requirement

    from npdoctor.model.distribution import Distribution
    from npdoctor.model.target import Target

_TOOLKIT = "cuda-toolkit"
# Variants of one thing whose wheels bring files of the same names: the later install overwrites.
_FAMILIES = tuple(
    re.compile(text)
    for text in (
        r"(?P<family>onnxruntime)(-[a-z0-9-]+)?",
        r"(?P<family>tensorflow)(-[a-z0-9-]+)?",
        r"(?P<family>cupy)(-[a-z0-9-]+)?",
        r"(?P<family>paddlepaddle)(-[a-z0-9-]+)?",
        r"(?P<family>nvidia-[a-z0-9-]+)-cu\d+",
    )
)


def read_needs(distributions: Sequence[Distribution], target: Target) -> tuple[LibraryNeed, ...]:
    """List the nvidia-* requirements that hold in the target, those behind cuda-toolkit's extras too.

    Up to torch 2.10 the requirements name the libraries; from 2.11 on they are `cuda-toolkit[cublas,...]`.
    """
    installed = {d.name: d for d in distributions}
    found: dict[LibraryNeed, None] = {}
    for owner in distributions:
        if owner.name == _TOOLKIT:
            continue
        for text in owner.requires:
            if "nvidia" not in text and _TOOLKIT not in text.replace("_", "-"):
                continue
            requirement = applying(text, target)
            if requirement is None or not _is_library(canonicalize_name(requirement.name)):
                continue
            found[_need(owner.name, requirement, installed)] = None
            if canonicalize_name(requirement.name) == _TOOLKIT and _TOOLKIT in installed:
                for inner in _behind_extras(installed[_TOOLKIT], requirement.extras, target):
                    found[_need(owner.name, inner, installed, str(requirement))] = None
    return tuple(found)


def find_shared(distributions: Sequence[Distribution]) -> tuple[SharedFolder, ...]:
    """Find variants, such as onnxruntime and onnxruntime-gpu, that recorded libraries of the same path."""
    members: dict[str, list[Distribution]] = {}
    for distribution in distributions:
        if family := _family(distribution.name):
            members.setdefault(family, []).append(distribution)
    found = []
    for group in members.values():
        owners: dict[tuple[str, str], set[str]] = {}
        for distribution in group if len(group) > 1 else ():
            for file in distribution.files or ():
                if ".so" in file.path.rpartition("/")[2]:
                    owners.setdefault((distribution.location, file.path), set()).add(distribution.name)
        shared = {path: names for path, names in owners.items() if len(names) > 1}
        if shared:
            (location, path), _ = min(shared.items())
            names = sorted(set().union(*shared.values()))
            found.append(SharedFolder(f"{location}/{path.rpartition('/')[0]}", tuple(names)))
    return tuple(found)


def _family(name: str) -> str | None:
    return next((m["family"] for pattern in _FAMILIES if (m := pattern.fullmatch(name))), None)


def _is_library(name: str) -> bool:
    return name == _TOOLKIT or name.startswith("nvidia-")


def _behind_extras(toolkit: Distribution, extras: set[str], target: Target) -> Iterator[Requirement]:
    """Yield what the toolkit's metadata asks for with these extras."""
    environment = marker_environment(target)
    for text in toolkit.requires:
        requirement = parsed_requirement(text)
        if requirement is None or requirement.marker is None:
            continue
        if any(requirement.marker.evaluate({**environment, "extra": extra}) for extra in extras):
            yield requirement


def _need(
    owner: str, requirement: Requirement, installed: dict[str, Distribution], via: str | None = None
) -> LibraryNeed:
    name = canonicalize_name(requirement.name)
    there = installed.get(name)
    return LibraryNeed(
        owner=owner,
        requirement=f"{name}{requirement.specifier}",
        name=name,
        installed=there.version if there else None,
        satisfied=there is not None and requirement.specifier.contains(there.version, prereleases=True),
        via=via,
    )
