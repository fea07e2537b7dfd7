"""The parts of the screen and their layout: status, notice, the list of a pane and its detail, keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.app import ComposeResult
from textual.containers import Container
from textual.events import Resize
from textual.widget import Widget

from npdoctor.model.plan import Entry
from npdoctor.tui.canvas import Canvas
from npdoctor.tui.detail import Content, Detail, nothing
from npdoctor.tui.history import Past, undo_lines
from npdoctor.tui.keys import KEYS, Key
from npdoctor.tui.line import Line, block
from npdoctor.tui.listing import Listing
from npdoctor.tui.pages import help_lines, rule_lines
from npdoctor.tui.panes import FINDINGS, Item, Marked, Pane, tabs
from npdoctor.tui.present import Row, lens_notice, one_line, rooms_for_tabs, second_line, status_line
from npdoctor.tui.progress import fix_lines
from npdoctor.tui.signs import Signs
from npdoctor.tui.sorting import Ordering, order_words, ordered
from npdoctor.tui.state import State

DETAIL_HEIGHT = 11


class Board(Widget):
    """Everything on the screen; `page` covers list and detail with one longer text.

    `word` is said above the list until it is taken away, `extra` holds the pages that others fill.
    `marked` are the keys of marked rows, `subject` is what a fix was asked for on, `entry` what is undone.
    """

    DEFAULT_CSS = f"""
    Board {{ layout: vertical; width: 1fr; height: 1fr;
        #status {{ height: 2; }}
        #notice {{ height: 0; }}
        #body {{ width: 1fr; height: 1fr; }}
        #list {{ width: 1fr; height: 1fr; }}
        #detail {{ width: 1fr; height: {DETAIL_HEIGHT}; }}
        #page {{ width: 1fr; height: 1fr; display: none; }}
        #keys {{ height: 1; }}
    }}
    Board.split #body {{ layout: horizontal; }}
    Board.split #list {{ width: 58; }}
    Board.wide #list {{ width: 86; }}
    Board.split #detail {{ height: 1fr; }}
    Board.bare #detail {{ display: none; }}
    Board.tiny #status, Board.line #status {{ height: 1; }}
    Board.line #body, Board.line #keys, Board.line #notice {{ display: none; }}
    Board.page #list, Board.page #detail {{ display: none; }}
    Board.page #page {{ display: block; }}
    """

    def __init__(self, signs: Signs, on_size: Callable[[], None]) -> None:
        super().__init__()
        self._on_size = on_size
        self.signs = signs
        self.page = ""
        self.word = ""
        self.key_table: tuple[Key, ...] = KEYS
        self.extra: dict[str, tuple[object, Content]] = {}
        self.marked: Marked = frozenset()
        self.orderings: dict[str, Ordering] = {}
        self.subject = ""
        self.entry: Entry | None = None
        self.status, self.notice, self.keys = Canvas("status"), Canvas("notice"), Canvas("keys")
        self.list = Listing(signs, FINDINGS)
        self.detail, self.full = Detail("detail", signs), Detail("page", signs)

    def compose(self) -> ComposeResult:
        """Put the parts below one another."""
        yield self.status
        yield self.notice
        yield Container(self.list, self.detail, self.full, id="body")
        yield self.keys

    def on_resize(self, event: Resize) -> None:
        """Choose what is shown, and where, by the terminal's size."""
        width, height = event.size
        self.set_class(width < 20 or height < 5, "line")
        self.set_class(width < 60 or height < 10, "tiny")
        self.set_class(width < 60 or height < 20, "bare")
        self.set_class(width >= 100 and height >= 20, "split")
        self.set_class(width >= 160, "wide")
        self.detail.frame = "side" if self.has_class("split") else "above"
        self.call_after_refresh(self._on_size)

    @property
    def is_one_line(self) -> bool:
        """Tell whether there is room for one line only."""
        return self.has_class("line")

    @property
    def pane(self) -> Pane[Any]:
        """Return the pane that is listed."""
        return self.list.pane

    @property
    def ordering(self) -> Ordering:
        """Return the order that was chosen for the pane that is listed."""
        return self.orderings.get(self.pane.name, Ordering())

    @property
    def selected(self) -> Item | None:
        """Return what is under the cursor."""
        return self.list.selected

    @property
    def row(self) -> Row | None:
        """Return the finding under the cursor."""
        return self.selected if isinstance(self.selected, Row) else None

    @property
    def past(self) -> Past | None:
        """Return the fix under the cursor, in the history."""
        return self.selected if isinstance(self.selected, Past) else None

    @property
    def can_scroll_detail(self) -> bool:
        """Tell whether the detail beside the list is there and longer than its place."""
        return not self.has_class("bare") and self.detail.overflows

    def open(self, page: str) -> None:
        """Cover list and detail with a page, or uncover them where it is empty."""
        self.page = page
        self.set_class(bool(page), "page")

    def show(self, state: State, wanted: str) -> None:
        """Draw the state; each part repaints only what changed."""
        pane, ordering = self.pane, self.ordering
        rows = ordered(pane.rows(state, wanted), pane.sorts, ordering)
        words = pane.notice(state, wanted, len(rows))
        words = lens_notice(state, "" if rows else wanted) if state.lens else words
        self._show_notice(self.word or words)
        chosen = order_words(pane.sorts, ordering, self.signs) if ordering != Ordering() else ""
        foot = pane.foot(rows)
        if foot:
            chosen = f"{foot} {self.signs.dot} {order_words(pane.sorts, ordering, self.signs)}"
        self.list.show(rows, self.marked, chosen)
        self._show_status(state)
        self.show_selected(state)

    def show_selected(self, state: State) -> None:
        """Draw what belongs to the row under the cursor."""
        item, detail = self.selected, self.pane.detail
        if item is None:
            self.detail.show(None, nothing)
        else:
            self.detail.show((item.key, item), lambda width: detail(item, width, self.signs))
        self._show_page(state, item)

    def _show_status(self, state: State) -> None:
        width = self.size.width
        if self.is_one_line:
            self.status.draw([one_line(state, width, self.signs)])
            return
        lines = [status_line(state, width, self.signs)]
        if not self.has_class("tiny"):
            rooms = rooms_for_tabs(state, width, self.signs)
            panes = tabs(state, self.pane, len(self.list.rows), rooms)
            lines.append(second_line(state, panes, width, self.signs))
        self.status.draw(lines)

    def _show_notice(self, text: str) -> None:
        lines: list[Line] = []
        if text:
            lines = list(block(self.signs.text(text), self.size.width, "strong"))[
                : max(1, self.size.height - 4)
            ]
        height = self.notice.styles.height
        if height is None or height.value != len(lines):
            self.notice.styles.height = len(lines)
        self.notice.draw(lines)

    def _show_page(self, state: State, item: Item | None) -> None:
        signs, work = self.signs, state.work
        if self.page == "help":
            self.full.show("help", lambda width: help_lines(self.key_table, width, signs))
        elif self.page == "fix":
            key = ("fix", type(work), getattr(work, "order", None))
            self.full.show(key, lambda width: fix_lines(work, self.subject, width, signs))
        elif self.page == "undo" and self.entry:
            entry = self.entry
            self.full.show(("undo", type(work)), lambda width: undo_lines(entry, work, width, signs))
        elif self.page in self.extra:
            self.full.show(*self.extra[self.page])
        elif self.page == "why" and self.row and state.book and self.row.finding.code in state.book.codes:
            rule = state.book.codes[self.row.finding.code]
            self.full.show(("why", rule.code), lambda width: rule_lines(rule, width, signs))
        elif self.page == "detail" and item is not None:
            detail = self.pane.detail
            self.full.show(("detail", item.key), lambda width: detail(item, width, signs))
