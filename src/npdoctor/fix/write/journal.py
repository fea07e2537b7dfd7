"""The journal: one folder for each application, with what undoing needs."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from npdoctor.fix.write.durable import write_durably
from npdoctor.fix.write.state import StateError, make_private, state_folder
from npdoctor.model.plan import Change, Entry, Stage

_SCHEMA = 1
KEPT_ENTRIES = 10
FINISHED = (Stage.APPLIED, Stage.UNDONE)


@dataclass(frozen=True, slots=True)
class Text:
    """An edited file: the path as given, the real one behind links, checksums, and the mode."""

    path: str
    real: str
    before: str | None
    after: str | None
    mode: int | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """An entry with what only undoing needs.

    `folder` lies in the state folder, `links` where the files of the environment are kept. `sites` and
    `roots` are as in Scope. `replaced` maps planned distributions to all versions recorded before.
    """

    entry: Entry
    folder: str
    links: str
    plan: str = ""
    sites: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()
    replaced: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    texts: tuple[Text, ...] = ()

    @property
    def unfinished(self) -> bool:
        """Tell whether something was or may have been changed and not completed."""
        return self.entry.stage not in (*FINISHED, Stage.PREPARING)

    def file(self, name: str) -> str:
        """Return the path of a file of this entry in the state folder."""
        return os.path.join(self.folder, name)


class Journal:
    """The journal in one state folder."""

    def __init__(self, state: str) -> None:
        self.state = state
        self._folder = os.path.join(state, "journal")

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Journal:
        """Return the journal that the environment variables lead to."""
        return cls(state_folder(environ))

    def begin(self, prefix: str, changes: tuple[Change, ...], plan: str, files: tuple[str, ...]) -> Record:
        """Make a new entry, at the stage of preparing; raises StateError."""
        make_private(self._folder)
        number = max((int(name) for name in self._numbers()), default=0) + 1
        while True:
            folder = os.path.join(self._folder, str(number))
            try:
                os.mkdir(folder, 0o700)
                break
            except FileExistsError:
                number += 1
            except OSError as error:
                raise StateError(f"{self._folder} cannot be written to: {error.strerror}.") from error
        prefix = os.path.realpath(prefix)
        links = os.path.join(folder, "files")
        entry = Entry(str(number), time.time(), prefix, Stage.PREPARING, changes, files, links)
        return self.save(Record(entry, folder, links, plan))

    def save(self, record: Record) -> Record:
        """Write an entry durably."""
        entry = record.entry
        document = {
            "schema": _SCHEMA,
            "id": entry.id,
            "when": entry.when,
            "prefix": entry.prefix,
            "stage": entry.stage.value,
            "plan": record.plan,
            "changes": [{"name": c.name, "old": c.old, "new": c.new, "why": c.why} for c in entry.changes],
            "texts": [asdict(text) for text in record.texts],
            "files": entry.files,
            "links": record.links,
            "sites": record.sites,
            "roots": record.roots,
            "replaced": dict(record.replaced),
        }
        write_durably(record.file("entry.json"), json.dumps(document, indent=1).encode())
        return record

    def advance(self, record: Record, stage: Stage) -> Record:
        """Write durably that a stage begins."""
        return self.save(replace(record, entry=replace(record.entry, stage=stage)))

    def records(self, prefix: str | None = None) -> tuple[Record, ...]:
        """Return the entries, of one environment or all, newest first; unreadable ones are left out."""
        real = None if prefix is None else os.path.realpath(prefix)
        numbers = sorted(self._numbers(), key=int, reverse=True)
        found = (self._load(os.path.join(self._folder, name)) for name in numbers)
        return tuple(r for r in found if r and real in (None, r.entry.prefix))

    def discard(self, record: Record) -> None:
        """Delete an entry and what it keeps; entry.json goes last, so that a crash leaves it readable."""
        drop_links(record)
        for name in sorted(os.listdir(record.folder), key=lambda name: name == "entry.json"):
            os.unlink(record.file(name))
        os.rmdir(record.folder)

    def prune(self, prefix: str) -> None:
        """Delete the oldest finished entries of an environment; those that were undone keep no files."""
        records = self.records(prefix)
        for stage in FINISHED:
            done = [r for r in records if r.entry.stage is stage]
            for record in done[KEPT_ENTRIES:]:
                self.discard(record)
            if stage is Stage.UNDONE:
                for record in done[:KEPT_ENTRIES]:
                    drop_links(record)

    def _numbers(self) -> list[str]:
        try:
            return [name for name in os.listdir(self._folder) if name.isascii() and name.isdigit()]
        except OSError:
            return []

    def _load(self, folder: str) -> Record | None:
        try:
            with open(os.path.join(folder, "entry.json"), "rb") as stream:
                return _record(json.load(stream), folder)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None


def entries(prefix: str | None, environ: Mapping[str, str]) -> tuple[Entry, ...]:
    """Return what was applied, to one environment or to all, newest first."""
    return tuple(record.entry for record in Journal.of(environ).records(prefix))


def rollback_pins(entry: Entry) -> tuple[str, ...]:
    """Return the exact pins that lead back, for the distributions that were there before."""
    return tuple(f"{change.name}=={change.old}" for change in entry.changes if change.old is not None)


def drop_links(record: Record) -> None:
    """Delete the kept files of an entry, and the folder in the environment that held only them."""
    if os.path.isdir(record.links) and not os.path.islink(record.links):
        shutil.rmtree(record.links, ignore_errors=True)
    holding = os.path.dirname(record.links)
    if os.path.basename(holding) == ".npdoctor":
        with contextlib.suppress(OSError):
            os.rmdir(holding)


def _record(document: Mapping[str, Any], folder: str) -> Record:
    if document["schema"] != _SCHEMA:
        raise ValueError(document["schema"])
    changes = tuple(Change(c["name"], c["old"], c["new"], c["why"]) for c in document["changes"])
    texts = tuple(Text(t["path"], t["real"], t["before"], t["after"], t["mode"]) for t in document["texts"])
    entry = Entry(
        id=str(document["id"]),
        when=float(document["when"]),
        prefix=str(document["prefix"]),
        stage=Stage(document["stage"]),
        changes=changes,
        files=_strings(document["files"]),
        folder=str(document["links"]),
    )
    replaced = {str(name): _strings(versions) for name, versions in document["replaced"].items()}
    return Record(
        entry=entry,
        folder=folder,
        links=str(document["links"]),
        plan=str(document["plan"]),
        sites=_strings(document["sites"]),
        roots=_strings(document["roots"]),
        replaced=replaced,
        texts=texts,
    )


def _strings(values: Sequence[Any]) -> tuple[str, ...]:
    return tuple(str(value) for value in values)
