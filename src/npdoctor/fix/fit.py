"""Which installed distributions would fail under another NumPy, by the same checks that judge one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from npdoctor.diagnose.engine import diagnose
from npdoctor.fix.demand import Demand
from npdoctor.model.finding import Finding, Severity
from npdoctor.model.requirement import parsed_version
from npdoctor.model.rules import RuleBook
from npdoctor.model.snapshot import Snapshot


class InstalledFit:
    """The installed binaries, judged as if another NumPy were there."""

    def __init__(self, snapshot: Snapshot, book: RuleBook) -> None:
        self._snapshot = replace(snapshot, imports={}, smoke=())
        self._book = book

    def misfits(self, numpy: str, but: Collection[str]) -> Mapping[str, Demand]:
        """Return what would be broken under this NumPy and is not among those that change anyway."""
        assumed = replace(self._snapshot, assumed={"numpy": numpy})
        return {
            f.subject: demand
            for f in diagnose(assumed, self._book).findings
            if f.severity is Severity.BROKEN and f.subject not in but and (demand := _demand(f, numpy))
        }


def _demand(finding: Finding, numpy: str) -> Demand | None:
    version = parsed_version(finding.version)
    sign = {"NPD101": ">", "NPD102": "<"}.get(finding.code)
    if version is None or sign is None:
        return None
    why = f"{finding.code} with NumPy {numpy}: {finding.title}"
    return Demand(finding.subject, str(version), f"{sign}{version.public}", why)
