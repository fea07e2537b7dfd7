"""Find where in a project pins belong."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace

from npdoctor.fix.files.named_file import place_named
from npdoctor.fix.files.pinned_file import conda_names
from npdoctor.fix.files.place import CannotEdit, Kind, NoPlace, Place
from npdoctor.fix.files.project import Project, pdm_place, pixi_place, poetry_place, uv_place
from npdoctor.fix.files.requirement_places import CONSTRAINTS, requirements_place, source_place
from npdoctor.model.distribution import Distribution
from npdoctor.model.target import Target


def find_place(
    folder: str, target: Target, distributions: Mapping[str, Distribution], file: str | None = None
) -> Place | NoPlace:
    """Return where pins belong in the project in a folder; `file`, relative to it, overrides the search.

    The first that is there decides: uv, Pixi, the target's conda, Poetry, PDM, requirements files. A
    project of none of them gets a constraints file: a library's own dependencies are not narrowed.
    """
    folder = os.path.abspath(folder)
    if not os.path.isdir(folder):
        return NoPlace(f"{folder} is not a folder")
    owned = conda_names(target.prefix, distributions)
    try:
        if file is None:
            found: Place | NoPlace = _searched(Project.read(folder), target, owned)
        else:
            found = place_named(os.path.normpath(os.path.join(folder, os.path.expanduser(file))), folder)
    except CannotEdit as refusal:
        return NoPlace(f"{refusal.path} {refusal.reason}")
    if isinstance(found, NoPlace):
        return found
    installed = {name: distribution.version for name, distribution in distributions.items()}
    return replace(found, installed=installed, conda=owned)


def _searched(project: Project, target: Target, owned: Mapping[str, str]) -> Place:
    found = uv_place(project) or pixi_place(project)
    if found is None:
        found = poetry_place(project) or pdm_place(project)
        found = found or source_place(project.folder) or requirements_place(project.folder)
        found = found or _apart(project)
        if owned:
            pinned = os.path.join(target.prefix, "conda-meta", "pinned")
            why = "What conda installed is pinned in the environment."
            found = Place(Kind.CONDA, (pinned,), why, rest=found)
    return replace(found, notes=project.notes)


def _apart(project: Project) -> Place:
    path = project.path(CONSTRAINTS)
    why = "No file of the project lists requirements."
    if project.is_package:
        why = "The project is a package, whose own dependencies are not narrowed."
    return Place(Kind.CONSTRAINTS, (path,), why, path)
