"""Make a plan: from a goal and what the search found to changes, pins, file edits and commands."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from packaging.version import Version

from npdoctor.fix.demand import Goal
from npdoctor.fix.engines.engine import Engine, Move
from npdoctor.fix.files.edit import edit
from npdoctor.fix.files.place import Edited, NoPlace, Pin, Refused
from npdoctor.fix.files.places import find_place
from npdoctor.fix.fit import InstalledFit
from npdoctor.fix.goal import Choice, make_goal
from npdoctor.fix.pose import Knowledge
from npdoctor.fix.search import Found, NotFound, Rounds, Wheels, search, verified_as
from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.plan import Change, Plan, Strategy
from npdoctor.model.rules import RuleBook

OFFLINE = "The package index cannot be reached, and what is in the caches is not enough to plan with."


@dataclass(frozen=True, slots=True)
class Project:
    """Where the pins go: the person's folder, the --file option, and what its files declare."""

    folder: str
    file: str | None = None
    declared: Mapping[str, str] | None = None


def make_plan(
    plan_id: str,
    diagnosis: Diagnosis,
    book: RuleBook,
    choice: Choice,
    engine: Engine,
    wheels: Wheels,
    project: Project,
    rounds: Rounds | None = None,
    excluded: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> Plan:
    """Return the plan that mends the chosen findings; nothing is changed by making it.

    `excluded` are versions by name that it must not choose.
    """
    goal = make_goal(diagnosis, book, choice, project.declared)
    plan = Plan(
        plan_id, choice.strategy, engine.name, goal.subjects, steps=goal.steps, unmended=goal.unmended
    )
    found: Found | NotFound = Found((), {}, {}, 0)
    if goal.needs_resolver:
        known = Knowledge({name: set(versions) for name, versions in excluded.items()})
        known.tolerant = bool(choice.only and goal.numpy_unmet) and not goal.moves_numpy
        fit = InstalledFit(diagnosis.snapshot, book)
        found = search(goal, engine, wheels, fit, rounds or Rounds(), known)
    elif goal.reinstalls:
        found = Found((), engine.wheels(goal.reinstalls), {}, 0)
    if isinstance(found, NotFound):
        return replace(plan, impossible=_why_not(goal, found, diagnosis))
    plan = replace(
        plan,
        changes=_changes(goal, found),
        remove=goal.leftovers,
        notes=found.notes,
    )
    return _with_files(plan, goal, engine, diagnosis, project)


def _why_not(goal: Goal, found: NotFound, diagnosis: Diagnosis) -> str:
    if found.offline:
        return f"{OFFLINE} {found.reason}"
    if goal.strategy is Strategy.BACK and diagnosis.snapshot.target.version >= (3, 13, 0):
        python = ".".join(map(str, diagnosis.snapshot.target.version[:2]))
        why = f"NumPy 1 has no wheels for Python {python}: holding NumPy below 2 is not possible here."
        return f"{why}\n{found.reason}"
    return found.reason


def _changes(goal: Goal, found: Found) -> tuple[Change, ...]:
    reasons = {d.name: d.why for d in (*goal.demands, *found.drivers.values())}
    changes = {m.name: _moved(m, reasons, found, goal) for m in found.moves}
    for name, version in goal.reinstalls.items():
        why = "remove all of it, then install it once"
        changes[name] = Change(name, goal.installed.get(name), version, why, wheel=found.wheels.get(name))
    for name, why in goal.removals.items():
        changes[name] = Change(name, goal.installed[name], None, why)
    return tuple(changes[name] for name in sorted(changes))


def _moved(move: Move, reasons: Mapping[str, str], found: Found, goal: Goal) -> Change:
    judgement = found.verified.get(move.name)
    why = reasons.get(move.name) or _other_reason(move, goal)
    if judgement and judgement.serves and judgement.evidence:
        why = f"{why}; {judgement.evidence}"
    return Change(move.name, move.old, move.new, why, verified_as(judgement), found.wheels.get(move.name))


def _other_reason(move: Move, goal: Goal) -> str:
    if move.name == "numpy":
        return f"numpy{goal.numpy} serves what is installed"
    if move.old is None:
        return "required by what changes"
    return "follows what changes"


def _with_files(plan: Plan, goal: Goal, engine: Engine, diagnosis: Diagnosis, project: Project) -> Plan:
    """Add exact pins, the edits that write them, and the commands a person would type."""
    kept = [c for c in plan.changes if c.new]
    pins = tuple(f"{c.name}=={c.new}" for c in kept)
    plan = replace(plan, pins=pins)
    plan = replace(plan, commands=_commands(plan, engine, diagnosis))
    wanted = [
        Pin(c.name, c.new, f"=={c.new}", False, c.why.partition(";")[0]) for c in kept if not c.is_reinstall
    ]
    wanted = [p for p in wanted if p.name != "numpy"]
    if not wanted and not goal.moves_numpy:
        return plan
    guard = _guard(plan, goal)
    wanted = [*([guard] if guard else []), *wanted]
    snapshot = diagnosis.snapshot
    place = find_place(project.folder, snapshot.target, snapshot.effective(), project.file)
    if isinstance(place, NoPlace):
        return replace(plan, notes=(*plan.notes, f"no pins are written: {place.reason}"))
    hashes = {c.name: (c.wheel.sha256,) for c in kept if c.wheel and c.wheel.sha256}
    edited = edit(place, wanted, snapshot.target, hashes)
    if isinstance(edited, Refused):
        return replace(plan, notes=(*plan.notes, f"{edited.path} is left as it is: {edited.reason}"))
    return _edited(plan, edited)


def _edited(plan: Plan, edited: Edited) -> Plan:
    return replace(
        plan,
        edits=edited.edits,
        commands=(*plan.commands, *edited.commands),
        notes=(*plan.notes, *edited.notes),
    )


def _guard(plan: Plan, goal: Goal) -> Pin | None:
    """Return the range that keeps NumPy's major where the plan wants it."""
    moved = next((c.new for c in plan.changes if c.name == "numpy"), None)
    version = moved or goal.installed.get("numpy")
    if version is None:
        return None
    major = Version(version).major
    return Pin("numpy", version, f">={version},<{major + 1}", True, f"what is installed fits NumPy {major}")


def _commands(plan: Plan, engine: Engine, diagnosis: Diagnosis) -> tuple[tuple[str, ...], ...]:
    python = diagnosis.snapshot.target.executable
    gone = tuple(c.name for c in plan.changes if c.new is None or c.is_reinstall)
    commands = []
    if gone:
        commands.append(engine.uninstall_command(python, gone).arguments)
    if plan.remove:
        commands.append(("rm", "-rf", *plan.remove))
    if plan.pins:
        commands.append(engine.shown_command(python, plan.pins))
    return tuple(commands)
