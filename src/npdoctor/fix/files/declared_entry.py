"""What a file says of one distribution, and where in its text the specifier stands."""

from __future__ import annotations

from dataclasses import dataclass

from npdoctor.model.declaration import Declared


@dataclass(frozen=True, slots=True)
class Entry:
    """One declaration; from `start` to `end` of the file's text stands its specifier.

    Both are -1 where no character can be changed: a URL, a string with escapes, or an unknown place.
    `loose` is true where the file speaks Poetry's or Pixi's words, carets and bare versions included.
    """

    declared: Declared
    start: int = -1
    end: int = -1
    loose: bool = False
