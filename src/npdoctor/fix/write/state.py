"""Where npdoctor keeps what it needs to undo."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping

from npdoctor.errors import NpdoctorError

PRIVATE = 0o700


class StateError(NpdoctorError):
    """Say that the state folder cannot be used."""


def state_folder(environ: Mapping[str, str]) -> str:
    """Return the state folder: $NPDOCTOR_HOME, else below $XDG_STATE_HOME, else below the home folder."""
    own = environ.get("NPDOCTOR_HOME")
    if own:
        return os.path.abspath(os.path.expanduser(own))
    given = environ.get("XDG_STATE_HOME", "")
    if os.path.isabs(given):
        return os.path.join(given, "npdoctor")
    home = environ.get("HOME") or os.path.expanduser("~")
    return os.path.join(home, ".local", "state", "npdoctor")


def make_private(folder: str) -> str:
    """Make a folder that only its owner may enter, with those above it; raise StateError with the reason."""
    try:
        os.makedirs(folder, mode=PRIVATE, exist_ok=True)
    except OSError as error:
        raise StateError(f"The state folder {folder} cannot be made: {error.strerror}.") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StateError(f"The state folder {folder} cannot be written to.")
    return folder


def environment_key(prefix: str) -> str:
    """Return a short name for an environment that is safe in a path."""
    return hashlib.sha256(os.fsencode(os.path.realpath(prefix))).hexdigest()[:16]
