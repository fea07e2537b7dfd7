"""The rule book's entries, as validated."""

from __future__ import annotations

import re
from dataclasses import dataclass

from npdoctor.model.cuda_driver import CudaRelease
from npdoctor.model.finding import Severity


@dataclass(frozen=True, slots=True)
class CodeRule:
    """What a code means, how to check it by hand, what mends it and when it is wrong."""

    code: str
    title: str
    family: str
    severity: Severity
    meaning: str
    check: str
    remedy: str
    wrong_when: str
    see: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PackageRule:
    """Since when a package's wheels serve NumPy 2; `numpy2` is None where none was tied to NumPy 1."""

    name: str
    group: str
    binaries: str
    numpy2: str | None
    last_numpy1: str | None
    how: str
    source: str
    unverified: bool
    note: str


@dataclass(frozen=True, slots=True)
class Signature:
    """A failure text: `role` is cause, wrapper (the cause is elsewhere in the text) or noise."""

    id: str
    pattern: re.Pattern[str]
    code: str
    role: str
    cause: str
    remedy: str
    source: str
    verified: bool
    example: str
    unlike: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OptionalModule:
    """An extension module that may fail by name though nothing is wrong; `module` is an fnmatch pattern."""

    distribution: str
    module: str
    reason: str
    source: str


@dataclass(frozen=True, slots=True)
class Pairing:
    """Two distributions that do not work beside each other though their metadata allows it."""

    id: str
    distribution: str
    versions: str
    beside: str
    beside_versions: str
    severity: Severity
    code: str
    cause: str
    remedy: str
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class SmokeTest:
    """A small program that raises where a distribution imports and yet does not work."""

    id: str
    distributions: tuple[str, ...]
    needs: tuple[str, ...]
    code: str
    proves: str


@dataclass(frozen=True, slots=True)
class TorchIndex:
    """A package index with builds of torch for one CUDA, such as (12, 8).

    `gpus` are the compute capabilities that its builds hold code for, empty where not known. `serves_older`
    says that it goes on with new releases, which drivers for older CUDA of the same major serve as well.
    """

    cuda: tuple[int, int]
    url: str
    gpus: tuple[tuple[int, int], ...]
    serves_older: bool
    source: str


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All knowledge, validated.

    Signatures are in order of precedence, CUDA releases and indexes of torch from old to new.
    """

    path: str
    codes: dict[str, CodeRule]
    packages: dict[str, PackageRule]
    signatures: tuple[Signature, ...]
    optional: tuple[OptionalModule, ...]
    pairings: tuple[Pairing, ...]
    smoke: tuple[SmokeTest, ...]
    cuda: tuple[CudaRelease, ...] = ()
    torch_indexes: tuple[TorchIndex, ...] = ()
