"""Read what uv says: which distributions change, and why there is no answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from packaging.utils import canonicalize_name

from npdoctor.fix.engines.engine import EngineFailure, Move, Unsolvable

_CHANGE = re.compile(r"^ ([-+~]) ([A-Za-z0-9][A-Za-z0-9._-]*)==(\S+)", re.MULTILINE)
_ACTIONS = {"uninstalled": "-", "installed": "+", "reinstalled": "~"}
_NO_SOLUTION = re.compile(r"No solution found when resolving|requirements are unsatisfiable")
_REFUSED = re.compile(r"HTTP status (?:client|server) error|could not be queried due to|\b40[137] \w")
_UNREACHED = re.compile(
    r"client error \(Connect\)|error sending request|dns error|tcp connect error|timed out|operation timed"
    r"|Connection (?:refused|reset)|network was disabled|Network is unreachable",
    re.IGNORECASE,
)
_URL = re.compile(
    r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{1,30}://(?:[^\s/@]*@)?([^\s/?#\"'`)>]*)[^\s\"'`)>]*"
)
_MOST_CAUSE, _MOST_HINT = 500, 400


def moves_from_json(text: str) -> tuple[Move, ...]:
    """Return the moves of uv's JSON report; raises ValueError where it is none."""
    try:
        changes = json.loads(text)["changes"]
        return moves((_ACTIONS[c["action"]], c["name"], c["version"]) for c in changes)
    except (KeyError, TypeError) as error:
        raise ValueError("the report has another form than expected") from error


def moves_from_text(text: str) -> tuple[Move, ...]:
    """Return the moves that uv lists for a person, in the form of every version since 0.4."""
    return moves(_CHANGE.findall(text))


def moves(changes: Iterable[tuple[str, str, str]]) -> tuple[Move, ...]:
    """Join what goes and what comes, by name; `~` is the same version again."""
    old: dict[str, str] = {}
    new: dict[str, str] = {}
    for sign, name, version in changes:
        for into, signs in ((old, "-~"), (new, "+~")):
            if sign in signs:
                into[canonicalize_name(name)] = version
    return tuple(Move(name, old.get(name), new.get(name)) for name in sorted(old.keys() | new.keys()))


def no_answer(said: str) -> Unsolvable | EngineFailure:
    """Tell whether there is no solution, or uv could not look, from what it printed."""
    if _REFUSED.search(said):
        return EngineFailure(f"an index refuses to answer: {_reason(said)}")
    if _UNREACHED.search(said):
        place = _URL.search(said)
        return EngineFailure(f"{place[1] if place else 'the index'} cannot be reached", offline=True)
    if _NO_SOLUTION.search(said):
        return Unsolvable(_reason(said))
    return EngineFailure(_reason(said) or "uv ended without a word")


def without_urls(text: str) -> str:
    """Return the text with only the host of each URL."""
    return _URL.sub(lambda found: found[1] or "a local file", text)


def _reason(said: str) -> str:
    """Return the conclusion and the hints, each in one line; long derivations are cut from the front."""
    start = re.search(r"^(?:error|  ×|\s*cause|  Caused by)", said, re.MULTILINE)
    body, *hints = re.split(r"^\s*hint:", said[start.start() if start else 0 :], flags=re.MULTILINE)
    body = re.sub(r"^\s*(?:error|cause|Caused by):|[×╰─▶│]", " ", body, flags=re.MULTILINE)
    body = " ".join(body.split()).removeprefix("No solution found when resolving dependencies").strip(" :")
    if len(body) > _MOST_CAUSE:
        clauses = re.split(r"(?<=\.) (?=And because|Because)", body)
        body = clauses[-1].removeprefix("And because").removeprefix("Because").strip()
        body = f"... {body[-_MOST_CAUSE:]}"
    # What uv advises about its index strategy would take strangers' packages for the person's own.
    told = [" ".join(hint.split()).partition(" A compatible version may")[0][:_MOST_HINT] for hint in hints]
    return without_urls(" ".join([body, *(f"Hint: {hint}" for hint in told)])).strip()
