"""What is known at one point of a build stage: variables, folders, files, environments."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field

from npdoctor.audit.image.made_files import Content, absolute
from npdoctor.audit.image.variables import Value

_MOST_COPIES = 200


@dataclass(frozen=True, slots=True)
class Copy:
    """One file or folder that is copied from the build context to a path of the image."""

    source: str
    target: str


@dataclass(slots=True)
class State:
    """What is known at one point of a stage."""

    base: str = ""
    python: str = ""
    folder: str = "/"
    prefix: str = ""
    shell: str = "sh"
    variables: dict[str, Value] = field(default_factory=dict)
    copies: list[Copy] = field(default_factory=list)
    written: dict[str, list[Content] | None] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)

    def inherited(self) -> State:
        """Return a state of its own for a stage that begins from this one."""
        return State(
            self.base, self.python, self.folder, self.prefix, self.shell, dict(self.variables),
            list(self.copies), dict(self.written), set(self.made), set(self.used),
        )  # fmt: skip

    def copy(self, source: str, target: str) -> None:
        """Remember what is copied to a path; what the Dockerfile wrote there before is gone."""
        place = absolute(target, self.folder)
        inside = posixpath.join(place, posixpath.basename(source))
        self.written.pop(place, None)
        self.written.pop(inside, None)
        self.copies.append(Copy(source, place))
        del self.copies[:-_MOST_COPIES]

    def environment(self) -> str:
        """Return the environment that is first on PATH, or activated; empty for the image's own."""
        if self.prefix:
            return self.prefix
        known = self.made | {self._text("VIRTUAL_ENV")} - {""}
        for entry in self._text("PATH").split(":")[:50]:
            folder = entry.rstrip("/")
            if folder.endswith("/bin") and folder[:-4] in known:
                return folder[:-4]
        return ""

    def _text(self, name: str) -> str:
        return self.variables[name].text if name in self.variables else ""

    def of_uv(self) -> str:
        """Return the environment that `uv pip` installs into."""
        own = absolute(".venv", self.folder)
        return self._text("VIRTUAL_ENV") or self.environment() or (own if own in self.made else "")

    def source_of(self, place: str) -> str:
        """Return the path in the build context that a file was copied from, empty where it was not."""
        return next((found for copy in reversed(self.copies) if (found := _source(copy, place))), "")


def _source(copy: Copy, place: str) -> str:
    """Return what one copy has brought to a place, empty where it has not."""
    name = posixpath.basename(copy.source)
    if place in (copy.target, posixpath.join(copy.target, name)):
        return copy.source
    if not place.startswith(copy.target.rstrip("/") + "/"):
        return ""
    if "*" in name:
        return posixpath.join(posixpath.dirname(copy.source), posixpath.basename(place))
    is_file = "." in posixpath.basename(copy.source.rstrip("/.")).lstrip(".")
    inside = posixpath.join(copy.source.lstrip("/"), posixpath.relpath(place, copy.target))
    return "" if is_file else posixpath.normpath(inside)
