"""The versions that a plan leads to: what is installed, with its changes applied. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from npdoctor.fix.held import why_on_no_index
from npdoctor.model.plan import Plan
from npdoctor.model.snapshot import Snapshot


def known_good(snapshot: Snapshot, plan: Plan) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Return exact versions by name, and the pins that no index can serve, each in the order of names."""
    installed = dict(snapshot.effective())
    pins: dict[str, str] = {}
    for change in plan.changes:
        installed.pop(change.name, None)
        if change.new is not None:
            pins[change.name] = change.new
    lacking = {name: d.version for name, d in installed.items() if why_on_no_index(d)}
    pins |= {name: d.version for name, d in installed.items() if name not in lacking}
    return dict(sorted(pins.items())), tuple(f"{name}=={lacking[name]}" for name in sorted(lacking))
