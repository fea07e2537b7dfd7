"""Read what faulthandler wrote when a process died in compiled code."""

from __future__ import annotations

import re

from npdoctor.model.run import Crash

MOST_FRAMES = 12
_FATAL = re.compile(r"^Fatal Python error: ([^\r\n]{1,200})", re.M)
_STACK = re.compile(
    r"^Current thread [^\n]{0,120}\(most recent call first\):\r?\n((?:[ ]{2}[^\n]*\n?)+)", re.M
)
_FRAME = re.compile(r'^  File "([^"\n]{1,1000})", line (\d+|\?\?\?) in ([^\r\n]{1,200})', re.M)
_MODULES = re.compile(r"^Extension modules: ([^\n]{0,200000}?)(?: \(total: \d+\))?\r?$", re.M)
_LIBRARY = re.compile(r'^  Binary file "([^"\n]{1,1000})"', re.M)
# faulthandler itself, and what raises or delivers the signal, come before the culprit.
_NOT_THE_CULPRIT = re.compile(r"/(?:lib(?:c|pthread|python[\d.]+\w*|stdc\+\+)\b[^/]*|ld-[^/]*|python[\d.]*)$")


def parse_crash(text: str) -> Crash | None:
    """Return the last crash that the text tells of; None where there is none.

    Sources: Python/traceback.c (_Py_DumpTraceback, since 3.10 with extension modules, since 3.14 with the C
    stack) and Python/pylifecycle.c (`Fatal Python error: `).
    """
    found = list(_FATAL.finditer(text))
    if not found:
        return None
    rest = text[found[-1].start() :]
    stack = _STACK.search(rest)
    frames = tuple(
        f"{file}:{line} in {name}" for file, line, name in _FRAME.findall(stack[1] if stack else "")
    )
    modules = _MODULES.search(rest)
    libraries = [path for path in _LIBRARY.findall(rest) if not _NOT_THE_CULPRIT.search(path)]
    return Crash(
        kind=found[-1][1].strip(),
        frames=frames[:MOST_FRAMES],
        modules=tuple(modules[1].split(", ")) if modules and modules[1] else (),
        library=libraries[0] if libraries else "",
    )


def package_of(path: str) -> str:
    """Return the top folder or file below site-packages, without suffix; nothing for other files."""
    inside = re.search(r"/(?:site|dist)-packages/([^/.]+)", path)
    return inside[1] if inside else ""


def suspects(crash: Crash) -> tuple[str, tuple[str, ...]]:
    """Return the package nearest to the crash that has extension modules loaded, and these modules.

    Frames are Python's: the compiled code that was called last is not among them, its caller is.
    """
    for frame in crash.frames:
        package = package_of(frame)
        loaded = tuple(name for name in crash.modules if name.partition(".")[0] == package)
        if package and loaded:
            return package, loaded
    return "", ()
