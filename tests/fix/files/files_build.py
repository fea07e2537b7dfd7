"""Projects on disk, pins, and what editing them comes to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from npdoctor.fix.files.edit import edit
from npdoctor.fix.files.place import Edited, NoPlace, Pin, Place, Refused
from npdoctor.fix.files.places import find_place
from npdoctor.model.distribution import Distribution
from sample_target import linux_target


def pin(name: str, version: str | None, specifier: str = "", guard: bool = False, reason: str = "") -> Pin:
    return Pin(name, version, specifier or (f"=={version}" if version else ""), guard, reason)


NUMPY = pin("numpy", "2.1.3", ">=2.1.3,<3", guard=True, reason="NPD101: what the others were built for")
SCIPY = pin("scipy", "1.13.0", reason="NPD101: built for NumPy 1")


def project(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def installed(prefix: str = "/venv", **versions: str) -> dict[str, Distribution]:
    site = f"{prefix}/lib/python3.11/site-packages"
    return {
        name: Distribution(
            name, name, version, site, f"{site}/{name}-{version}.dist-info", "pip", (), None, None, None, True
        )
        for name, version in versions.items()
    }


def place_of(folder: Path, file: str | None = None, **versions: str) -> Place:
    found = find_place(str(folder), linux_target(), installed(**versions), file)
    assert isinstance(found, Place), found
    return found


def no_place(folder: Path, file: str | None = None) -> str:
    found = find_place(str(folder), linux_target(), {}, file)
    assert isinstance(found, NoPlace), found
    return found.reason


def edited(
    folder: Path, *pins: Pin, file: str | None = None, hashes: Mapping[str, tuple[str, ...]] | None = None
) -> Edited:
    done = edit(place_of(folder, file), pins, linux_target(), hashes)
    assert isinstance(done, Edited), done
    return done


def refused(
    folder: Path, *pins: Pin, file: str | None = None, hashes: Mapping[str, tuple[str, ...]] | None = None
) -> Refused:
    done = edit(place_of(folder, file), pins, linux_target(), hashes)
    assert isinstance(done, Refused), done
    return done


def texts(folder: Path, done: Edited) -> dict[str, str]:
    """Return the new texts by relative path, line ends and all; check that `before` is what is there."""
    found = {}
    for change in done.edits:
        path = Path(change.path)
        assert change.before == (path.read_bytes() if path.exists() else None)
        assert change.after is not None
        found[path.relative_to(folder.resolve()).as_posix()] = change.after.decode()
    return found


def written(folder: Path, done: Edited) -> None:
    """Write the edits, as another room does."""
    for change in done.edits:
        assert change.after is not None
        Path(change.path).write_bytes(change.after)


def line_edit(folder: Path, text: str, *pins: Pin) -> str:
    """Return what a requirements file of this text becomes."""
    project(folder, {"requirements.txt": text})
    return texts(folder, edited(folder, *pins)).get("requirements.txt", text)
