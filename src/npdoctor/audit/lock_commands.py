"""Say what to do about a file that a program wrote: what to change, and the command that locks again."""

from __future__ import annotations

from collections.abc import Sequence

from npdoctor.audit.locks import lock_tool

_COMMANDS = {
    "uv": "uv lock {options}",
    "poetry": "poetry update {names}",
    "pdm": "pdm update {names}",
    "pipenv": "pipenv upgrade {names}",
}


def lock_again(text: str, names: Sequence[str], declared_in: Sequence[str]) -> str:
    """Return in words what brings other versions of some names into a lock file.

    `declared_in` are the files that declare them, as shown to the person.
    """
    command = _COMMANDS.get(lock_tool(text), "")
    options = " ".join(f"--upgrade-package {name}" for name in names)
    how = command.format(options=options, names=" ".join(names)) if command else "the command that wrote it"
    first = f"Change {' and '.join(declared_in)}, then lock" if declared_in else "Lock"
    return f"{first} again: {how}"
