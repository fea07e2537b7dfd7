"""Record a session: the real program in a terminal, its keys pressed, as a cast and as an animated SVG."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from html import escape
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))

from watched import Watched, watched  # also finds tests/tui

WIDTH, HEIGHT = 80, 24
CELL, LINE, EDGE = 8.4, 18, 12
COLOURS = {"31": "#ff6b68", "32": "#98c379", "33": "#e5c07b", "35": "#c678dd", "36": "#56b6c2"}
HARD_SPACE = "\u00a0"
HELD = 1.6  # seconds that a screen stays where somebody reads it
STEPS = (
    ("j", "scipy", "built for NumPy 1"),
    ("2", "NAME", ""),
    ("3", "LAST ANSWER", ""),
    ("1", "[1 Findings", ""),
    ("f", "write files", ""),
    ("a", "written", ""),
    ("\x1b", "[1 Findings", ""),
    ("5", "[5 History", ""),
    ("u", "undo", ""),
)

Frame = tuple[float, list[list[tuple[str, str]]]]


def record(folder: Path, out: Path) -> None:
    """Write session.cast and session.svg."""
    with tempfile.TemporaryDirectory() as work:
        project = folder.parent / "project"  # where it stands on the screen, as ~/project
        shutil.rmtree(project, ignore_errors=True)
        project.mkdir()
        environ = {k: v for k, v in os.environ.items() if k not in ("CI", "NO_COLOR", "VIRTUAL_ENV")}
        environ.setdefault("UV_CACHE_DIR", str(Path.home() / ".cache/uv"))
        environ |= {"TERM": "xterm-256color", "NPDOCTOR_PYTHON": str(folder / "bin/python")}
        environ |= {"NPDOCTOR_HOME": f"{work}/state", "HOME": str(folder.parent)}
        os.chdir(project)
        with watched((sys.executable, "-m", "npdoctor"), environ, (WIDTH, HEIGHT)) as term:
            frames = _walk(term)
            written = list(term.data)
        os.chdir(out)
    header = {"version": 2, "width": WIDTH, "height": HEIGHT, "env": {"TERM": "xterm-256color"}}
    events = ([round(at, 3), "o", data.decode(errors="replace")] for at, data in written)
    lines = [json.dumps(header), *map(json.dumps, events)]
    (out / "session.cast").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (out / "session.svg").write_text(to_svg(frames), encoding="utf-8")


def _walk(term: Watched) -> list[Frame]:
    frames: list[Frame] = []

    def take(held: float) -> None:
        frames.append((held, [list(row) for row in term.picture.cells]))

    term.until(lambda picture: "quit" in picture.text)
    take(0.5)
    term.until(lambda picture: "unknown" in picture.text)
    take(1.0)
    for _ in range(4):
        term.settle(0.7, 0.7)
        take(0.5)
    term.until(lambda picture: picture.lines[1].endswith(" work"), 120)
    take(HELD)
    for key, words, more in STEPS:
        term.type(key.encode())
        term.until(
            lambda picture, words=words, more=more: words in picture.text and more in picture.text, 120
        )
        term.settle(0.4, 1.0)
        take(HELD)
        time.sleep(0.2)
    return frames


def to_svg(frames: list[Frame]) -> str:
    """Return the frames as one picture that needs no script: each is shown for its time, round and round."""
    width, height = WIDTH * CELL + 2 * EDGE, HEIGHT * LINE + 2 * EDGE
    total = sum(held for held, _ in frames)
    parts, styles, at = [], [], 0.0
    for number, (held, rows) in enumerate(frames):
        begin, end = 100 * at / total, 100 * (at + held) / total
        first = "visible" if not begin else "hidden"
        styles.append(
            f"@keyframes f{number}{{0%,{max(begin - 0.01, 0):.2f}%{{visibility:{first}}}"
            f"{begin:.2f}%{{visibility:visible}}{min(end, 99.99):.2f}%,100%{{visibility:hidden}}}}"
            f"#f{number}{{animation:f{number} {total:.1f}s step-end infinite;visibility:hidden}}"
        )
        at += held
        lines = [_line(row, y) for y, row in enumerate(rows)]
        parts.append(f'<g id="f{number}">{"".join(lines)}</g>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" '
        f'font-family="DejaVu Sans Mono,Menlo,Consolas,monospace" font-size="14" fill="#d0d0d0">\n'
        f"<style>text{{font-variant-ligatures:none}}{''.join(styles)}</style>\n"
        f'<rect width="{width:.0f}" height="{height}" rx="8" fill="#1c1e22"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _line(row: list[tuple[str, str]], y: int) -> str:
    """Return a line as text, one piece for each style, each at its own cell."""
    pieces: list[tuple[int, str, str]] = []
    for x, (sign, codes) in enumerate(row):
        if pieces and pieces[-1][2] == codes:
            pieces[-1] = (pieces[-1][0], pieces[-1][1] + sign, codes)
        else:
            pieces.append((x, sign, codes))
    drawn = []
    for x, text, codes in pieces:
        if not text.strip():
            continue
        start = x + len(text) - len(text.lstrip())
        parts = codes.split(";")
        look = "".join(f' fill="{COLOURS[part]}"' for part in parts if part in COLOURS)
        look += ' font-weight="bold"' if "1" in parts else ""
        look += ' opacity=".6"' if "2" in parts else ""
        place = f'x="{EDGE + start * CELL:.1f}" y="{EDGE + (y + 1) * LINE - 5}"'
        words = escape(text.strip()).replace(" ", HARD_SPACE)
        length = f"{len(text.strip()) * CELL:.1f}"
        drawn.append(f'<text {place} textLength="{length}"{look}>{words}</text>')
    return "".join(drawn)
