"""From a running screen to SVG and PNG, in the colours of a dark or a light terminal."""

from __future__ import annotations

import io
import re
import sys
from html import unescape
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME, SVG_EXPORT_THEME

from npdoctor.tui.face import Face

PLAIN_TEXT = "<style>\n    text { font-variant-ligatures: none; }"
PNG_FONT = "DejaVu Sans Mono"
THEMES = {"": SVG_EXPORT_THEME, "-light": DEFAULT_TERMINAL_THEME}


def to_svg(face: Face, theme: str) -> str:
    """Return what is on the screen; the same screen gives the same text."""
    width, height = face.size
    console = Console(
        width=width,
        height=height,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        record=True,
        legacy_windows=False,
    )
    console.print(face.screen._compositor.render_update(full=True))
    svg = console.export_svg(title="npdoctor", theme=THEMES[theme])
    svg = re.sub(r"terminal-\d+", "terminal", svg)
    return svg.replace("<style>", PLAIN_TEXT, 1)


def to_png(svg: Path) -> None:
    """Draw the SVG as PNG beside it, where resvg is installed."""
    try:
        import resvg_py
    except ImportError:
        print(f"{svg} not drawn as PNG: pip install resvg-py", file=sys.stderr)
        return
    # Fira Code would draw >= as one sign, which nobody could copy.
    text = svg.read_text(encoding="utf-8").replace("Fira Code", PNG_FONT)
    drawn = resvg_py.svg_to_bytes(svg_string=text, font_dirs=["/usr/share/fonts"], monospace_family=PNG_FONT)
    svg.with_suffix(".png").write_bytes(bytes(drawn))


def layout_of(svg: str) -> list[str]:
    """Return the lines of a picture as far as they are layout: without versions, counts and times."""
    lines: dict[float, list[tuple[float, str]]] = {}
    for x, y, text in re.findall(
        r'<text class="terminal-r\d+" x="([\d.]+)" y="([\d.]+)"[^>]*>(.*?)</text>', svg
    ):
        lines.setdefault(float(y), []).append((float(x), unescape(text).replace("\xa0", " ")))
    texts = ("".join(text for _, text in sorted(line)) for _, line in sorted(lines.items()))
    return [" ".join(re.sub(r"\d+(\.\w+)*", "0", text).split()) for text in texts]
