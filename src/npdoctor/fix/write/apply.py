"""Apply a plan: keep what it replaces, edit the files, let the installer work, and see what became of it."""

from __future__ import annotations

import os
import secrets
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace

from npdoctor.errors import Cancelled
from npdoctor.fix.engines.engine import Command, Installer
from npdoctor.fix.engines.files import exact_lines
from npdoctor.fix.engines.run import run_tool
from npdoctor.fix.write.difference import Difference, compare, save_difference
from npdoctor.fix.write.durable import write_durably
from npdoctor.fix.write.installed import same_version, versions
from npdoctor.fix.write.journal import Journal, Record
from npdoctor.fix.write.links import Keep, Link, below, keep, place_for_links
from npdoctor.fix.write.listing import Listing, scan
from npdoctor.fix.write.lock import InUse, Lock, hold
from npdoctor.fix.write.outcome import Applied, ApplyOutcome, Events, Failed, Refused
from npdoctor.fix.write.refusals import refusals
from npdoctor.fix.write.removal import remove_trees
from npdoctor.fix.write.scope import Scope, Selection, is_thorough, planned, scope_of, select
from npdoctor.fix.write.state import StateError, make_private
from npdoctor.fix.write.texts import back_up, edit_problems, perform
from npdoctor.model.plan import Plan, Stage
from npdoctor.model.snapshot import Snapshot
from npdoctor.probe.control import Control
from npdoctor.replacing import sync_folder

_STOPPED = "It was stopped before it was done."
_TAIL_LINES = 60


def apply(
    plan: Plan,
    snapshot: Snapshot,
    engine: Installer,
    events: Events | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    control: Control | None = None,
    link: Link = os.link,
) -> ApplyOutcome:
    """Carry out a plan on the environment of the snapshot, and say what became of it.

    On failure nothing is rolled back: `undo` does that. What is refused is not begun.
    """
    environ = os.environ if environ is None else environ
    refused = refusals(plan, snapshot, environ)
    if refused:
        return Refused(refused)
    journal = Journal.of(environ)
    try:
        make_private(journal.state)
        with hold(journal.state, snapshot.target.prefix) as lock:
            world = _World(environ, control or Control(), events or Events(), lock, link)
            return _Application(plan, snapshot, engine, journal, world).perform()
    except (InUse, StateError) as refusal:
        return Failed(str(refusal))
    except OSError as error:
        return Failed(f"The journal cannot be used: {error}.")


@dataclass(frozen=True, slots=True)
class _World:
    environ: Mapping[str, str]
    control: Control
    events: Events
    lock: Lock
    link: Link


class _Stop(Exception):
    """End the application with a reason."""


