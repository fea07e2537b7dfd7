"""What the files of a project declare."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Declared:
    """What a file of the project says of one distribution; `name` is normalised, `line` counts from 1.

    `specifier` is as written. `exact` is true for one version by `==` or `===`. `constraint` is true where
    it only limits and does not ask for the distribution, `direct` where it names a URL or path to take it
    from, `from_fix` where npdoctor's own block says it, `locked` where a lock file says what was resolved.
    `group` is the extra or dependency group that asks for it. `line` is 0 where it could not be told.
    """

    name: str
    specifier: str
    path: str
    line: int
    marker: str = ""
    extras: tuple[str, ...] = ()
    exact: bool = False
    hashed: bool = False
    constraint: bool = False
    direct: bool = False
    from_fix: bool = False
    locked: bool = False
    group: str = ""
