"""Start the agent in the target and run a session to its end."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence

from npdoctor.errors import Cancelled
from npdoctor.model.outcome import ImportJob
from npdoctor.model.target import Target
from npdoctor.probe.control import Control
from npdoctor.probe.host.memory import read_memory
from npdoctor.probe.host.mounts import read_mounts
from npdoctor.probe.host.tree import Tree
from npdoctor.probe.imports.channel import Channel
from npdoctor.probe.imports.node import Limits
from npdoctor.probe.imports.session import Session
from npdoctor.probe.imports.settlement import OnOutcome
from npdoctor.probe.imports.tree import Branch
from npdoctor.probe.launch import agent_script, start_agent

RESTARTS = 3
SOCKET_PATH = 80
CACHE_ROOM = 1 << 30
LEAST = 256 << 20
MOST = 8 << 30


def run_probe(
    target: Target,
    branches: Sequence[Branch],
    limits: Limits,
    control: Control,
    on_outcome: OnOutcome,
    programs: Mapping[ImportJob, str] | None = None,
) -> None:
    """Import every job of every branch and run every program; tell each final outcome once.

    Raises OSError where the probe cannot even be started.

    Raises Cancelled when the control says so; every process that was started is gone by then.
    """
    folder, cache = _private_folder(), _cache_folder()
    channel = Channel(folder)
    session = Session(channel, limits, control, on_outcome)
    session.plan(branches)
    session.plan_programs(programs or {})
    agents: list[subprocess.Popen[bytes]] = []
    try:
        while not session.finished():
            if control.cancelled:
                raise Cancelled("stopped")
            if session.root is None and (not agents or agents[-1].poll() is not None):
                if len(agents) > RESTARTS:
                    session.abandon("the probe's own process ended again and again in this interpreter")
                    break
                agents.append(_start(target, folder, cache, channel))
            session.step(0.1)
        if session.root:
            session.root.send(op="leave")
            _await_end(agents, session)
    finally:
        if not session.finished():
            session.abandon("stopped")
        channel.close()
        for agent in agents:
            _end(agent)
        for made in (folder, cache):
            shutil.rmtree(made, ignore_errors=True)


def _private_folder() -> str:
    """Make a folder whose socket has a path that fits into the kernel's 108 bytes."""
    for parent in (tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm"):  # noqa: S108
        if len(os.fsencode(parent)) < SOCKET_PATH:
            with contextlib.suppress(OSError):
                return tempfile.mkdtemp(prefix="npdoctor-", dir=parent)
    raise OSError("no temporary folder can be written")


def _cache_folder() -> str:
    """Make a folder for compiled code: in memory where there is room, since thousands of files go there."""
    with contextlib.suppress(OSError):
        memory = os.statvfs("/dev/shm")  # noqa: S108
        if memory.f_bavail * memory.f_frsize >= CACHE_ROOM:
            return tempfile.mkdtemp(prefix="npdoctor-", dir="/dev/shm")
    return tempfile.mkdtemp(prefix="npdoctor-")


def _start(target: Target, folder: str, cache: str, channel: Channel) -> subprocess.Popen[bytes]:
    empty = os.path.join(folder, "empty")
    os.makedirs(empty, exist_ok=True)
    # Numba and Triton write what they compile beside the source, into the target.
    caches = {name: os.path.join(folder, name) for name in ("NUMBA_CACHE_DIR", "TRITON_CACHE_DIR")}
    return start_agent(
        target.executable,
        [agent_script("importer"), channel.path, cache],
        cwd=empty,
        environ={**os.environ, **caches},
    )


def _await_end(agents: Sequence[subprocess.Popen[bytes]], session: Session) -> None:
    """Give the importers a moment to leave by themselves, so that the system accounts for them."""
    until = time.monotonic() + 1.0
    while agents and agents[-1].poll() is None and time.monotonic() < until:
        session.step(0.02)


def _end(agent: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        agent.wait(0.2)
    if agent.poll() is None:
        agent.kill()
        agent.wait()


def memory_limit(tree: Tree | None = None) -> int:
    """Return how many bytes one importer may hold: half of what this machine and its groups can give."""
    tree = tree or Tree()
    room = read_memory(tree, read_mounts(tree)).room
    return max(LEAST, min(MOST, MOST if room is None else room) // 2)
