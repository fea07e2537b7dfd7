"""Run an engine's command that installs a plan's changes into a copy."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence

from npdoctor.fix.engines.engine import Installer
from npdoctor.fix.engines.files import exact_lines, write_lines
from npdoctor.fix.engines.run import run_tool
from npdoctor.fix.rehearsal.ownership import CannotBuild
from npdoctor.model.plan import Change
from npdoctor.probe.control import Control

_TOLD = 600


def install_changes(
    changes: Sequence[Change], python: str, engine: Installer, environ: Mapping[str, str], control: Control
) -> None:
    """Install the new versions; raises CannotBuild with what the installer said, Cancelled if told so."""
    lines = exact_lines(changes)
    if not lines:
        return
    with tempfile.TemporaryDirectory(prefix="npdoctor-") as folder:
        command = engine.install_command(python, write_lines(folder, "requirements.txt", lines))
        ran = run_tool(command, environ, engine.indexes, control)
    if ran.code is None:
        raise CannotBuild(f"{ran.stderr}.")
    if ran.code:
        raise CannotBuild(f"{engine.name} could not install the changes: {_end(ran.stdout, ran.stderr)}")


def _end(*said: str) -> str:
    """Return the end of what was printed, on one line."""
    lines = [line.strip() for text in said for line in text.splitlines()]
    return " ".join(filter(None, lines))[-_TOLD:] or "it said nothing."
