"""The one gate between a document and every format."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, TypeVar

from npdoctor.model.finding import Finding
from npdoctor.report.document.blocks import CodeBlock, Diff, Mark
from npdoctor.report.redact import Redactor

T = TypeVar("T")


def redacted(value: T, redactor: Redactor) -> T:
    """Return a document, or a part of one, with every text of it redacted.

    Blocks of several lines are redacted as a whole: a key can go over several of them.
    """
    shown: T = _redacted(value, redactor)
    return shown


def _redacted(value: Any, redactor: Redactor) -> Any:
    if isinstance(value, str) and not isinstance(value, Enum):
        return redactor.redact(value)
    if isinstance(value, tuple):
        return tuple(_redacted(member, redactor) for member in value)
    if isinstance(value, (Mark, int)):
        return value
    if isinstance(value, Finding):
        return redactor.redact_finding(value)
    if isinstance(value, CodeBlock):
        return replace(value, text=redactor.redact(value.text))
    if isinstance(value, Diff):
        lines = redactor.redact("\n".join(value.lines)).split("\n")
        return Diff(redactor.redact(value.path), tuple(lines))
    if is_dataclass(value) and not isinstance(value, type):
        changed = {field.name: _redacted(getattr(value, field.name), redactor) for field in fields(value)}
        return replace(value, **{name: text for name, text in changed.items() if name not in ("id", "state")})
    raise TypeError(f"no redaction for {type(value).__name__}")
