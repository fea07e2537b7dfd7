"""Rehearse a plan: install it into a copy of the environment, examine that, and compare."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from packaging.utils import canonicalize_name

from npdoctor.diagnose.engine import diagnose
from npdoctor.errors import TargetError
from npdoctor.fix.engines.engine import Installer
from npdoctor.fix.rehearsal.affected import affected
from npdoctor.fix.rehearsal.compare import broken, completed, grown_worse
from npdoctor.fix.rehearsal.farm import Farm, fill, lay_out
from npdoctor.fix.rehearsal.folder import rehearsal_folder
from npdoctor.fix.rehearsal.install import install_changes
from npdoctor.fix.rehearsal.links import altered
from npdoctor.fix.rehearsal.ownership import CannotBuild, files_left_out
from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.distribution import Distribution
from npdoctor.model.plan import Plan, Rehearsal
from npdoctor.model.requirement import parsed_version
from npdoctor.model.rules import RuleBook
from npdoctor.model.snapshot import Snapshot
from npdoctor.probe.control import Control

Look = Callable[[str, frozenset[str]], Diagnosis]


@dataclass(frozen=True, slots=True)
class Failed:
    """A rehearsal could not be held, and why; it says nothing of the plan."""

    reason: str


def rehearse(
    plan: Plan,
    before: Diagnosis,
    engine: Installer,
    look: Look,
    book: RuleBook,
    events: Callable[[str], None] = lambda _stage: None,
    control: Control | None = None,
    *,
    environ: Mapping[str, str] | None = None,
) -> Rehearsal | Failed:
    """Try a plan in a copy of the environment that `before` is the verdict on.

    `look` examines an interpreter and imports the extension modules of the named distributions only.
    `events` hears what is done next: installing, linking, examining. Raises Cancelled. Of the
    environment's files nothing changes but the number of links, and with it the ctime.
    """
    control = control or Control()
    looked = affected(plan, before)
    begun = time.monotonic()
    try:
        with rehearsal_folder(before.snapshot.target) as folder:
            world = _World(engine, os.environ if environ is None else environ, events, control)
            farm = _build(plan, before.snapshot, folder, world)
            seconds = time.monotonic() - begun
            events("examining")
            seen = look(farm.python, looked)
            touched = altered(farm.taken)
    except (CannotBuild, TargetError) as failure:
        return Failed(str(failure))
    except OSError as error:
        return Failed(f"The environment cannot be copied: {error}.")
    doubt = _doubt(plan, seen.snapshot, farm)
    if doubt:
        return Failed(doubt)
    after = diagnose(completed(seen.snapshot, before.snapshot, looked, farm.rooms), book)
    notes = [farm.approximate, _unseen_before(before, seen), _touched(touched)]
    return Rehearsal(
        before=broken(before),
        after=broken(after),
        worse=grown_worse(before, after),
        approximate=" ".join(note for note in notes if note),
        seconds=seconds,
    )


@dataclass(frozen=True, slots=True)
class _World:
    engine: Installer
    environ: Mapping[str, str]
    events: Callable[[str], None]
    control: Control


def _build(plan: Plan, snapshot: Snapshot, folder: str, world: _World) -> Farm:
    """Install first and link afterwards, so that no installer ever meets a file of the environment."""
    leave_out = frozenset(canonicalize_name(change.name) for change in plan.changes)
    layout = lay_out(snapshot.target, folder)
    files_left_out(snapshot.distributions, leave_out, layout.rooms)
    world.events("installing")
    install_changes(plan.changes, layout.python, world.engine, world.environ, world.control)
    world.events("linking")
    return fill(layout, snapshot, leave_out, plan.remove, world.control)


def _doubt(plan: Plan, after: Snapshot, farm: Farm) -> str:
    """Say why what was examined is not the copy with the plan in it; empty where it is."""
    if os.path.realpath(after.target.prefix) != farm.prefix:
        return f"The interpreter of the copy does not run in it but in {after.target.prefix}."
    found = after.effective()
    missing = [
        f"{change.name}=={change.new}"
        for change in plan.changes
        if change.new and not _is_version(found.get(canonicalize_name(change.name)), change.new)
    ]
    return f"After the install the copy does not have {', '.join(missing)}." if missing else ""


def _is_version(distribution: Distribution | None, version: str) -> bool:
    return distribution is not None and parsed_version(distribution.version) == parsed_version(version)


def _unseen_before(before: Diagnosis, after: Diagnosis) -> str:
    """Say where the two verdicts do not rest on the same kind of look."""
    if after.snapshot.imports and not before.snapshot.imports:
        return "Before, nothing was imported: failures of imports may be older than the plan."
    return ""


def _touched(paths: tuple[str, ...]) -> str:
    """Say which files of the environment changed while the rehearsal went on."""
    if not paths:
        return ""
    names = ", ".join(os.path.basename(path) for path in paths[:3])
    return f"{len(paths)} files of the environment changed meanwhile, such as {names}."
