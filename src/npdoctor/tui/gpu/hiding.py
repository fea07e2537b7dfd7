"""Take facts behind the redactor: every text in them, whatever holds it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from enum import Enum
from typing import TypeVar, cast

T = TypeVar("T")


def hidden(value: T, hide: Callable[[str], str]) -> T:
    """Return a frozen value of the model with every text of it redacted."""
    return cast(T, _hidden(value, hide))


def _hidden(value: object, hide: Callable[[str], str]) -> object:
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return hide(value)
    if isinstance(value, tuple):
        return tuple(_hidden(member, hide) for member in value)
    if isinstance(value, Mapping):
        return {key: _hidden(member, hide) for key, member in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        changed = {name: _hidden(member, hide) for name, member in fields.items()}
        return dataclasses.replace(value, **changed)
    return value
