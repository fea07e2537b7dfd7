"""Choose, make and remove the folder in which a rehearsal takes place."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
import time
import zlib
from collections.abc import Iterator

from npdoctor.model.target import Target

OWN = ".npdoctor"
_NAME = re.compile(r"(?:npdoctor-)?rehearsal-(\d+)-(\d+)-\w+")
_ABANDONED = 24 * 3600  # seconds after which what another machine left on a shared disk is taken for dead


@contextlib.contextmanager
def rehearsal_folder(target: Target) -> Iterator[str]:
    """Yield an empty folder, on the environment's file system where possible; it is removed in any case.

    What a killed rehearsal left behind is swept first. Raises OSError where no folder can be made.
    """
    parents = _parents(target)
    for parent in parents:
        _sweep(parent)
    folder = _make(target, parents)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _tidy(os.path.dirname(folder))


def is_virtual(target: Target) -> bool:
    """Tell whether the target is a virtual environment."""
    return target.prefix != target.base_prefix and os.path.isfile(os.path.join(target.prefix, "pyvenv.cfg"))


def _parents(target: Target) -> list[str]:
    """Return where a rehearsal may take place, best first."""
    prefix = os.path.realpath(target.prefix)
    places = [prefix] if is_virtual(target) else []
    places.append(os.path.dirname(prefix))
    return [*(os.path.join(place, OWN) for place in places), tempfile.gettempdir()]


def _make(target: Target, parents: list[str]) -> str:
    """Make the folder in the first place that is on the environment's file system, else the last place."""
    *near, last = parents
    mark = f"rehearsal-{os.getpid()}-{_machine()}-"
    for parent in near:
        try:
            if _device(os.path.dirname(parent)) != _device(target.site_packages[0]):
                continue
            os.makedirs(parent, exist_ok=True)
            return tempfile.mkdtemp(prefix=mark, dir=parent)
        except OSError:
            _tidy(parent)
    return tempfile.mkdtemp(prefix=f"npdoctor-{mark}", dir=last)


def _device(path: str) -> int:
    return os.stat(path).st_dev


def _machine() -> int:
    """Return a number for this machine: process ids say nothing of another one with the same disk."""
    return zlib.crc32(os.uname().nodename.encode())


def _sweep(parent: str) -> None:
    """Remove the rehearsals of processes that are gone."""
    with contextlib.suppress(OSError):
        for name in os.listdir(parent):
            match = _NAME.fullmatch(name)
            path = os.path.join(parent, name)
            if match and _is_dead(int(match[1]), int(match[2]), path):
                shutil.rmtree(path, ignore_errors=True)
    _tidy(parent)


def _is_dead(pid: int, machine: int, path: str) -> bool:
    if machine != _machine():
        return time.time() - os.stat(path).st_mtime > _ABANDONED
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


def _tidy(parent: str) -> None:
    """Remove npdoctor's own folder where nothing is in it."""
    if os.path.basename(parent) == OWN:
        with contextlib.suppress(OSError):
            os.rmdir(parent)
