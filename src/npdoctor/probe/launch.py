"""How every agent script is started inside the target."""

from __future__ import annotations

import atexit
import contextlib
import functools
import importlib.resources
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence

# Set by npdoctor's own wrapping, or harmful to a process that nobody sits in front of.
_DROPPED = ("__PEX_", "COVERAGE_PROCESS_START", "COV_CORE_", "NPDOCTOR_", "PEX", "SHIV_", "TEXTUAL")
_DROPPED_EXACTLY = frozenset({"PYTHONINSPECT", "PYTHONPROFILEIMPORTTIME", "PYTHONSTARTUP", "PYTHONVERBOSE"})


def pythonpath_entries(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the entries of PYTHONPATH as given; an empty one means the working folder."""
    value = environ.get("PYTHONPATH", "")
    return tuple(value.split(os.pathsep)) if value else ()


def names_folder(entry: str, folder: str) -> bool:
    """Tell whether a PYTHONPATH entry, seen from that folder, is the folder itself."""
    return os.path.realpath(os.path.join(folder, entry)) == os.path.realpath(folder)


def agent_environment(environ: Mapping[str, str], working_folder: str) -> dict[str, str]:
    """Return the environment of an agent: what the user's program sees, but for the working folder.

    Relative entries of PYTHONPATH are made absolute; those that resolve to the working folder are left
    out, because nothing that lies there may run.
    """
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith(_DROPPED) and name not in _DROPPED_EXACTLY
    }
    entries = [
        os.path.abspath(os.path.join(working_folder, entry))
        for entry in pythonpath_entries(environ)
        if not names_folder(entry, working_folder)
    ]
    kept.pop("PYTHONPATH", None)
    if entries:
        kept["PYTHONPATH"] = os.pathsep.join(entries)
    kept["PYTHONDONTWRITEBYTECODE"] = "1"
    kept["PYTHONSAFEPATH"] = "1"
    kept.setdefault("PYENV_DIR", working_folder)  # a pyenv shim looks for .python-version from there
    return kept


def current_folder() -> str:
    """Return the working folder, or the root where it has been removed."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        return os.sep


@functools.cache
def agent_script(name: str) -> str:
    """Return the path of one of the agent's scripts, unpacked where npdoctor runs from an archive."""
    script = importlib.resources.files("npdoctor") / "agent" / f"{name}.py"
    unpacked = contextlib.ExitStack()
    atexit.register(unpacked.close)
    return str(unpacked.enter_context(importlib.resources.as_file(script)))


def start_agent(
    executable: str,
    arguments: Sequence[str],
    *,
    cwd: str,
    pass_fds: Sequence[int] = (),
    stdout: int = subprocess.DEVNULL,
    stderr: int = subprocess.DEVNULL,
    environ: Mapping[str, str] | None = None,
    working_folder: str | None = None,
) -> subprocess.Popen[bytes]:
    """Start the target with these arguments in `cwd`, an empty folder, as leader of its own group.

    `working_folder` is the user's, against which PYTHONPATH is read.
    """
    return subprocess.Popen(
        [executable, *arguments],
        cwd=cwd,
        env=agent_environment(
            os.environ if environ is None else environ,
            current_folder() if working_folder is None else working_folder,
        ),
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        pass_fds=pass_fds,
        start_new_session=True,
    )


def has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Tell whether the process ended, without collecting it, so that its group keeps its number."""
    try:
        return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None
    except ChildProcessError:
        return True


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill the whole group of the process and collect it."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
