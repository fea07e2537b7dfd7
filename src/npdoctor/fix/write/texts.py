"""Edit the files of a person's project, and put them back."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterable
from dataclasses import replace

from npdoctor.fix.write.durable import replace_text, write_durably
from npdoctor.fix.write.journal import Journal, Record, Text
from npdoctor.fix.write.lock import InUse, hold
from npdoctor.fix.write.outcome import Events, Failed, WriteOutcome, Written
from npdoctor.fix.write.state import StateError, make_private
from npdoctor.model.plan import Conflict, FileEdit, Plan, Stage
from npdoctor.replacing import sync_folder


def write_files(
    plan: Plan, journal: Journal | None, prefix: str = "", events: Events | None = None
) -> WriteOutcome:
    """Edit the project's files and nothing else; with a journal, so that `undo` of that prefix takes it back.

    Nothing is written where a file is not as it was in the preview.
    """
    events = events or Events()
    paths = tuple(edit.path for edit in plan.edits)
    problems = edit_problems(plan.edits)
    if problems:
        return Failed(problems[0])
    if journal is None:
        problem = perform(plan.edits, plan.id)
        return Failed(problem) if problem else Written(paths)
    try:
        make_private(journal.state)
        with hold(journal.state, prefix):
            events.stage("preparing")
            record = back_up(journal, journal.begin(prefix, (), plan.id, paths), plan.edits)
            record = journal.advance(record, Stage.READY)
            events.stage("editing")
            problem = perform(plan.edits, record.entry.id)
            if problem:
                return Failed(problem, entry=record.entry)
            record = journal.advance(record, Stage.APPLIED)
            journal.prune(prefix)
            events.stage("applied")
            return Written(paths, record.entry)
    except (StateError, InUse) as refusal:
        return Failed(str(refusal))
    except OSError as error:
        return Failed(f"The backup could not be written: {error}")


def edit_problems(edits: Iterable[FileEdit]) -> tuple[str, ...]:
    """Say which edits cannot be made as they were shown."""
    found = []
    for edit in edits:
        real = os.path.realpath(edit.path)
        folder = os.path.dirname(real)
        try:
            present = read_regular(real)
        except OSError as error:
            found.append(f"{edit.path} cannot be read: {error.strerror or error}.")
            continue
        if present != edit.before:
            found.append(f"{edit.path} was changed since the preview; look at the plan again.")
        elif not os.path.isdir(folder):
            found.append(f"{edit.path} cannot be written: its folder does not exist.")
        elif not os.access(folder, os.W_OK | os.X_OK):
            found.append(f"{edit.path} cannot be written: no permission in its folder.")
    return tuple(found)


def read_regular(path: str) -> bytes | None:
    """Return what a file holds, None where there is none; raises OSError, also for what is no file."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        return None
    with open(handle, "rb") as stream:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError("it is no file")
        return stream.read()


def back_up(journal: Journal, record: Record, edits: Iterable[FileEdit]) -> Record:
    """Keep the old bytes of each file in the entry."""
    texts = []
    for number, edit in enumerate(edits):
        real = os.path.realpath(edit.path)
        if edit.before is not None:
            write_durably(record.file(f"text-{number}"), edit.before)
        mode = stat.S_IMODE(os.stat(real).st_mode) if edit.before is not None else None
        texts.append(Text(edit.path, real, _checksum(edit.before), _checksum(edit.after), mode))
    return journal.save(replace(record, texts=tuple(texts)))


def perform(edits: Iterable[FileEdit], entry_id: str) -> str:
    """Make the edits, one file after the other; return the problem that stopped it, empty if none did."""
    for edit in edits:
        problems = edit_problems([edit])
        if problems:
            return problems[0]
        try:
            _put(os.path.realpath(edit.path), edit.after, entry_id)
        except OSError as error:
            return f"{edit.path} could not be written: {error.strerror or error}."
    return ""


def text_conflicts(record: Record) -> tuple[Conflict, ...]:
    """Return the files that hold neither what was before nor what was written."""
    found = []
    for number, text in enumerate(record.texts):
        try:
            now = read_regular(text.real)
        except OSError as error:
            found.append(Conflict(text.path, "the file as npdoctor wrote it", str(error.strerror or error)))
            continue
        if _checksum(now) not in (text.before, text.after):
            expected = "no file" if text.after is None else "the file as npdoctor wrote it"
            state = "no file" if now is None else "edited since"
            found.append(Conflict(text.path, expected, state, _old(record, number, text), now))
    return tuple(found)


def restore_texts(record: Record) -> tuple[str, ...]:
    """Put the old bytes back where they differ; return those paths. Raises OSError."""
    done = []
    for number, text in enumerate(record.texts):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(_temporary(text.real, record.entry.id))
        before = _old(record, number, text)
        try:
            same = read_regular(text.real) == before
        except OSError:
            same = False
        if not same:
            missing = not os.path.lexists(text.real)
            _put(text.real, before, record.entry.id)
            if missing and text.mode is not None:
                os.chmod(text.real, text.mode)
            done.append(text.path)
    return tuple(done)


def _put(real: str, data: bytes | None, entry_id: str) -> None:
    if data is not None:
        replace_text(real, data, _temporary(real, entry_id))
        return
    with contextlib.suppress(FileNotFoundError):
        os.unlink(real)
    sync_folder(os.path.dirname(real))


def _old(record: Record, number: int, text: Text) -> bytes | None:
    if text.before is None:
        return None
    with open(record.file(f"text-{number}"), "rb") as stream:
        return stream.read()


def _temporary(real: str, entry_id: str) -> str:
    folder, name = os.path.split(real)
    return os.path.join(folder, f".{name}.npdoctor-{entry_id}")


def _checksum(data: bytes | None) -> str | None:
    return None if data is None else hashlib.sha256(data).hexdigest()
