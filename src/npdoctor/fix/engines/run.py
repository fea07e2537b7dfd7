"""Run an external tool to its end: nothing to read, bounded output, no credentials in what it said."""

from __future__ import annotations

import os
import re
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from npdoctor.errors import Cancelled
from npdoctor.fix.engines.engine import Command
from npdoctor.model.index import Indexes
from npdoctor.probe.control import Control
from npdoctor.probe.index.hiding import Hider
from npdoctor.probe.launch import agent_environment, end_group, has_ended

MOST_OUTPUT = 16 << 20
_LINE = 2000
_PAUSE = 0.1
_GRACE = 5.0  # seconds that a tool has to end by itself when it is stopped
_PIECE = 1 << 16
_CONTROL_SIGNS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]")

Hear = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Ran:
    """How a tool ended; `code` is None where it could not be started or ran out of time."""

    code: int | None
    stdout: str
    stderr: str


class HeldLock(Protocol):
    """A lock that a tool inherits by its file descriptor, so that it is held as long as the tool lives."""

    handle: int

    def note(self, installer: int | None = None) -> None:
        """Write down the leader of the tool's session, None once it has ended."""


def run_tool(
    command: Command,
    environ: Mapping[str, str],
    indexes: Indexes,
    control: Control,
    *,
    seconds: float | None = None,
    hear: Hear | None = None,
    lock: HeldLock | None = None,
) -> Ran:
    """Run a command as leader of its own session, whose group is killed in the end; raises Cancelled.

    The first 16 MiB of each stream are kept. `hear` gets each line as it comes. A tool that is stopped by
    `control` has five seconds to end by itself, one that exceeds `seconds` has none.
    """
    environment = {**tool_environment(environ, command.folder), **command.environ}
    hider = Hider(indexes, environment)
    try:
        process = subprocess.Popen(
            command.arguments,
            cwd=command.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(lock.handle,) if lock else (),
            start_new_session=True,
        )
    except OSError as error:
        program = os.path.basename(command.arguments[0])
        return Ran(None, "", f"{program} cannot be run: {error.strerror or error}")
    out, err = _Stream(hider, hear), _Stream(hider, hear)
    try:
        if lock:
            lock.note(process.pid)
        in_time = _follow(process, (out, err), time.monotonic() + seconds if seconds else None, control)
    finally:
        end_group(process)
        if lock:
            lock.note()
    if not in_time:
        return Ran(None, out.text, f"{err.text}\nstopped after {seconds:g} s")
    return Ran(process.returncode, out.text, err.text)


def tool_environment(environ: Mapping[str, str], folder: str) -> dict[str, str]:
    """Return the environment of an installer: the person's, without what would load code into it."""
    kept = agent_environment(environ, folder)
    kept.pop("PYTHONPATH", None)
    kept.pop("RUST_LOG", None)
    return kept | {"NO_COLOR": "1", "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


class _Stream:
    """The beginning of what one stream says, and its lines as they come; one without end is cut."""

    def __init__(self, hider: Hider, hear: Hear | None) -> None:
        self._hider = hider
        self._hear = hear
        self._kept = bytearray()
        self._rest = b""

    @property
    def text(self) -> str:
        """Return what was kept, without credentials."""
        return self._hider.hide(self._kept.decode("utf-8", "replace"))

    def take(self, data: bytes) -> None:
        """Take what was read."""
        self._kept += data[: MOST_OUTPUT - len(self._kept)]
        *lines, self._rest = re.split(rb"[\r\n]", self._rest + data) if self._hear else (b"",)
        for line in lines:
            self._tell(line)
        if len(self._rest) > 4 * _LINE:
            self.end()

    def end(self) -> None:
        """Pass on a last line that no line break ends."""
        rest, self._rest = self._rest, b""
        self._tell(rest)

    def _tell(self, raw: bytes) -> None:
        line = _CONTROL_SIGNS.sub("", self._hider.hide(raw.decode("utf-8", "replace")))[:_LINE].rstrip()
        if line and self._hear:
            self._hear(line)


def _follow(
    process: subprocess.Popen[bytes], streams: Sequence[_Stream], deadline: float | None, control: Control
) -> bool:
    """Collect what the process prints until it ends; return whether it did so in time; raises Cancelled."""
    assert process.stdout is not None
    assert process.stderr is not None
    stopped_at: float | None = None
    with selectors.DefaultSelector() as selector:
        for pipe, stream in zip((process.stdout, process.stderr), streams, strict=True):
            os.set_blocking(pipe.fileno(), False)
            selector.register(pipe, selectors.EVENT_READ, stream)
        while True:
            ended = has_ended(process)
            ready = selector.select(0 if ended else _PAUSE) if selector.get_map() else []
            for key, _ in ready:
                data = os.read(key.fd, _PIECE)
                if data:
                    key.data.take(data)
                else:
                    selector.unregister(key.fileobj)
            now = time.monotonic()
            if (ended and not ready) or (stopped_at is not None and now - stopped_at > _GRACE):
                break
            if control.cancelled and stopped_at is None:
                stopped_at = now
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGTERM)
            if deadline is not None and now > deadline:
                return False
            if not selector.get_map():
                time.sleep(_PAUSE / 20)
    for stream in streams:
        stream.end()
    if stopped_at is not None:
        raise Cancelled("stopped")
    return True
