"""Measure what a fix costs: planning cold and warm, rehearsing, applying and undoing.

    python benchmarks/fix.py [--runs N] [--large] [--write]

The patient has six distributions built for NumPy 1 beside NumPy 2 (needs uv, and Python 3.11); with
--large it has 222 distributions, of which the same six are old. Cold means empty caches of uv and of
npdoctor; examining the environment is not counted. `--write` puts the figures into docs/benchmarks.md.

    floor    one uv pip install --dry-run of what must change, with warm caches: it reads no wheel
    naive    fetch the wheels whole and read them, as one must who cannot read ranges
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from npdoctor.checkup import Request, examine
from npdoctor.fix.write.outcome import Undone
from npdoctor.mend import Mender, MendListener, Wish, take_back
from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.mending import Mending
from npdoctor.rulebook.load import load_rule_book

HERE = Path(__file__).parent
DOCUMENT = HERE.parent / "docs" / "benchmarks.md"
CACHE = Path.home() / ".cache/npdoctor-benchmarks"
OLD = """
    scipy==1.11.4 pandas==2.1.4 scikit-learn==1.3.2 matplotlib==3.8.3 opencv-python-headless==4.9.0.80
    scikit-image==0.22.0
""".split()  # noqa: SIM905
BESIDE = """
    numpy==2.1.3 safetensors==0.4.5 python-dateutil==2.9.0.post0 pytz==2024.2 tzdata==2024.2 six==1.16.0
    cycler==0.12.1 fonttools==4.55.3 packaging==24.2 pyparsing==3.2.0 kiwisolver==1.4.7 contourpy==1.3.1
    pillow==11.0.0 networkx==3.4.2 imageio==2.36.1 tifffile==2024.9.20 lazy_loader==0.4 joblib==1.4.2
    threadpoolctl==3.5.0
""".split()  # noqa: SIM905
GOALS = {"plan, cold": "10", "plan, warm": "3", "rehearse": "1.5", "undo": "1"}
LARGE_GOALS = {"plan, cold": "30"}


def build(large: bool) -> Path:
    """Build the patient once; a run works on a copy."""
    folder = CACHE / ("fix-large" if large else "fix-six")
    if not (folder / ".complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run(["uv", "venv", "-q", "-p", "3.11", str(folder)], check=True)
        python = str(folder / "bin/python")
        install = ["uv", "pip", "install", "-q", "--no-deps", "--python", python]
        listed = ["-r", str(HERE / "environment.txt")] if large else BESIDE
        subprocess.run([*install, *listed], check=True)
        subprocess.run([*install, *OLD], check=True)
        (folder / ".complete").touch()
    return folder


@contextmanager
def cold_caches() -> Iterator[None]:
    """Give uv and npdoctor empty caches."""
    kept = {name: os.environ.get(name) for name in ("UV_CACHE_DIR", "XDG_CACHE_HOME")}
    with tempfile.TemporaryDirectory() as empty:
        os.environ.update(UV_CACHE_DIR=f"{empty}/uv", XDG_CACHE_HOME=f"{empty}/cache")
        try:
            yield
        finally:
            for name, value in kept.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def naive(mending: Mending) -> None:
    """Fetch the wheels whole and read every byte of their shared libraries."""
    with tempfile.TemporaryDirectory() as folder:
        for change in mending.plan.changes:
            if change.wheel is None:
                continue
            path = Path(folder) / change.wheel.filename
            subprocess.run(["curl", "-sfL", "-o", str(path), change.wheel.url], check=True)
            with zipfile.ZipFile(path) as wheel:
                for name in wheel.namelist():
                    if ".so" in name:
                        wheel.read(name).find(b"numpy._core")


def floor(diagnosis: Diagnosis, mending: Mending, folder: str) -> None:
    pins = [f"{c.name}>={c.new}" for c in mending.plan.changes]
    python = diagnosis.snapshot.target.executable
    command = ["uv", "pip", "install", "-q", "--dry-run", "--only-binary", ":all:", "--python", python, *pins]
    subprocess.run(command, check=True, cwd=folder, capture_output=True)


def run(patient: Path, large: bool) -> tuple[dict[str, float], Mending]:
    """Measure one copy of the patient."""
    book, seconds = load_rule_book(), {}
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        environment, project = Path(folder) / "environment", Path(folder) / "project"
        shutil.copytree(patient, environment, symlinks=True)
        project.mkdir()
        os.environ["NPDOCTOR_HOME"] = f"{folder}/home"
        request = Request(python=str(environment), working_folder=str(project))
        found = examine(request, book)

        def mender(rehearse: bool) -> Mender:
            return Mender(found, book, Wish(rehearse=rehearse), request, MendListener())

        with cold_caches():
            seconds["plan, cold"] = timed(lambda: mender(False).plan())
        mender(False).plan()
        seconds["plan, warm"] = timed(lambda: mender(False).plan())
        one = mender(True)
        mending = one.plan()
        assert mending.rehearsal is not None, mending
        seconds["rehearse"] = mending.rehearsal.seconds
        seconds["floor"] = timed(lambda: floor(found, mending, str(project)))
        if not large:
            seconds["naive"] = timed(lambda: naive(mending))
        seconds["apply"] = timed(lambda: one.apply(mending))

        def back() -> None:
            outcome = take_back(None, str(environment))
            assert isinstance(outcome, Undone), outcome

        seconds["undo"] = timed(back)
    return seconds, mending


def report(results: list[dict[str, float]], mending: Mending, large: bool) -> str:
    """Return the table."""
    rehearsal, goals = mending.rehearsal, LARGE_GOALS if large else GOALS
    assert rehearsal is not None
    lines = [
        f"{len(mending.plan.changes)} distributions change, {mending.plan.download / 1e6:.0f} MB of wheels; "
        f"{len(rehearsal.before)} broken before, {len(rehearsal.after)} after. "
        f"Medians of {len(results)} runs.",
        "",
        "| step | wall s | goal |",
        "|---|---|---|",
    ]
    names = {"floor": "one dry run of uv: the floor", "naive": "fetch those wheels whole and read them"}
    for step in results[0]:
        median = statistics.median(result[step] for result in results)
        lines.append(f"| {names.get(step, step)} | {median:.2f} | {goals.get(step, '')} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    patient = build(arguments.large)
    measured = [run(patient, arguments.large) for _ in range(arguments.runs)]
    text = report([seconds for seconds, _ in measured], measured[-1][1], arguments.large)
    print(text)
    if arguments.write:
        kind = "fix-large" if arguments.large else "fix"
        begin, end = f"<!-- {kind} -->", f"<!-- /{kind} -->"
        head, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(begin)
        if not rest:
            sys.exit(f"{DOCUMENT} has no {begin}")
        DOCUMENT.write_text(f"{head}{begin}\n\n{text}\n\n{end}{rest.partition(end)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
