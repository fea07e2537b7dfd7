"""Material for a report with everything in it: a recorded patient, an audit, a plan that was rehearsed."""

from __future__ import annotations

from dataclasses import replace

from npdoctor.diagnose.engine import diagnose
from npdoctor.model.audit import Audit, Basis, Judged, Source, VersionFact
from npdoctor.model.binary import NumpyAbi
from npdoctor.model.declaration import Declared
from npdoctor.model.finding import Evidence, Finding, Fix, Severity
from npdoctor.model.image import Act, Command, Image, Stage
from npdoctor.model.mending import Mending
from npdoctor.model.outcome import Imported, Raised, RaisedException
from npdoctor.model.plan import Change, FileEdit, Plan, Rehearsal, Strategy, Verified
from npdoctor.model.snapshot import SmokeResult
from npdoctor.report.document.material import Material, OtherMajor, gathered
from npdoctor.report.verdict import exit_code
from npdoctor.rulebook.load import load_rule_book
from recording import patient

BOOK = load_rule_book()
REQUIREMENTS = b"numpy>=2.0,<3\nscipy\npandas>=2.0\npillow>=10.1.0\n"


def bare(name: str) -> Material:
    """Return the material of a recorded patient alone."""
    found = diagnose(patient(name), BOOK)
    return gathered(found, BOOK, "0.1.0", exit_code(found))


def whole() -> Material:
    """Return the six-package patient with an audit, a rehearsed plan and functional tests."""
    snapshot = patient("six")
    failed = Raised(
        (RaisedException("ValueError", "All ufuncs must have type numpy.ufunc", ()),), None, None, 0.1
    )
    smoke = (
        SmokeResult("numpy-core", "numpy", Imported(0.1)),
        SmokeResult("scipy-special", "scipy", failed),
    )
    found = diagnose(replace(snapshot, smoke=smoke), BOOK)
    declared = audit()
    merged = replace(found, findings=(*found.findings, *declared.findings))
    back = diagnose(replace(snapshot, assumed={"numpy": "1.26.4"}, imports={}, smoke=()), BOOK)
    other = OtherMajor("1.26.4", back)
    return gathered(merged, BOOK, "0.1.0", exit_code(merged), declared, mending(), other, made="2026-11-23")


def audit() -> Audit:
    """Return an audit of a requirements file and a Dockerfile, each with a fault."""
    image = Image(
        "Dockerfile",
        (
            Stage(
                "",
                "python:3.11",
                1,
                (
                    Command(Act.INSTALL, "pip", 3, "pip install 'numpy<2'", _lines(("numpy", "<2", 3))),
                    Command(
                        Act.INSTALL, "pip", 4, "pip install -r requirements.txt", files=("requirements.txt",)
                    ),
                ),
            ),
        ),
        "3.11",
    )
    lines = _lines(
        ("numpy", ">=2.0,<3", 1), ("scipy", "", 2), ("pandas", ">=2.0", 3), ("pillow", ">=10.1.0", 4)
    )
    return Audit(
        sources=(
            Source("requirements.txt", "requirements", lines),
            Source("Dockerfile", "dockerfile", image=image, notes=("ARG BASE has no value",)),
        ),
        basis=Basis("2.2.6", "the newest that the files admit", "3.11", "the base image in Dockerfile"),
        judged=(
            _judged("numpy", lines[0], "ok"),
            _judged("scipy", lines[1], "warning", ">=1.13.0"),
            _judged("pandas", lines[2], "broken", ">=2.2.2"),
            _judged("pillow", lines[3], "ok"),
            Judged(
                "opencv-python-headless",
                "",
                "warning",
                "any version is admitted, those before 4.10.0.84 break",
                via=("easyocr",),
                highest=VersionFact("4.12.0.88", True, NumpyAbi.BOTH, Evidence("binary", "a wheel", "both")),
                recommended=">=4.10.0.84",
            ),
        ),
        findings=(
            _finding("NPD501", Severity.BROKEN, "pandas", 3, ">=2.2.2"),
            _finding("NPD501", Severity.WARNING, "scipy", 2, ">=1.13.0"),
            Finding(
                "NPD503",
                Severity.WARNING,
                "opencv-python-headless",
                None,
                "is not constrained",
                "It comes with easyocr in any version.",
                (Evidence("metadata", "easyocr", "requires opencv-python-headless"),),
                "Add opencv-python-headless>=4.10.0.84.",
            ),
        ),
        transitive="3 distributions, resolved by uv.",
        corrections=(
            FileEdit(
                "requirements.txt",
                REQUIREMENTS,
                b"numpy>=2.0,<3\nscipy>=1.13.0\npandas>=2.2.2\npillow>=10.1.0\n",
            ),
        ),
        notes=("requirements.txt:9 could not be understood",),
    )


def mending() -> Mending:
    """Return a plan that mends the six, rehearsed."""
    changes = tuple(
        Change(name, old, new, "built for NumPy 1", Verified.REHEARSED)
        for name, old, new in (
            ("matplotlib", "3.8.3", "3.8.4"),
            ("opencv-python-headless", "4.9.0.80", "4.10.0.84"),
            ("pandas", "2.1.4", "2.2.2"),
            ("scikit-image", "0.22.0", "0.23.1"),
            ("scikit-learn", "1.3.2", "1.4.2"),
            ("scipy", "1.11.4", "1.13.0"),
        )
    )
    subjects = tuple(c.name for c in changes)
    plan = Plan(
        "20261123-120000-abcd",
        Strategy.NEAREST,
        "uv",
        subjects,
        changes,
        pins=tuple(f"{c.name}=={c.new}" for c in changes),
        edits=(FileEdit("constraints.txt", None, b"scipy==1.13.0\n"),),
        commands=(("uv", "pip", "install", "-c", "constraints.txt"),),
    )
    return Mending(plan, Rehearsal(subjects, (), seconds=1.4))


def _lines(*given: tuple[str, str, int]) -> tuple[Declared, ...]:
    return tuple(Declared(name, specifier, "requirements.txt", line) for name, specifier, line in given)


def _judged(name: str, line: Declared, state: str, recommended: str | None = None) -> Judged:
    return Judged(
        name,
        line.specifier,
        state,
        "the lowest version that is admitted breaks"
        if recommended
        else "every version that is admitted serves",
        declared=(line,),
        recommended=recommended,
    )


def _finding(code: str, severity: Severity, subject: str, line: int, floor: str) -> Finding:
    return Finding(
        code,
        severity,
        subject,
        None,
        "the declared range admits versions that break",
        f"Versions before {floor[2:]} are built for NumPy 1.",
        (Evidence("file", f"requirements.txt:{line}", subject),),
        f"Write {subject}{floor}.",
        fix=Fix((), specifier=floor),
    )
