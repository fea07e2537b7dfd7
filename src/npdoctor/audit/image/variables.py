"""Put the values of ARG, ENV and shell variables into text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DOLLAR = re.compile(r"\\.|\$(?=[A-Za-z_{])", re.DOTALL)
_CHOOSING = re.compile(r":?[-+=?]")
_DEEPEST = 12
_LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class Value:
    """The value of a variable; `unknown` names what in it is not known and stands there as written."""

    text: str
    unknown: tuple[str, ...] = ()


def expanded(text: str, variables: Mapping[str, Value], depth: int = 0) -> Value:
    """Return a text with the values of variables in it; those that have none stay as written.

    What grows beyond 20,000 characters, or is nested more than 12 deep, stays as written too.
    """
    parts, unknown, position = list[str](), list[str](), 0
    length = 0
    while found := _DOLLAR.search(text, position):
        if found[0] != "$":
            parts.append(text[position : found.end()])
            position = found.end()
            continue
        end = reference_end(text, found.start())
        value = _looked_up(text[found.start() : end], variables, depth)
        parts += [text[position : found.start()], value.text]
        length += len(value.text)
        unknown += value.unknown
        position = end
        if length > _LONGEST:
            return Value(text, ("a value that is too long",))
    parts.append(text[position:])
    return Value("".join(parts), tuple(dict.fromkeys(unknown)))


def reference_end(text: str, position: int) -> int:
    """Return where the reference to a variable ends that begins with the dollar at this position."""
    if text[position + 1 : position + 2] == "{":
        return operand_end(text, position)
    name = _NAME.match(text, position + 1)
    return name.end() if name else position + 1


def operand_end(text: str, position: int) -> int:
    """Return where `${...}` ends, or the end of the text where it is not closed."""
    depth = 0
    while position < len(text):
        character = text[position]
        if character == "\\":
            position += 1
        elif character == "{" and text[position - 1] == "$":
            depth += 1
        elif character == "}":
            depth -= 1
            if depth <= 0:
                return position + 1
        position += 1
    return len(text)


def _looked_up(reference: str, variables: Mapping[str, Value], depth: int) -> Value:
    braced = reference.startswith("${")
    name = _NAME.match(reference, 2 if braced else 1)
    if name is None or depth > _DEEPEST or (braced and not reference.endswith("}")):
        return Value(reference, (name[0] if name else reference[:40],))
    value = variables.get(name[0])
    rest = reference[name.end() : -1] if braced else ""
    if not rest:
        return value or Value(reference, (name[0],))
    choosing = _CHOOSING.match(rest)
    if choosing is None:
        return Value(reference, (name[0],))
    operand = rest[choosing.end() :]
    is_set = value is not None and (bool(value.text) or not choosing[0].startswith(":"))
    if choosing[0].endswith("+"):
        if value is None:
            return Value("")
        return expanded(operand, variables, depth + 1) if is_set else Value("")
    if is_set and value is not None:
        return value
    if choosing[0].endswith("?"):
        return Value(reference, (name[0],))
    return expanded(_unquoted(operand), variables, depth + 1)


def _unquoted(operand: str) -> str:
    if len(operand) > 1 and operand[0] == operand[-1] and operand[0] in "'\"":
        return operand[1:-1]
    return operand
