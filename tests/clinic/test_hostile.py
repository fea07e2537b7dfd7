"""Extension modules that do their worst: each is told, its neighbours are well, nothing is left behind."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from clinic.examination import Examination, examine, processes_of
from clinic.patients import Environment, base_python, built_once, install, make_environment
from clinic.pythons import CACHE, builder_environment
from clinic.recipes import HOSTILE_NEIGHBOURS
from npdoctor.model.outcome import Died, ImportJob, Outcome
from npdoctor.probe.control import Control
from npdoctor.probe.describe import describe
from npdoctor.probe.imports.node import Limits
from npdoctor.probe.imports.run import run_probe
from npdoctor.probe.imports.tree import Branch
from npdoctor.probe.locate import choose

SOURCES = Path(__file__).parent / "hostile"
DIED, SILENT, RAISED = "NPD108", "NPD109", "NPD110"
FATE = {
    "h_segfault": DIED,
    "h_bad_pointer": DIED,
    "h_abort": DIED,
    "h_exit_0": DIED,
    "h_exit_3": DIED,
    "h_system_exit": DIED,
    "h_kill_parent": DIED,
    "h_kill_group": DIED,
    "h_loop": SILENT,
    "h_sleep": SILENT,
    "h_flood_stdout": SILENT,
    "h_flood_stderr": SILENT,
    "h_mute_error": RAISED,
    "h_base_exception": RAISED,
    "h_interrupt": RAISED,
    "h_long_error": RAISED,
    "h_close_all": None,
    "h_close_most": None,
    "h_daemon": None,
    "h_stubborn": None,
    "h_twin": None,
    "h_signals": None,
    "h_no_folder": None,
    "h_rubbish": None,
    "h_fine": None,
}
# What comes first decides, or what is left of their process; only their neighbours may not suffer.
OPEN = {"h_babble", "h_late_crash", "h_memory"}
# Well-behaved modules whose metadata require a hostile one: they are forked from its importer.
DEPENDENTS = {
    f"needs_{name}": name for name in ("h_signals", "h_no_folder", "h_close_all", "h_late_crash", "h_twin")
}
NEIGHBOURS = ("numpy", "bottleneck", "markupsafe", "pyyaml", "msgpack", "wrapt")
TIMEOUT = 3
LONGEST = 90
MOST_MEMORY = 400 << 20


@dataclass(frozen=True)
class Visit:
    """What npdoctor said of the hostile environment, and which processes and files were left of it."""

    seen: Examination
    processes: list[str]
    files: list[str]

    def codes(self, module: str) -> set[str]:
        """Return the codes of the findings for one hostile distribution."""
        return {finding["code"] for finding in self.seen.findings(subject=distribution(module))}


def distribution(module: str) -> str:
    return module.replace("_", "-")


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> Visit:
    """Examine the hostile environment once for all tests."""
    environment, temporary = hostile_environment(), tmp_path_factory.mktemp("temporary")
    environ = {"TMPDIR": str(temporary)}
    seen = examine(environment, "--timeout", str(TIMEOUT), environ=environ, limit=4 * LONGEST)
    time.sleep(2)
    return Visit(seen, processes_of(environment), [path.name for path in temporary.iterdir()])


def hostile_environment() -> Environment:
    """Build every hostile module against the target's headers, each a distribution of its own."""
    compiler, python = shutil.which("gcc") or shutil.which("cc"), base_python("3.11")
    if compiler is None:
        pytest.skip("there is no C compiler on this machine")
    include, suffix = json.loads(
        subprocess.run(
            [python, "-c", "import json, sysconfig as s; "
             "print(json.dumps([s.get_path('include'), s.get_config_var('EXT_SUFFIX')]))"],
            capture_output=True, text=True, check=True, env=builder_environment(),
        ).stdout
    )  # fmt: skip
    if not Path(include, "Python.h").exists():
        pytest.skip(f"the headers of {python} are not installed")
    sources = "".join(path.read_text("utf-8") for path in sorted(SOURCES.iterdir()))
    recipe = repr((sources, HOSTILE_NEIGHBOURS, python, DEPENDENTS, "1"))
    folder = CACHE / f"hostile-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"
    environment = Environment(folder)
    with built_once(folder) as empty:
        if empty:
            make_environment(python, folder)
            install(environment, HOSTILE_NEIGHBOURS.wheels)
            for source in sorted(SOURCES.glob("*.c")):
                add_module(environment, source.stem, source, [compiler, f"-I{include}"], suffix)
            for module, needed in DEPENDENTS.items():
                text = (SOURCES / "h_fine.c").read_text("utf-8").replace("h_fine", module)
                copy = folder / f"{module}.c"
                copy.write_text(text, "utf-8")
                options = [compiler, f"-I{include}", f"-I{SOURCES}"]
                add_module(environment, module, copy, options, suffix, requires=distribution(needed))
    return environment


