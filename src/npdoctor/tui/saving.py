"""Where copies and exports are kept: files for their owner alone."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping


def save_copy(text: str, environ: Mapping[str, str]) -> str:
    """Write what was copied to copy.txt in the state folder, return its path; raise StateError or OSError."""
    from npdoctor.fix.write.durable import write_durably
    from npdoctor.fix.write.state import make_private, state_folder

    path = os.path.join(make_private(state_folder(environ)), "copy.txt")
    write_durably(path, text.encode("utf-8", "backslashreplace"))
    return path


def export_name(when: float, extension: str) -> str:
    """Return the name of an export by its time (seconds since the epoch, shown in UTC)."""
    return f"npdoctor-{time.strftime('%Y-%m-%dT%H%MZ', time.gmtime(when))}.{extension}"


def export_folder(environ: Mapping[str, str]) -> str:
    """Return the working folder, or the state folder where nothing can be written there."""
    from npdoctor.fix.write.state import state_folder
    from npdoctor.probe.launch import current_folder

    folder = current_folder()
    return folder if folder and os.access(folder, os.W_OK | os.X_OK) else state_folder(environ)


def save_export(folder: str, name: str, text: str) -> str:
    """Write a new file, return its path; one that is there keeps its name and what it holds.

    Raises StateError or OSError.
    """
    from npdoctor.fix.write.state import make_private

    make_private(folder)
    stem, extension = os.path.splitext(name)
    number = 1
    while True:
        path = os.path.join(folder, name if number == 1 else f"{stem}-{number}{extension}")
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            break
        except FileExistsError:
            number += 1
    with open(handle, "wb") as file:
        file.write(text.encode("utf-8", "backslashreplace"))
    return path


def shown_path(path: str) -> str:
    """Return a path with the home folder as `~`."""
    home = os.environ.get("HOME", "").rstrip("/")
    inside = home and (path == home or path.startswith(f"{home}/"))
    return f"~{path[len(home) :]}" if inside else path
