"""The parts of the screen and their layout: status, notice, findings and detail, keys."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Container
from textual.events import Resize
from textual.widget import Widget

from npdoctor.tui.canvas import Canvas
from npdoctor.tui.detail import Detail, nothing
from npdoctor.tui.filtering import matching
from npdoctor.tui.keys import KEYS
from npdoctor.tui.line import Line, block
from npdoctor.tui.listing import Listing
from npdoctor.tui.pages import finding_lines, help_lines, rule_lines
from npdoctor.tui.present import Row, notice, one_line, rows_of, second_line, status_line
from npdoctor.tui.signs import Signs
from npdoctor.tui.state import State

DETAIL_HEIGHT = 11


class Board(Widget):
    """Everything on the screen; `page` covers findings and detail with one longer text."""

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
        self.status, self.notice, self.keys = Canvas("status"), Canvas("notice"), Canvas("keys")
        self.list = Listing(signs)
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
    def selected(self) -> Row | None:
        """Return the finding under the cursor."""
        return self.list.selected

    @property
    def can_scroll_detail(self) -> bool:
        """Tell whether the detail beside the list is there and longer than its place."""
        return not self.has_class("bare") and self.detail.overflows

    def open(self, page: str) -> None:
        """Cover findings and detail with a page, or uncover them where it is empty."""
        self.page = page
        self.set_class(bool(page), "page")

    def show(self, state: State, wanted: str) -> None:
        """Draw the state; each part repaints only what changed."""
        rows = matching(rows_of(state.findings), wanted)
        self._show_notice(state, wanted, len(rows))
        self.list.show(rows)
        self._show_status(state)
        self.show_selected(state)

    def show_selected(self, state: State) -> None:
        """Draw what belongs to the finding under the cursor."""
        row = self.selected
        if row is None:
            self.detail.show(None, nothing)
        else:
            finding = row.finding
            self.detail.show((row.key, finding), lambda width: finding_lines(finding, width, self.signs))
        self._show_page(state, row)

    def _show_status(self, state: State) -> None:
        width = self.size.width
        if self.is_one_line:
            self.status.draw([one_line(state, width, self.signs)])
            return
        lines = [status_line(state, width, self.signs)]
        if not self.has_class("tiny"):
            lines.append(second_line(state, len(self.list.rows), width, self.signs))
        self.status.draw(lines)

    def _show_notice(self, state: State, wanted: str, shown: int) -> None:
        text = notice(state)
        if wanted and not shown and state.findings:
            text = f'No finding matches "{wanted}". Esc clears the filter.'
        lines: list[Line] = []
        if text:
            lines = list(block(self.signs.text(text), self.size.width, "strong"))[
                : max(1, self.size.height - 4)
            ]
        height = self.notice.styles.height
        if height is None or height.value != len(lines):
            self.notice.styles.height = len(lines)
        self.notice.draw(lines)

    def _show_page(self, state: State, row: Row | None) -> None:
        signs = self.signs
        if self.page == "help":
            self.full.show("help", lambda width: help_lines(KEYS, width, signs))
        elif row is None:
            return
        elif self.page == "why" and state.book and row.finding.code in state.book.codes:
            rule = state.book.codes[row.finding.code]
            self.full.show(("why", rule.code), lambda width: rule_lines(rule, width, signs))
        elif self.page == "detail":
            finding = row.finding
            self.full.show(("detail", row.key), lambda width: finding_lines(finding, width, signs))
