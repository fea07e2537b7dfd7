"""Diagnoses written by hand: what the screen is shown in these tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from npdoctor.model.binary import NumpyAbi
from npdoctor.model.diagnosis import Diagnosis, DistributionState
from npdoctor.model.distribution import Distribution
from npdoctor.model.finding import Evidence, Finding, Fix, Severity
from npdoctor.model.host import Host
from npdoctor.model.rules import CodeRule, RuleBook
from npdoctor.model.snapshot import NumpyOnDisk, Snapshot
from npdoctor.model.target import Choice
from npdoctor.tui.state import State
from sample_target import linux_target

TAG = "cpython-311-x86_64-linux-gnu.so"
CHOICE = Choice("/workspace/venv/bin/python", "VIRTUAL_ENV")
TARGET = linux_target("/workspace/venv", why="VIRTUAL_ENV")
HOST = Host("Linux", "x86_64", ("glibc", "2.36"), {}, frozenset(), "", (), True)


def built_for_numpy_1(name: str, version: str, floor: str, file: str) -> Finding:
    return Finding(
        code="NPD101",
        severity=Severity.BROKEN,
        subject=name,
        version=version,
        title="built for NumPy 1, NumPy 2.1.3 installed",
        message=f"{name} {version} was compiled against NumPy 1. With NumPy 2.1.3 importing it fails.",
        evidence=(
            Evidence("binary", f"{file}.{TAG}", "names only numpy.core._multiarray_umath (94 files)"),
            Evidence("import", file.replace("/", "."), "ImportError: numpy.core.multiarray failed to import"),
        ),
        remedy=f"Install {name}>={floor}, or hold NumPy below 2 for everything.",
        fix=Fix((f"{name}>={floor}",)),
    )


SCIPY = built_for_numpy_1("scipy", "1.11.4", "1.13.0", "scipy/cluster/_hierarchy")
PANDAS = built_for_numpy_1("pandas", "2.1.4", "2.2.2", "pandas/_libs/algos")
OPENCV = built_for_numpy_1("opencv-python-headless", "4.9.0.80", "4.10.0.84", "cv2/cv2.abi3")
SKLEARN = replace(
    built_for_numpy_1("scikit-learn", "1.3.2", "1.4.2", "sklearn/__check_build/_check_build"),
    cause="scipy",
)
JOBLIB = Finding(
    "NPD201",
    Severity.WARNING,
    "joblib",
    "1.6.0",
    "requires cloudpickle>=3.0: not installed",
    "joblib 1.6.0 requires cloudpickle>=3.0, which is not installed.",
    (Evidence("metadata", "joblib-1.6.0.dist-info/METADATA", "Requires-Dist: cloudpickle>=3.0"),),
    fix=Fix(("cloudpickle>=3.0",)),
)
FLASH = Finding(
    "NPD109",
    Severity.UNKNOWN,
    "flash-attn",
    "2.6.3",
    "no answer in 20 s - not checked",
    "No answer in 20 s. Not the same as broken.",
    (Evidence("import", "flash_attn_2_cuda", "killed after 20 s"),),
)
NOTE = Finding("NPD403", Severity.INFO, "host", None, "12 GiB free", "12 GiB are free.", ())
ALL = (PANDAS, SCIPY, OPENCV, SKLEARN, JOBLIB, FLASH)


def diagnosis(*findings: Finding, others: int = 18, imported: bool = True) -> Diagnosis:
    states: dict[str, DistributionState] = {}
    for finding in findings:
        state = DistributionState(
            finding.subject, finding.version or "", "", NumpyAbi.NUMPY1, None, 40, 4, finding.severity.value
        )
        states.setdefault(finding.subject, state)
    for position in range(others):
        name = f"fine-{position}"
        states[name] = DistributionState(
            name, "1.0", "", NumpyAbi.NONE, None, 10 if imported else 0, 10 if imported else 0, "ok"
        )
    installed = tuple(_distribution(state.name, state.version) for state in states.values())
    snapshot = Snapshot(
        target=TARGET,
        distributions=installed,
        leftovers=(),
        unreadable=(),
        binaries=(),
        unread=(),
        numpy=NumpyOnDisk("numpy", "2.1.3", (), ()),
        overlaps=(),
        shadows=(),
        host=HOST,
    )
    return Diagnosis(snapshot, findings, tuple(states.values()))


def _distribution(name: str, version: str) -> Distribution:
    return Distribution(name, name, version, "", "", "pip", (), None, None, None, effective=True)


def rule(code: str, title: str, severity: Severity) -> CodeRule:
    return CodeRule(
        code,
        title,
        "binary compatibility",
        severity,
        "A compiled module was built with the NumPy 1 headers. " * 6,
        'Run `python -c "import scipy.special"`. ' * 6,
        "Upgrade the named package. " * 8,
        "The banner alone is not a failure. " * 8,
        ("numpy#26717",),
    )


CODES: Mapping[str, CodeRule] = {
    "NPD101": rule("NPD101", "Extension built for NumPy 1", Severity.BROKEN),
    "NPD109": rule("NPD109", "Import gave no answer in time", Severity.UNKNOWN),
    "NPD201": rule("NPD201", "Requirement not installed", Severity.WARNING),
}
BOOK = RuleBook("rules.toml", dict(CODES), {}, (), (), (), ())

STARTING = State()
CHOSEN = State(choice=CHOICE, book=BOOK)
DESCRIBED = replace(CHOSEN, target=TARGET)
READING = replace(DESCRIBED, read=(41, 333))
STATIC = replace(READING, read=(333, 333), diagnosis=diagnosis(*ALL[:5]), imported=(41, 333), left=30)
FINAL = replace(STATIC, diagnosis=diagnosis(*ALL), imported=(333, 333), final=True, left=None, seconds=12)
CLEAN_SO_FAR = replace(STATIC, diagnosis=diagnosis())
HEALTHY = replace(FINAL, diagnosis=diagnosis())
UNKNOWN_LEFT = replace(FINAL, diagnosis=diagnosis(FLASH))
