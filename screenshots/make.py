"""Take the pictures: build the broken environment, let the real screen examine it, save what it shows.

    python screenshots/make.py [FOLDER]

Needs uv. PNG files need resvg-py and DejaVu Sans Mono (apt-get install fonts-dejavu-core). The environment
lies in a cache folder and is shown as /workspace/venv; everything else is what npdoctor found.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

from npdoctor.checkup import Request
from npdoctor.report.redact import Redactor
from npdoctor.tui.face import Face
from npdoctor.tui.session import Session
from npdoctor.tui.signs import UNICODE

WHEELS = (
    "numpy==2.1.3 scipy==1.11.4 pandas==2.1.4 scikit-learn==1.3.2 matplotlib==3.8.3 "
    "opencv-python-headless==4.9.0.80 scikit-image==0.22.0"
)
DEPENDENCIES = (
    "contourpy==1.3.1 cycler==0.12.1 fonttools==4.55.0 imageio==2.36.0 joblib==1.4.2 kiwisolver==1.4.7 "
    "lazy-loader==0.4 networkx==3.4.2 packaging==24.2 pillow==11.0.0 pyparsing==3.2.0 "
    "python-dateutil==2.9.0.post0 pytz==2024.2 six==1.16.0 threadpoolctl==3.5.0 tifffile==2024.9.20 "
    "tzdata==2024.2"
)
PLAIN_TEXT = "<style>\n    text { font-variant-ligatures: none; }"
PNG_FONT = "DejaVu Sans Mono"
SIZES = ((80, 24), (120, 40))
SHOWN_AS = "/workspace/venv"
PATIENCE = 300.0


class DisplayPath(Redactor):
    """Redact as always, and show the cache folder as the place where a pod has its environment."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = str(folder)

    def redact(self, text: str) -> str:
        """Return the text as it is shown."""
        return super().redact(text.replace(self._folder, SHOWN_AS))


def main() -> None:
    """Build, examine, save."""
    out = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
    folder = build()
    for size in SIZES:
        name = out / f"findings-{size[0]}x{size[1]}"
        svg = asyncio.run(picture(folder, size))
        name.with_suffix(".svg").write_text(svg, encoding="utf-8")
        to_png(name)


def build() -> Path:
    """Return the environment, built by uv where it is not there yet."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "npdoctor-screenshots"
    folder = cache / "venv"
    done = folder / "built"
    if not done.exists():
        uv = [sys.executable, "-m", "uv"]
        subprocess.run([*uv, "venv", "-q", "--clear", "-p", "3.11", str(folder)], check=True)
        install = [*uv, "pip", "install", "-q", "--no-deps", "-p", str(folder / "bin/python")]
        subprocess.run([*install, *WHEELS.split(), *DEPENDENCIES.split()], check=True)
        done.touch()
    return folder


async def picture(folder: Path, size: tuple[int, int]) -> str:
    """Return the screen as SVG, after the last import."""
    os.environ["VIRTUAL_ENV"] = str(folder)
    session = Session(DisplayPath(folder), Request(working_folder="/"))
    session.start()
    face = Face(session, UNICODE)
    async with face.run_test(size=size) as pilot:
        waited = 0.0
        while not session.take().ended and waited < PATIENCE:
            await pilot.pause(0.5)
            waited += 0.5
        face.look()
        await pilot.press("G", "k", "k")
        await pilot.pause(0.5)
        svg = face.export_screenshot(title="npdoctor")
    session.stop()
    svg = re.sub(r"terminal-\d+", "terminal", svg)
    return svg.replace("<style>", PLAIN_TEXT, 1)


def to_png(name: Path) -> None:
    """Draw the SVG as PNG where resvg is installed."""
    try:
        import resvg_py
    except ImportError:
        print(f"{name}.png not drawn: pip install resvg-py", file=sys.stderr)
        return
    # Fira Code would draw >= as one sign, which nobody could copy.
    svg = name.with_suffix(".svg").read_text(encoding="utf-8").replace("Fira Code", PNG_FONT)
    drawn = resvg_py.svg_to_bytes(svg_string=svg, font_dirs=["/usr/share/fonts"], monospace_family=PNG_FONT)
    name.with_suffix(".png").write_bytes(bytes(drawn))


if __name__ == "__main__":
    main()
