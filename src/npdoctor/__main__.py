"""Composition root: no arguments on a terminal opens the TUI, everything else is the command line."""

from __future__ import annotations

import sys

if __name__ == "__main__" and __package__ and not getattr(sys.flags, "safe_path", False):
    del sys.path[0]  # `python -m` puts the working folder there, and nothing that lies in it may run

import os
from collections.abc import Mapping


def main() -> int:
    """Choose the face and run it; each is imported only when it is used."""
    arguments = sys.argv[1:]
    if not arguments and can_draw(os.environ):
        from npdoctor.tui.app import run

        return run()
    from npdoctor.cli.app import main as command_line

    if not arguments:
        print("npdoctor: no terminal, printing text. Use --json for machines.", file=sys.stderr)
    return command_line(arguments)


def can_draw(environ: Mapping[str, str]) -> bool:
    """Tell whether stdin, stdout and stderr are terminals, and one that can do more than scroll."""
    if environ.get("CI") or environ.get("TERM", "dumb") in ("dumb", "unknown", ""):
        return False
    return all(_is_terminal(descriptor) for descriptor in (0, 1, 2))


def _is_terminal(descriptor: int) -> bool:
    try:
        return os.isatty(descriptor)
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())
