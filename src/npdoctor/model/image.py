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

    `tool` is pip, uv, conda, mamba, poetry, pdm, pipenv, apt, apk or dnf for what installs, and what verifies
    for a verification (python, pip check, npdoctor). `declared` are the requirements named on the command
    line, or in files that the Dockerfile itself writes. `files` are those of -r (and of a project installed
    by folder), `constraints` those of -c, all as written. `indexes` are index URLs, `options` the rest that
    matters, such as --no-deps, --upgrade, --pre.
    `text` is the command as written, on one line; `line` counts from 1. `environment` is the prefix or the
    conda name of another environment than the image's own, empty for that one. `certain` is false where the
    command may not run, or may fail unnoticed. `unread` is what it names that could not be read. `lost` is
    what of it the shell takes for a redirection, such as `numpy>=2` without quotes.
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
    environment: str = ""
    certain: bool = True
    unread: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stage:
    """One build stage: `base` is the image or the stage it begins from, with ARGs put in.

    `copied_from` are the earlier stages whose installed distributions it takes over, by name, or by number
    where they have none.
    """

    name: str
    base: str
    line: int
    commands: tuple[Command, ...] = ()
    copied_from: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Image:
    """A Dockerfile as read; `python` is the version that the final stage's base image names, such as 3.11.

    `stages` are in order, the last one is the image that is built. `notes` say what could not be read.
    `sources` maps files that -r and -c name to the paths in the build context that they were copied from.
    `environment` is the one that the final stage leaves first on PATH, empty for the image's own.
    """

    path: str
    stages: tuple[Stage, ...]
    python: str = ""
    notes: tuple[str, ...] = ()
    sources: tuple[tuple[str, str], ...] = ()
    environment: str = ""
