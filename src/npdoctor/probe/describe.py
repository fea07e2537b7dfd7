"""Ask an interpreter to describe itself, and say clearly why it does not."""

from __future__ import annotations

import errno
import json
import os
import re
import selectors
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from npdoctor.errors import TargetError
from npdoctor.model.target import Choice, Target
from npdoctor.probe.launch import (
    agent_script,
    current_folder,
    end_group,
    has_ended,
    pythonpath_entries,
    start_agent,
)

CHANNEL_GONE = 97
_KEPT_NOISE = 4096
_KEPT_ANSWER = 1 << 22
_WITHOUT_STARTUP = ("-E", "-s", "-S")
_CONTROL = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)


def describe(
    choice: Choice,
    timeout: float = 20,
    environ: Mapping[str, str] | None = None,
    working_folder: str | None = None,
) -> Target:
    """Return what the chosen interpreter says of itself, or raise TargetError with the reason."""
    environ = os.environ if environ is None else environ
    working_folder = current_folder() if working_folder is None else working_folder
    executable = _behind_shim(choice.executable, environ, working_folder)
    look = _Look(executable, timeout, environ, working_folder)
    reply = look.ask()
    if reply.record is None:
        raise TargetError(look.explain(reply))
    version = reply.record["version"]
    if reply.record.get("too_old"):
        text = ".".join(map(str, version))
        raise TargetError(f"Python {text} is too old: npdoctor examines 3.7 and later ({executable}).")
    return _target(choice, executable, reply, pythonpath_entries(environ))


@dataclass(frozen=True, slots=True)
class _Reply:
    """What became of one attempt; `record` is None where no valid answer came."""

    record: dict[str, Any] | None
    noise: str
    status: int | None


@dataclass(frozen=True, slots=True)
class _Look:
    """An interpreter and the circumstances in which it is asked."""

    executable: str
    timeout: float
    environ: Mapping[str, str]
    working_folder: str

    def ask(self, options: Sequence[str] = ()) -> _Reply:
        """Run the agent once and collect its answer and whatever else was printed."""
        try:
            with tempfile.TemporaryDirectory(prefix="npdoctor-", ignore_cleanup_errors=True) as folder:
                return self._ask_in(folder, options)
        except OSError as problem:
            raise TargetError(f"No temporary folder can be made to work in: {problem}") from problem

    def _ask_in(self, folder: str, options: Sequence[str]) -> _Reply:
        reader, writer = os.pipe()
        try:
            process = start_agent(
                self.executable,
                [*options, agent_script("describe"), str(writer)],
                cwd=folder,
                pass_fds=(writer,),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                environ=self.environ,
                working_folder=self.working_folder,
            )
        except OSError as problem:
            os.close(reader)
            raise TargetError(_cannot_run(self.executable, problem)) from problem
        finally:
            os.close(writer)
        try:
            answer, noise, ended = _collect(process, reader, self.timeout)
        finally:
            end_group(process)
            os.close(reader)
        return _Reply(_last_record(answer), _clean(noise), process.returncode if ended else None)

    def explain(self, reply: _Reply) -> str:
        """Say why no answer came, after a second look with nothing run at start-up."""
        said = f" It said: {_tail(reply.noise)}" if reply.noise.strip() else ""
        if reply.status is None:
            return f"{self.executable} gave no answer in {self.timeout:g} s.{said}"
        how = _ending(reply.status)
        bare = self.ask(_WITHOUT_STARTUP).record
        if bare is None:
            return f"{self.executable} is no Python that can be examined: it {how} without an answer.{said}"
        version = ".".join(map(str, bare["version"]))
        if reply.status == CHANNEL_GONE:
            how = "loses its open files"
        return (
            f"Python {version} at {self.executable} {how} while it starts: sitecustomize, usercustomize, "
            f"a .pth file or a PYTHON* variable does that.{said}"
        )


def _collect(process: subprocess.Popen[bytes], channel: int, timeout: float) -> tuple[bytes, bytes, bool]:
    """Read the answer and the noise until the process ends, whoever else still holds the pipes."""
    assert process.stdout is not None
    assert process.stderr is not None
    limits = {
        channel: _KEPT_ANSWER,
        process.stdout.fileno(): _KEPT_NOISE,
        process.stderr.fileno(): _KEPT_NOISE,
    }
    kept = {descriptor: bytearray() for descriptor in limits}
    until = time.monotonic() + timeout
    ended = False
    with selectors.DefaultSelector() as selector:
        for descriptor in limits:
            os.set_blocking(descriptor, False)
            selector.register(descriptor, selectors.EVENT_READ)
        while not ended and time.monotonic() < until:
            ended = has_ended(process)
            _drain(selector, kept, limits, 0.0 if ended else 0.05)
    noise = b"".join(bytes(kept[descriptor]) for descriptor in limits if descriptor != channel)
    return bytes(kept[channel]), noise, ended


def _drain(
    selector: selectors.BaseSelector, kept: dict[int, bytearray], limits: Mapping[int, int], wait: float
) -> None:
    """Read what is there now, keeping no more of each stream than its limit."""
    if not selector.get_map():
        time.sleep(min(wait, 0.005))
    for key, _ in selector.select(wait) if selector.get_map() else ():
        for _ in range(64):
            try:
                chunk = os.read(key.fd, 65536)
            except BlockingIOError:
                break
            if not chunk:
                selector.unregister(key.fd)
                break
            room = limits[key.fd] - len(kept[key.fd])
            kept[key.fd] += chunk[:room]


def _last_record(answer: bytes) -> dict[str, Any] | None:
    """Return the newest complete line that is a description."""
    for line in reversed(answer.split(b"\n")[:-1]):
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict) and isinstance(record.get("version"), list):
            return record
    return None


def _target(choice: Choice, executable: str, reply: _Reply, pythonpath: tuple[str, ...]) -> Target:
    record = reply.record or {}
    libc = record["libc"]
    major, minor, micro = record["version"]
    return Target(
        executable=executable,
        why=choice.why,
        version=(major, minor, micro),
        implementation=record["implementation"],
        prefix=record["prefix"],
        base_prefix=record["base_prefix"],
        platform=record["platform"],
        sys_path=tuple(record["sys_path"]),
        site_packages=tuple(record["site_packages"]),
        user_site=record["user_site"],
        pythonpath=pythonpath,
        extension_suffixes=tuple(record["extension_suffixes"]),
        stdlib_modules=frozenset(record["stdlib_modules"]),
        libc=(libc[0], libc[1]) if libc else None,
        byte_order=record["byte_order"],
        bits=record["bits"],
        startup_noise=reply.noise,
    )


def _behind_shim(executable: str, environ: Mapping[str, str], working_folder: str) -> str:
    """Return the interpreter that a version manager's shim stands for in the user's folder.

    Such a shim chooses by the working folder, while agents run in another; -S and a program that
    imports only `sys` keep the folder's own code from running.
    """
    if os.path.basename(os.path.dirname(executable)) != "shims":
        return executable
    ask = "import sys; sys.stdout.write(sys.executable)"
    try:
        answer = subprocess.run(
            [executable, *_WITHOUT_STARTUP, "-c", ask],
            cwd=working_folder,
            env={**environ, "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return executable
    found = os.fsdecode(answer.stdout)
    return found if answer.returncode == 0 and os.path.isfile(found) else executable


def _cannot_run(executable: str, problem: OSError) -> str:
    """Put the system's refusal to start a program into words."""
    if problem.errno == errno.ENOEXEC:
        return f"{executable} is not a program that this machine can run."
    if problem.errno == errno.ENOENT and os.path.lexists(executable):
        return f"{executable} is there, but the loader or script interpreter that it needs is not."
    if problem.errno == errno.ENOENT:
        return f"No Python at {executable}. Pass --python PATH."
    if problem.errno in (errno.EACCES, errno.EPERM):
        return f"{executable} cannot be run: permission denied."
    return f"{executable} cannot be run: {problem.strerror or problem}."


def _ending(status: int) -> str:
    return f"is ended by signal {-status}" if status < 0 else f"exits with code {status}"


def _clean(noise: bytes) -> str:
    """Return printable text without control characters and escape sequences."""
    return _CONTROL.sub("", noise.decode("utf-8", "replace").replace("\r\n", "\n")).strip()


def _tail(noise: str) -> str:
    """Return the last lines of what was printed, on one line."""
    return " | ".join(line.strip() for line in noise.splitlines()[-3:])[-400:]
