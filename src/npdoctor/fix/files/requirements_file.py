"""Edit the lines of one requirements or constraints file, and prove that nothing else changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from npdoctor.fix.files.block import find_block
from npdoctor.fix.files.place import CannotEdit, Pin
from npdoctor.fix.files.requirement_lines import AnyLine, Listed, Unread, applies, read_lines
from npdoctor.fix.files.specifier import Splice, holds, spliced
from npdoctor.fix.files.wanted import Wanted


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The text with its lines edited, the wanted names that it lists, and what else to know."""

    text: str
    listed: frozenset[str]
    notes: tuple[str, ...]


def rewritten(path: str, text: str, lines: Sequence[AnyLine], wanted: Wanted) -> Rewritten:
    """Return a file's text with each wanted name that it lists, outside the block, as the pins want it."""
    block = find_block(path, lines)
    splices: list[Splice] = []
    listed: set[str] = set()
    notes: list[str] = []
    for index, line in enumerate(lines):
        if index in block or not isinstance(line, Listed | Unread):
            continue
        pin = wanted.pins.get(line.name)
        here = f"{path}:{line.number}"
        if pin is None:
            continue
        if isinstance(line, Unread):
            raise CannotEdit(path, f"line {line.number} names {line.name} in a way that cannot be read")
        if not applies(line.written, wanted.target):
            notes.append(f"{here} lists {line.name} for another Python or platform and stays as it is.")
            continue
        listed.add(line.name)
        if line.written.requirement.url is not None:
            notes.append(f"{here} takes {line.name} from a URL or path and stays as it is.")
        elif pin.is_removal:
            splices += _removal(line, here, notes)
        else:
            splices += _changes(path, line, pin, wanted, text)
    return Rewritten(spliced(text, splices), frozenset(listed), tuple(notes))


def _removal(line: Listed, here: str, notes: list[str]) -> list[Splice]:
    if line.has_options or len(line.text.splitlines()) > 1:
        notes.append(f"{here} still lists {line.name}, which is removed: delete it by hand.")
        return []
    notes.append(f"{here} listed {line.name}, which is removed: the line is deleted.")
    return [Splice(line.start, line.end, "")]


def _changes(path: str, line: Listed, pin: Pin, wanted: Wanted, text: str) -> list[Splice]:
    found = wanted.splices(line.joined, line.written, pin)
    if not found:
        return []
    changes = [line.located(splice) for splice in found]
    if line.hashes:
        hashes = wanted.hashes.get(line.name)
        if not hashes:
            raise CannotEdit(
                path, f"line {line.number} pins {line.name} by hash, and the new hashes are not at hand"
            )
        changes.append(_new_hashes(path, line, hashes, text))
    return changes


def _new_hashes(path: str, line: Listed, hashes: Sequence[str], text: str) -> Splice:
    """Return what replaces all hash options of a line, laid out as the old ones were."""
    first, last = line.hashes[0], line.hashes[-1]
    for one, other in zip(line.hashes, line.hashes[1:], strict=False):
        if line.joined[one[1] : other[0]].strip():
            raise CannotEdit(path, f"line {line.number} has other options between its hashes")
    where = line.located(Splice(first[0], last[1], ""))
    if len(line.hashes) > 1:
        between = text[line.origin[first[1] - 1] + 1 : line.origin[line.hashes[1][0]]]
    else:
        before = len(line.joined[: first[0]].rstrip())
        between = text[line.origin[before - 1] + 1 : line.origin[first[0]]]
    bare = sorted(value.removeprefix("sha256:") for value in hashes)
    return Splice(where.start, where.end, between.join(f"--hash=sha256:{value}" for value in bare))


def must_agree(path: str, before: str, after: str, wanted: Wanted) -> None:
    """Raise CannotEdit unless every pin holds in the text after, and nothing else differs."""
    old, new = read_lines(before), read_lines(after)
    if _remainder(path, old, wanted) != _remainder(path, new, wanted):
        raise CannotEdit(path, "internal check: the edit would change more than the pins")
    for line in new:
        pin = wanted.pins.get(line.name) if isinstance(line, Listed) else None
        if pin is None or not isinstance(line, Listed) or pin.is_removal:
            continue
        requirement = line.written.requirement
        if requirement.url is None and applies(line.written, wanted.target):
            specifier = line.joined[line.written.start : line.written.end]
            if not holds(specifier, pin):
                raise CannotEdit(
                    path, f"line {line.number} would say {line.name}{specifier}, which excludes {_what(pin)}"
                )


def _what(pin: Pin) -> str:
    return f"{pin.name} {pin.version}" if pin.version else f"{pin.name}{pin.specifier}"


def _remainder(path: str, lines: Sequence[AnyLine], wanted: Wanted) -> list[str]:
    """Return all that an edit must leave alone, the block left out."""
    block = find_block(path, lines)
    rest: list[str] = []
    for index, line in enumerate(lines):
        if index in block:
            continue
        text = line.text
        pin = wanted.pins.get(line.name) if isinstance(line, Listed) else None
        if pin and isinstance(line, Listed) and applies(line.written, wanted.target):
            if pin.is_removal and not line.has_options and len(text.splitlines()) == 1:
                continue
            text = _masked(line)
        rest.append(text)
    while rest and not rest[-1].strip():
        rest.pop()
    # The last line may get a line end, where something follows it.
    return [*rest[:-1], rest[-1].rstrip("\r\n")] if rest else rest


def _masked(line: Listed) -> str:
    """Return a line without its specifier and its hashes."""
    cut = [Splice(line.written.start, line.written.end, "")]
    if line.hashes:
        cut.append(Splice(line.hashes[0][0], line.hashes[-1][1], ""))
    splices = [line.located(splice) for splice in cut]
    return spliced(line.text, [Splice(s.start - line.start, s.end - line.start, "") for s in splices])
