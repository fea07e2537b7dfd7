"""The application: looks for news at most four times a second, and does what the keys ask."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
from typing import ClassVar, Protocol

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Key as KeyPress
from textual.events import Paste
from textual.timer import Timer

from npdoctor.tui.board import Board
from npdoctor.tui.keys import KEYS, MOVING, filter_line, key_line
from npdoctor.tui.signs import Signs
from npdoctor.tui.state import State

PAUSE = 0.25
FAR = 1_000_000
LAST_MOMENT = 2.0


class Source(Protocol):
    """Where the screen takes its state from."""

    def take(self) -> State:
        """Return the newest state."""

    def screen_is_up(self) -> None:
        """Hear that the first screen was drawn."""

    def pause(self, paused: bool) -> None:
        """Start no further import while paused."""

    def cancel(self) -> None:
        """Stop the examination, without waiting for it."""


class Face(App[None], inherit_bindings=False):
    """Findings with detail, in the terminal's own colours."""

    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key.keys, key.action, id=f"npd.{key.action}", show=False) for key in KEYS
    ]
    CSS = "Screen { background: ansi_default; }"

    def __init__(self, source: Source, signs: Signs) -> None:
        super().__init__(ansi_color=True)
        self.theme = "ansi-dark"
        self.source = source
        self.state = source.take()
        self.board = Board(signs, self.draw)
        self.filter = ""
        self.typing = False
        self.interrupted = False
        self.ended_by: int | None = None
        self.error: Exception | None = None
        self._under: list[str] = []
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """Fill the screen."""
        yield self.board

    def on_mount(self) -> None:
        """Begin to look for news, and restore the terminal where somebody ends the process."""
        self._timer = self.set_interval(PAUSE, self.look)
        self.app_resume_signal.subscribe(self, self.draw_all)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with contextlib.suppress(ValueError, RuntimeError, NotImplementedError):
                loop.add_signal_handler(number, self.end_by, number)

    def look(self) -> None:
        """Take the newest state; no further look is needed after the last word."""
        state = self.source.take()
        if state.ended and self._timer:
            self._timer.stop()
            self._timer = None
        if state != self.state:
            self.state = state
            self.draw()

    def draw(self) -> None:
        """Draw the state and the keys that work in it."""
        self.board.show(self.state, self.filter)
        self.draw_keys()
        self.call_after_refresh(self.source.screen_is_up)

    def draw_all(self, _: object = None) -> None:
        """Draw every cell, as after the shell had the terminal."""
        self.screen.refresh(layout=True)

    def draw_keys(self) -> None:
        """Draw the key line."""
        width, signs = self.size.width, self.board.signs
        if self.typing:
            self.board.keys.draw([filter_line(self.filter, width, signs)])
        else:
            self.board.keys.draw([key_line(self.working(), self.board.page, self.state.paused, width, signs)])

    def end_by(self, number: int) -> None:
        """Leave because a signal says so."""
        self.ended_by = number
        last_moment = threading.Timer(LAST_MOMENT, os._exit, (128 + number,))
        last_moment.daemon = True  # where a terminal that is gone makes every write wait
        last_moment.start()
        self.source.cancel()
        self.exit()

    def _handle_exception(self, error: Exception) -> None:
        """Leave the screen and let `run` say what failed: Textual's own traceback shows values."""
        self.error = error
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        self._close_messages_no_wait()

    # -- keys ---------------------------------------------------------------------------------------

    def working(self) -> frozenset[str]:
        """Return the actions that would do something now."""
        return frozenset(key.action for key in KEYS if self.check_action(key.action, ()))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:  # noqa: ARG002
        """Tell whether an action does something now; its key is neither shown nor taken otherwise."""
        if action in ("quit", "interrupt", "suspend"):
            return not self.typing or action == "interrupt"
        if self.typing or self.board.is_one_line:
            return False
        page, row = self.board.page, self.board.selected
        if action in MOVING:
            return self.board.full.overflows if page else len(self.board.list.rows) > 1
        can = {
            "open": row is not None and not page,
            "close": bool(page or self.filter),
            "detail_down": not page and self.board.can_scroll_detail,
            "detail_up": not page and self.board.can_scroll_detail,
            "filter": not page and len(self.state.findings) > 1,
            "why": page in ("", "detail") and row is not None and self.state.book is not None,
            "pause": not page and self.state.diagnosis is not None and not self.state.ended,
            "help": True,
        }
        return can.get(action, False)

    def _move(self, by: int) -> None:
        if self.board.page:
            self.board.full.scroll(by)
            return
        self.board.list.move_to(self.board.list.cursor + by)
        self.board.show_selected(self.state)
        self.draw_keys()

    def _screenful(self) -> int:
        page = self.board.full if self.board.page else self.board.list
        return max(1, page.size.height - 1)

    def action_down(self) -> None:
        """Go one down."""
        self._move(1)

    def action_up(self) -> None:
        """Go one up."""
        self._move(-1)

    def action_top(self) -> None:
        """Go to the first."""
        self._move(-FAR)

    def action_bottom(self) -> None:
        """Go to the last."""
        self._move(FAR)

    def action_half_down(self) -> None:
        """Go half a screen down."""
        self._move(max(1, self._screenful() // 2))

    def action_half_up(self) -> None:
        """Go half a screen up."""
        self._move(-max(1, self._screenful() // 2))

    def action_page_down(self) -> None:
        """Go a screen down."""
        self._move(self._screenful())

    def action_page_up(self) -> None:
        """Go a screen up."""
        self._move(-self._screenful())

    def action_detail_down(self) -> None:
        """Scroll the detail down."""
        self.board.detail.scroll(1)

    def action_detail_up(self) -> None:
        """Scroll the detail up."""
        self.board.detail.scroll(-1)

    def action_open(self) -> None:
        """Show the finding on the whole screen."""
        self._open("detail")

    def action_why(self) -> None:
        """Show the rule behind the finding."""
        self._open("why")

    def action_help(self) -> None:
        """Show the keys, or leave them."""
        if self.board.page == "help":
            self.action_close()
        else:
            self._open("help")

    def action_close(self) -> None:
        """Go back to what lies under the page, or clear the filter."""
        if self.board.page:
            self._turn_to(self._under.pop())
        else:
            self.filter = ""
            self.draw()

    def _open(self, page: str) -> None:
        self._under.append(self.board.page)
        self._turn_to(page)

    def _turn_to(self, page: str) -> None:
        self.board.open(page)
        self.call_after_refresh(self.draw)

    async def action_quit(self) -> None:
        """Leave, and stop what still runs."""
        self.source.cancel()
        self.exit()

    def action_pause(self) -> None:
        """Pause the imports, or go on with them."""
        self.source.pause(not self.state.paused)
        self.look()

    async def action_interrupt(self) -> None:
        """Leave at once."""
        self.interrupted = True
        await self.action_quit()

    def action_suspend(self) -> None:
        """Give the terminal back to the shell until `fg`."""
        self.action_suspend_process()

    # -- the filter ---------------------------------------------------------------------------------

    def action_filter(self) -> None:
        """Begin to type a filter."""
        self.typing = True
        self.draw_keys()

    def on_key(self, event: KeyPress) -> None:
        """Take what is typed for the filter."""
        if not self.typing or event.key == "ctrl+c":
            return
        event.prevent_default()
        if event.key in ("enter", "escape"):
            self.typing = False
            self.filter = self.filter.strip() if event.key == "enter" else ""
        elif event.key in ("backspace", "ctrl+h"):
            self.filter = self.filter[:-1]
        elif event.key == "ctrl+u":
            self.filter = ""
        elif event.is_printable and event.character:
            self.filter += event.character
        self.draw()

    def on_paste(self, event: Paste) -> None:
        """Take what is pasted into the filter."""
        if self.typing:
            self.filter += " ".join(event.text.split())
            self.draw()
