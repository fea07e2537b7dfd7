"""Find the plain words that a pattern cannot match without, so that most patterns need never be tried.

A log has megabytes and the rule book has hundreds of patterns: looking for a word costs a thousandth of
what a pattern costs.
"""

from __future__ import annotations

import re
from functools import cache

SHORTEST = 4

_TOKEN = re.compile(
    r"\\(?P<literal>[^A-Za-z0-9])"
    r"|\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^}]*\}|[0-9]{1,3}|.)"
    r"|\[\^?\]?(?:\\.|[^\]\\])*\]"
    r"|(?P<optional>[*?]|\{[0-9]*,?[0-9]*\})"
    r"|(?P<operator>[.^$+|()])"
    r"|(?P<character>.)",
    re.DOTALL,
)


def may_match(pattern: re.Pattern[str], text: str) -> bool:
    """Tell whether the text holds a word that the pattern needs; True where none is known."""
    needed = required(pattern)
    return not needed or any(word in text for word in needed)


@cache
def required(pattern: re.Pattern[str]) -> tuple[str, ...]:
    """Return words of which every match holds at least one, or nothing where that cannot be told."""
    if pattern.flags & (re.IGNORECASE | re.VERBOSE):
        return ()
    longest = tuple(max(runs, key=len) for runs in _branches(pattern.pattern))
    return longest if min(map(len, longest)) >= SHORTEST else ()


def _branches(source: str) -> list[list[str]]:
    """Return, for each alternative of the pattern, the runs of characters that stand outside of groups."""
    branches: list[list[str]] = [[""]]
    depth = 0
    for token in _TOKEN.finditer(source):
        operator = token["operator"]
        if operator in ("(", ")"):
            depth += 1 if operator == "(" else -1
        if depth:
            continue
        runs = branches[-1]
        character = token["literal"] or token["character"]
        if character:
            runs[-1] += character
            continue
        if token["optional"]:
            runs[-1] = runs[-1][:-1]
        if operator == "|":
            branches.append([""])
        else:
            runs.append("")
    return branches
