"""Keys that the person chose in the config file, put over the table of keys; pure."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from textual.binding import Binding
from textual.keys import KEY_NAME_REPLACEMENTS, Keys

from npdoctor.tui.keys import KEYS, SHORT, Key

MODIFIERS = ("ctrl", "shift", "alt", "super")
NAMED = frozenset(key.value for key in Keys) | frozenset(KEY_NAME_REPLACEMENTS.values())
DISPLAYED = {
    "question_mark": "?", "slash": "/", "enter": "Enter", "escape": "Esc", "space": "Space", "tab": "Tab",
    "shift+tab": "shift+Tab", "pagedown": "PgDn", "pageup": "PgUp", "home": "Home", "end": "End",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Keymap:
    """The keys as they are: `bindings` by binding id, `names` from what the table shows to what is shown.

    `own` names by action the keys that are not the usual ones. `complaints` say what could not be taken
    and why; those keys stay as they were.
    """

    keys: tuple[Key, ...] = KEYS
    bindings: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    complaints: tuple[str, ...] = ()
    own: Mapping[str, str] = field(default_factory=dict)


def keymap_of(wanted: Mapping[str, str], table: tuple[Key, ...] = KEYS) -> Keymap:
    """Return the table with the wanted keys in it, as far as they are keys and free."""
    if not wanted:
        return Keymap(table)
    complaints: list[str] = []
    taken = dict(_understood(wanted, {key.action for key in table}, complaints))
    while clash := _clash(table, taken):
        action, key, other = clash
        complaints.append(f"[keys] {action}: {_display(key)} is already {other}.")
        del taken[action]
    chosen = tuple(replace(key, keys=taken.get(key.action, key.keys)) for key in table)
    names = dict(_names(table, chosen))
    shown = tuple(replace(key, shown=names.get(key.shown, key.shown)) for key in chosen)
    bindings = {f"npd.{key.action}": key.keys for key in chosen} if taken else {}
    own = {action: _display(keys.split(",")[0]) for action, keys in taken.items()}
    return Keymap(shown, bindings, names, tuple(complaints), own)


def _understood(
    wanted: Mapping[str, str], actions: set[str], complaints: list[str]
) -> Iterator[tuple[str, str]]:
    for action, written in wanted.items():
        if action not in actions:
            complaints.append(f"[keys] {action}: there is no such binding.")
            continue
        words = [word.strip() for word in written.split(",")] if written != "," else [","]
        bad = [word for word in words if not _is_key(word)]
        if bad:
            complaints.append(f"[keys] {action}: {bad[0]!r} is no key.")
            continue
        yield action, ",".join(_named(word) for word in words)


def _named(word: str) -> str:
    """Return the name by which a key is known: `?` is question_mark."""
    if word == ",":
        return "comma"
    (binding,) = Binding.make_bindings([Binding(word, "")])
    return str(binding.key)


def _is_key(word: str) -> bool:
    if len(word) == 1:
        return word.isprintable() and word != " "
    *modifiers, last = word.split("+")
    if any(modifier not in MODIFIERS for modifier in modifiers):
        return False
    if word in NAMED or last in NAMED or (modifiers and len(last) == 1):
        return True
    try:
        unicodedata.lookup(last.replace("_", " "))
    except KeyError:
        return False
    return True


def _clash(table: tuple[Key, ...], taken: Mapping[str, str]) -> tuple[str, str, str] | None:
    """Return a remapped action whose key another one has, which it did not share before."""
    by_key: dict[str, list[str]] = defaultdict(list)
    for key in table:
        for one in taken.get(key.action, key.keys).split(","):
            by_key[one].append(key.action)
    usual = {key.action: set(key.keys.split(",")) for key in table}
    for one, actions in by_key.items():
        for action in actions:
            others = [other for other in actions if other != action and not usual[other] & usual[action]]
            if action in taken and others:
                return action, one, others[0]
    return None


def _names(table: tuple[Key, ...], chosen: tuple[Key, ...]) -> Iterator[tuple[str, str]]:
    """Yield what is shown in place of what the table shows, for each line of the help that has changed."""
    first = {key.action: _display(key.keys.split(",")[0]) for key in chosen}
    was = {key.action: key.keys for key in table}
    for action, short in SHORT.items():
        if action in first and any(k.action == action and k.keys != was[action] for k in chosen):
            yield short, first[action]
    groups: list[list[tuple[Key, Key]]] = []
    for old, new in zip(table, chosen, strict=True):
        if old.meaning or not groups:
            groups.append([])
        groups[-1].append((old, new))
    for group in groups:
        if any(old.keys != new.keys for old, new in group):
            words = [_display(one) for _, new in group for one in new.keys.split(",")]
            yield group[0][0].shown, " ".join(words)
    if any(k.action in ("down", "up") and k.keys != was[k.action] for k in chosen):
        yield "j k", f"{first['down']} {first['up']}"


def _display(key: str) -> str:
    *modifiers, last = key.split("+") if len(key) > 1 else [key]
    if key in DISPLAYED:
        return DISPLAYED[key]
    character = next((c for c, name in _punctuation() if name == last), last)
    return "+".join([*modifiers, character])


def _punctuation() -> Iterator[tuple[str, str]]:
    for number in range(33, 127):
        character = chr(number)
        if not character.isalnum():
            name = unicodedata.name(character).lower().replace("-", "_").replace(" ", "_")
            yield character, KEY_NAME_REPLACEMENTS.get(name, name)
