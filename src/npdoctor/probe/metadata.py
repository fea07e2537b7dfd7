"""Read the metadata folder of one installed distribution."""

from __future__ import annotations

import csv
import json
import os
import pathlib
import re
from dataclasses import dataclass

import importlib_metadata
from packaging.utils import canonicalize_name

from npdoctor.model.distribution import DirectUrl, Distribution, RecordedFile

_EDITABLE_PTH = re.compile(r"__editable__\.?[^/]*\.pth")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Metadata that cannot be used, and why."""

    reason: str


def read_distribution(path: str, location: str) -> Distribution | Unreadable:
    """Read a .dist-info or .egg-info folder (or file) that lies in `location`."""
    record = importlib_metadata.PathDistribution(pathlib.Path(path))
    text = _text(record, path, "METADATA") or _text(record, path, "PKG-INFO") or _text(record, path, "")
    if not text:
        return Unreadable(_why_empty(path))
    headers = parse_headers(text)
    raw_name, version = headers.get("name", [""])[0], headers.get("version", [""])[0]
    if "\0" in text or "�" in raw_name + version:
        return Unreadable("the metadata is no text")
    if not raw_name or not version:
        return Unreadable(f"the metadata gives no {'version' if raw_name else 'name'}")
    files = _files(record, path)
    return Distribution(
        name=canonicalize_name(raw_name),
        raw_name=raw_name,
        version=version,
        location=location,
        metadata_path=path,
        installer=(_text(record, path, "INSTALLER") or "").strip() or None,
        requires=_requires(record, headers),
        requires_python=headers.get("requires-python", [None])[0],
        files=files,
        direct_url=_direct_url(record, path) or _editable(location, files),
        effective=True,
    )


def parse_headers(text: str) -> dict[str, list[str]]:
    """Return the header block of a metadata file, by lower-case name; the body is not looked at."""
    headers: dict[str, list[str]] = {}
    values: list[str] = []
    for line in text.partition("\n\n")[0].split("\n"):
        if not line.strip("\r"):
            break
        if line[0] in " \t":
            if values:
                values[-1] += " " + line.strip()
            continue
        name, colon, value = line.partition(":")
        if colon:
            values = headers.setdefault(name.strip().lower(), [])
            values.append(value.strip())
    return headers


def _text(record: importlib_metadata.PathDistribution, path: str, name: str) -> str | None:
    """Return a metadata file's text; what is not UTF-8 is replaced, as old authors' names are."""
    try:
        return record.read_text(name)
    except UnicodeDecodeError:
        with open(os.path.join(path, name) if name else path, "rb") as stream:
            return stream.read().decode("utf-8", "replace")
    except OSError:
        return None


def _why_empty(path: str) -> str:
    """Say why a metadata folder yields nothing."""
    if os.path.islink(path) and not os.path.exists(path):
        return "it is a link to nothing"
    for candidate in (path, os.path.join(path, "METADATA"), os.path.join(path, "PKG-INFO")):
        if os.path.exists(candidate) and not os.access(candidate, os.R_OK):
            return "no permission to read it"
    inside = [name for name in ("METADATA", "PKG-INFO") if os.path.isfile(os.path.join(path, name))]
    if inside:
        return f"its {inside[0]} is empty"
    return "it has no METADATA file" if path.endswith(".dist-info") else "it has no PKG-INFO file"


def _requires(record: importlib_metadata.PathDistribution, headers: dict[str, list[str]]) -> tuple[str, ...]:
    """Return the requirements; an old .egg-info has them in requires.txt only."""
    if "requires-dist" in headers:
        return tuple(headers["requires-dist"])
    try:
        if record.read_text("requires.txt"):
            return tuple(record.requires or ())
    except (OSError, ValueError):
        pass
    return ()


def _files(record: importlib_metadata.PathDistribution, path: str) -> tuple[RecordedFile, ...] | None:
    """Return the recorded files, relative to the location; None where the install recorded none."""
    text = _text(record, path, "RECORD")
    if text is not None:
        try:
            return tuple(_row(row) for row in csv.reader(text.splitlines()) if row and row[0])
        except csv.Error:
            return None
    listed = _text(record, path, "installed-files.txt")
    if listed is None:
        return None
    base = os.path.basename(path)
    paths = [os.path.normpath(os.path.join(base, line)) for line in listed.splitlines() if line]
    return tuple(RecordedFile(path, None, None) for path in paths)


def _row(row: list[str]) -> RecordedFile:
    digest = row[1] if len(row) > 1 else ""
    size = row[2] if len(row) > 2 else ""
    return RecordedFile(
        row[0],
        int(size) if size.isascii() and size.isdigit() else None,
        digest[7:] if digest.startswith("sha256=") else None,
    )


def _direct_url(record: importlib_metadata.PathDistribution, path: str) -> DirectUrl | None:
    """Return the recorded origin, credentials and all: the report takes those out.

    With a version control system the URL ends as pip writes it, so that `{vcs}+{url}` installs it again.
    """
    text = _text(record, path, "direct_url.json")
    if not text:
        return None
    try:
        origin = json.loads(text)
        url = str(origin["url"])
        editable = bool(origin.get("dir_info", {}).get("editable"))
        source = origin.get("vcs_info") or {}
        vcs, commit = source.get("vcs"), source.get("commit_id")
        subdirectory = origin.get("subdirectory")
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    if vcs and commit:
        url += f"@{commit}"
    if subdirectory:
        url += f"#subdirectory={subdirectory}"
    return DirectUrl(url, editable, vcs)


def _editable(location: str, files: tuple[RecordedFile, ...] | None) -> DirectUrl | None:
    """Recognise an editable install that recorded no origin, by its .pth file."""
    for row in files or ():
        if _EDITABLE_PTH.fullmatch(row.path):
            return DirectUrl(f"file://{_first_folder(os.path.join(location, row.path))}", editable=True)
    return None


def _first_folder(pth: str) -> str:
    """Return the folder that a .pth file adds, empty where it runs a finder instead."""
    try:
        with open(pth, encoding="utf-8", errors="replace") as stream:
            return next((line.strip() for line in stream if line.startswith("/")), "")
    except OSError:
        return ""
