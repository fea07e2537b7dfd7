"""Put recommended specifiers into the commands of a Dockerfile, and leave all else as it is."""

from __future__ import annotations

from collections.abc import Mapping

from packaging.utils import canonicalize_name

from npdoctor.audit.image.passage import NOWHERE, Passage
from npdoctor.audit.image.read import read_with_spots
from npdoctor.audit.image.steps import Spot
from npdoctor.fix.files.specifier import Splice, spliced
from npdoctor.model.image import Image

_NEEDS_QUOTES = frozenset("<>;!*~ ()&|")
_LINE_OF_FILE = "\n"


def corrected(text: str, image: Image, wanted: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """Return the Dockerfile with the specifiers that are wanted for names, and notes on what was left.

    `image` is what was read from this very text; of another text nothing is changed.
    """
    reading = read_with_spots(image.path, text)
    if reading.image != image:
        return text, (f"{image.path} is not what was read: nothing in it is changed.",)
    specifiers: dict[str, str] = {canonicalize_name(name): text for name, text in wanted.items()}
    splices: dict[int, Splice] = {}
    notes: list[str] = []
    for spot in reading.spots:
        declared = spot.asked.declared
        specifier = specifiers.get(declared.name)
        if specifier is None or (specifier == declared.specifier and not spot.asked.lost):
            continue
        change = _change(text, spot, specifier)
        if isinstance(change, str):
            notes.append(f"{image.path}:{declared.line}: {declared.name} is left as it is: {change}.")
        else:
            splices[change.start] = change
    return spliced(text, tuple(splices.values())), tuple(dict.fromkeys(notes))


def _change(text: str, spot: Spot, specifier: str) -> Splice | str:
    """Return the replacement that makes a requirement say a specifier, or why there is none."""
    asked = spot.asked
    word = asked.word
    if asked.declared.direct:
        return "it is taken from a URL or a file"
    if spot.enclosing == _LINE_OF_FILE:
        return _within(asked.passage, asked.start, asked.end, specifier) or "its version is from a variable"
    if word is None:
        return "this installer has other words for versions"
    if word.quoting in ("'", '"') and not asked.lost:
        return _within(asked.passage, asked.start, asked.end, specifier) or "its version is from a variable"
    if spot.source is None:
        return "it is not written in one piece"
    start, end = spot.source.at(0), spot.source.at(len(spot.source.text) - 1) + 1
    if not word.quoting and text[start:end] != word.text + asked.lost:
        return "its version is from a variable"
    if word.quoting and "$" in text[start:end]:
        return "its version is from a variable"
    said = word.text[: asked.start] + specifier + word.text[asked.end :]
    if not word.quoting and not _NEEDS_QUOTES & set(said):
        return Splice(start, end, said)
    quote = next((q for q in "'\"" if q not in spot.enclosing and q not in said), None)
    if quote is None or "mixed" in spot.enclosing:
        return "there is no quote left to put around it"
    return Splice(start, end, f"{quote}{said}{quote}")


def _within(passage: Passage, start: int, end: int, specifier: str) -> Splice | None:
    """Return the replacement of part of a passage, None where that part is not in the file in one piece."""
    if start == end:
        before = passage.at(start - 1)
        return None if before == NOWHERE else Splice(before + 1, before + 1, specifier)
    part = passage.part(start, end)
    if not part.is_whole():
        return None
    return Splice(part.at(0), part.at(len(part.text) - 1) + 1, specifier)
