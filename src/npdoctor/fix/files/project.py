"""A project's pyproject.toml and the tools that manage it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from npdoctor.fix.files.place import CannotEdit, Kind, Place
from npdoctor.fix.files.toml_file import at, read_toml

PYPROJECT = "pyproject.toml"


@dataclass(frozen=True, slots=True)
class Project:
    """A folder, its pyproject.toml (empty where there is none) and why that could not be read."""

    folder: str
    document: Any
    notes: tuple[str, ...]

    @classmethod
    def read(cls, folder: str) -> Project:
        """Read the project in a folder; a pyproject.toml that cannot be read plays no part."""
        try:
            return cls(folder, read_toml(os.path.join(folder, PYPROJECT)).document, ())
        except CannotEdit as refusal:
            return cls(folder, {}, (f"{refusal.path} {refusal.reason}: it plays no part.",))

    def path(self, name: str) -> str:
        """Return the path of a file in the folder."""
        return os.path.join(self.folder, name)

    def has(self, name: str) -> bool:
        """Tell whether the folder has a file."""
        return os.path.isfile(self.path(name))

    @property
    def is_package(self) -> bool:
        """Tell whether pyproject.toml has [project]."""
        return at(self.document, "project") is not None

    def managed_by(self, tool: str, alone: bool) -> str:
        """Tell why a tool manages the project, empty if not; `alone` is true if its table suffices."""
        if self.has(f"{tool}.lock") and self.document:
            return f"{tool}.lock is there."
        if at(self.document, "tool", tool) is not None and (alone or self.is_package):
            return f"pyproject.toml has [tool.{tool}]."
        return ""


def uv_place(project: Project) -> Place | None:
    """Return pyproject.toml where uv manages the project."""
    return _in_pyproject(project, Kind.UV, project.managed_by("uv", alone=False))


def pixi_place(project: Project) -> Place | None:
    """Return pixi.toml, or pyproject.toml with [tool.pixi]."""
    if project.has("pixi.toml"):
        return pixi_toml(project.path("pixi.toml"))
    found = at(project.document, "tool", "pixi") is not None
    return _in_pyproject(project, Kind.PIXI, "pyproject.toml has [tool.pixi]." if found else "")


def pixi_toml(path: str) -> Place:
    """Return the place that a file of Pixi's own is."""
    return Place(Kind.PIXI, (path,), "pixi.toml is there.", commands=(("pixi", "install"),))


def poetry_place(project: Project) -> Place | None:
    """Return pyproject.toml where Poetry manages the project."""
    return _in_pyproject(project, Kind.POETRY, project.managed_by("poetry", alone=True))


def pdm_place(project: Project) -> Place | None:
    """Return pyproject.toml where PDM manages the project."""
    return _in_pyproject(project, Kind.PDM, project.managed_by("pdm", alone=False))


def _in_pyproject(project: Project, kind: Kind, why: str) -> Place | None:
    verb = "install" if kind is Kind.PIXI else "lock"
    commands = ((kind.value, verb),)
    return Place(kind, (project.path(PYPROJECT),), why, commands=commands) if why else None
