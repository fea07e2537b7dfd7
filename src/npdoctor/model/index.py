"""Package indexes as the person's installer is configured, and what they offer."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Indexes:
    """Where distributions come from, in order of precedence: the first index that has a name decides.

    A later one counts for that name too where both have one and the same file: the first is its mirror.

    `urls` are simple indexes (PEP 503), the default one last; they may carry credentials, as do
    `find_links`, so neither is ever printed or put on a command line. `origin` says in words whose
    configuration it is. `merged` is true where a name may be taken from whichever index has the best
    version: only where every index is a public one.
    """

    urls: tuple[str, ...] = field(default=("https://pypi.org/simple",), repr=False)
    find_links: tuple[str, ...] = field(default=(), repr=False)
    origin: str = "the default index"
    certificates: str | None = None
    trusted_hosts: tuple[str, ...] = ()
    merged: bool = False


@dataclass(frozen=True, slots=True)
class Wheel:
    """One built distribution on an index; `size` is in bytes, `url` without credentials."""

    name: str
    version: str
    filename: str
    url: str
    sha256: str | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """One version of a project, with the wheel that fits the target best; None where none fits."""

    version: str
    wheel: Wheel | None
    yanked: bool = False
