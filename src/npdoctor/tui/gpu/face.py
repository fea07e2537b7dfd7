"""The screen with the GPUs on it: the pane's key, the line under the others, and how often is sampled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from npdoctor.tui.canvas import Canvas
from npdoctor.tui.face import Face
from npdoctor.tui.gpu.live import gpus_of
from npdoctor.tui.gpu.strip import gpu_strip
from npdoctor.tui.ground import Source
from npdoctor.tui.line import EMPTY, Line
from npdoctor.tui.panes import GPUS, PANES
from npdoctor.tui.settings import NO_SETTINGS, Settings
from npdoctor.tui.signs import Signs

IN_THE_PANE = 1.0
UNDER_ANOTHER = 5.0
HIGH = 20


class GpuSource(Source, Protocol):
    """Where the screen takes its state from, and the load of the GPUs."""

    def watch_gpus(self, every: float | None, news: Callable[[], None]) -> None:
        """Sample the GPUs every so many seconds, None for not at all; `news` is called from any thread."""


class GpuFace(Face):
    """Samples the GPUs once a second where they are listed, and now and then where a line tells of them."""

    def __init__(self, source: GpuSource, signs: Signs, settings: Settings = NO_SETTINGS) -> None:
        super().__init__(source, signs, settings)
        self._gpu_source = source
        self._strip = Canvas("strip")
        self._strip.styles.height = 1

    def draw(self) -> None:
        """Draw the state with the line of the GPUs, and sample as often as what is shown asks for."""
        super().draw()
        line = self._strip_line()
        self._show_strip(line)
        self._gpu_source.watch_gpus(self._pace(bool(line)), self._hear)

    def _pace(self, strip: bool) -> float | None:
        if not gpus_of(self.state) or self.board.is_one_line:
            return None
        if self.board.pane is GPUS and self.board.page in ("", "detail"):
            return IN_THE_PANE
        return UNDER_ANOTHER if strip else None

    def _hear(self) -> None:
        self.call_later(self.look)

    def _strip_line(self) -> Line:
        if self.size.height < HIGH or self.board.has_class("tiny") or self.board.pane is GPUS:
            return EMPTY
        return gpu_strip(self.state, self.size.width, self.board.signs)

    def _show_strip(self, line: Line) -> None:
        if line and self._strip.parent is None and self.board.keys.parent is self.board:
            self.board.mount(self._strip, before=self.board.keys)
        self._strip.display = bool(line)
        self._strip.draw([line])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """Tell whether an action does something now: the key of this pane wherever those of the others do."""
        return super().check_action("findings" if action == "gpus" else action, parameters)

    def action_gpus(self) -> None:
        """Show the GPUs, their driver, and who can use them."""
        self._show_pane(PANES.index(GPUS))
