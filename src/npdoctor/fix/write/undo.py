"""Undo an application: the files of the project and the environment are as they were before."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from npdoctor.fix.write.difference import Difference, compare, load_difference, save_difference
from npdoctor.fix.write.installed import recorded_files, same_version, strangers_since, versions
from npdoctor.fix.write.journal import Journal, Record, drop_links
from npdoctor.fix.write.links import Keep, Kept, decode_keep, is_in_place, is_intact, put_back
from npdoctor.fix.write.listing import Listing, decode, scan
from npdoctor.fix.write.lock import InUse, hold
from npdoctor.fix.write.outcome import Events, NothingToUndo, UndoConflict, UndoFailed, Undone, UndoOutcome
from npdoctor.fix.write.removal import forget_bytecode, remove_empty
from npdoctor.fix.write.scope import Scope
from npdoctor.fix.write.state import StateError, make_private
from npdoctor.fix.write.texts import restore_texts, text_conflicts
from npdoctor.model.plan import Conflict, Stage

_WORKERS = 4
_PORTION = 100


def undo(
    entry_id: str | None = None,
    prefix: str | None = None,
    force: bool = False,
    events: Events | None = None,
    *,
    environ: Mapping[str, str] | None = None,
) -> UndoOutcome:
    """Undo an entry, or the newest of an environment that is not undone yet.

    With `force`, what was changed since is overwritten. Run again, it completes what was cut off.
    """
    journal = Journal.of(os.environ if environ is None else environ)
    chosen = _choose(journal, entry_id, prefix)
    if isinstance(chosen, NothingToUndo):
        return chosen
    entry = chosen.entry
    try:
        make_private(journal.state)
        with hold(journal.state, entry.prefix):
            present = _choose(journal, entry.id, prefix)
            if isinstance(present, NothingToUndo):
                return present
            return _undo(journal, present, force, events or Events())
    except (InUse, StateError) as refusal:
        return UndoFailed(str(refusal), entry)
    except (OSError, ValueError, KeyError, TypeError) as error:
        return UndoFailed(f"Undoing stopped: {error}. Run it again to go on.", entry)


def _choose(journal: Journal, entry_id: str | None, prefix: str | None) -> Record | NothingToUndo:
    records = journal.records(prefix)
    if entry_id is None:
        found = next((r for r in records if r.entry.stage is not Stage.UNDONE), None)
        return found or NothingToUndo("There is nothing to undo in this environment.")
    found = next((r for r in records if r.entry.id == entry_id), None)
    if found is None:
        where = " in this environment" if prefix is not None else ""
        return NothingToUndo(f"There is no fix {entry_id}{where}.")
    if found.entry.stage is Stage.UNDONE:
        return NothingToUndo(f"Fix {entry_id} was undone before.")
    return found


def _undo(journal: Journal, record: Record, force: bool, events: Events) -> UndoOutcome:
    if record.entry.stage is Stage.PREPARING:
        journal.discard(record)
        return Undone(replace(record.entry, stage=Stage.UNDONE))
    restoration = _restoration(record)
    if isinstance(restoration, UndoFailed):
        return restoration
    conflicts = () if force else (*text_conflicts(record), *_version_conflicts(record))
    if conflicts:
        return UndoConflict(record.entry, conflicts)
    events.stage("undoing", record.entry.id)
    if restoration:
        save_difference(record, restoration.difference)
    record = journal.advance(record, Stage.UNDOING)
    removed, restored, lost = restoration.perform(events) if restoration else (0, 0, ())
    events.stage("files")
    files = restore_texts(record)
    record = journal.advance(record, Stage.UNDONE)
    events.stage("undone", record.entry.id)
    drop_links(record)
    journal.prune(record.entry.prefix)
    return Undone(record.entry, files, restored, removed, lost)


def _version_conflicts(record: Record) -> tuple[Conflict, ...]:
    """Return the planned distributions that are in a version which is neither the old nor the new one."""
    found = []
    now = versions(record.replaced, [site for site in record.sites if os.path.isdir(site)])
    for change in record.entry.changes:
        present = now.get(change.name, ())
        known = (*record.replaced.get(change.name, ()), *([change.new] if change.new else []))
        strange = [v for v in present if not any(same_version(v, k) for k in known)]
        missing = record.entry.stage is Stage.APPLIED and change.new is not None and not present
        if strange or missing:
            expected = f"version {change.new}" if change.new else "not installed"
            state = f"version {' and '.join(present)}" if present else "not installed"
            found.append(Conflict(change.name, expected, state))
    return tuple(found)


def _restoration(record: Record) -> _Restoration | UndoFailed | None:
    """Read what undoing the environment needs; None where only files were edited."""
    if not record.roots:
        return None
    with open(record.file("kept.json"), "rb") as stream:
        kept = decode_keep(stream.read())
    with open(record.file("listing.json"), "rb") as stream:
        before = decode(stream.read())
    if any(one.kind != "symlink" for one in kept.files) and not os.path.isdir(record.links):
        pins = " ".join(f"{c.name}=={c.old}" for c in record.entry.changes if c.old is not None)
        advice = f" To go back with an installer, install: {pins}" if pins else ""
        return UndoFailed(f"What was kept in {record.links} has gone.{advice}", record.entry)
    scope = Scope(record.entry.prefix, record.sites, record.roots, virtual=False)
    names = {change.name for change in record.entry.changes}
    strangers = strangers_since(names, scope, before)
    known = load_difference(record)
    difference = compare(before, scan(record.roots), kept) if known is None else known
    below_roots = tuple(f"{root}/" for root in record.roots)
    later = {
        path
        for path in recorded_files(names, scope)
        if path not in before.files and path.startswith(below_roots)
    }
    created = sorted((later | set(difference.created)) - strangers - {one.path for one in kept.files})
    difference = replace(difference, created=tuple(created))
    return _Restoration(record, kept, before, difference, strangers)


@dataclass(frozen=True, slots=True)
class _Restoration:
    """How the environment is put back: what is new goes first, then what was kept returns."""

    record: Record
    kept: Keep
    before: Listing
    difference: Difference
    strangers: frozenset[str]

    def perform(self, events: Events) -> tuple[int, int, tuple[str, ...]]:
        """Put the environment back; return how many files were removed and restored, and which are lost."""
        events.stage("removing", str(len(self.difference.created)))
        removed = sum(map(_remove, self.difference.created))
        forget_bytecode((*self.difference.created, *self.difference.altered))
        remove_empty(self.difference.created_folders)
        altered = set(self.difference.altered) - self.strangers
        wanted = [one for one in self.kept.files if one.path in altered and not is_in_place(one)]
        events.stage("restoring", str(len(wanted)))
        lost = {one.path for one in wanted if not is_intact(one, self.record.links)}
        self._make_folders(wanted)
        self._put_back([one for one in wanted if one.path not in lost])
        self._set_times()
        return removed, len(wanted) - len(lost), tuple(sorted(lost))

    def _put_back(self, files: Sequence[Kept]) -> None:
        """Put files back in a few threads, which wait for the disk and not for each other."""

        def work(start: int) -> None:
            for one in files[start : start + _PORTION]:
                put_back(one, self.record.links)

        with ThreadPoolExecutor(_WORKERS) as pool:
            for _ in pool.map(work, range(0, len(files), _PORTION)):
                pass

    def _make_folders(self, wanted: Iterable[Kept]) -> None:
        needed = set(self.difference.gone_folders) | {os.path.dirname(one.path) for one in wanted}
        for path, _, mode in self.kept.folders:
            if not os.path.isdir(path) and any(n == path or n.startswith(f"{path}/") for n in needed):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)
                os.mkdir(path)
                os.chmod(path, mode)

    def _set_times(self) -> None:
        """Give the folders that were touched their times back."""
        difference = self.difference
        times = {path: time for path, (time, _) in self.before.folders.items()}
        times |= {path: time for path, time, _ in self.kept.folders}
        moved = (*difference.created, *difference.created_folders, *difference.altered)
        parents = {os.path.dirname(path) for path in (*moved, *difference.gone_folders)}
        for folder in parents.union(difference.gone_folders, difference.touched_folders):
            if folder in times and os.path.isdir(folder):
                os.utime(folder, ns=(times[folder], times[folder]))


def _remove(path: str) -> bool:
    """Remove a file or a link, never a folder; return whether there was one."""
    if os.path.isdir(path) and not os.path.islink(path):
        return False
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        os.unlink(path)
        return True
    return False
