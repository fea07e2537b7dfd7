"""The probe against the real agent: whatever an extension does, its neighbours get their answers."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from compiled_modules import place, why_not

from npdoctor.errors import Cancelled
from npdoctor.model.outcome import Died, Imported, ImportJob, NoAnswer, NotTried, Outcome, Raised
from npdoctor.model.target import Choice, Target
from npdoctor.probe.control import Control
from npdoctor.probe.describe import describe
from npdoctor.probe.imports.node import Limits
from npdoctor.probe.imports.run import run_probe
from npdoctor.probe.imports.tree import Branch

pytestmark = pytest.mark.skipif(why_not() is not None, reason=why_not() or "")

LIMITS = Limits(timeout=8.0, jobs=2, memory=4 << 30)
Heard = dict[str, Outcome]


class Bench:
    """A folder on PYTHONPATH, and what became of each module in it."""

    def __init__(self, site: Path, target: Target) -> None:
        self.site = site
        self.target = target
        self.control = Control()
        self.seconds = 0.0
        self.order: list[str] = []
        self.hook: Callable[[ImportJob, Outcome], None] = lambda _job, _outcome: None

    def branch(
        self, name: str, *modules: tuple[str, str], parent: str | None = None, rank: int = 1
    ) -> Branch:
        """Make modules (name and kind) of one distribution."""
        jobs = tuple(ImportJob(place(self.site, module, kind), module, name) for module, kind in modules)
        return Branch(name, parent, jobs, rank)

    def write(self, path: str, text: str) -> None:
        file = self.site / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def run(
        self, *branches: Branch, limits: Limits = LIMITS, programs: dict[ImportJob, str] | None = None
    ) -> Heard:
        heard: Heard = {}

        def take(job: ImportJob, outcome: Outcome) -> None:
            assert job.module not in heard, f"{job.module} was told twice"
            heard[job.module] = outcome
            self.order.append(job.module)
            self.hook(job, outcome)

        begin = time.monotonic()
        try:
            run_probe(self.target, branches, limits, self.control, take, programs)
        finally:
            self.seconds = time.monotonic() - begin
        assert set(heard) == {job.module for branch in branches for job in branch.jobs} | {
            job.module for job in programs or {}
        }
        return heard


@pytest.fixture(scope="module")
def described() -> Target:
    return describe(Choice(sys.executable, "--python"), environ={"PATH": os.environ["PATH"]})


@pytest.fixture
def bench(tmp_path: Path, described: Target, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    site = tmp_path / "site"
    site.mkdir()
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(site))
    monkeypatch.setattr("tempfile.tempdir", str(scratch) if len(str(scratch)) < 60 else None)
    yield Bench(site, described)
    assert left_behind() == []


def agents() -> list[tuple[int, int]]:
    """Return process and parent of every process of a probe that this process started."""
    found = []
    for name in os.listdir("/proc"):
        try:
            command = Path("/proc", name, "cmdline").read_bytes()
            fields = Path("/proc", name, "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if b"importer.py" in command and b"npdoctor-" in command and fields[0] != "Z":
            environ = Path("/proc", name, "environ")
            try:
                ours = f"PYTEST_CURRENT_TEST={os.environ['PYTEST_CURRENT_TEST'].partition(' ')[0]}".encode()
                if ours in environ.read_bytes():
                    found.append((int(name), int(fields[1])))
            except OSError:
                continue
    return found


def left_behind(within: float = 3.0) -> list[tuple[int, int]]:
    until = time.monotonic() + within
    while agents() and time.monotonic() < until:
        time.sleep(0.05)
    return agents()


# -- each way to misbehave --------------------------------------------------------------------------


def is_imported(outcome: Outcome) -> bool:
    return isinstance(outcome, Imported)


def was_raised(outcome: Outcome) -> bool:
    return isinstance(outcome, Raised) and outcome.exceptions[-1].message == "it does not want to"


def died_by(number: int) -> Callable[[Outcome], bool]:
    return lambda outcome: isinstance(outcome, Died) and outcome.signal == number


def exited(outcome: Outcome) -> bool:
    return isinstance(outcome, Died) and (outcome.signal, outcome.exit_code) == (None, 0)


def died(outcome: Outcome) -> bool:
    return isinstance(outcome, Died)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("ok", is_imported),
        ("raises", was_raised),
        ("segfaults", died_by(signal.SIGSEGV)),
        ("aborts", died_by(signal.SIGABRT)),
        ("exits", exited),
        ("closes", is_imported),
        ("killsparent", died),
        ("forks", is_imported),
        ("garbles", is_imported),
    ],
)
def test_each_gets_its_outcome_and_so_do_its_neighbours(
    bench: Bench, kind: str, expected: Callable[[Outcome], bool]
) -> None:
    modules = [("pkg.a_before", "ok"), ("pkg.b_odd", kind), ("pkg.c_after", "ok"), ("pkg.d_last", "ok")]
    heard = bench.run(bench.branch("pkg", *modules), bench.branch("other", ("other.x", "ok")))
    assert expected(heard["pkg.b_odd"]), heard["pkg.b_odd"]
    assert all(isinstance(o, Imported) for m, o in heard.items() if m != "pkg.b_odd"), heard
    assert bench.seconds < 20


def test_the_file_that_failed_is_named(bench: Bench) -> None:
    branch = bench.branch("pkg", ("pkg.raises", "raises"), ("pkg.dies", "segfaults"))
    heard = bench.run(branch)
    raised, dead = heard["pkg.raises"], heard["pkg.dies"]
    assert isinstance(raised, Raised)
    assert isinstance(dead, Died)
    assert (raised.failed_in, dead.loading) == (branch.jobs[0].path, branch.jobs[1].path)


@pytest.mark.parametrize("kind", ["hangs", "hangsloudly"])
def test_no_answer_in_time_and_the_neighbours_go_on(bench: Bench, kind: str) -> None:
    limits = replace(LIMITS, timeout=1.5)
    heard = bench.run(
        bench.branch("pkg", ("pkg.a", "ok"), ("pkg.b", kind), ("pkg.c", "ok")),
        bench.branch("top", ("top.x", "ok"), parent="pkg"),
        limits=limits,
    )
    outcome = heard["pkg.b"]
    assert isinstance(outcome, NoAnswer), outcome
    assert (outcome.limit, outcome.loading) == (1.5, bench.branch("pkg", ("pkg.b", kind)).jobs[0].path)
    assert [is_imported(heard[m]) for m in ("pkg.a", "pkg.c", "top.x")] == [True] * 3
    assert bench.seconds < 15


def test_a_package_that_hangs_is_not_waited_for_once_for_each_module(bench: Bench) -> None:
    modules = [(f"pkg.m{n}", "ok") for n in range(6)]
    branch = bench.branch("pkg", *modules)
    bench.write("pkg/__init__.py", "import time\ntime.sleep(600)\n")
    heard = bench.run(branch, limits=replace(LIMITS, timeout=1.5))
    assert all(isinstance(outcome, NoAnswer) for outcome in heard.values())
    assert bench.seconds < 12


def test_memory_is_bounded(bench: Bench) -> None:
    heard = bench.run(
        bench.branch("pkg", ("pkg.eats", "eats"), ("pkg.after", "ok")),
        limits=replace(LIMITS, memory=300 << 20),
    )
    outcome = heard["pkg.eats"]
    assert isinstance(outcome, Died)
    assert "memory" in outcome.detail
    assert is_imported(heard["pkg.after"])


def test_output_belongs_to_its_module_and_a_flood_is_bounded(bench: Bench) -> None:
    heard = bench.run(bench.branch("pkg", ("pkg.one", "ok"), ("pkg.flood", "floods"), ("pkg.two", "raises")))
    outputs = {m: o.output for m, o in heard.items() if isinstance(o, (Imported, Raised))}
    assert outputs["pkg.one"] == "hello from one"
    assert outputs["pkg.two"] == "hello from two"
    flood = outputs["pkg.flood"]
    assert flood.startswith("hello from flood\nxxx")
    assert flood.endswith("the end")
    assert len(flood) < 70_000


# -- the tree ---------------------------------------------------------------------------------------


def test_a_dependent_is_forked_from_its_parent_and_a_stranger_is_not(bench: Bench) -> None:
    base = bench.branch("base", ("base.x", "ok"))
    bench.write("base/__init__.py", "import os\nPID = os.getpid()\n")
    probe = "import os, sys\nfound = sys.modules.get('base')\nprint(found and found.PID != os.getpid())\n"
    top = bench.branch("top", ("top.x", "ok"), parent="base")
    bench.write("top/__init__.py", probe)
    lone = bench.branch("lone", ("lone.x", "ok"))
    bench.write("lone/__init__.py", probe)
    heard = bench.run(base, top, lone)
    outputs = {m: o.output.splitlines()[0] for m, o in heard.items() if isinstance(o, Imported)}
    assert (outputs["top.x"], outputs["lone.x"]) == ("True", "None")


def test_a_dependent_is_imported_though_its_parent_dies(bench: Bench) -> None:
    heard = bench.run(
        bench.branch("base", ("base.x", "segfaults")),
        bench.branch("top", ("top.x", "ok"), parent="base"),
        bench.branch("far", ("far.x", "ok"), parent="top"),
        bench.branch("lost", ("lost.x", "ok"), parent="not-there"),
    )
    assert died(heard["base.x"])
    assert [is_imported(heard[m]) for m in ("top.x", "far.x", "lost.x")] == [True] * 3


def test_what_failed_in_the_tree_and_not_alone_is_healthy(bench: Bench) -> None:
    branch = bench.branch("pkg", ("pkg.a", "ok"), ("pkg.b", "ok"))
    bench.write(
        "pkg/__init__.py", "import sys\nif 'base' in sys.modules:\n    raise ImportError('crowded')\n"
    )
    heard = bench.run(bench.branch("base", ("base.x", "ok")), replace(branch, parent="base"))
    assert [is_imported(heard[m]) for m in ("pkg.a", "pkg.b")] == [True, True]


def test_a_group_that_fails_alike_is_tried_again_once(bench: Bench, tmp_path: Path) -> None:
    log = tmp_path / "log"
    branch = bench.branch("pkg", *[(f"pkg.m{n}", "ok") for n in range(8)])
    bench.write("pkg/__init__.py", f"open({str(log)!r}, 'a').write('x')\nraise ImportError('never')\n")
    heard = bench.run(branch)
    assert all(isinstance(o, Raised) and o.parent == "pkg" for o in heard.values())
    assert len(log.read_text()) == 2


def test_suspects_are_told_before_the_rest(bench: Bench) -> None:
    branches = [bench.branch(n, (f"{n}.x", "ok"), rank=r) for n, r in (("late", 1), ("early", 0))]
    bench.run(*branches, limits=replace(LIMITS, jobs=1))
    assert bench.order == ["early.x", "late.x"]


def test_a_circle_that_the_package_closes_is_no_failure(bench: Bench) -> None:
    branch = bench.branch("pkg", ("pkg._core", "ok"))
    bench.write("pkg/__init__.py", "from pkg import _core\n")
    assert is_imported(bench.run(branch)["pkg._core"])


def test_programs_run_each_alone(bench: Bench) -> None:
    jobs = [ImportJob(f"smoke:{n}", n, "pkg") for n in ("fine", "wrong", "gone")]
    sources = ("x = 1", "print('so')\nassert 0, 'no'", "import os; os._exit(3)")
    heard = bench.run(programs=dict(zip(jobs, sources, strict=True)))
    assert is_imported(heard["fine"])
    wrong, gone = heard["wrong"], heard["gone"]
    assert isinstance(wrong, Raised)
    assert (wrong.exceptions[0].type, wrong.output) == ("AssertionError", "so")
    assert isinstance(gone, Died)
    assert gone.exit_code == 3


# -- cancelling, and the death of the probe itself --------------------------------------------------


def test_cancelled_ends_at_once_and_leaves_nothing(bench: Bench) -> None:
    stopped: list[float] = []

    def cancel() -> None:
        stopped.append(time.monotonic())
        bench.control.cancel()

    timer = threading.Timer(1.0, cancel)
    timer.start()
    with pytest.raises(Cancelled):
        bench.run(
            bench.branch("pkg", ("pkg.hang", "hangs")),
            bench.branch("loud", ("loud.x", "hangsloudly")),
            bench.branch("late", ("late.x", "ok")),
            limits=replace(LIMITS, timeout=60),
        )
    assert time.monotonic() - stopped[0] < 1.5
    assert left_behind(1.0) == []


def test_paused_starts_nothing_until_it_goes_on(bench: Bench) -> None:
    bench.control.pause(True)
    threading.Timer(1.0, bench.control.pause, (False,)).start()
    assert is_imported(bench.run(bench.branch("pkg", ("pkg.x", "ok")))["pkg.x"])
    assert bench.seconds > 0.9


def test_the_sudden_death_of_the_root_server_is_survived(bench: Bench) -> None:
    killed: list[int] = []

    def kill_root(_job: ImportJob, _outcome: Outcome) -> None:
        if not killed:
            killed.extend(pid for pid, parent in agents() if parent == os.getpid())
            for pid in killed:
                os.kill(pid, signal.SIGKILL)

    bench.hook = kill_root
    heard = bench.run(
        *(bench.branch(f"p{n}", (f"p{n}.a", "ok"), (f"p{n}.b", "ok")) for n in range(6)),
        bench.branch("bad", ("bad.x", "raises")),
    )
    assert killed
    assert all(is_imported(outcome) for module, outcome in heard.items() if module != "bad.x"), heard
    assert was_raised(heard["bad.x"])
    assert bench.seconds < 9


def test_an_import_that_kills_the_root_is_bounded(bench: Bench) -> None:
    heard = bench.run(
        *(bench.branch(f"p{n}", (f"p{n}.x", "killsroot")) for n in range(3)),
        bench.branch("ok", ("ok.x", "ok"), rank=0),
    )
    assert is_imported(heard["ok.x"])
    assert bench.seconds < 15


@pytest.mark.parametrize("text", ["exit 0", "kill -9 $$", "echo hello; exit 3"])
def test_an_interpreter_in_which_the_probe_cannot_live_is_given_up(
    bench: Bench, tmp_path: Path, text: str
) -> None:
    script = tmp_path / "python"
    script.write_text(f"#!/bin/sh\n{text}\n")
    script.chmod(0o755)
    bench.target = replace(bench.target, executable=str(script))
    heard = bench.run(bench.branch("pkg", ("pkg.a", "ok"), ("pkg.b", "ok")))
    assert all(isinstance(outcome, NotTried) for outcome in heard.values())
    assert bench.seconds < 5


def test_the_target_is_left_as_it_was(bench: Bench) -> None:
    branch = bench.branch("pkg", ("pkg.a", "ok"), ("pkg.b", "raises"))
    bench.write("pkg/__init__.py", "import pkg.more\n")
    bench.write("pkg/more.py", "import os\nassert os.read(0, 1) == b''\nopen('here', 'w').close()\n")
    before = sorted(path for path in bench.site.rglob("*"))
    assert is_imported(bench.run(branch)["pkg.a"])
    assert sorted(path for path in bench.site.rglob("*")) == before
