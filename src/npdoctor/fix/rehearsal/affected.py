"""Tell which distributions a plan may make better or worse: those that a rehearsal imports again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from packaging.utils import canonicalize_name

from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.plan import Plan
from npdoctor.probe.imports.tree import requirement_names


def affected(plan: Plan, before: Diagnosis) -> frozenset[str]:
    """Return what changes, what the plan is for, and what depends on what changes, directly or not.

    Whatever fails because of something that changes belongs to them, and with NumPy all that is built
    against it. What does not change is only named if it has extension modules.
    """
    snapshot = before.snapshot
    changed = {canonicalize_name(change.name) for change in plan.changes}
    found = changed | {
        f.subject for f in before.findings if f.subject in plan.subjects or (f.cause or "") in changed
    }
    if "numpy" in changed:
        found |= {b.distribution for b in snapshot.binaries if b.numpy}
    needs = {name: requirement_names(d, snapshot.target) for name, d in snapshot.effective().items()}
    found |= _dependents(changed, needs)
    extended = {b.distribution for b in snapshot.binaries if b.module_stem}
    return frozenset(changed | (found & extended))


def _dependents(changed: Iterable[str], needs: Mapping[str, Iterable[str]]) -> set[str]:
    """Return all that needs one of these, directly or not."""
    needed_by: dict[str, list[str]] = {}
    for name, wanted in needs.items():
        for other in wanted:
            needed_by.setdefault(other, []).append(name)
    found: set[str] = set()
    waiting = list(changed)
    while waiting:
        for name in needed_by.get(waiting.pop(), ()):
            if name not in found:
                found.add(name)
                waiting.append(name)
    return found
