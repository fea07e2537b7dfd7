"""The panes: what each lists, how a row of it looks, and what is told of the one under the cursor; pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from npdoctor.report.prose import number
from npdoctor.tui.extensions import (
    EXTENSION_SORTS,
    Extension,
    extension_count,
    extension_foot,
    extension_words,
    extensions_of,
)
from npdoctor.tui.filtering import fitting, matching
from npdoctor.tui.gpu.detail import gpu_lines
from npdoctor.tui.gpu.lines import gpu_painter
from npdoctor.tui.gpu.rows import GpuRow, gpu_rows_of, gpu_words
from npdoctor.tui.gpu.words import gpu_notice
from npdoctor.tui.history import Past, past_head, past_line, past_lines, past_of
from npdoctor.tui.import_lines import extension_head, extension_line, extension_lines
from npdoctor.tui.line import EMPTY, Line, width_of
from npdoctor.tui.packages import (
    PACKAGE_SORTS,
    Package,
    package_head,
    package_line,
    package_lines,
    package_words,
    packages_of,
)
from npdoctor.tui.pages import row_lines
from npdoctor.tui.present import Row, ignored_rows, notice, row_line, rows_of, subject_width
from npdoctor.tui.signs import Signs
from npdoctor.tui.sorting import Sort
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
    under the cursor, `detail` tells all of it, `notice` is the sentence above the list, `foot` stands
    under it. `sorts` are its orders, the first one that in which the rows come.
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
    sorts: tuple[Sort[T], ...] = ()
    filters: bool = True
    foot: Callable[[tuple[T, ...]], str] = lambda _: ""


def _finding_count(state: State, shown: int) -> str:
    total = len(state.findings) + len(state.ignored)
    if not state.diagnosis:
        return ""
    return str(len(state.findings)) if shown == total else f"{shown} of {total}"


def _finding_painter(rows: tuple[Row, ...], width: int, marked: Marked, signs: Signs) -> Painter[Row]:
    subjects = subject_width(rows, width)
    return lambda row, selected: row_line(row, width, subjects, selected, signs, row.key in marked)


def _finding_notice(state: State, wanted: str, shown: int) -> str:
    if wanted and not shown and state.findings:
        return f'No finding matches "{wanted}". Esc clears the filter.'
    return notice(state)


def _no_match(noun: str, wanted: str) -> str:
    return f'No {noun} matches "{wanted}". Esc clears the filter.'


def _package_painter(
    rows: tuple[Package, ...],  # noqa: ARG001
    width: int,
    marked: Marked,  # noqa: ARG001
    signs: Signs,
) -> Painter[Package]:
    return lambda package, selected: package_line(package, width, selected, signs)


def _package_count(state: State, shown: int) -> str:
    total = len(packages_of(state))
    if not total:
        return ""
    return str(total) if shown == total else f"{shown} of {total}"


def _package_notice(state: State, wanted: str, shown: int) -> str:
    if state.diagnosis is None:
        return notice(state)
    if shown:
        return ""
    return _no_match("package", wanted) if wanted else "No package is installed here."


def _extension_painter(
    rows: tuple[Extension, ...],  # noqa: ARG001
    width: int,
    marked: Marked,  # noqa: ARG001
    signs: Signs,
) -> Painter[Extension]:
    return lambda row, selected: extension_line(row, width, selected, signs)


def _extension_notice(state: State, wanted: str, shown: int) -> str:
    if state.diagnosis is None:
        return notice(state)
    if shown:
        return ""
    return _no_match("distribution", wanted) if wanted else "No compiled extensions here: nothing to probe."


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
    rows=lambda state, wanted: matching(rows_of(state.findings) + ignored_rows(state.ignored), wanted),
    count=_finding_count,
    head=lambda _: EMPTY,
    painter=_finding_painter,
    detail=row_lines,
    notice=_finding_notice,
    sorts=(
        Sort("state"),
        Sort("name", lambda row: (row.finding.subject, row.finding.code)),
        Sort("code", lambda row: (row.finding.code, row.finding.subject)),
    ),
)
PACKAGES: Pane[Package] = Pane(
    number="2",
    name="packages",
    title="Packages",
    rows=lambda state, wanted: fitting(packages_of(state), wanted, package_words),
    count=_package_count,
    head=package_head,
    painter=_package_painter,
    detail=package_lines,
    notice=_package_notice,
    sorts=PACKAGE_SORTS,
    foot=lambda rows: number(len(rows), "package"),
)
EXTENSIONS: Pane[Extension] = Pane(
    number="3",
    name="extensions",
    title="Extensions",
    rows=lambda state, wanted: fitting(extensions_of(state), wanted, extension_words),
    count=extension_count,
    head=extension_head,
    painter=_extension_painter,
    detail=extension_lines,
    notice=_extension_notice,
    sorts=EXTENSION_SORTS,
    foot=extension_foot,
)
GPUS: Pane[GpuRow] = Pane(
    number="4",
    name="gpus",
    title="GPU",
    rows=lambda state, wanted: fitting(gpu_rows_of(state), wanted, gpu_words),
    count=lambda *_: "",
    head=lambda _: EMPTY,
    painter=lambda rows, width, _, signs: gpu_painter(rows, width, signs),
    detail=gpu_lines,
    notice=gpu_notice,
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
    filters=False,
)
PANES: tuple[Pane[Any], ...] = (FINDINGS, PACKAGES, EXTENSIONS, GPUS, HISTORY)


def tabs(state: State, current: Pane[Any], shown: int, rooms: tuple[int, int] = (200, 200)) -> Line:
    """Return the panes, the current one in brackets; `shown` counts the rows of that.

    `rooms` are the cells there are, and those there can be. Where they are few the other panes lose their
    counts, in the end their titles too.
    """
    counts = {pane: pane.count(state, len(pane.rows(state, ""))) for pane in PANES if pane is not current}
    counts[current] = current.count(state, shown)
    forms = (
        {pane: (pane.number, pane.title, counts[pane]) for pane in PANES},
        {pane: (pane.number, pane.title) for pane in PANES},
        {pane: (pane.number,) for pane in PANES},
    )
    lines = []
    for form in forms:
        texts = {pane: " ".join(filter(None, words)) for pane, words in form.items()}
        texts[current] = " ".join(filter(None, forms[0][current]))
        lines.append(_tab_line(texts, current))
    limits = (rooms[0], max(rooms), width_of(lines[-1]))
    fitting_lines = (line for line, limit in zip(lines, limits, strict=True) if width_of(line) <= limit)
    return next(fitting_lines)


def _tab_line(texts: dict[Pane[Any], str], current: Pane[Any]) -> Line:
    spans: list[tuple[str, str]] = [(" ", "")]
    for pane, text in texts.items():
        last = "" if pane is PANES[-1] else " "
        spans.append((f"[{text}]", "strong") if pane is current else (f" {text}{last}", "faint"))
    return tuple(spans)
