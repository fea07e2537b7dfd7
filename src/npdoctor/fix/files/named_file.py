"""Judge by name and content what a file is that a person named for the pins."""

from __future__ import annotations

import fnmatch
import os

from npdoctor.fix.files.block import BEGIN
from npdoctor.fix.files.compiled import compiled
from npdoctor.fix.files.encoding import read_text
from npdoctor.fix.files.place import CannotEdit, Kind, NoPlace, Place
from npdoctor.fix.files.project import (
    PYPROJECT,
    Project,
    pdm_place,
    pixi_place,
    pixi_toml,
    poetry_place,
    uv_place,
)
from npdoctor.fix.files.requirement_places import CONSTRAINTS, compile_commands, constraints_beside
from npdoctor.fix.files.toml_file import read_toml

_WRITTEN_BY_TOOLS = ("*.lock", "pylock*.toml", "conda-lock.y*ml")
_WHY = "It was named."


def place_named(path: str, folder: str) -> Place | NoPlace:
    """Return the place that a file of a project is; raise CannotEdit where it cannot be read."""
    name = os.path.basename(path)
    if os.path.isdir(path):
        return NoPlace(f"{path} is a folder")
    if any(fnmatch.fnmatch(name, pattern) for pattern in _WRITTEN_BY_TOOLS):
        return NoPlace(f"{path} is a lock file: name the file that it is made from")
    if name.endswith(".toml"):
        return _toml(path, name)
    if name == "pinned":
        return Place(Kind.CONDA, (path,), _WHY)
    if name.endswith((".txt", ".in")):
        return _lines(path, name, folder)
    return NoPlace(f"{path} is no requirements, constraints, pyproject.toml or pixi.toml file")


def _toml(path: str, name: str) -> Place | NoPlace:
    if not os.path.isfile(path):
        return NoPlace(f"{path} does not exist")
    read_toml(path)
    if name == "pixi.toml":
        return pixi_toml(path)
    if name != PYPROJECT:
        return NoPlace(f"{path} is neither pyproject.toml nor pixi.toml")
    project = Project.read(os.path.dirname(path))
    for look in (uv_place, pixi_place, poetry_place, pdm_place):
        place = look(project)
        if place is not None and place.path == path:
            return place
    if project.is_package:
        return Place(Kind.PROJECT, (path,), _WHY, os.path.join(os.path.dirname(path), CONSTRAINTS))
    return NoPlace(f"{path} has neither [project] nor a table of uv, Pixi, Poetry or PDM")


def _lines(path: str, name: str, folder: str) -> Place | NoPlace:
    file = read_text(path)
    is_constraints = "constraint" in name or BEGIN in file.text
    if file.data is None and ("require" in name or name.endswith(".in")):
        return NoPlace(f"{path} does not exist")
    made = compiled(file.text)
    if made is not None:
        raise CannotEdit(path, made.advice)
    if file.data is None or is_constraints:
        return Place(Kind.CONSTRAINTS, (path,), _WHY, path)
    constraints = constraints_beside(path, os.path.dirname(path))
    if name.endswith(".in"):
        return Place(Kind.COMPILED, (path,), _WHY, constraints, compile_commands(path, folder))
    return Place(Kind.REQUIREMENTS, (path,), _WHY, constraints)