def add_module(
    environment: Environment, module: str, source: Path, compiler: list[str], suffix: str, requires: str = ""
) -> None:
    """Compile one module and write the records of an installed distribution for it."""
    site, name = environment.site, f"{module}-1.0.dist-info"
    options = ["-O1", "-shared", "-fPIC", "-pthread", "-o", str(site / (module + suffix)), str(source)]
    subprocess.run([*compiler, *options], check=True, env=builder_environment(), timeout=60)
    metadata = f"Metadata-Version: 2.1\nName: {distribution(module)}\nVersion: 1.0\n"
    (site / name).mkdir()
    (site / name / "METADATA").write_text(
        metadata + (f"Requires-Dist: {requires}\n" if requires else ""), "utf-8"
    )
    (site / name / "INSTALLER").write_text("clinic\n", "utf-8")
    rows = [module + suffix, *(f"{name}/{file}" for file in ("METADATA", "INSTALLER", "RECORD"))]
    (site / name / "RECORD").write_text("".join(f"{row},,\n" for row in rows), "utf-8")


def test_no_source_is_forgotten() -> None:
    assert {path.stem for path in SOURCES.glob("*.c")} == FATE.keys() | OPEN


@pytest.mark.parametrize("module", FATE)
def test_each_gets_its_right_code(visit: Visit, module: str) -> None:
    expected = {FATE[module]} - {None}
    assert visit.codes(module) == expected, visit.seen.told()
    if not expected:
        assert visit.seen.distribution(distribution(module))["state"] == "ok"


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("h_segfault", "SIGSEGV"),
        ("h_abort", "SIGABRT"),
        ("h_exit_0", "exit status 0"),
        ("h_exit_3", "exit status 3"),
        ("h_base_exception", "neither error nor exit"),
    ],
)
def test_it_is_said_how_it_ended(visit: Visit, module: str, words: str) -> None:
    assert words in str(visit.seen.findings(subject=distribution(module)))


@pytest.mark.parametrize("module", sorted(OPEN))
def test_what_may_go_either_way_is_not_left_out(visit: Visit, module: str) -> None:
    assert visit.codes(module) <= {DIED, SILENT, RAISED}, visit.seen.told()


@pytest.mark.parametrize("name", [*NEIGHBOURS, *(distribution(module) for module in DEPENDENTS)])
def test_the_neighbours_are_well(visit: Visit, name: str) -> None:
    assert not visit.seen.findings(subject=name), visit.seen.told()
    told = visit.seen.distribution(name)
    assert told["state"] == "ok"
    assert told["imported"] == told["extensions"] > 0


def test_memory_without_end_is_stopped(visit: Visit) -> None:
    """Half of what is free is too much for a test, so this one asks the probe itself, with a lower limit."""
    environment = hostile_environment()
    target = describe(choose(str(environment.prefix), {}, working_folder="/"), working_folder="/")
    job = ImportJob(str(next(environment.site.glob("h_memory.*"))), "h_memory", "h-memory")
    outcomes: list[Outcome] = []
    limits = Limits(timeout=60, jobs=1, memory=200 << 20)
    run_probe(
        target,
        [Branch("h-memory", None, (job,), 0)],
        limits,
        Control(),
        lambda _, outcome: outcomes.append(outcome),
    )
    (outcome,) = outcomes
    assert isinstance(outcome, Died)
    assert "memory" in outcome.detail


def test_what_gave_no_answer_is_unknown_and_not_healthy(visit: Visit) -> None:
    assert {f["severity"] for f in visit.seen.findings(SILENT)} <= {"unknown", "broken"}
    assert {f["severity"] for f in visit.seen.findings(DIED)} == {"broken"}
    assert visit.seen.exit_code == 1


def test_it_ends_in_bounded_time_and_memory(visit: Visit) -> None:
    assert visit.seen.seconds < LONGEST
    assert 0 < visit.seen.peak < MOST_MEMORY


def test_no_process_and_no_file_is_left_over(visit: Visit) -> None:
    assert not visit.processes
    assert not visit.files


def test_the_answer_is_not_as_long_as_the_rubbish(visit: Visit) -> None:
    assert len(json.dumps(visit.seen.document)) < 1 << 20
    assert len(visit.seen.stderr) < 1 << 16
