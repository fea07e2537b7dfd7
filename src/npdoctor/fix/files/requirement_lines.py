"""Read requirements files as pip reads them, and remember where in the file each part stands."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from npdoctor.fix.files.specifier import Splice
from npdoctor.model.requirement import marker_environment, marker_holds, parsed_requirement
from npdoctor.model.target import Target

_LONGEST = 10_000
_COMMENT = re.compile(r"(?:^|(?<=\s))#")
_OPTION = re.compile(r"(?:^|(?<=\s))-")
_HASH = re.compile(r"(?<=\s)--hash[=\s]\s*\S+")
_NAME = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)")
_HEAD = re.compile(
    _NAME.pattern
    + r"(?:\s*\[[^\]]*\])?(?P<before>\s*\(\s*|(?=[^(]|$))\s*(?P<spec>[^;()@]*?)\s*(?:\)\s*)?(?:;|$)"
)
_INCLUDE = re.compile(r"(-r|-c|--requirements?|--constraints?)(?:=|(?<=-[rc])(?=[^\s=])|$)(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Written:
    """A requirement as it is written; from `start` to `end` stands its specifier."""

    requirement: Requirement
    start: int
    end: int

    @property
    def name(self) -> str:
        """Return the normalised name."""
        return canonicalize_name(self.requirement.name)


@dataclass(frozen=True, slots=True)
class Line:
    """One logical line: `text` is all of it in the file, from `start`, with its line end.

    `joined` is what it says once continued lines are joined and the comment is gone; `origin` says for
    each of those characters where in the file it stands.
    """

    number: int
    start: int
    text: str
    joined: str = ""
    origin: tuple[int, ...] = ()

    @property
    def end(self) -> int:
        """Return where the next line starts."""
        return self.start + len(self.text)

    def located(self, splice: Splice) -> Splice:
        """Return a replacement in the joined line as one in the file."""
        if splice.start < splice.end:
            return Splice(self.origin[splice.start], self.origin[splice.end - 1] + 1, splice.text)
        here = self.origin[splice.start - 1] + 1 if splice.start else self.origin[0]
        return Splice(here, here, splice.text)


@dataclass(frozen=True, slots=True)
class Other(Line):
    """A line that lists no distribution by name: blank, comment, options, editable, URL or path."""


@dataclass(frozen=True, slots=True)
class Include(Line):
    """A line that includes another file, as requirements or as constraints."""

    file: str = ""
    constraint: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed(Line):
    """A line that lists a distribution; `hashes` are where its hash options stand in the joined line."""

    written: Written
    hashes: tuple[tuple[int, int], ...]
    has_options: bool

    @property
    def name(self) -> str:
        """Return the normalised name."""
        return self.written.name


@dataclass(frozen=True, slots=True)
class Unread(Line):
    """A line that begins with a name and is no requirement that could be read."""

    name: str = ""


AnyLine = Other | Include | Listed | Unread


def read_written(text: str) -> Written | None:
    """Return a requirement and where its specifier stands; None where it is malformed."""
    requirement = parsed_requirement(text.strip())
    found = _HEAD.match(text) if requirement is not None else None
    if requirement is None:
        return None
    if requirement.url is not None:
        return Written(requirement, 0, 0)
    if found is None:
        return None
    start, end = found.span("spec")
    if start == end:
        start = end = found.end("before") if "(" in found.group("before") else found.start("before")
    return Written(requirement, start, end)


def applies(written: Written, target: Target) -> bool:
    """Tell whether a requirement's marker holds in the target; one that cannot be judged does not."""
    return marker_holds(written.requirement.marker, marker_environment(target))


def read_lines(text: str) -> tuple[AnyLine, ...]:
    """Return the logical lines of a requirements file; together they are the whole text."""
    lines: list[AnyLine] = []
    number, offset, physical = 1, 0, text.splitlines(keepends=True)
    position = 0
    while position < len(physical):
        start, first, joined, origin = offset, position, "", list[int]()
        while position < len(physical):
            body = physical[position].rstrip("\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029")
            is_comment = body.lstrip().startswith("#")
            continues = body.endswith("\\") and not is_comment
            part = body.strip("\\") if continues else body
            skipped = len(body) - len(body.lstrip("\\")) if continues else 0
            if is_comment:
                joined, origin = joined + " ", [*origin, offset]
            joined += part
            origin += range(offset + skipped, offset + skipped + len(part))
            offset += len(physical[position])
            position += 1
            if not continues:
                break
        whole = text[start:offset]
        comment = _COMMENT.search(joined)
        if comment:
            joined = joined[: comment.start()]
        lines.append(_judged(Line(number + first, start, whole, joined, tuple(origin[: len(joined)]))))
    return tuple(lines)


def _judged(line: Line) -> AnyLine:
    place = (line.number, line.start, line.text, line.joined, line.origin)
    option = _OPTION.search(line.joined)
    head = line.joined[: option.start()] if option else line.joined
    if not head.strip():
        file, constraint = _included(line.joined)
        return Include(*place, file, constraint) if file else Other(*place)
    written = read_written(head) if len(head) <= _LONGEST else None
    if written is not None:
        hashes = tuple(m.span() for m in _HASH.finditer(line.joined, len(head)))
        return Listed(*place, written=written, hashes=hashes, has_options=option is not None)
    named = _NAME.match(head)
    if named is None or "/" in head or "\\" in head:
        return Other(*place)
    return Unread(*place, canonicalize_name(named.group(1)))


def _included(text: str) -> tuple[str, bool]:
    """Return the file that an option line includes, and whether as constraints; an empty name for none."""
    try:
        words = shlex.split(text)
    except ValueError:
        return "", False
    for index, word in enumerate(words):
        found = _INCLUDE.fullmatch(word)
        if found:
            file = found.group(2) or next(iter(words[index + 1 :]), "")
            return file, found.group(1).lstrip("-").startswith("c")
    return "", False
