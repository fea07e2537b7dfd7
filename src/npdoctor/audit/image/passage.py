"""Text taken from a file, with the place in the file that each part of it came from."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

NOWHERE = -1


@dataclass(frozen=True, slots=True)
class Passage:
    """A text made of pieces: piece number i begins at `starts[i]` and stands in the file at `places[i]`.

    A piece that stands nowhere in the file, such as the value of a variable, has the place -1.
    """

    text: str = ""
    starts: tuple[int, ...] = ()
    places: tuple[int, ...] = ()

    def at(self, index: int) -> int:
        """Return where in the file a character stands, -1 where it stands nowhere."""
        piece = bisect_right(self.starts, index) - 1
        if piece < 0 or self.places[piece] == NOWHERE:
            return NOWHERE
        return self.places[piece] + index - self.starts[piece]

    def part(self, start: int, end: int) -> Passage:
        """Return the characters from `start` to `end`."""
        start, end = max(start, 0), min(end, len(self.text))
        if start >= end:
            return Passage()
        first, last = bisect_right(self.starts, start) - 1, bisect_right(self.starts, end - 1)
        starts = [max(position - start, 0) for position in self.starts[first:last]]
        return Passage(self.text[start:end], tuple(starts), (self.at(start), *self.places[first + 1 : last]))

    def is_whole(self) -> bool:
        """Tell whether the file holds exactly this text in one run."""
        if not self.starts or NOWHERE in self.places:
            return False
        return all(
            place + after - start == following
            for (start, after), (place, following) in zip(
                pairwise(self.starts), pairwise(self.places), strict=True
            )
        )


class Draft:
    """A passage that is being put together."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._starts: list[int] = []
        self._places: list[int] = []
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def add(self, text: str, place: int = NOWHERE) -> None:
        """Add a run of characters that begins at this place in the file."""
        if not text:
            return
        if not self._starts or not self._continues(place):
            self._starts.append(self._length)
            self._places.append(place)
        self._texts.append(text)
        self._length += len(text)

    def add_part(self, passage: Passage, start: int, end: int) -> None:
        """Add part of another passage."""
        piece = passage.part(start, end)
        bounds = (*piece.starts, len(piece.text))
        for (begin, stop), place in zip(pairwise(bounds), piece.places, strict=True):
            self.add(piece.text[begin:stop], place)

    def _continues(self, place: int) -> bool:
        last = self._places[-1]
        if NOWHERE in (place, last):
            return place == last
        return last + self._length - self._starts[-1] == place

    def passage(self) -> Passage:
        """Return what was put together."""
        return Passage("".join(self._texts), tuple(self._starts), tuple(self._places))


class Lines:
    """The line numbers of a text, counted from 1."""

    def __init__(self, text: str) -> None:
        self._starts = [0]
        position = text.find("\n")
        while position >= 0:
            self._starts.append(position + 1)
            position = text.find("\n", position + 1)

    def number(self, place: int) -> int:
        """Return the line that a place in the text belongs to."""
        return bisect_right(self._starts, place)


def joined(parts: Iterable[Passage], between: str = " ") -> Passage:
    """Return passages one after the other, with a text between them that stands nowhere."""
    draft = Draft()
    for index, part in enumerate(parts):
        if index:
            draft.add(between)
        draft.add_part(part, 0, len(part.text))
    return draft.passage()
