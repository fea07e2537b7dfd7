"""Ask uv for the files that exact versions stand for."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress

from npdoctor.fix.engines.engine import EngineFailure, Unsolvable
from npdoctor.fix.engines.files import write_lines
from npdoctor.fix.engines.uv_tool import ONLY_WHEELS, UvTool
from npdoctor.fix.engines.uv_words import no_answer

_OUTPUT = "pylock.npdoctor.toml"  # uv asks for a name of this form


def compiled(tool: UvTool, pins: Sequence[str]) -> str:
    """Return a lock file of exact pins, without those that no index has; empty where none could be asked.

    One pin that is missing spoils the whole answer, so missing ones are found by halves.
    """
    with tempfile.TemporaryDirectory(prefix="npdoctor-") as desk:
        text = _compile(tool, pins, desk)
        if isinstance(text, Unsolvable):
            missing = _missing(tool, pins, desk)
            kept = [pin for pin in pins if pin not in missing]
            text = _compile(tool, kept, desk) if kept else ""
        return text if isinstance(text, str) else ""


def _missing(tool: UvTool, pins: Sequence[str], desk: str) -> list[str]:
    """Return which pins cannot be had, of several that cannot be had together."""
    if len(pins) == 1:
        return list(pins)
    half = len(pins) // 2
    spoilt = [part for part in (pins[:half], pins[half:]) if not isinstance(_compile(tool, part, desk), str)]
    return [pin for part in spoilt for pin in _missing(tool, part, desk)]


def _compile(tool: UvTool, pins: Sequence[str], desk: str) -> str | Unsolvable | EngineFailure:
    path = os.path.join(desk, _OUTPUT)
    arguments = [*tool.pip("compile"), "--quiet", "--no-deps", "--no-header", *ONLY_WHEELS]
    arguments += ["--format", "pylock.toml", "--python", tool.stand_in.python, "-o", path]
    arguments.append(write_lines(desk, "pins.in", pins))
    with suppress(FileNotFoundError):
        os.unlink(path)
    ran = tool.run(arguments, tool.variables())
    answer = no_answer(ran.stderr)
    if ran.code and isinstance(answer, EngineFailure) and answer.offline:
        ran = tool.run([*arguments, "--offline"], tool.variables())
    if ran.code != 0:
        return answer
    with open(path, encoding="utf-8") as file:
        return file.read()
