"""What every part of the application stands on: the state, the parts of the screen, and its pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from textual.timer import Timer

from npdoctor.config import Ignore
from npdoctor.model.finding import Finding
from npdoctor.tui.arranged import ArrangedBoard
from npdoctor.tui.bench import Case
from npdoctor.tui.keys import filter_line, key_line, question_line
from npdoctor.tui.painting import Painting
from npdoctor.tui.repair import Repair
from npdoctor.tui.signs import Signs
from npdoctor.tui.state import State

PAUSE = 0.25
SHORT_PAUSE = 0.08  # until there is a verdict


class Source(Protocol):
    """Where the screen takes its state from."""

    @property
    def repair(self) -> Repair:
        """Return who plans, carries out and undoes."""

    @property
    def ignores(self) -> tuple[Ignore, ...]:
        """Return what the person has chosen to ignore."""

    def newest(self) -> Case | None:
        """Return the newest verdict as it is, not redacted and with what is ignored."""

    def ignore(self, finding: Finding, reason: str) -> str:
        """Write a finding of the state to the config file and return its path; raise ConfigError."""

    def take(self) -> State:
        """Return the newest state."""

    def screen_is_up(self) -> None:
        """Hear that the first screen was drawn."""

    def pause(self, paused: bool) -> None:
        """Start no further import while paused."""

    def cancel(self) -> None:
        """Stop the examination, without waiting for it."""

    def count_again(self, finding: Finding) -> str:
        """Take a finding of the state out of the config file, return its path; raise ConfigError."""

    def try_again(self, name: str) -> None:
        """Import one distribution again; what came of it is in the state."""

    def start_over(self, python: str = "") -> None:
        """Examine everything anew, or another interpreter."""

    def turn_lens(self) -> None:
        """Judge as if the other NumPy were installed, or show again what is there."""


class Ground(Painting):
    """Draws the state, looks for news at most four times a second while something goes on."""

    def __init__(self, source: Source, signs: Signs) -> None:
        super().__init__()
        self.source = source
        self.state = source.take()
        self.board = ArrangedBoard(signs, self.draw)
        self.filter = ""
        self.wanted_in: dict[str, str] = {}
        self.typing = False
        self.question: tuple[str, ...] = ()
        self.key_names: Mapping[str, str] = {}
        self._under: list[str] = []
        self._timer: Timer | None = None

    def follow(self) -> None:
        """Look for news at once, and from here on until nothing more will come."""
        if self._timer is None:
            self._timer = self.set_interval(self._pause(), self.look)
        self.look()

    def look(self) -> None:
        """Take the newest state; no further look is needed after the last word."""
        before, state = self._pause(), self.source.take()
        if state == self.state and not state.is_still:
            return
        changed, self.state = state != self.state, state
        if self._timer and (state.is_still or self._pause() != before):
            self._timer.stop()
            self._timer = None if state.is_still else self.set_interval(self._pause(), self.look)
        if changed:
            self.draw()

    def _pause(self) -> float:
        return PAUSE if self.state.diagnosis or self.state.ended else SHORT_PAUSE

    def draw(self) -> None:
        """Draw the state and the keys that work in it."""
        self.board.show(self.state, self.filter)
        self.draw_keys()
        if self.board.status.size:
            self.begin()
        self.call_after_refresh(self.source.screen_is_up)

    def draw_keys(self) -> None:
        """Draw the key line, or what is typed or asked in its place."""
        width, signs = self.size.width, self.board.signs
        if self.typing:
            line = filter_line(self.filter, width, signs)
        elif self.question:
            line = question_line(self.question, width, signs)
        else:
            line = key_line(self.working(), self.board.page, self.key_words(), width, signs, self.key_names)
        self.board.keys.draw([line])

    def working(self) -> frozenset[str]:
        """Return the actions that would do something now."""
        raise NotImplementedError

    def key_words(self) -> Mapping[str, str]:
        """Return the words on the key line that are not the usual ones now."""
        words = {"pause": "go on"} if self.state.paused else {}
        return words if self.board.page else {**words, "close": "all"}

    def action_close(self) -> None:
        """Go back to what lies under the page, or clear the filter."""
        if self.board.page:
            self.turn_to(self._under.pop())
        else:
            self.filter = ""
            self.draw()

    def open(self, page: str) -> None:
        """Lay a page over what is shown."""
        self._under.append(self.board.page)
        self.turn_to(page)

    def turn_to(self, page: str) -> None:
        """Show a page in place of the present one."""
        self.board.open(page)
        self.call_after_refresh(self.draw)

    async def action_quit(self) -> None:
        """Leave, and stop what still runs."""
        self.source.cancel()
        self.exit()
