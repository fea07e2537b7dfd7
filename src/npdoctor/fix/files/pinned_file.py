"""Edit conda-meta/pinned, which holds conda to versions, one `name version` a line without quotes."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping

from packaging.utils import canonicalize_name

from npdoctor.fix.files.encoding import must_be_writable, read_text
from npdoctor.fix.files.place import CannotEdit, Edited, Pin
from npdoctor.fix.files.wanted import Wanted
from npdoctor.model.distribution import Distribution
from npdoctor.model.plan import FileEdit

_MOST_RECORD_BYTES = 50_000_000
_LINE = re.compile(r"(?P<head>\s*(?:[^\s:#]+::)?(?P<name>[A-Za-z0-9_][A-Za-z0-9._-]*))(?P<says>[^#]*)")


def conda_names(prefix: str, distributions: Mapping[str, Distribution]) -> dict[str, str]:
    """Return, for the distributions that conda's records own as installed, the names conda has for them.

    They differ for some: what PyPI calls torch is pytorch there.
    """
    folders = {os.path.basename(d.metadata_path): name for name, d in distributions.items()}
    records = os.path.join(prefix, "conda-meta")
    found: dict[str, str] = {}
    for entry in sorted(os.listdir(records)) if os.path.isdir(records) else ():
        record = _record(os.path.join(records, entry)) if entry.endswith(".json") else {}
        files, called = record.get("files"), record.get("name")
        if not isinstance(files, list) or not isinstance(called, str):
            continue
        for folder in {part for file in files if isinstance(file, str) for part in file.split("/")[-2:]}:
            if folder in folders:
                found.setdefault(folders[folder], called)
    return found


def _record(path: str) -> dict[str, object]:
    try:
        if os.path.getsize(path) > _MOST_RECORD_BYTES:
            return {}
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def edit_pinned(path: str, prefix: str, wanted: Wanted) -> Edited:
    """Return the edit of a pinned file for what conda installed, and the command that installs it."""
    file = read_text(path)
    lines = file.text.splitlines(keepends=True)
    waiting = {wanted.conda[name]: pin for name, pin in wanted.pins.items()}
    known = {canonicalize_name(name): name for name in waiting}
    listed: set[str] = set()
    after: list[str] = []
    for line in lines:
        body = line.rstrip("\r\n")
        found = _LINE.match(body)
        name = known.get(canonicalize_name(found.group("name"))) if found else None
        if found is None or name is None:
            after.append(line)
        elif not waiting[name].is_removal:
            listed.add(name)
            tail = line[found.start("says") + len(found.group("says").rstrip()) :]
            after.append(f"{found.group('head')} {_says(path, waiting[name])}{tail}")
    new = [
        f"{name} {_says(path, pin)}"
        for name, pin in waiting.items()
        if name not in listed and not pin.is_removal
    ]
    if new and after and not after[-1].endswith(("\n", "\r")):
        after[-1] += file.line_end
    text = "".join(after) + "".join(line + file.line_end for line in new)
    command = _command(prefix, waiting)
    if text == file.text:
        return Edited((), command)
    must_be_writable(path)
    return Edited((FileEdit(path, file.data, file.encoded(text)),), command)


def _says(path: str, pin: Pin) -> str:
    """Return what conda is held to; a local version such as 2.3.0+cu121 is PyPI's alone."""
    clause = pin.clause
    if "+" in clause:
        raise CannotEdit(path, f"conda has no {pin.name}{clause}: local versions are of PyPI")
    return clause


def _command(prefix: str, pins: Mapping[str, Pin]) -> tuple[tuple[str, ...], ...]:
    specs = tuple(f"{name}{pin.clause}" for name, pin in pins.items() if not pin.is_removal)
    return (("conda", "install", "--prefix", prefix, *specs),) if specs else ()
