"""What became of importing one extension module in a process of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class ImportJob:
    """One extension module to import, by its dotted name."""

    path: str
    module: str
    distribution: str


@dataclass(frozen=True, slots=True)
class RaisedException:
    """One link of an exception chain, outermost first; frames are `file:line in function`, newest last."""

    type: str
    message: str
    frames: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Imported:
    """It was imported; `output` is what it printed meanwhile."""

    seconds: float
    output: str = ""


@dataclass(frozen=True, slots=True)
class Raised:
    """The import raised; `failed_in` is the extension file whose own loading failed first, if one did.

    `parent` names the package whose import failed before the module itself was reached.
    """

    exceptions: tuple[RaisedException, ...]
    failed_in: str | None
    parent: str | None
    seconds: float
    output: str = ""


@dataclass(frozen=True, slots=True)
class Died:
    """The importing process ended: by a signal, by exiting, or without a word."""

    signal: int | None
    exit_code: int | None
    loading: str | None
    detail: str
    output: str = ""


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Nothing came back within the limit (seconds)."""

    limit: float
    loading: str | None = None
    output: str = ""


@dataclass(frozen=True, slots=True)
class NotTried:
    """It was not imported, and why."""

    reason: str


Outcome: TypeAlias = Imported | Raised | Died | NoAnswer | NotTried
FAILED = (Raised, Died, NoAnswer)