class _Application:
    """One plan on its way through the stages."""

    def __init__(
        self, plan: Plan, snapshot: Snapshot, engine: Installer, journal: Journal, world: _World
    ) -> None:
        self.plan = plan
        self.snapshot = snapshot
        self.engine = engine
        self.journal = journal
        self.world = world
        self.events = world.events
        self.scope: Scope = scope_of(snapshot.target)
        self.names = tuple(change.name for change in plan.changes)
        self.records = planned(plan, snapshot, self.scope)
        self.selection: Selection = select(plan, snapshot, self.scope)
        self.said: deque[str] = deque(maxlen=_TAIL_LINES)

    def perform(self) -> ApplyOutcome:
        """Go through all stages under the lock."""
        outdated = self._outdated()
        if outdated:
            return Failed(outdated)
        for old in self.journal.records(self.scope.prefix):
            if old.entry.stage is Stage.PREPARING:
                self.journal.discard(old)
        self.events.stage("preparing")
        files = tuple(edit.path for edit in self.plan.edits)
        record = self.journal.begin(self.scope.prefix, self.plan.changes, self.plan.id, files)
        try:
            record, before, kept = self._prepare(record)
        except (OSError, _Stop) as problem:
            for saved in self.journal.records(self.scope.prefix):
                if saved.entry.id == record.entry.id:  # its links may lie elsewhere by then
                    self.journal.discard(saved)
            stopped = isinstance(problem, _Stop)
            return Failed(str(problem) if stopped else f"The environment could not be secured: {problem}.")
        try:
            record = self._change(record, kept)
            difference = self._account(record, before, kept)
            record = self.journal.advance(record, Stage.APPLIED)
        except _Stop as stop:
            if self._account(record, before, kept) or self.plan.edits:
                return Failed(str(stop), self.output, record.entry)
            self.journal.discard(record)
            return Failed(f"{stop} Nothing was changed.", self.output)
        except OSError as error:
            return Failed(f"It stopped: {error}.", self.output, record.entry)
        self.journal.prune(self.scope.prefix)
        self.events.stage("applied", record.entry.id)
        return Applied(record.entry, self.output, difference.lost(kept, record.links))

    def _outdated(self) -> str:
        """Say what is not as the plan found it, empty where everything is."""
        now = versions(self.names, self.scope.sites)
        for name in self.names:
            if sorted(d.version for d in self.records[name]) != sorted(now[name]):
                return f"{name} was changed since the examination; check and plan again."
        return next(iter(edit_problems(self.plan.edits)), "")

    def _prepare(self, record: Record) -> tuple[Record, Listing, Keep]:
        """Keep everything that may change, durably, before anything does."""
        self.events.stage("keeping")
        record, paths = self._place(record)
        kept = keep(paths, self.scope.roots, record.links, self.world.link)
        before = scan(self.scope.roots)
        lines = exact_lines(self.plan.changes)
        write_durably(record.file("kept.json"), kept.encoded())
        write_durably(record.file("listing.json"), before.encoded())
        write_durably(record.file("requirements.txt"), "".join(f"{line}\n" for line in lines).encode())
        sync_folder(record.links)
        record = replace(
            record,
            sites=self.scope.sites,
            roots=self.scope.roots,
            replaced={name: tuple(d.version for d in found) for name, found in self.records.items()},
        )
        record = back_up(self.journal, record, self.plan.edits)
        self._go_on()
        record = self.journal.advance(record, Stage.READY)
        self.events.stage("ready", record.entry.id)
        return record, before, kept

    def _place(self, record: Record) -> tuple[Record, set[str]]:
        """Choose where the files are kept, and which: neighbours only where it costs no space."""
        selection = self.selection
        trees = selection.metadata + selection.cleared + selection.leftovers
        paths = {path for tree in trees for path in below(tree)} | set(selection.paths)
        sample = next((p for p in sorted(paths) if os.path.isfile(p) and not os.path.islink(p)), None)
        place = place_for_links(sample, record.folder, self.scope.prefix, self.scope.virtual, self.world.link)
        if place is not None:
            paths |= {path for tree in selection.neighbours for path in below(tree)}
        if place not in (None, record.folder):
            links = os.path.join(str(place), f"{record.entry.id}-{secrets.token_hex(4)}")
            record = replace(record, links=links, entry=replace(record.entry, folder=links))
            record = self.journal.save(record)
        return record, paths

    def _change(self, record: Record, kept: Keep) -> Record:
        """Change the files and the environment; raises _Stop."""
        if self.plan.edits:
            self.events.stage("editing")
            problem = perform(self.plan.edits, record.entry.id)
            if problem:
                raise _Stop(problem)
        record = self.journal.advance(record, Stage.APPLYING)
        self.events.stage("applying", record.entry.id)
        try:
            self._remove(kept)
            self._install(record)
        except OSError as error:
            raise _Stop(f"The installation stopped: {error}") from error
        self._verify()
        return record

    def _remove(self, kept: Keep) -> None:
        """Take away completely what is to be installed anew, what goes, and the leftovers."""
        thorough = tuple(
            c.name for c in self.plan.changes if is_thorough(c, self.records[c.name], self.snapshot)
        )
        going = thorough + tuple(change.name for change in self.plan.changes if change.new is None)
        rounds = max((len(self.records[name]) for name in going), default=0) + 1
        for _ in range(rounds):
            left = self._recorded(going)
            if left:
                self.events.stage("removing", " ".join(left))
                self._run(self.engine.uninstall_command(self.snapshot.target.executable, left))
        left = self._recorded(going)
        if left:
            raise _Stop(f"{', '.join(left)} could not be removed completely.")
        trees = self.selection.cleared + self.selection.leftovers
        if trees:
            self.events.stage("clearing", str(len(trees)))
            remove_trees(trees, self.scope, {one.path for one in kept.files})

    def _recorded(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return those of the names that are still recorded."""
        return tuple(name for name, found in versions(names, self.scope.sites).items() if found)

    def _install(self, record: Record) -> None:
        if any(change.new is not None for change in self.plan.changes):
            self.events.stage("installing")
            command = self.engine.install_command(
                self.snapshot.target.executable, record.file("requirements.txt")
            )
            self._run(command)

    def _run(self, command: Command) -> None:
        self._go_on()
        world = self.world
        try:
            ran = run_tool(
                command,
                world.environ,
                self.engine.indexes,
                world.control,
                hear=self._hear,
                lock=world.lock,
            )
        except Cancelled:
            raise _Stop(_STOPPED) from None
        if ran.code is None:
            raise _Stop(f"{ran.stderr}.")
        if ran.code != 0:
            how = f"exit code {ran.code}" if ran.code > 0 else f"signal {-ran.code}"
            program = os.path.basename(command.arguments[0])
            raise _Stop(f"{program} failed ({how}).")

    def _hear(self, line: str) -> None:
        self.said.append(line)
        self.events.output(line)

    @property
    def output(self) -> str:
        """Return the end of what the installer said."""
        return "\n".join(self.said)

    def _verify(self) -> None:
        """Compare what is recorded with the plan, whatever the installer said."""
        self.events.stage("verifying")
        now = versions(self.names, self.scope.sites)
        for change in self.plan.changes:
            found = now[change.name]
            if change.new is None and not found:
                continue
            if change.new is None or len(found) != 1 or not same_version(found[0], change.new):
                state = " and ".join(found) or "nothing"
                wanted = change.new or "nothing"
                raise _Stop(f"{change.name} should be {wanted} and is {state} after the installation.")

    def _account(self, record: Record, before: Listing, kept: Keep) -> Difference:
        """Write down what is different in the environment."""
        difference = compare(before, scan(record.roots), kept)
        save_difference(record, difference)
        return difference

    def _go_on(self) -> None:
        if self.world.control.cancelled:
            raise _Stop(_STOPPED)
