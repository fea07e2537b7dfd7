"""Run an installer: in a session of its own, its output bounded and without credentials."""

from __future__ import annotations

import os
import re
import selectors
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote

from npdoctor.fix.engines.engine import Command
from npdoctor.fix.write.lock import Lock
from npdoctor.fix.write.outcome import Events
from npdoctor.probe.control import Control
from npdoctor.probe.launch import end_group, has_ended

Take = Callable[[bytes], None]

_TAIL_LINES = 60
_LINE = 2000
_PAUSE = 0.1
_GRACE = 5.0
_LOGIN = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)([^\s/?#\"'<>]+)@")
_SECRET_NAME = re.compile(r"(?:UV|PIP)_\w*(?:PASSWORD|TOKEN)\w*")
_CONTROL_SIGNS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]")
_SHORTEST_SECRET = 4


@dataclass(frozen=True, slots=True)
class Ran:
    """How an installer ended; `code` is None where it was stopped. `output` is the end of what it said."""

    code: int | None
    output: str


def run(command: Command, environ: Mapping[str, str], lock: Lock, control: Control, events: Events) -> Ran:
    """Run a command to its end, or until `control` says to stop; raises OSError where it cannot start."""
    environment = {**environ, **command.environ}
    hider = Hider(environment.items())
    process = subprocess.Popen(
        command.arguments,
        cwd=command.folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=(lock.handle,),
        start_new_session=True,
    )
    tail: deque[str] = deque(maxlen=_TAIL_LINES)

    def take(raw: bytes) -> None:
        line = _CONTROL_SIGNS.sub("", hider.hide(raw.decode("utf-8", "replace")))[:_LINE].rstrip()
        if line:
            tail.append(line)
            events.output(line)

    try:
        lock.note(process.pid)
        stopped = _follow(process, control, take)
    finally:
        end_group(process)
        lock.note()
    return Ran(None if stopped else process.returncode, "\n".join(tail))


class Hider:
    """Takes credentials out of text: logins in addresses, and the values of variables that hold secrets."""

    def __init__(self, environ: Iterable[tuple[str, str]]) -> None:
        found: set[str] = set()
        for name, value in environ:
            if _SECRET_NAME.fullmatch(name):
                found.add(value)
            for _, login in _LOGIN.findall(value):
                user, colon, password = login.partition(":")
                secret = password if colon else user
                found |= {secret, unquote(secret)}
        self._secrets = sorted((s for s in found if len(s) >= _SHORTEST_SECRET), key=len, reverse=True)

    def hide(self, text: str) -> str:
        """Return the text without credentials."""
        for secret in self._secrets:
            text = text.replace(secret, "<hidden>")
        return _LOGIN.sub(r"\1<hidden>@", text)


class _Lines:
    """Cuts a stream into lines; a line that never ends is cut at a limit."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._rest = b""

    def feed(self, data: bytes) -> None:
        *lines, self._rest = re.split(rb"[\r\n]", self._rest + data)
        for line in lines:
            self._take(line)
        if len(self._rest) > 4 * _LINE:
            self.end()

    def end(self) -> None:
        rest, self._rest = self._rest, b""
        self._take(rest)


def _follow(process: subprocess.Popen[bytes], control: Control, take: Take) -> bool:
    """Pass on the output until the process ends; return whether it was stopped."""
    assert process.stdout is not None
    stream = process.stdout.fileno()
    os.set_blocking(stream, False)
    lines = _Lines(take)
    stopped_at: float | None = None
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        is_open = True
        while True:
            ended = has_ended(process)
            if is_open and selector.select(0 if ended else _PAUSE):
                data = os.read(stream, 1 << 16)
                lines.feed(data)
                if data:
                    continue
                is_open = False
                selector.unregister(stream)
            if ended:
                break
            if not is_open:
                time.sleep(_PAUSE / 5)
            if control.cancelled and stopped_at is None:
                stopped_at = time.monotonic()
                _signal(process, signal.SIGTERM)
            elif stopped_at is not None and time.monotonic() - stopped_at > _GRACE:
                _signal(process, signal.SIGKILL)
    lines.end()
    return stopped_at is not None


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
