"""The application: what the keys do now, and how the terminal is left as it was."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from npdoctor.tui.arranging import Arranging
from npdoctor.tui.commanding import Commanding
from npdoctor.tui.fixing import LEAVING, Fixing
from npdoctor.tui.ground import Source
from npdoctor.tui.keymap import keymap_of
from npdoctor.tui.keys import KEYS, MOVING, sorted_out
from npdoctor.tui.looking import Looking
from npdoctor.tui.mousing import Mousing
from npdoctor.tui.settings import NO_SETTINGS, Settings
from npdoctor.tui.sharing import SHARING, Sharing
from npdoctor.tui.signs import Signs
from npdoctor.tui.typing_filter import TypingFilter
from npdoctor.tui.work import Carrying, TakingBack

LAST_MOMENT = 2.0
FIXING = frozenset({"fix", "mark", "strategy", "write", "install", "undo"})


class Face(Commanding, Sharing, Mousing, TypingFilter, Looking, Arranging, Fixing, inherit_bindings=False):
    """Findings with detail, what mends them and what did, in the terminal's own colours."""

    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key.keys, key.action, id=f"npd.{key.action}", show=False) for key in KEYS
    ]
    CSS = "Screen { background: ansi_default; }"

    def __init__(self, source: Source, signs: Signs, settings: Settings = NO_SETTINGS) -> None:
        keymap = keymap_of(settings.config.keys)
        super().__init__(source, replace(signs, keys=keymap.own))
        self.key_names, self._table = keymap.names, keymap.keys
        self.board.key_table = self._table
        self.set_keymap(keymap.bindings)
        unknown = self.dress(settings.config.theme)
        self._complaints = (*settings.complaints, *keymap.complaints, *([unknown] if unknown else []))
        self.theme = "ansi-dark"
        self.interrupted = False
        self.ended_by: int | None = None
        self.error: Exception | None = None

    def compose(self) -> ComposeResult:
        """Fill the screen."""
        yield self.board

    def on_mount(self) -> None:
        """Begin to look for news, and restore the terminal where somebody ends the process."""
        self.follow()
        self.app_resume_signal.subscribe(self, self.draw_all)
        self.watch_signals()
        if self._complaints:
            self.tell(" ".join(self._complaints))

    def watch_signals(self) -> None:
        """Leave where a signal says so, from here on, or has said so before."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with contextlib.suppress(ValueError, RuntimeError, NotImplementedError):
                loop.add_signal_handler(number, self.end_by, number)
        for earlier in self.received[:1]:
            self.end_by(earlier)

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
        if self.question:
            if self.returning:
                return action in ("close", "ignore")
            return action == "close" or (action == "install" and self.question != LEAVING)
        page, work = self.board.page, self.state.work
        if action in FIXING:
            return self.state.lens is None and self.can_fix(action)
        if action in SHARING:
            return self.can_share(action) and (action != "ignore" or self.state.lens is None)
        if action in ("again", "over"):
            return self.can_look(action)
        if action in ("layout", "bigger", "smaller"):
            return self.can_arrange(action)
        if action in MOVING:
            if page == "export":
                return action in ("down", "up")
            return self.board.full.overflows if page else len(self.board.list.rows) > 1
        if action in ("detail_down", "detail_up"):
            return self.board.full.overflows if page else self.board.can_scroll_detail
        return {
            "open": self.board.selected is not None and not page,
            "close": self._can_close(),
            "filter": not page and self.board.pane.filters and self._filterable(),
            "sort": not page and bool(self.board.pane.sorts) and len(self.board.list.rows) > 1,
            "reverse": not page and bool(self.board.pane.sorts) and len(self.board.list.rows) > 1,
            "lens": not page and self._can_turn_lens(),
            "why": page in ("", "detail") and self.board.row is not None and self.state.book is not None,
            "findings": not page,
            "packages": not page,
            "extensions": not page,
            "history": not page,
            "next_pane": not page,
            "pane_before": not page,
            "pause": not page and self.state.diagnosis is not None and not self.state.ended,
            "palette": not isinstance(work, (Carrying, TakingBack)),
            "theme": True,
            "mouse": self.can_mouse(),
            "help": page == "help" or not isinstance(work, (Carrying, TakingBack)),
        }.get(action, False)

    def _filterable(self) -> bool:
        return bool(self.filter) or len(self.board.list.rows) > 1

    def _can_turn_lens(self) -> bool:
        if isinstance(self.state.work, (Carrying, TakingBack)) or self.state.failure:
            return self.state.lens is not None
        return self.state.lens is not None or self.state.diagnosis is not None

    def _can_close(self) -> bool:
        page, work = self.board.page, self.state.work
        if page == "fix" and isinstance(work, Carrying):
            return work.install and not work.stopping
        if page == "undo" and isinstance(work, TakingBack):
            return False
        return bool(page or self.filter)

    def action_open(self) -> None:
        """Show what is under the cursor on the whole screen."""
        self.open("detail")

    def action_why(self) -> None:
        """Show the rule behind the finding."""
        self.open("why")

    def action_help(self) -> None:
        """Show the keys, or leave them."""
        if self.board.page == "help":
            self.action_close()
        else:
            self.board.key_table = sorted_out(self._table, self.working())
            self.open("help")

    def action_lens(self) -> None:
        """Judge as if the other NumPy were installed, or show again what is there."""
        self.source.turn_lens()
        self.follow()

    def action_pause(self) -> None:
        """Pause the imports, or go on with them."""
        self.source.pause(not self.state.paused)
        self.look()

    async def action_interrupt(self) -> None:
        """Leave at once; while files are being changed, as quitting does."""
        if not self._must_ask():
            self.interrupted = True
            await self.action_quit()

    def action_suspend(self) -> None:
        """Give the terminal back to the shell until `fg`."""
        self.action_suspend_process()
