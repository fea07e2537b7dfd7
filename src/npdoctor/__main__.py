"""Composition root: on a terminal, no command opens the TUI; everything else is the command line."""

from __future__ import annotations

import sys

if __name__ == "__main__" and __package__ and not getattr(sys.flags, "safe_path", False):
    del sys.path[0]  # `python -m` puts the working folder there, and nothing that lies in it may run

import os
from collections.abc import Mapping
from typing import Any


def main() -> int:
    """Choose the face and run it; each is imported only when it is used."""
    arguments = sys.argv[1:]
    if "--serve" in arguments and arguments[0].startswith("-"):
        return _serve([argument for argument in arguments if argument != "--serve"])
    if can_draw(os.environ):
        wanted = _of_screen(arguments)
        if wanted is not None:
            from npdoctor.tui.app import run

            return run(_crash_words, **wanted)
    from npdoctor.cli.app import main as command_line

    if not arguments:
        print("npdoctor: no terminal, printing text. Use --json for machines.", file=sys.stderr)
    return command_line(arguments)


def _of_screen(arguments: list[str]) -> dict[str, Any] | None:
    """Return what the options ask of the screen; None where one of them is for the command line."""
    if not arguments:
        return {}
    from npdoctor.cli.screen_options import screen_options

    return screen_options(arguments)


def _serve(arguments: list[str]) -> int:
    from npdoctor.cli.app import guarded
    from npdoctor.cli.screen_options import serving_options

    def serve() -> int:
        from npdoctor.tui.serving import serve as serve_screen

        return serve_screen(*serving_options(arguments))

    return guarded(serve)


def _crash_words(error: Exception) -> str:
    from npdoctor.cli.crash import crash_words

    return crash_words(error)


def can_draw(environ: Mapping[str, str]) -> bool:
    """Tell whether stdin, stdout and stderr are terminals, and one that can do more than scroll.

    Where a browser shows the screen, textual-serve stands between, and there is no terminal.
    """
    if environ.get("NPDOCTOR_SERVED") and environ.get("TEXTUAL_DRIVER"):
        return True
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
