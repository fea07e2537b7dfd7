"""The memory of the GPUs in one line, under what the other panes list; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from npdoctor.model.gpu import Memory
from npdoctor.tui.gpu.bars import bar
from npdoctor.tui.gpu.lines import share_words, short_name
from npdoctor.tui.gpu.live import gpus_of, load_of, trace_of
from npdoctor.tui.gpu.rows import BoardRow
from npdoctor.tui.gpu.words import GIB, said
from npdoctor.tui.line import EMPTY, Line, fit, width_of
from npdoctor.tui.signs import Signs
from npdoctor.tui.state import State

BAR = 10
Form: TypeAlias = Callable[[BoardRow, Signs], Iterator[tuple[str, str]]]


def gpu_strip(state: State, width: int, signs: Signs) -> Line:
    """Return every GPU with its memory, in the most words for which all have room; empty without a GPU."""
    trace = trace_of(state)
    rows = [BoardRow(gpu, (), load_of(gpu, trace)) for gpu in gpus_of(state)]
    if not rows:
        return EMPTY
    lines = [_joined(rows, form, signs) for form in (_named, _drawn, _told, _share)]
    lines.append(_joined(rows, _share, signs, others=""))
    if trace.failure:
        lines = [(*line, ("  as last read", "faint")) for line in lines]
    return next((line for line in lines if width_of(line) <= width), fit(lines[-1], width, signs.more))


def _joined(rows: list[BoardRow], form: Form, signs: Signs, others: str = "GPU ") -> Line:
    """Put the GPUs beside one another; `others` stands before the number of all but the first."""
    spans: list[tuple[str, str]] = []
    for row in rows:
        spans.append((f"  {others}{row.gpu.index} " if spans else f" GPU {row.gpu.index} ", "faint"))
        spans += [("lost", "broken")] if row.lost else form(row, signs)
    return tuple(spans)


def _named(row: BoardRow, signs: Signs) -> Iterator[tuple[str, str]]:
    yield f"{short_name(signs.text(said(row.gpu.identity.name)))}  VRAM ", "faint"
    yield from _drawn(row, signs)


def _drawn(row: BoardRow, signs: Signs) -> Iterator[tuple[str, str]]:
    memory = row.load.memory
    if isinstance(memory, Memory) and memory.total > 0:
        yield f"{bar(memory.used / memory.total, BAR, signs)} ", "info"
    yield from _told(row, signs)


def _told(row: BoardRow, signs: Signs) -> Iterator[tuple[str, str]]:
    memory = row.load.memory
    if isinstance(memory, Memory):
        yield f"{memory.used / GIB:.1f}/{memory.total / GIB:.1f} GiB", ""
    yield from _share(row, signs)


def _share(row: BoardRow, _: Signs) -> Iterator[tuple[str, str]]:
    yield share_words(row.load.memory), ""
