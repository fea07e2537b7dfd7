"""One importer to be: what the session keeps in mind about it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from npdoctor.model.outcome import ImportJob, Outcome
from npdoctor.probe.imports.channel import Peer

ROOT = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one session: seconds per import, importers at once, resident bytes per importer."""

    timeout: float = 20.0
    jobs: int = 2
    memory: int = 8 << 30


@dataclass
class Node:
    """One importer to be: where it is forked from, what it imports, and how far it got."""

    id: str
    parent: str
    jobs: list[ImportJob]
    rank: int
    alone: bool = False
    source: str | None = None
    standard: tuple[str, ...] = ()
    limit: float = 20.0
    state: str = "waiting"
    index: int | None = None
    since: float = 0.0
    loading: str | None = None
    nonce: str = field(default_factory=lambda: secrets.token_hex(8))
    server: Peer | None = None
    importer: Peer | None = None
    guard: Peer | None = None
    kill_reason: str | None = None
    outputs: dict[int, str] = field(default_factory=dict)
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    exit: tuple[int, str | None] | None = None
    ended: bool = False
    settled: set[int] = field(default_factory=set)
