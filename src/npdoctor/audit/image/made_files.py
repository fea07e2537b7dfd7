"""Read requirements files that the Dockerfile itself writes, by a heredoc, echo or printf."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, replace

from npdoctor.audit.image.asked import Asked, Unread, index_url, read_requirement
from npdoctor.audit.image.passage import Lines, Passage, joined
from npdoctor.audit.image.shell_script import Simple
from npdoctor.audit.image.shell_words import Redirect, Word
from npdoctor.audit.image.variables import Value, expanded
from npdoctor.fix.files.specifier import is_exact

_INCLUDED = re.compile(r"(-r|--requirements?|-c|--constraints?)[=\s]*(\S+)")
_INDEX = re.compile(r"(?:-i|--index-url|--extra-index-url|-f|--find-links)[=\s]+(\S+)")
_BREAK = re.compile(r"\n|\\n|\\\\n")
_OPTIONS = re.compile(r"\s(?:--?[a-z#]|#)")
_MOST_LINES = 2_000


@dataclass(frozen=True, slots=True)
class Content:
    """What a file says that the Dockerfile writes; `expands` tells whether variables are put in."""

    body: Passage
    expands: bool = False


@dataclass(slots=True)
class Listing:
    """What a file that the Dockerfile writes asks for, and which files it names in turn."""

    asked: list[Asked]
    files: list[str]
    constraints: list[str]
    indexes: list[str]
    unread: list[Unread]


def read_listing(
    content: Content, path: str, lines: Lines, constraint: bool, variables: dict[str, Value]
) -> Listing:
    """Return what the lines of a written requirements file ask for; `path` is the Dockerfile's."""
    listing = Listing([], [], [], [], [])
    start = 0
    for count, found in enumerate([*_BREAK.finditer(content.body.text), None]):
        end = found.start() if found else len(content.body.text)
        if count < _MOST_LINES:
            _read_line(content, content.body.part(start, end), path, lines, constraint, variables, listing)
        elif count == _MOST_LINES:
            listing.unread.append(Unread("a long list", f"only its first {_MOST_LINES:,} lines are read"))
        start = found.end() if found else end
    return listing


def _read_line(
    content: Content,
    line: Passage,
    path: str,
    lines: Lines,
    constraint: bool,
    variables: dict[str, Value],
    listing: Listing,
) -> None:
    stripped = line.text.strip()
    if not stripped or stripped.startswith("#"):
        return
    if stripped.startswith("-"):
        if index := _INDEX.match(stripped):
            listing.indexes.append(index_url(index[1]))
        elif included := _INCLUDED.match(stripped):
            is_limit = included[1].lstrip("-").startswith("c")
            (listing.constraints if is_limit else listing.files).append(included[2])
        return
    start = len(line.text) - len(line.text.lstrip())
    rest = _OPTIONS.search(line.text, start)
    end = rest.start() if rest else len(line.text.rstrip().rstrip("\\").rstrip())
    piece = line.part(start, end)
    number = lines.number(max(line.at(start), 0))
    unknown: tuple[str, ...] = ()
    if content.expands and "$" in piece.text:
        value = expanded(piece.text, variables)
        piece, unknown = Passage(value.text, (0,), (-1,)), value.unknown
    result = read_requirement(Word(piece, 0, 0, "", unknown), path, number)
    if isinstance(result, Asked):
        declared = replace(result.declared, constraint=constraint, exact=is_exact(result.declared.specifier))
        listing.asked.append(replace(result, declared=declared, word=None))
    elif isinstance(result, Unread):
        listing.unread.append(result)


def written_by(command: Simple, name: str, words: tuple[Word, ...]) -> list[tuple[str, bool, Content | None]]:
    """Return the files that a command writes: path, whether it adds to it, and the content if it is known."""
    targets = [(word.text, sign == ">>") for sign, word in command.redirects if sign in (">", ">>", ">|")]
    if name == "tee":
        adds = any(word.text in ("-a", "--append") for word in words)
        targets += [(word.text, adds) for word in words if not word.text.startswith("-")]
    if not targets:
        return []
    content = _said(command.heredoc, name, words)
    return [(target, adds, content) for target, adds in targets]


def absolute(path: str, folder: str) -> str:
    """Return a path of the image as an absolute one."""
    return posixpath.normpath(posixpath.join(folder, path))


def _said(heredoc: Redirect | None, name: str, words: tuple[Word, ...]) -> Content | None:
    """Return what a command prints, None where it cannot be known."""
    if name in ("cat", "tee") and heredoc is not None and heredoc.body is not None:
        return Content(heredoc.body, heredoc.expands)
    if name not in ("echo", "printf"):
        return None
    shown = [w for w in words if name == "printf" or w.text not in ("-e", "-n", "-E", "-en", "-ne")]
    if any(w.unknown for w in shown):
        return None
    if name == "printf" and shown and "%" in shown[0].text:
        if shown[0].text not in ("%s\\n", "%s\n"):
            return None
        return Content(joined((w.passage for w in shown[1:]), "\n"))
    return Content(joined(w.passage for w in shown))
