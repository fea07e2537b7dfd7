"""What a Dockerfile does to Python distributions, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from npdoctor.model.declaration import Declared


class Act(str, Enum):
    """What one command of a step does."""

    INSTALL = "install"
    REMOVE = "remove"
    VERIFY = "verify"


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a RUN instruction that concerns Python distributions.

    `tool` is pip, uv, conda, mamba, poetry, pdm, pipenv or apt for what installs, and what verifies for a
    verification (python, pip check, npdoctor). `declared` are the requirements named on the command line,
    `files` those of -r (and of a project installed by folder), `constraints` those of -c, all as written.
    `indexes` are index URLs, `options` the rest that matters, such as --no-deps, --upgrade, --pre.
    `text` is the command as written, on one line; `line` counts from 1.
    """

    act: Act
    tool: str
    line: int
    text: str
    declared: tuple[Declared, ...] = ()
    files: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stage:
    """One build stage: `base` is the image or the stage it begins from, with ARGs put in."""

    name: str
    base: str
    line: int
    commands: tuple[Command, ...] = ()
    copied_from: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Image:
    """A Dockerfile as read; `python` is the version that the final stage's base image names, such as 3.11.

    `stages` are in order, the last one is the image that is built. `notes` say what could not be read.
    """

    path: str
    stages: tuple[Stage, ...]
    python: str = ""
    notes: tuple[str, ...] = ()
