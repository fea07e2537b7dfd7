"""What planning asks of a resolver, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from npdoctor.fix.engines.locked import Locked
from npdoctor.fix.engines.offers import Offers
from npdoctor.model.index import Indexes, Wheel


@dataclass(frozen=True, slots=True)
class Problem:
    """What is to be resolved beside what is installed: only wheels, and installed versions are preferred.

    `requirements` must be installed in the end, `constraints` only limit what may be. `lowest` takes the
    lowest admitted version of the requirements (never of what they require), else the highest.
    `overrides` replace what distributions declare of these names: only to leave alone what is not met
    today and is not what the plan is for. An engine that cannot do that ignores them.
    """

    requirements: tuple[str, ...]
    constraints: tuple[str, ...] = ()
    lowest: bool = False
    overrides: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Move:
    """One distribution that the resolver would install, replace (`old`) or remove (`new` None)."""

    name: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Solved:
    """A resolution: what would change, sorted by name; what stays is not in it."""

    moves: tuple[Move, ...]


@dataclass(frozen=True, slots=True)
class Unsolvable:
    """There is no such set of versions; `reason` is the resolver's own explanation, redacted of URLs."""

    reason: str


@dataclass(frozen=True, slots=True)
class EngineFailure:
    """The resolver could not answer: no network, an index that refuses, a crash."""

    reason: str
    offline: bool = False


Resolution = Solved | Unsolvable | EngineFailure


@dataclass(frozen=True, slots=True)
class Command:
    """A program to run: its arguments, the variables to set beside the environment, and where."""

    arguments: tuple[str, ...]
    environ: Mapping[str, str]
    folder: str


class Resolver(Protocol):
    """What the search needs of an engine."""

    def resolve(self, problem: Problem) -> Resolution:
        """Resolve without changing anything, and without building a source distribution."""

    def wheels(self, pins: Mapping[str, str]) -> Mapping[str, Wheel]:
        """Return by name the wheels that would be installed for exact versions, without those not found."""


class Installer(Protocol):
    """What rehearsing and applying need of an engine; `indexes` are those in force."""

    @property
    def name(self) -> str:
        """Return the program's name."""

    @property
    def indexes(self) -> Indexes:
        """Return where distributions come from."""

    def install_command(self, python: str, requirements: str) -> Command:
        """Return what installs a file of exact requirements into an interpreter, without dependencies.

        Hashes are asked for where every requirement of the file has one, so the file must be there.
        """

    def uninstall_command(self, python: str, names: tuple[str, ...]) -> Command:
        """Return what uninstalls these distributions from an interpreter."""


class Engine(Resolver, Installer, Protocol):
    """A resolver and installer, bound to one target and its configured indexes."""

    @property
    def offers(self) -> Offers:
        """Return what the indexes in force offer."""

    def lock(self, pins: Mapping[str, str]) -> Locked:
        """Return exact versions as a lock file and as requirements with hashes; nothing is resolved."""

    def shown_command(self, python: str, pins: Sequence[str]) -> tuple[str, ...]:
        """Return what a person would type to install exact versions, without credentials."""
