"""What was read of a wheel on an index, and what it says about the NumPy that the wheel serves."""

from __future__ import annotations

from dataclasses import dataclass, field

from packaging.version import InvalidVersion, Version

from npdoctor.model.binary import NumpyAbi, NumpyUse
from npdoctor.model.index import Wheel


@dataclass(frozen=True, slots=True)
class Member:
    """One compiled file of a wheel that was read; `size` is in bytes, `numpy` None where it has no tie."""

    path: str
    size: int
    numpy: NumpyUse | None


@dataclass(frozen=True, slots=True)
class UnreadMember:
    """A compiled file that was asked for and could not be read."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class WheelReading:
    """What a wheel says without being installed.

    `compiled` counts its shared libraries; `members` are those that were read, in that order. `requires`
    is the Requires-Dist of its metadata, `names` all its files. `requests` and `received` (bytes) are
    what reading cost, zero where it was remembered.
    """

    wheel: Wheel
    members: tuple[Member, ...]
    unread: tuple[UnreadMember, ...]
    compiled: int
    requires: tuple[str, ...]
    requires_python: str | None
    names: tuple[str, ...]
    requests: int = field(default=0, compare=False)
    received: int = field(default=0, compare=False)

    @property
    def complete(self) -> bool:
        """Tell whether every compiled file was read."""
        return len(self.members) == self.compiled


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A wheel that could not be looked into; `offline` tells that its server was not reached."""

    wheel: Wheel
    reason: str
    offline: bool = False


@dataclass(frozen=True, slots=True)
class Limit:
    """The NumPy versions that one member admits, as a specifier, and the text in it that says so."""

    specifier: str
    member: str
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a wheel serves a NumPy version, None where that is not known, and a sentence of evidence."""

    serves: bool | None
    because: str


def limits(reading: WheelReading) -> tuple[Limit, ...]:
    """Return what each member that is tied to NumPy admits."""
    return tuple(_limit(m.path, m.numpy) for m in reading.members if m.numpy)


def serves_numpy(reading: WheelReading | Unreadable, version: str) -> Answer:
    """Judge whether a wheel serves this NumPy, which is any where nothing in the wheel is tied to it.

    Members that were not read are taken to be built like those that were, which all must agree.
    """
    if isinstance(reading, Unreadable):
        return Answer(None, f"{reading.wheel.filename} could not be read: {reading.reason}.")
    try:
        release = Version(version).release
    except InvalidVersion:
        return Answer(None, f"{version} is no version of NumPy.")
    for member in reading.members:
        if member.numpy and not _admits(member.numpy, release):
            return Answer(False, _sentence(member.path, member.numpy))
    tied = [member for member in reading.members if member.numpy]
    if tied and tied[0].numpy:
        return Answer(True, _sentence(tied[0].path, tied[0].numpy))
    if not reading.compiled:
        return Answer(True, f"{reading.wheel.filename} has no compiled file.")
    if reading.complete:
        return Answer(True, f"No compiled file of {reading.wheel.filename} is tied to NumPy.")
    read = f"{len(reading.members)} of {reading.compiled}"
    return Answer(
        None, f"{read} compiled files of {reading.wheel.filename} were read, none is tied to NumPy."
    )


def _limit(path: str, use: NumpyUse) -> Limit:
    if use.abi is NumpyAbi.NUMPY1:
        return Limit("<2", path, _proof(use))
    return Limit(f">={use.minimum}" if use.minimum else "", path, _proof(use))


def _admits(use: NumpyUse, release: tuple[int, ...]) -> bool:
    """Compare releases only: a candidate of a release has its C API."""
    if use.abi is NumpyAbi.NUMPY1:
        return release < (2,)
    return not use.minimum or release >= Version(use.minimum).release


def _sentence(path: str, use: NumpyUse) -> str:
    text = _proof(use)
    if use.abi is NumpyAbi.NUMPY1:
        return f"{path} is built for the C API of NumPy 1: it holds {text}."
    needed = f" and needs {use.minimum} or later" if use.minimum else ""
    return f"{path} is built for the C API of NumPy 2{needed}: it holds {text}."


def _proof(use: NumpyUse) -> str:
    return use.texts[0] if use.texts else use.api.value
