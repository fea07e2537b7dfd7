"""A made-up diagnosis that shows everything a report must carry."""

from __future__ import annotations

from dataclasses import replace

from npdoctor.model.binary import NumpyAbi
from npdoctor.model.diagnosis import Diagnosis, DistributionState
from npdoctor.model.distribution import Distribution
from npdoctor.model.finding import Evidence, Finding, Fix, Severity
from npdoctor.model.host import Host
from npdoctor.model.snapshot import NumpyOnDisk, Snapshot
from sample_target import linux_target

SITE = "/home/alice/venv/lib/python3.11/site-packages"


def distribution(name: str, version: str) -> Distribution:
    folder = f"{SITE}/{name}-{version}.dist-info"
    return Distribution(name, name, version, SITE, folder, "pip", (), None, None, None, True)


def state(name: str, version: str, how: str = "ok", extensions: int = 1) -> DistributionState:
    return DistributionState(name, version, SITE, NumpyAbi.NUMPY1, None, extensions, extensions, how)


def finding(
    code: str = "NPD101", severity: Severity = Severity.BROKEN, subject: str = "scipy", evidence: int = 1
) -> Finding:
    return Finding(
        code=code,
        severity=severity,
        subject=subject,
        version="1.11.4",
        title="built for NumPy 1, NumPy 2.1.3 is installed",
        message="scipy 1.11.4 was compiled against NumPy 1, so that importing scipy.special fails.",
        evidence=tuple(
            Evidence("binary", f"scipy/special/_ufuncs_{n}.so", "names numpy.core only")
            for n in range(evidence)
        ),
        remedy="Install the first release that serves NumPy 2.",
        fix=Fix(("scipy==1.13.1",), "binary"),
    )


def diagnosis(*findings: Finding, states: tuple[DistributionState, ...] = ()) -> Diagnosis:
    host = Host("Linux", "x86_64", ("glibc", "2.35"), {}, frozenset(), "", (), is_container=True)
    installed = (distribution("numpy", "2.1.3"), distribution("scipy", "1.11.4"))
    snapshot = Snapshot(
        target=linux_target("/home/alice/venv"),
        distributions=installed,
        leftovers=(),
        unreadable=(),
        binaries=(),
        unread=(),
        numpy=NumpyOnDisk(f"{SITE}/numpy", "2.1.3", (), ()),
        overlaps=(),
        shadows=(),
        host=host,
    )
    return Diagnosis(snapshot, findings, states or (state("numpy", "2.1.3"), state("scipy", "1.11.4")))


def broken() -> Diagnosis:
    """Return one of each severity, one of them only the consequence of another."""
    consequence = replace(
        finding("NPD110", subject="scikit-learn"),
        cause="scipy",
        fix=None,
        remedy="",
        title="cannot be imported",
    )
    return diagnosis(
        finding(evidence=5),
        consequence,
        finding("NPD208", Severity.WARNING, "transformers"),
        finding("NPD109", Severity.UNKNOWN, "flash-attn"),
        finding("NPD404", Severity.INFO, "host"),
        states=(
            state("numpy", "2.1.3"),
            state("scipy", "1.11.4", "broken"),
            state("scikit-learn", "1.3.2", "broken"),
            state("transformers", "4.57.1", "warning"),
            state("flash-attn", "2.6.3", "unknown"),
        ),
    )
