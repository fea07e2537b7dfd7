"""The keys: one table from which the bindings, the key line and the help all come."""

from __future__ import annotations

from dataclasses import dataclass

from npdoctor.tui.line import Line, fit, width_of
from npdoctor.tui.signs import Signs

GROUPS = ("move", "look", "run", "app")


@dataclass(frozen=True, slots=True)
class Key:
    """Keys that do one thing; `hint` is the word on the key line, empty where it is only in the help."""

    action: str
    keys: str
    shown: str
    hint: str
    meaning: str
    group: str


# In the order of the key line; a key without a meaning is named beside the one before it.
KEYS = (
    Key("down", "j,down", "j k down up", "", "next, previous", "move"),
    Key("up", "k,up", "k up", "", "", "move"),
    Key("top", "g,home", "g G Home End", "", "first, last", "move"),
    Key("bottom", "G,end", "G End", "", "", "move"),
    Key("half_down", "ctrl+d", "ctrl+d ctrl+u", "", "half a screen down, up", "move"),
    Key("half_up", "ctrl+u", "ctrl+u", "", "", "move"),
    Key("page_down", "pagedown", "PgDn PgUp", "", "a screen down, up", "move"),
    Key("page_up", "pageup", "PgUp", "", "", "move"),
    Key("open", "enter,l,right", "Enter l right", "open", "the finding on the whole screen", "look"),
    Key("close", "escape,h,left", "Esc h left", "back", "back; in the list it clears the filter", "look"),
    Key("detail_down", "J", "J K", "", "scroll the detail without leaving the list", "look"),
    Key("detail_up", "K", "K", "", "", "look"),
    Key("filter", "slash", "/", "filter", "filter: word, a|b, !word, is:broken", "look"),
    Key("why", "w", "w", "why", "why this is checked, and when it is wrong", "look"),
    Key("pause", "p", "p", "pause", "pause the imports, or go on with them", "run"),
    Key("help", "question_mark", "?", "help", "this help", "app"),
    Key("suspend", "ctrl+z", "ctrl+z", "", "suspend; fg brings it back", "app"),
    Key("quit", "q", "q", "quit", "quit; the exit code says what was found", "app"),
    Key("interrupt", "ctrl+c", "ctrl+c", "", "quit; before the end the exit code is 130", "app"),
)
MOVING = frozenset(key.action for key in KEYS if key.group == "move")
SHORT = {"open": "Enter", "close": "Esc"}


def hints(works: frozenset[str], page: str, paused: bool) -> tuple[tuple[str, str], ...]:
    """Return the key line as pairs of key and word: exactly what works now."""
    pairs: list[tuple[str, str]] = []
    if "down" in works:
        pairs.append(("j k", "scroll" if page else "move"))
    for key in KEYS:
        if key.action == "detail_down" and key.action in works:
            pairs.append(("J K", "detail"))
        elif key.hint and key.action in works:
            pairs.append((SHORT.get(key.action, key.shown), _hint(key, page, paused)))
    return tuple(pairs)


def _hint(key: Key, page: str, paused: bool) -> str:
    if key.action == "pause" and paused:
        return "go on"
    if key.action == "close" and not page:
        return "all"
    return key.hint


def key_line(works: frozenset[str], page: str, paused: bool, width: int, signs: Signs) -> Line:
    """Return the line of the keys that work now; quit and help stay where not all have room."""
    pairs = list(hints(works, page, paused))
    while len(pairs) > 1 and _length(pairs) > width:
        spare = [pair for pair in pairs if pair[1] not in ("quit", "help", "back", "open")]
        pairs.remove(spare[-1] if spare else pairs[0])
    spans: list[tuple[str, str]] = [(" ", "")]
    for key, word in pairs:
        spans += [(key, "strong"), (f" {word}  ", "")]
    return fit(tuple(spans), width, signs.more)


def _length(pairs: list[tuple[str, str]]) -> int:
    return sum(len(key) + len(word) + 3 for key, word in pairs) - 1


def filter_line(typed: str, width: int, signs: Signs) -> Line:
    """Return the line in which a filter is typed."""
    shown: Line = ((" / ", "strong"), (signs.text(typed), ""), (" ", "reverse"))
    tip = "Enter keep  Esc clear  a|b  !word  is:warning "
    room = width - width_of(shown)
    return (*shown, (tip.rjust(room), "faint")) if room > len(tip) + 1 else fit(shown, width, signs.more)
