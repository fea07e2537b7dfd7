"""Find the requirements files of a project, and the constraints file that goes with them."""

from __future__ import annotations

import glob
import os

from npdoctor.fix.files.compiled import Compiled, compiled
from npdoctor.fix.files.encoding import read_text
from npdoctor.fix.files.includes import walk
from npdoctor.fix.files.place import CannotEdit, Kind, Place

CONSTRAINTS = "constraints.txt"
_MAIN = ("requirements.txt", "base.txt")


def source_place(folder: str) -> Place | None:
    """Return the files that requirements are compiled from, found by their name or in what was compiled."""
    made = compiled_files(folder)
    named = {os.path.normpath(s) for c in made.values() for s in c.sources if s.endswith((".in", ".txt"))}
    named.add("requirements.in")
    here = sorted(name for name in named if os.path.isfile(os.path.join(folder, name)))
    if not here:
        return None
    here.sort(key=lambda name: name != "requirements.in")
    results = " and ".join(os.path.relpath(path, folder) for path in made)
    what = f"{results} is compiled from" if results else "Requirements are compiled from"
    files = tuple(os.path.join(folder, name) for name in here)
    why = f"{what} {' and '.join(here)}."
    return Place(
        Kind.COMPILED, files, why, constraints_beside(files[0], folder), compile_commands(files[0], folder)
    )


def requirements_place(folder: str) -> Place | None:
    """Return the requirements files that a person wrote; requirements.txt is the main one."""
    made = compiled_files(folder)
    files = [path for path in requirement_files(folder) if path not in made]
    if not files:
        return None
    files.sort(key=lambda path: (os.path.basename(path) not in _MAIN, path))
    why = f"{os.path.relpath(files[0], folder)} lists requirements."
    return Place(Kind.REQUIREMENTS, tuple(files), why, constraints_beside(files[0], folder))


def requirement_files(folder: str) -> list[str]:
    """Return requirements*.txt of a folder, else those in its folder named requirements."""
    for pattern in ("requirements*.txt", os.path.join("requirements", "*.txt")):
        found = sorted(glob.glob(os.path.join(glob.escape(folder), pattern)))
        files = [
            path for path in found if os.path.isfile(path) and "constraint" not in os.path.basename(path)
        ]
        if files:
            return files
    return []


def compiled_files(folder: str) -> dict[str, Compiled]:
    """Return, of the requirements files of a folder, those that a program wrote."""
    found: dict[str, Compiled] = {}
    for path in requirement_files(folder):
        try:
            made = compiled(read_text(path).text)
        except CannotEdit:
            continue
        if made is not None:
            found[path] = made
    return found


def compile_commands(source: str, folder: str) -> tuple[tuple[str, ...], ...]:
    """Return what compiles a source, run in the folder: as compiled files there tell, else pip-compile."""
    name = os.path.relpath(source, folder)
    made = compiled_files(folder).values()
    told = tuple(c.command for c in made if c.command and name in map(os.path.normpath, c.sources))
    return told or (("pip-compile", name),)


def constraints_beside(main: str, folder: str) -> str:
    """Return constraints.txt beside a requirements file, or one in the folder that it names already."""
    beside = os.path.join(os.path.dirname(main), CONSTRAINTS)
    if os.path.lexists(beside):
        return beside
    try:
        reached = walk(main).reached[1:]
    except CannotEdit:
        return beside
    for one in reached:
        path = os.path.abspath(one.file.path)
        inside = path.startswith(os.path.join(folder, ""))
        if one.constraint and inside and compiled(one.file.text) is None:
            return path
    return beside
