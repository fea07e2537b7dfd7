"""Carry words of the model from process to process: one JSON object a line, each marked with its class."""

from __future__ import annotations

import dataclasses
import json
from enum import Enum
from typing import Any

from npdoctor.model import gpu

_MARK = "is"
_CLASSES: dict[str, Any] = {
    name: kind
    for name, kind in vars(gpu).items()
    if isinstance(kind, type) and kind.__module__ == gpu.__name__
}


def to_line(value: Any) -> bytes:
    """Return a value of the model as one line."""
    return json.dumps(_plain(value)).encode("ascii") + b"\n"


def from_line(line: bytes) -> Any:
    """Return the value that a line carries; raise ValueError for a line that carries none."""
    try:
        return _rich(json.loads(line))
    except (KeyError, TypeError, RecursionError) as problem:
        raise ValueError(f"not a word of the model: {problem!r}") from problem


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        fields = {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {_MARK: type(value).__name__, **fields}
    if isinstance(value, Enum):
        return {_MARK: type(value).__name__, "value": value.value}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _rich(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(map(_rich, value))
    if not isinstance(value, dict):
        return value
    fields = {name: _rich(item) for name, item in value.items() if name != _MARK}
    return _CLASSES[value[_MARK]](**fields)
