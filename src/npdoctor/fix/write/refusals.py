"""What forbids applying a plan, found out before anything is done."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from npdoctor.fix.write.journal import Journal
from npdoctor.fix.write.lock import holder
from npdoctor.fix.write.scope import Scope, owned, planned, real_place, scope_of
from npdoctor.fix.write.state import StateError, make_private
from npdoctor.model.distribution import Distribution
from npdoctor.model.mending import Refusal
from npdoctor.model.plan import Plan
from npdoctor.model.requirement import parsed_version
from npdoctor.model.snapshot import Snapshot
from npdoctor.model.target import Target

_UNPACKED = 4  # a wheel is kept, unpacked, and installed: at most this many times its size
_PACKAGED = ("conda", "debian", "rpm")
_MEGABYTE = 1_000_000


def refusals(
    plan: Plan,
    snapshot: Snapshot,
    environ: Mapping[str, str],
    own_distributions: Collection[str] | None = None,
    *,
    own_prefix: str = sys.prefix,
) -> tuple[Refusal, ...]:
    """Return why the plan must not be applied to this environment, empty where nothing forbids it.

    `own_distributions` are those that npdoctor needs to run; found from the snapshot where not given.
    """
    scope = scope_of(snapshot.target)
    case = _Case(plan, snapshot, scope, planned(plan, snapshot, scope))
    journal = Journal.of(environ)
    return (
        *_possible(case),
        *_state(journal, case),
        *_managed(snapshot.target, case),
        *_own(case, own_distributions, own_prefix),
        *_origins(case),
        *_records(case),
        *_leftovers(case),
        *_permissions(case),
        *_space(case, journal),
    )


@dataclass(frozen=True, slots=True)
class _Case:
    plan: Plan
    snapshot: Snapshot
    scope: Scope
    records: Mapping[str, tuple[Distribution, ...]]

    @property
    def alters(self) -> bool:
        """Tell whether anything in the environment changes."""
        return bool(self.plan.changes or self.plan.remove)

    def installed(self) -> Iterator[Distribution]:
        """Yield the records that change."""
        for found in self.records.values():
            yield from found


def _possible(case: _Case) -> Iterator[Refusal]:
    if case.plan.impossible:
        yield Refusal(f"This plan cannot be carried out: {case.plan.impossible}", "Choose another one.")
    if case.alters and not case.scope.sites:
        yield Refusal("No site-packages folder was found in this environment.", "Examine it again.")


def _state(journal: Journal, case: _Case) -> Iterator[Refusal]:
    try:
        make_private(journal.state)
        held = holder(journal.state, case.scope.prefix)
    except (StateError, OSError) as error:
        yield Refusal(str(error), "Set NPDOCTOR_HOME to a folder that can be written to.")
        return
    if held:
        yield Refusal(held, "Wait until it has finished.")
        return
    for record in journal.records(case.scope.prefix):
        if record.unfinished:
            advice = f"Run npdoctor undo {record.entry.id} first: it takes back what was done."
            yield Refusal(f"Fix {record.entry.id} was not finished in this environment.", advice)


def _managed(target: Target, case: _Case) -> Iterator[Refusal]:
    """Refuse a Python that its distributor wants left alone (PEP 668)."""
    if not case.alters or target.prefix != target.base_prefix:
        return
    library = f"python{target.version[0]}.{target.version[1]}"
    for folder in ("lib", "lib64"):
        if os.path.exists(os.path.join(target.base_prefix, folder, library, "EXTERNALLY-MANAGED")):
            yield Refusal(
                "This Python is managed by the operating system, which marks it as not to be changed.",
                f"Make a virtual environment and install there: {target.executable} -m venv .venv",
            )
            return


def _own(case: _Case, own: Collection[str] | None, own_prefix: str) -> Iterator[Refusal]:
    """Refuse to replace what npdoctor itself runs on."""
    if os.path.realpath(own_prefix) != case.scope.prefix:
        return
    needed = _needed_by_npdoctor(case.snapshot) if own is None else {canonicalize_name(n) for n in own}
    clash = sorted(needed & set(case.records))
    if clash:
        yield Refusal(
            f"npdoctor runs inside this environment and needs {', '.join(clash)} itself.",
            f"Run it from outside: uvx npdoctor --python {case.snapshot.target.executable}, or pipx run.",
        )


def _needed_by_npdoctor(snapshot: Snapshot) -> set[str]:
    """Return npdoctor and all it requires, by the records of the environment; extras do not count."""
    installed = snapshot.effective()
    found: set[str] = set()
    waiting = ["npdoctor"]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        for text in installed[name].requires if name in installed else ():
            try:
                requirement = Requirement(text)
            except InvalidRequirement:
                continue
            if "extra" not in str(requirement.marker or ""):
                waiting.append(canonicalize_name(requirement.name))
    return found


def _origins(case: _Case) -> Iterator[Refusal]:
    """Refuse what no index can give back, and what another package manager owns."""
    conda = _conda_names(case.scope.prefix)
    for d in case.installed():
        version = parsed_version(d.version)
        if (d.installer or "").lower() in _PACKAGED or d.name in conda:
            manager = "conda" if d.name in conda else d.installer
            yield Refusal(f"{d.name} was installed by {manager}.", f"Change it with {manager}.")
        elif d.direct_url is not None and d.direct_url.editable:
            yield Refusal(f"{d.name} is an editable install.", "Build it again from its source.")
        elif d.direct_url is not None:
            origin = "version control" if d.direct_url.vcs else "a file or an address"
            yield Refusal(f"{d.name} was installed from {origin}.", "Install it again from there by hand.")
        elif version is not None and version.local:
            advice = "Install its replacement by hand from where it came from."
            yield Refusal(f"{d.name} {d.version} is a build that package indexes do not have.", advice)
    for change in case.plan.changes:
        if change.old is not None and not case.records[change.name]:
            where = next((d.location for d in case.snapshot.distributions if d.name == change.name), None)
            if where:
                advice = "Change it there, or work in an environment of its own."
                yield Refusal(f"{change.name} lies outside of this environment, in {where}.", advice)
            else:
                yield Refusal(f"{change.name} is not installed.", "Check and plan again.")


def _conda_names(prefix: str) -> frozenset[str]:
    """Return the names of conda's own packages, from the names of its record files."""
    try:
        names = os.listdir(os.path.join(prefix, "conda-meta"))
    except OSError:
        return frozenset()
    return frozenset(canonicalize_name(n.rsplit("-", 2)[0]) for n in names if n.endswith(".json"))


