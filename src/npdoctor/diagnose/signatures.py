"""Find the cause in a failure text by the rule book's signatures; pure."""

from __future__ import annotations

import re
import string
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from npdoctor.diagnose.literals import may_match
from npdoctor.model.rules import RuleBook, Signature

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_LONGEST_LINE = 1200
_LONGEST_EXCERPT = 400
_MOST_NOISE = 200


@dataclass(frozen=True, slots=True)
class Match:
    """A signature found in a text: its groups by number and name, the line (from 1) and what stands there."""

    signature: Signature
    groups: Mapping[str, str]
    line: int
    excerpt: str

    @property
    def cause(self) -> str:
        """Return the rule's cause with what the text names filled in."""
        return fill(self.signature.cause, self.groups)

    @property
    def remedy(self) -> str:
        """Return the rule's remedy with what the text names filled in."""
        return fill(self.signature.remedy, self.groups)


def explain_text(text: str, book: RuleBook) -> tuple[Match, ...]:
    """Return every signature that the text shows, in the order of the rule book.

    A match that lies wholly within noise which the book lists before it is part of that noise. The first
    place of each signature counts.
    """
    clean = _clean(text)
    starts = [0, *(place.end() for place in re.finditer("\n", clean))]
    noise: list[tuple[int, int]] = []
    found: list[Match] = []
    for rule in book.signatures:
        if not may_match(rule.pattern, clean):
            continue
        place = next((m for m in rule.pattern.finditer(clean) if not _within(m, noise)), None)
        if place is None:
            continue
        found.append(_match(rule, place, clean, starts))
        if rule.role == "noise":
            noise.extend(m.span() for m in islice(rule.pattern.finditer(clean), _MOST_NOISE))
    return tuple(found)


def cause_of(matches: tuple[Match, ...]) -> Match | None:
    """Return the match that names the cause: the first in the book's order, whatever wraps it."""
    return next((match for match in matches if match.signature.role == "cause"), None)


def fill(text: str, groups: Mapping[str, str]) -> str:
    """Put what the pattern's groups caught in place of `{1}` and `{name}`."""
    parts: list[str] = []
    for literal, name, _, _ in string.Formatter().parse(text):
        parts.append(literal)
        if name is not None:
            parts.append(groups.get(name, ""))
    return "".join(parts)


def _clean(text: str) -> str:
    """Take out what terminals add, and bound each line: patterns may be slow on endless ones."""
    plain = _ESCAPES.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    if len(plain) <= _LONGEST_LINE:
        return plain
    half = _LONGEST_LINE // 2
    return "\n".join(
        line if len(line) <= _LONGEST_LINE else f"{line[:half]} … {line[-half:]}"
        for line in plain.split("\n")
    )


def _within(place: re.Match[str], spans: list[tuple[int, int]]) -> bool:
    return any(start <= place.start() and place.end() <= end for start, end in spans)


def _match(rule: Signature, place: re.Match[str], text: str, starts: list[int]) -> Match:
    groups = {str(number): value or "" for number, value in enumerate((place[0], *place.groups()))}
    groups.update({name: value or "" for name, value in place.groupdict().items()})
    begin = starts[bisect_right(starts, place.start()) - 1]
    end = text.find("\n", place.end())
    excerpt = text[begin : end if end >= 0 else len(text)].strip()
    return Match(
        signature=rule,
        groups=groups,
        line=bisect_right(starts, place.start()),
        excerpt=excerpt if len(excerpt) <= _LONGEST_EXCERPT else excerpt[: _LONGEST_EXCERPT - 1] + "…",
    )
