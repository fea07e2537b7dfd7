"""Run an external tool to its end: nothing to read, bounded output, no credentials in what it said."""

from __future__ import annotations

import os
import selectors
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass

from npdoctor.errors import Cancelled
from npdoctor.fix.engines.engine import Command
from npdoctor.model.index import Indexes
from npdoctor.probe.control import Control
from npdoctor.probe.index.config import hide_credentials
from npdoctor.probe.launch import agent_environment, end_group, has_ended

MOST_OUTPUT = 16 << 20
_PAUSE = 0.1
_PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class Ran:
    """How a tool ended; `code` is None where it could not be started or ran out of time."""

    code: int | None
    stdout: str
    stderr: str


def run_tool(
    command: Command, environ: Mapping[str, str], indexes: Indexes, seconds: float, control: Control
) -> Ran:
    """Run a command as leader of its own group, which is killed in the end; raises Cancelled.

    The first 16 MiB of each stream are kept.
    """
    environment = {**tool_environment(environ, command.folder), **command.environ}
    try:
        process = subprocess.Popen(
            command.arguments,
            cwd=command.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        return Ran(None, "", f"{command.arguments[0]} cannot be run: {error.strerror}")
    out, err = bytearray(), bytearray()
    try:
        in_time = _follow(process, (out, err), time.monotonic() + seconds, control)
    finally:
        end_group(process)
    said = (hide_credentials(bytes(raw).decode("utf-8", "replace"), indexes) for raw in (out, err))
    if not in_time:
        return Ran(None, next(said), f"{next(said)}\nstopped after {seconds:g} s")
    return Ran(process.returncode, *said)


def tool_environment(environ: Mapping[str, str], folder: str) -> dict[str, str]:
    """Return the environment of an installer: the person's, without what would load code into it."""
    kept = agent_environment(environ, folder)
    kept.pop("PYTHONPATH", None)
    kept.pop("RUST_LOG", None)
    return kept | {"NO_COLOR": "1", "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def _follow(
    process: subprocess.Popen[bytes], kept: tuple[bytearray, bytearray], deadline: float, control: Control
) -> bool:
    """Collect what the process prints until it ends; return whether it did so in time."""
    assert process.stdout is not None
    assert process.stderr is not None
    with selectors.DefaultSelector() as selector:
        for stream, buffer in zip((process.stdout, process.stderr), kept, strict=True):
            os.set_blocking(stream.fileno(), False)
            selector.register(stream, selectors.EVENT_READ, buffer)
        while True:
            ended = has_ended(process)
            ready = selector.select(0 if ended else _PAUSE) if selector.get_map() else []
            for key, _ in ready:
                data = os.read(key.fd, _PIECE)
                if not data:
                    selector.unregister(key.fileobj)
                elif len(key.data) < MOST_OUTPUT:
                    key.data.extend(data)
            if ended and not ready:
                return True
            if control.cancelled:
                raise Cancelled("stopped")
            if time.monotonic() > deadline:
                return False
            if not selector.get_map():
                time.sleep(_PAUSE / 5)
