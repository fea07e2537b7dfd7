"""The keys: one table from which the bindings, the key line and the help all come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from npdoctor.tui.line import Line, fit, width_of
from npdoctor.tui.signs import Signs

GROUPS = ("move", "look", "fix", "run", "share", "app", "else")


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
    Key("fix", "f", "f", "fix", "what mends it: all broken, or what is marked", "fix"),
    Key("mark", "space", "Space", "mark", "mark a finding, or take the mark away", "fix"),
    Key("install", "A", "A", "write and install", "in a preview, twice: write and install; undo", "fix"),
    Key("write", "a", "a", "write files", "in a preview: write the files, nothing else", "fix"),
    Key("strategy", "s", "s", "other way", "in a preview: nearest, latest, back", "fix"),
    Key("undo", "u", "u", "undo", "what undoing puts back: newest or chosen fix", "fix"),
    Key("detail_down", "J", "J K", "", "scroll the detail without leaving the list", "look"),
    Key("detail_up", "K", "K", "", "", "look"),
    Key("filter", "slash", "/", "filter", "filter: word, a|b, !word, is:broken", "look"),
    Key("ignore", "x", "x", "ignore", "ignore the finding, asks why; or count it again", "fix"),
    Key("copy", "y", "y", "copy", "copy what is under the cursor, or the commands", "share"),
    Key("copy_report", "Y", "Y", "", "copy the whole report, redacted", "share"),
    Key("plain", "o", "o", "", "plain text in the normal screen, to select in", "share"),
    Key("export", "e", "e", "export", "save the report; shows first what is hidden", "share"),
    Key("hidden", "v", "v", "what is hidden", "in an export: where something is hidden", "share"),
    Key("save", "a", "a", "save", "in an export: save it", "share"),
    Key("why", "w", "w", "why", "why this is checked, and when it is wrong", "look"),
    Key("sort", "s", "s S", "sort", "next order of the list, the order turned round", "look"),
    Key("reverse", "S", "S", "", "", "look"),
    Key("lens", "L", "L", "other NumPy", "judge as if NumPy 1 were here, or NumPy 2; back", "look"),
    Key("findings", "1", "1 2 3 4 5", "", "findings, packages, extensions, GPU, history", "look"),
    Key("packages", "2", "2", "", "", "look"),
    Key("extensions", "3", "3", "", "", "look"),
    Key("gpus", "4", "4", "", "", "look"),
    Key("history", "5", "5", "", "", "look"),
    Key("next_pane", "tab", "Tab shift+Tab", "pane", "the next pane, the one before", "look"),
    Key("pane_before", "shift+tab", "shift+Tab", "", "", "look"),
    Key("layout", "P", "P", "", "the detail at the right, below, or none", "look"),
    Key("bigger", "plus", "+ _", "", "more room for the detail, or less", "look"),
    Key("smaller", "underscore", "_", "", "", "look"),
    Key("again", "r", "r R", "re-probe", "import it again, 60 s if it was silent; R all", "run"),
    Key("over", "R", "R", "", "", "run"),
    Key("pause", "p", "p", "pause", "pause the imports, or go on with them", "run"),
    Key("palette", "colon,ctrl+p", ": ctrl+p", "commands", "find a command by its name", "app"),
    Key("theme", "t", "t", "", "other colours, also for a light background", "app"),
    Key("mouse", "m", "m", "", "mouse on, or off: then the terminal selects", "app"),
    Key("help", "question_mark", "?", "help", "this help", "app"),
    Key("suspend", "ctrl+z", "ctrl+z", "", "suspend; fg brings it back", "app"),
    Key("quit", "q", "q", "quit", "quit; the exit code says what was found", "app"),
    Key("interrupt", "ctrl+c", "ctrl+c", "", "quit; before the end the exit code is 130", "app"),
)
MOVING = frozenset(key.action for key in KEYS if key.group == "move")
SHORT = {"open": "Enter", "close": "Esc", "next_pane": "Tab", "palette": ":", "again": "r"}
# What leaves the key line first where not all have room.
YIELDING = (":", "e", "x", "r", "y", "s S", "L", "Tab", "j k", "Space", "w", "/", "p", "J K", "u", "s", "?")


def sorted_out(keys: tuple[Key, ...], works: frozenset[str]) -> tuple[Key, ...]:
    """Return the keys with those that do nothing now in the last group; one meaning stays together."""
    sorted_keys: list[Key] = []
    for position, key in enumerate(keys):
        rest = keys[position + 1 :]
        beside = next((n for n, other in enumerate(rest) if other.meaning), len(rest))
        works_now = any(one.action in works for one in (key, *rest[:beside]))
        sorted_keys.append(key if works_now else replace(key, group="else"))
    return tuple(sorted_keys)


def hints(works: frozenset[str], page: str, words: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the key line as pairs of key and word: exactly what works now, `words` for the usual ones."""
    pairs: list[tuple[str, str]] = []
    if "down" in works:
        pairs.append(("j k", words.get("down", "scroll" if page else "move")))
    for key in KEYS:
        if key.action == "detail_down" and key.action in works and not page:
            pairs.append(("J K", "detail"))
        elif key.hint and key.action in works:
            pairs.append((SHORT.get(key.action, key.shown), words.get(key.action, key.hint)))
    return tuple(pairs)


def key_line(
    works: frozenset[str],
    page: str,
    words: Mapping[str, str],
    width: int,
    signs: Signs,
    names: Mapping[str, str] | None = None,
) -> Line:
    """Return the line of the keys that work now; what matters most stays where not all have room."""
    renamed = names or {}
    pairs = [(renamed.get(key, key), word) for key, word in hints(works, page, words)]
    yielding = [pair for key in YIELDING for pair in pairs if pair[0] == renamed.get(key, key)]
    staying = [renamed.get(key, key) for key in ("q", "?", "Esc", "Enter")]
    while len(pairs) > 1 and _length(pairs) > width:
        spare = yielding or [pair for pair in pairs if pair[0] not in staying] or pairs
        pairs.remove(spare[0])
        yielding = yielding[1:]
    spans: list[tuple[str, str]] = []
    for key, word in pairs:
        spans += [("  " if spans else " ", ""), (key, "strong"), (f" {word}", "")]
    return fit(tuple(spans), width, signs.more)


def _length(pairs: list[tuple[str, str]]) -> int:
    return sum(len(key) + len(word) + 3 for key, word in pairs) - 1


def question_line(words: tuple[str, ...], width: int, signs: Signs) -> Line:
    """Return a question to the person, in the longest of these words that has room."""
    said = next((text for text in words if len(text) + 2 <= width), words[-1])
    return fit(((f" {said}", "strong"),), width, signs.more)


def filter_line(typed: str, width: int, signs: Signs) -> Line:
    """Return the line in which a filter is typed."""
    shown: Line = ((" / ", "strong"), (signs.text(typed), ""), (" ", "reverse"))
    tip = "Enter keep  Esc clear  a|b  !word  is:warning "
    room = width - width_of(shown)
    return (*shown, (tip.rjust(room), "faint")) if room > len(tip) + 1 else fit(shown, width, signs.more)