def _records(case: _Case) -> Iterator[Refusal]:
    """Refuse what an installer could not remove completely, or would remove too much of."""
    for d in case.installed():
        if not d.files:
            advice = f"Reinstall it by hand: pip install --force-reinstall --no-deps {d.name}=={d.version}"
            yield Refusal(
                f"The install of {d.name} recorded no files, so it cannot be replaced safely.", advice
            )
            continue
        outside = owned(d, case.scope).outside
        if outside:
            yield Refusal(
                f"{d.name} records files outside of the environment, such as {outside[0]}.",
                "Remove those lines from its RECORD if they are wrong, then check again.",
            )


def _leftovers(case: _Case) -> Iterator[Refusal]:
    for path in case.plan.remove:
        real = real_place(path)
        if not case.scope.in_site(real) or os.path.basename(real) in ("", ".", ".."):
            yield Refusal(f"{path} does not lie in site-packages.", "Remove it by hand if it is not needed.")


def _permissions(case: _Case) -> Iterator[Refusal]:
    """Refuse where an installer would stop half way for want of permission."""
    folders: dict[str, None] = {}
    if case.alters:
        schemes = [folder for folder in case.scope.roots if folder.endswith("/bin")]
        folders = dict.fromkeys([*case.scope.sites, *schemes])
        for d in case.installed():
            folders.update(dict.fromkeys(map(os.path.dirname, sorted(owned(d, case.scope).inside))))
    for edit in case.plan.edits:
        folders[os.path.dirname(os.path.realpath(edit.path))] = None
    for folder in folders:
        if not os.path.isdir(folder) or os.access(folder, os.W_OK | os.X_OK):
            continue
        if os.statvfs(folder).f_flag & os.ST_RDONLY:
            yield Refusal(
                f"{folder} is on a read-only filesystem.", "Use an environment that can be changed."
            )
        else:
            advice = "Run npdoctor as the user who made the environment."
            yield Refusal(f"There is no permission to write to {folder}.", advice)
        return


def _space(case: _Case, journal: Journal) -> Iterator[Refusal]:
    """Refuse where the new files, or copies of the old ones, would not fit."""
    if not case.alters or not case.scope.sites:
        return
    needs = {case.scope.sites[0]: case.plan.download * _UNPACKED}
    device = os.stat(case.scope.sites[0]).st_dev
    linking = [journal.state, *([case.scope.prefix] if case.scope.virtual else [])]
    if os.path.isdir(journal.state) and device not in [os.stat(folder).st_dev for folder in linking]:
        files = {path for d in case.installed() for path in owned(d, case.scope).inside}
        needs[journal.state] = sum(os.path.getsize(path) for path in files if os.path.isfile(path))
    for folder, need in needs.items():
        free = shutil.disk_usage(folder).free
        if free < need:
            yield Refusal(
                f"{need // _MEGABYTE + 1} MB are needed below {folder}, {free // _MEGABYTE} MB are free.",
                "Make room, for instance with pip cache purge or uv cache clean.",
            )
