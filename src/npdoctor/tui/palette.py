"""The commands by name: every key that works now, the rules, the themes, and other interpreters."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from npdoctor.tui.detail import Content
from npdoctor.tui.keys import Key
from npdoctor.tui.line import EMPTY, Line, cut, fit, width_of
from npdoctor.tui.signs import Signs
from npdoctor.tui.state import State
from npdoctor.tui.themes import THEMES

NAME_WIDTH = 26
# What a key does, in the words that a person would look for.
NAMES = {
    "open": "open what is chosen",
    "close": "back, or clear the filter",
    "fix": "fix: show what mends it",
    "mark": "mark for a fix",
    "install": "write and install, or undo",
    "write": "write the files of the fix",
    "strategy": "plan another way",
    "undo": "undo a fix",
    "detail_down": "scroll the detail down",
    "detail_up": "scroll the detail up",
    "findings": "pane: findings",
    "packages": "pane: packages",
    "extensions": "pane: extensions",
    "gpus": "pane: GPUs",
    "history": "pane: history of fixes",
    "next_pane": "pane: the next",
    "pane_before": "pane: the one before",
    "filter": "filter the list",
    "ignore": "ignore a finding, or not",
    "copy": "copy what is chosen",
    "copy_report": "copy the whole report",
    "plain": "plain text, normal screen",
    "export": "export the report",
    "hidden": "what is hidden in an export",
    "save": "save the export",
    "why": "why this is checked",
    "sort": "sort in the next order",
    "reverse": "turn the order round",
    "lens": "as if another NumPy",
    "layout": "layout of the detail",
    "bigger": "detail: more room",
    "smaller": "detail: less room",
    "again": "re-probe what is chosen",
    "over": "check everything again",
    "pause": "pause the imports, or go on",
    "mouse": "mouse on or off",
    "theme": "next theme",
    "help": "help",
    "suspend": "suspend to the shell",
    "quit": "quit",
}


@dataclass(frozen=True, slots=True)
class Command:
    """One line of the palette; `kind` and `value` say what running it does."""

    name: str
    meaning: str
    kind: str
    value: str
    key: str = ""


def commands(works: frozenset[str], keys: Iterable[Key], state: State) -> tuple[Command, ...]:
    """Return all that can be done now."""
    return tuple(_commands(works, keys, state))


def _commands(works: frozenset[str], keys: Iterable[Key], state: State) -> Iterator[Command]:
    for key in keys:
        if key.action in works and key.action not in ("palette", "interrupt") and key.group != "move":
            name = NAMES.get(key.action, key.action.replace("_", " "))
            yield Command(name, key.meaning, "action", key.action, key.shown.split(" ")[0])
    for theme in THEMES:
        yield Command(f"theme {theme.name}", theme.meaning, "theme", theme.name)
    if "over" in works:
        for python in _interpreters():
            yield Command("examine another Python", python, "python", python)
    for rule in state.book.codes.values() if state.book else ():
        yield Command(f"explain {rule.code}", rule.title, "rule", rule.code)


def _interpreters() -> tuple[str, ...]:
    from npdoctor.probe.launch import current_folder
    from npdoctor.probe.locate import find_interpreters

    return find_interpreters(os.environ, current_folder())


def found(every: Iterable[Command], typed: str) -> tuple[Command, ...]:
    """Return the commands that hold every word that was typed, those with it in the name first."""
    words = typed.lower().split()
    fitting = [one for one in every if all(word in f"{one.name} {one.meaning}".lower() for word in words)]
    return tuple(sorted(fitting, key=lambda one: not all(word in one.name.lower() for word in words)))


def palette_lines(rows: tuple[Command, ...], cursor: int, room: int, signs: Signs) -> Content:
    """Return the page of the commands, the chosen one in view, as it is at a width."""

    def lines(width: int) -> list[Line]:
        if not rows:
            return [((" No command has these words. Esc leaves.", "strong"),)]
        shown = max(1, room - 2)
        top = max(0, min(cursor - shown // 2, len(rows) - shown))
        title: Line = ((" Commands", "strong"), (f"  {cursor + 1} of {len(rows)}", "faint"))
        listed = enumerate(rows[top : top + shown], start=top)
        return [title, EMPTY, *(_row(row, number == cursor, width, signs) for number, row in listed)]

    return lines


def _row(row: Command, selected: bool, width: int, signs: Signs) -> Line:
    marker = signs.cursor if selected else " "
    name = cut(signs.text(row.name), NAME_WIDTH, signs.more).ljust(NAME_WIDTH)
    spans: Line = ((f"{marker}{row.key:>6} ", "faint"), (f" {name}", "strong" if selected else ""))
    return fit((*spans, (f"  {signs.text(row.meaning)}", "faint")), width, signs.more)


def command_line(typed: str, width: int, signs: Signs) -> Line:
    """Return the line in which a command is looked for."""
    shown: Line = ((" : ", "strong"), (signs.text(typed), ""), (" ", "reverse"))
    tip = "Enter runs it  up down  Esc leaves "
    left = width - width_of(shown)
    return (*shown, (tip.rjust(left), "faint")) if left > len(tip) else fit(shown, width, signs.more)
