"""The words of editing: pins, the place they go to, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from npdoctor.model.plan import FileEdit


class Kind(str, Enum):
    """What a project is managed by, as far as pins are concerned."""

    UV = "uv"
    PIXI = "pixi"
    CONDA = "conda"
    POETRY = "poetry"
    PDM = "pdm"
    PROJECT = "project"
    COMPILED = "compiled"
    REQUIREMENTS = "requirements"
    CONSTRAINTS = "constraints"


@dataclass(frozen=True, slots=True)
class Place:
    """Where pins go: `files` are edited where they list a name, the first one is the main one.

    `constraints` is the file for names that no file lists, empty where the main file itself has room for
    them. `conda` maps distributions that conda installed to the names conda has for them. `rest` is the
    place for what conda did not install.
    """

    kind: Kind
    files: tuple[str, ...]
    why: str
    constraints: str = ""
    commands: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()
    installed: Mapping[str, str] = field(default_factory=dict)
    conda: Mapping[str, str] = field(default_factory=dict)
    rest: Place | None = None

    @property
    def path(self) -> str:
        """Return the main file."""
        return self.files[0]


@dataclass(frozen=True, slots=True)
class NoPlace:
    """There is nowhere to put pins, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Pin:
    """What the project's files are to say of one distribution.

    `version` None without `guard` means that the distribution was removed. `specifier` such as
    `==1.13.0` or `>=2.1.3,<3` is what a constraint says; a `guard` is a range that also holds for versions
    to come. `reason` is short: it becomes a comment.
    """

    name: str
    version: str | None
    specifier: str
    guard: bool
    reason: str

    @property
    def is_removal(self) -> bool:
        """Tell whether the distribution was removed."""
        return self.version is None and not self.guard

    @property
    def clause(self) -> str:
        """Return what a constraint says of it: the specifier, else the exact version."""
        return self.specifier or f"=={self.version}"


@dataclass(frozen=True, slots=True)
class Edited:
    """The files before and after, the commands that a lock file needs then, and what else to know."""

    edits: tuple[FileEdit, ...]
    commands: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that cannot be edited, and why; nothing is edited then."""

    path: str
    reason: str


class CannotEdit(Exception):
    """Carry a refusal up to where it is returned."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason
