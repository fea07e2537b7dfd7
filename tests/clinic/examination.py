"""Run the real command line on an environment and hold what it answered against the shipped schema."""

from __future__ import annotations

import functools
import importlib.resources
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import jsonschema

from clinic.patients import Environment

Finding = dict[str, Any]


@dataclass(frozen=True)
class Examination:
    """What one run of `npdoctor check --json` answered and cost; `peak` is its own memory in bytes."""

    exit_code: int
    document: dict[str, Any]
    seconds: float
    peak: int
    stderr: str

    def findings(
        self, code: str = "NPD", subject: str | None = None, severity: str | None = None
    ) -> list[Finding]:
        """Return the findings whose code begins so."""
        return [
            finding
            for finding in self.document["findings"]
            if finding["code"].startswith(code)
            and subject in (None, finding["subject"])
            and severity in (None, finding["severity"])
        ]

    def subjects(self, code: str = "NPD", severity: str | None = None) -> set[str]:
        """Return whom the findings with such a code name."""
        return {finding["subject"] for finding in self.findings(code, severity=severity)}

    def one(self, code: str, subject: str) -> Finding:
        """Return the only finding with that code for that subject."""
        found = self.findings(code, subject)
        assert len(found) == 1, f"{len(found)} findings {code} for {subject}:\n{self.told()}"
        return found[0]

    def distribution(self, name: str) -> dict[str, Any]:
        """Return what is said of one distribution."""
        found: list[dict[str, Any]] = [one for one in self.document["distributions"] if one["name"] == name]
        assert len(found) == 1, f"{len(found)} distributions are named {name}"
        return found[0]

    def told(self) -> str:
        """Return the findings in short, for the message of an assertion."""
        return "\n".join(
            "{code} {severity} {subject}: {title}; cause {cause}; ".format(**f) + str(f["evidence"][:2])
            for f in self.document["findings"]
        )


def examine(
    environment: Environment,
    *options: str,
    folder: Path | None = None,
    environ: Mapping[str, str] | None = None,
    limit: float = 240,
) -> Examination:
    """Run `npdoctor check --json` in a session of its own, from an empty folder if none is given.

    Only families 0, 1 and 2 are selected: what ails this machine is no matter of the environment.
    """
    command = [sys.executable, "-m", "npdoctor", "check", "--json", "--select", "NPD0,NPD1,NPD2"]
    with _temporary_file() as out, _temporary_file() as err, tempfile.TemporaryDirectory() as empty:
        begun = time.monotonic()
        process = subprocess.Popen(
            [*command, "--python", str(environment.prefix), *options],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            cwd=folder or empty,
            env={**os.environ, **(environ or {})},
            start_new_session=True,
        )
        memory = _Peak(process.pid)
        try:
            process.wait(limit)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            peak = memory.stop()
        seconds = time.monotonic() - begun
        out.seek(0)
        err.seek(0)
        said, stderr = out.read().decode(), err.read().decode()
    assert process.returncode in (0, 1, 3), f"exit code {process.returncode}\n{stderr}"
    document = json.loads(said)
    jsonschema.validate(document, schema())
    assert document["exit_code"] == process.returncode
    return Examination(process.returncode, document, seconds, peak, stderr)


def _temporary_file() -> IO[bytes]:
    return tempfile.TemporaryFile()


@functools.cache
def schema() -> dict[str, Any]:
    """Return the schema that the package ships."""
    text = (importlib.resources.files("npdoctor") / "report/schema/check-1.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


class _Peak:
    """Watch the largest resident memory of one process."""

    def __init__(self, pid: int) -> None:
        self.path = f"/proc/{pid}/status"
        self.bytes = 0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def _watch(self) -> None:
        while not self.ended.wait(0.1):
            try:
                with open(self.path) as status:
                    lines = [line for line in status if line.startswith("VmHWM")]
            except OSError:
                return
            if lines:
                self.bytes = max(self.bytes, int(lines[0].split()[1]) << 10)

    def stop(self) -> int:
        self.ended.set()
        self.thread.join()
        return self.bytes


def processes_of(environment: Environment) -> list[str]:
    """Return the command lines of processes that run this environment or have a file of it mapped."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as command, open(f"/proc/{entry}/maps", "rb") as maps:
                words, mapped = command.read(), maps.read()
        except OSError:
            continue
        if bytes(environment.prefix) in words or bytes(environment.prefix) in mapped:
            found.append(f"{entry}: {words.replace(bytes(1), b' ').decode(errors='replace')}")
    return found
