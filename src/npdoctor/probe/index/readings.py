"""Remember what was read of wheels, so that no wheel is looked into twice."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from npdoctor.model.binary import NumpyAbi, NumpyApi, NumpyUse
from npdoctor.probe.index.reading import Member, UnreadMember, WheelReading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from npdoctor.model.index import Wheel

_FORMAT = 1  # raise it when reading or judging changes, so that nothing of an earlier kind is believed
_MOST_BYTES = 32 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}$")


def default_folder() -> str:
    """Return the folder of the person's cache where readings are kept."""
    configured = os.environ.get("XDG_CACHE_HOME", "")
    base = configured if os.path.isabs(configured) else os.path.expanduser("~/.cache")
    return os.path.join(base, "npdoctor", "wheels")


class Readings:
    """Readings on disk, one file each, under the wheel's hash and what was asked of it.

    A folder that cannot be read or written only means that nothing is remembered.
    """

    def __init__(self, folder: str | None = None) -> None:
        self._folder = folder or default_folder()

    def find(self, wheel: Wheel, prefer: Sequence[str], most: int | None) -> WheelReading | None:
        """Return what is known of a wheel: the answer to this question, or a complete reading."""
        for name in (_name(wheel, None), _name(wheel, (prefer, most))):
            reading = self._load(name, wheel) if name else None
            if reading is not None:
                return reading
        return None

    def keep(self, reading: WheelReading, prefer: Sequence[str], most: int | None) -> None:
        """Remember a reading, unless its wheel has no hash or a member failed, which may pass."""
        name = _name(reading.wheel, None if reading.complete else (prefer, most))
        if name is None or reading.unread:
            return
        content = {"format": _FORMAT, **asdict(replace(reading, requests=0, received=0))}
        del content["wheel"], content["requests"], content["received"]
        try:
            os.makedirs(self._folder, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=self._folder, delete=False, encoding="utf-8") as file:
                try:
                    json.dump(content, file)
                    file.close()
                    os.replace(file.name, os.path.join(self._folder, name))
                except BaseException:
                    os.unlink(file.name)
                    raise
        except OSError:
            pass

    def _load(self, name: str, wheel: Wheel) -> WheelReading | None:
        try:
            with open(os.path.join(self._folder, name), "rb") as file:
                return _decode(json.loads(file.read(_MOST_BYTES)), wheel)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None


def _name(wheel: Wheel, asked: tuple[Sequence[str], int | None] | None) -> str | None:
    """Name the file of a reading; without `asked` that of a complete one; None for a wheel without hash."""
    if wheel.sha256 is None or not _SHA256.match(wheel.sha256):
        return None
    if asked is None:
        return f"{wheel.sha256}.json"
    prefer, most = asked
    key = json.dumps([sorted(set(prefer)), most])
    return f"{wheel.sha256}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.json"


def _decode(content: Any, wheel: Wheel) -> WheelReading:
    """Build a reading from what was stored; any of the usual errors where it is something else."""
    if content["format"] != _FORMAT:
        raise ValueError("another format")
    python, compiled = content["requires_python"], content["compiled"]
    if not isinstance(compiled, int) or not isinstance(python, (str, type(None))):
        raise TypeError("not what was stored")
    return WheelReading(
        wheel,
        tuple(Member(str(m["path"]), int(m["size"]), _decode_use(m["numpy"])) for m in content["members"]),
        tuple(UnreadMember(str(m["path"]), str(m["reason"])) for m in content["unread"]),
        compiled,
        tuple(map(str, content["requires"])),
        python,
        tuple(map(str, content["names"])),
    )


def _decode_use(use: Any) -> NumpyUse | None:
    if use is None:
        return None
    minimum = None if use["minimum"] is None else str(use["minimum"])
    return NumpyUse(NumpyAbi(use["abi"]), NumpyApi(use["api"]), minimum, tuple(map(str, use["texts"])))
