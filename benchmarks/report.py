"""Measure what a report costs once the examination is done, in each format.

    python benchmarks/report.py [--python PATH] [--runs N] [--write]

The environment is examined once, with the import probe; each rendering is then a process of its own that
reads the diagnosis, judges the other major of NumPy, composes, redacts and writes. Wall seconds count from
where the diagnosis is read, imports included; memory is the peak of the whole process. The second half is
the same environment judged as if NumPy 1.26.4 were installed, so that there is much to tell.
"""

from __future__ import annotations

import argparse
import json
import pickle
import statistics
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

HERE = Path(__file__).parent
DOCUMENT = HERE.parent / "docs" / "benchmarks.md"
MARKS = ("<!-- report -->", "<!-- /report -->")
sys.path.insert(0, str(HERE))

from npdoctor.checkup import Request, examine  # noqa: E402
from npdoctor.diagnose.engine import diagnose  # noqa: E402
from npdoctor.model.diagnosis import Diagnosis  # noqa: E402
from npdoctor.rulebook.load import load_rule_book  # noqa: E402
from probe import build_environment  # noqa: E402

FORMS = ("text", "markdown", "html", "json", "sarif", "github")
GOALS = (1.0, 120)
RENDER = """
import json, os, pickle, sys, time
with open(sys.argv[1], "rb") as file:
    found, book = pickle.load(file)
begun = time.perf_counter()
import argparse
from npdoctor.cli.report_material import check_material
from npdoctor.report.person import person_redactor
from npdoctor.report.render import rendered
from npdoctor.report.text import Layout
m = check_material(argparse.Namespace(assume=[]), found, book, 0, 0, ())
text = rendered(m, sys.argv[2], person_redactor(os.environ), Layout())
seconds = time.perf_counter() - begun
with open("/proc/self/status") as status:
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
print(json.dumps([seconds, peak / 1024, len(text)]))
"""


def measure(found: Diagnosis, runs: int) -> dict[str, tuple[float, float, int]]:
    """Return, for each format, the median of the seconds, the highest peak in MB, and the characters."""
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "diagnosis"
        kept.write_bytes(pickle.dumps((found, load_rule_book())))
        for form in FORMS:
            command = [sys.executable, "-c", RENDER, str(kept), form]
            given = [
                json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
                for _ in range(runs)
            ]
            seconds = statistics.median(one[0] for one in given)
            results[form] = (seconds, max(one[1] for one in given), given[0][2])
    return results


def table(found: Diagnosis, runs: int) -> list[str]:
    """Return the figures of one diagnosis as Markdown."""
    imported = sum(d.imported for d in found.distributions)
    lines = [
        f"{len(found.distributions)} distributions, {found.extensions} extension modules, {imported} imported"
        f", {len(found.findings)} findings. Medians of {runs} runs.",
        "",
        "| format | wall s | goal | peak MB | goal | characters |",
        "|---|---|---|---|---|---|",
    ]
    for form, (seconds, peak, length) in measure(found, runs).items():
        lines.append(f"| {form} | {seconds:.2f} | {GOALS[0]:g} | {peak:.0f} | {GOALS[1]} | {length} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--python")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    book = load_rule_book()
    found = examine(Request(python=arguments.python or build_environment()), book)
    broken = diagnose(replace(found.snapshot, assumed={"numpy": "1.26.4"}, imports={}), book)
    text = "\n".join([*table(found, arguments.runs), "", *table(broken, arguments.runs)])
    print(text)
    if arguments.write:
        before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(MARKS[0])
        if not rest:
            sys.exit(f"{DOCUMENT} has no {MARKS[0]}")
        after = rest.partition(MARKS[1])[2]
        DOCUMENT.write_text(f"{before}{MARKS[0]}\n\n{text}\n\n{MARKS[1]}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
