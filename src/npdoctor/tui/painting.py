"""An application that writes only the cells that differ from what the terminal shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.color import ColorSystem
from rich.console import Console, RenderableType
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.screen import Screen
from textual.strip import Strip

from npdoctor.tui.glass import Glass, Piece
from npdoctor.tui.opening import TO_SCREEN, Opening

DEFAULT_COLOURS = frozenset({"39", "49"})


class Difference(CompositorUpdate):
    """What Textual would draw, as its difference from what is shown."""

    def __init__(self, update: LayoutUpdate | ChopsUpdate, glass: Glass, codes: dict[Style, str]) -> None:
        self.update = update
        self.glass = glass
        self.codes = codes

    def render_segments(self, console: Console) -> str:  # noqa: ARG002
        """Return what to write to the terminal."""
        return self.glass.paint((y, x, list(self._pieces(strip))) for y, x, strip in _strips(self.update))

    def _pieces(self, strip: Strip) -> Iterator[Piece]:
        for text, style, _ in strip:
            if style is None:
                yield text, ""
                continue
            if style not in self.codes:
                self.codes[style] = _codes_of(style)
            yield text, self.codes[style]


def _strips(update: LayoutUpdate | ChopsUpdate) -> Iterator[tuple[int, int, Strip]]:
    """Yield every strip of an update with its row and column."""
    if isinstance(update, LayoutUpdate):
        for y, line in enumerate(update.strips, update.region.y):
            x = update.region.x
            for strip in line:
                yield y, x, strip
                x += strip.cell_length
        return
    for y in sorted({y for y, _, _ in update.spans}):
        for x, part in update.chops[y].items():
            if part is not None:
                yield y, x, part


def _codes_of(style: Style) -> str:
    """Return the codes of a style; the terminal's own colours need none."""
    codes = Strip.render_ansi(style, ColorSystem.STANDARD).split(";")
    return ";".join(code for code in codes if code not in DEFAULT_COLOURS)


class Driver(LinuxDriver):
    """Goes on with the screen that was opened before Textual was loaded."""

    opening: Opening | None = None

    def start_application_mode(self) -> None:
        """Take the terminal over."""
        if isinstance(self._app, Painting):
            self.opening, self._app.opening = self._app.opening, None
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self.opening:
            self.attrs_before = self.opening.hand_over() or self.attrs_before
        self.opening = None

    def write(self, data: str) -> None:
        """Write, but do not turn to the other screen where that is shown: terminals would clear it."""
        if data != TO_SCREEN or self.opening is None:
            super().write(data)


class Painting(App[None]):
    """Draws through a glass on which it sees what is there."""

    def __init__(self) -> None:
        super().__init__(ansi_color=True)
        self.opening: Opening | None = None
        self.received: Sequence[int] = ()
        self._glass: Glass | None = None
        self._codes: dict[Style, str] = {}
        self._held = False

    def go_on_from(self, opening: Opening, received: Sequence[int]) -> None:
        """Take over the screen that was opened before; what it shows stays until `begin`.

        `received` gets the signals that come before this application hears them itself.
        """
        self.opening = opening
        self.received = received
        self._held = True
        self._glass = opening.glass
        self.driver_class = Driver

    def begin(self) -> None:
        """Draw from here on."""
        if self._held:
            self._held = False
            self.screen.refresh(layout=True)

    def draw_all(self, _: object = None) -> None:
        """Draw every cell, as after the shell had the terminal."""
        if self._glass:
            self._glass.forget(*self._glass.size)
        self.screen.refresh(layout=True)

    def _begin_update(self) -> None:
        """Announce nothing: an update is one short text, and is written as one."""

    def _end_update(self) -> None:
        pass

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        if isinstance(renderable, LayoutUpdate):
            size = (renderable.region.width, renderable.region.height)
            if self._glass is None:
                self._glass = Glass(*size)
            elif self._glass.size != size:
                self._glass.forget(*size)
        if self._held:
            super()._display(screen, None)
        elif self._glass and isinstance(renderable, (LayoutUpdate, ChopsUpdate)):
            super()._display(screen, Difference(renderable, self._glass, self._codes))  # type: ignore[arg-type]
        else:
            super()._display(screen, renderable)
