"""NPD111: files of two NumPys in one folder, or two records of it."""

from __future__ import annotations

from collections.abc import Iterator

from npdoctor.diagnose.context import Context
from npdoctor.diagnose.imports import evidence_of
from npdoctor.model.finding import Evidence, Finding, Severity

REMEDY = (
    "A forced reinstall can leave it broken. Uninstall numpy until pip says that there is none; then delete "
    "the folders numpy, numpy.libs, numpy-*.dist-info and ~umpy* from site-packages; then install one "
    "version with --no-deps."
)


def mixed_numpy(context: Context) -> Iterator[Finding]:
    """Yield NPD111 where more than one NumPy lies in the folder that an import would use."""
    disk = context.snapshot.numpy
    if disk is None or "numpy" in context.snapshot.assumed:
        return
    recorded = [
        d for d in context.snapshot.distributions if d.name == "numpy" and _lies_in(disk.folder, d.location)
    ]
    versions = sorted({d.version for d in recorded})
    evidence = []
    if len(disk.cores) > 1:
        evidence.append(Evidence("file", disk.folder, "two C cores: " + " and ".join(disk.cores)))
    if disk.file_version and versions and disk.file_version not in versions:
        evidence.append(
            Evidence(
                "file", f"{disk.folder}/version.py", f"says {disk.file_version}, recorded is {versions[0]}"
            )
        )
    if len(versions) > 1:
        evidence.append(Evidence("metadata", "numpy", "recorded in versions " + " and ".join(versions)))
    if not evidence:
        return
    if disk.unowned:
        count = len(disk.unowned)
        evidence.append(
            Evidence("file", disk.unowned[0], f"one of {count} files that no record of numpy names")
        )
    failures = context.failures.get("numpy", [])
    evidence += evidence_of(context, failures)
    yield Finding(
        "NPD111",
        Severity.BROKEN if len(disk.cores) > 1 or failures else Severity.WARNING,
        "numpy",
        disk.file_version or (versions[0] if versions else None),
        "files of two NumPys are mixed in one folder",
        "One NumPy was laid over the remains of another. Extensions may load the C core of the one and the "
        "Python code of the other: arrays are then refused as arrays, ufuncs as ufuncs, or the process dies.",
        tuple(evidence),
        REMEDY,
    )


def _lies_in(folder: str, location: str) -> bool:
    return folder.rpartition("/")[0] == location.rstrip("/")
