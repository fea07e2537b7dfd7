"""Take the pictures: build the broken environment, let the real screen examine it, save what it shows.

    python screenshots/make.py [--out FOLDER] [--only NAME]... [--no-session]

Needs uv and, for the plan of a fix, the package index. PNG files need resvg-py and DejaVu Sans Mono
(apt-get install fonts-dejavu-core). The environment lies in a cache folder and is shown as
/workspace/venv; everything else is what npdoctor found on the machine where this runs, the GPUs too.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

__all__ = ["layout_of"]

from drawing import THEMES, layout_of, to_png, to_svg
from textual.pilot import Pilot

from npdoctor.checkup import Request
from npdoctor.report.redact import Redactor
from npdoctor.tui.gpu.face import GpuFace
from npdoctor.tui.session import Session
from npdoctor.tui.signs import UNICODE
from npdoctor.tui.state import State
from npdoctor.tui.work import Carried, Planned

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
SIZES = ((80, 24), (120, 40))
PANES = frozenset({"findings", "packages", "extensions", "gpu", "history"})  # as PNG too
PATIENCE = 300.0


@dataclass(frozen=True, slots=True)
class Shot:
    """The keys to a picture, what must have come, the keys that lead on; without name no picture."""

    name: str
    keys: tuple[str, ...]
    ready: Callable[[State], bool] = lambda _: True
    back: tuple[str, ...] = ()


def _planned(state: State) -> bool:
    return isinstance(state.work, Planned)


def _written(state: State) -> bool:
    return isinstance(state.work, Carried) and bool(state.history)


def _judged(state: State) -> bool:
    return state.lens is not None and state.lens.ready


SHOTS = (
    Shot("findings", ("1", "G", "k", "k"), back=("g",)),
    Shot("packages", ("2", "G", "k"), back=("g",)),
    Shot("extensions", ("3",)),
    Shot("gpu", ("4",)),
    Shot("lens", ("1", "L"), _judged, back=("L",)),
    Shot("fix", ("1", "f"), _planned, back=("a",)),
    Shot("", (), _written, back=("escape",)),
    Shot("history", ("5",)),
)


class DisplayPaths(Redactor):
    """Redact as always, and show folders of this machine as the places that a pod has."""

    def __init__(self, places: dict[Path, str]) -> None:
        super().__init__()
        self._places = {str(folder): shown for folder, shown in places.items()}

    def redact(self, text: str) -> str:
        """Return the text as it is shown."""
        for folder, shown in self._places.items():
            text = text.replace(folder, shown)
        return super().redact(text)


def main() -> None:
    """Build, examine, save."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    parser.add_argument("--only", action="append", choices=[shot.name for shot in SHOTS if shot.name])
    parser.add_argument("--no-session", action="store_true")
    arguments = parser.parse_args()
    folder = build()
    for size in SIZES:
        for name, svg in pictures(folder, size):
            if not arguments.only or name.partition("-")[0] in arguments.only:
                path = arguments.out / f"{name}.svg"
                path.write_text(svg, encoding="utf-8")
                if name.partition("-")[0] in PANES:
                    to_png(path)
    if not (arguments.no_session or arguments.only):
        from session import record

        record(folder, arguments.out)


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


def pictures(folder: Path, size: tuple[int, int], last: str = "") -> list[tuple[str, str]]:
    """Return the pictures of one size by name, up to and with `last`, each dark and light."""
    with tempfile.TemporaryDirectory() as work, _state_in(Path(work) / "state", folder):
        project = Path(work) / "project"
        project.mkdir()
        places = {folder: "/workspace/venv", project: "/workspace/project"}
        session = Session(DisplayPaths(places), Request(working_folder=str(project)))
        session.start()
        try:
            return asyncio.run(_take(session, size, last))
        finally:
            session.stop()


@contextmanager
def _state_in(state: Path, environment: Path) -> Iterator[None]:
    """Keep the journal of a fix out of this machine's own, and examine this environment."""
    before = dict(os.environ)
    os.environ.update(NPDOCTOR_HOME=str(state), VIRTUAL_ENV=str(environment))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


async def _take(session: Session, size: tuple[int, int], last: str) -> list[tuple[str, str]]:
    face = GpuFace(session, UNICODE)
    taken = []
    async with face.run_test(size=size) as pilot:
        await _until(face, pilot, lambda state: state.ended)
        for shot in SHOTS:
            await pilot.press(*shot.keys)
            await _until(face, pilot, shot.ready)
            await pilot.pause(0.4)
            if shot.name:
                name = f"{shot.name}-{size[0]}x{size[1]}"
                taken += [(f"{name}{theme}", to_svg(face, theme)) for theme in THEMES]
            if last and shot.name == last:
                break
            await pilot.press(*shot.back)
    return taken


async def _until(face: GpuFace, pilot: Pilot[None], ready: Callable[[State], bool]) -> None:
    waited = 0.0
    while not ready(face.source.take()):
        if waited > PATIENCE:
            raise TimeoutError(str(face.source.take().work)[:200])
        await pilot.pause(0.2)
        waited += 0.2
    face.look()
    await pilot.pause()


if __name__ == "__main__":
    main()
