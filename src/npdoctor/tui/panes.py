"""The panes: what each lists, how a row of it looks, and what is told of the one under the cursor; pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from npdoctor.tui.filtering import matching
from npdoctor.tui.history import Past, past_head, past_line, past_lines, past_of
from npdoctor.tui.line import EMPTY, Line
from npdoctor.tui.pages import finding_lines
from npdoctor.tui.present import Row, notice, row_line, rows_of, subject_width
from npdoctor.tui.signs import Signs
from npdoctor.tui.state import State


class Item(Protocol):
    """One thing in a list; `key` tells it from the others, however they are ordered."""

    @property
    def key(self) -> Hashable:
        """Return what stays the same while the rest of it changes."""


T = TypeVar("T", bound=Item)
Marked: TypeAlias = frozenset[Hashable]
Painter: TypeAlias = Callable[[T, bool], Line]


@dataclass(frozen=True, slots=True)
class Pane(Generic[T]):
    """One list of the screen, reached by the key `number`.

    `rows` takes the filter too. `count` is what the tab shows, `painter` draws a row by whether it is
    under the cursor, `detail` tells all of it, `notice` is the sentence above the list.
    """

    number: str
    name: str
    title: str
    rows: Callable[[State, str], tuple[T, ...]]
    count: Callable[[State, int], str]
    head: Callable[[int], Line]
    painter: Callable[[tuple[T, ...], int, Marked, Signs], Painter[T]]
    detail: Callable[[T, int, Signs], list[Line]]
    notice: Callable[[State, str, int], str]


def _finding_count(state: State, shown: int) -> str:
    total = len(state.findings)
    if not state.diagnosis:
        return ""
    return str(total) if shown == total else f"{shown} of {total}"


def _finding_painter(rows: tuple[Row, ...], width: int, marked: Marked, signs: Signs) -> Painter[Row]:
    subjects = subject_width(rows, width)
    return lambda row, selected: row_line(row, width, subjects, selected, signs, row.key in marked)


def _finding_notice(state: State, wanted: str, shown: int) -> str:
    if wanted and not shown and state.findings:
        return f'No finding matches "{wanted}". Esc clears the filter.'
    return notice(state)


def _past_painter(rows: tuple[Past, ...], width: int, marked: Marked, signs: Signs) -> Painter[Past]:  # noqa: ARG001
    return lambda past, selected: past_line(past, width, selected, signs)


def _past_notice(state: State, wanted: str, shown: int) -> str:  # noqa: ARG001
    if state.history is None:
        return "The journal was not read yet."
    return "" if shown else "Nothing was fixed here yet. f on a finding shows what would mend it."


FINDINGS: Pane[Row] = Pane(
    number="1",
    name="findings",
    title="Findings",
    rows=lambda state, wanted: matching(rows_of(state.findings), wanted),
    count=_finding_count,
    head=lambda _: EMPTY,
    painter=_finding_painter,
    detail=lambda row, width, signs: finding_lines(row.finding, width, signs),
    notice=_finding_notice,
)
HISTORY: Pane[Past] = Pane(
    number="5",
    name="history",
    title="History",
    rows=lambda state, _: past_of(state.history),
    count=lambda state, _: str(len(state.history)) if state.history else "",
    head=past_head,
    painter=_past_painter,
    detail=past_lines,
    notice=_past_notice,
)
PANES: tuple[Pane[Any], ...] = (FINDINGS, HISTORY)


def tabs(state: State, current: Pane[Any], shown: int) -> Line:
    """Return the panes, the current one in brackets; `shown` counts the rows of that."""
    spans: list[tuple[str, str]] = [(" ", "")]
    for pane in PANES:
        is_current = pane is current
        rows = shown if is_current else len(pane.rows(state, ""))
        text = " ".join(filter(None, (pane.number, pane.title, pane.count(state, rows))))
        last = "" if pane is PANES[-1] else " "
        spans.append((f"[{text}]", "strong") if is_current else (f" {text}{last}", "faint"))
    return tuple(spans)
