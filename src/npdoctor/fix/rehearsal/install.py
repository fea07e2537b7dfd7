"""Run an engine's command that installs a plan's changes into a copy."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Sequence
from typing import Protocol

from npdoctor.errors import Cancelled
from npdoctor.fix.engines.engine import Command
from npdoctor.fix.rehearsal.ownership import CannotBuild
from npdoctor.model.plan import Change
from npdoctor.probe.control import Control
from npdoctor.probe.launch import end_group, has_ended

_CREDENTIALS = re.compile(r"(?<=://)[^/\s@]+@")
_TOLD = 600
_PAUSE = 0.01


class Installer(Protocol):
    """What a rehearsal needs of an engine."""

    @property
    def name(self) -> str:
        """Return the program's name."""

    def install_command(self, python: str, requirements: str) -> Command:
        """Return what installs a file of exact requirements into an interpreter, without dependencies."""


def install_changes(changes: Sequence[Change], python: str, engine: Installer, control: Control) -> None:
    """Install the new versions; raises CannotBuild with what the installer said, Cancelled if told so."""
    wanted = [change for change in changes if change.new is not None]
    if not wanted:
        return
    with tempfile.NamedTemporaryFile("w", prefix="npdoctor-", suffix=".txt", encoding="utf-8") as file:
        file.write(requirements(wanted))
        file.flush()
        _run(engine.install_command(python, file.name), engine.name, control)


def requirements(changes: Sequence[Change]) -> str:
    """Return exact pins, one a line; with hashes where every wheel's is known.

    A single hash makes pip ask for all of them.
    """
    hashes = {change.name: change.wheel.sha256 for change in changes if change.wheel and change.wheel.sha256}
    hashed = len(hashes) == len(changes)
    lines = []
    for change in changes:
        proof = f" --hash=sha256:{hashes[change.name]}" if hashed else ""
        lines.append(f"{change.name}=={change.new}{proof}\n")
    return "".join(lines)


def _run(command: Command, name: str, control: Control) -> None:
    with tempfile.TemporaryFile() as said:
        try:
            process = subprocess.Popen(
                command.arguments,
                cwd=command.folder,
                env={**os.environ, **command.environ},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        except OSError as error:
            raise CannotBuild(f"{name} cannot be run: {error.strerror or error}.") from error
        try:
            while not has_ended(process):
                if control.cancelled:
                    raise Cancelled("stopped")
                time.sleep(_PAUSE)
        finally:
            end_group(process)
        if process.returncode:
            said.seek(0)
            raise CannotBuild(f"{name} could not install the changes: {_tail(said.read())}")


def _tail(output: bytes) -> str:
    """Return the end of what was printed, on one line and without credentials."""
    lines = [line.strip() for line in output.decode("utf-8", "replace").splitlines() if line.strip()]
    return _CREDENTIALS.sub("", " ".join(lines))[-_TOLD:] or "it said nothing."
