"""The parts that both engines are made of."""

from __future__ import annotations

import os
import stat
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from npdoctor.errors import Cancelled
from npdoctor.fix.engines.choose import find_uv
from npdoctor.fix.engines.engine import Command, Problem, Resolution, Solved, Unsolvable
from npdoctor.fix.engines.files import exact_lines, is_hashed, write_lines
from npdoctor.fix.engines.locked import lock, wheels_of
from npdoctor.fix.engines.nearest import nearest
from npdoctor.fix.engines.offers import Offers
from npdoctor.fix.engines.run import Ran, run_tool
from npdoctor.fix.engines.standin import make_stand_in
from npdoctor.model.distribution import Distribution
from npdoctor.model.index import Indexes, Wheel
from npdoctor.model.plan import Change
from npdoctor.probe.control import Control
from npdoctor.probe.metadata import Unreadable, read_distribution
from sample_target import linux_target

SECRET = Indexes(("https://me:pa55word@private.example/simple",))


def run(
    folder: Path, program: str, seconds: float = 20, control: Control | None = None, **environ: str
) -> Ran:
    command = Command((sys.executable, "-c", program), {"ADDED": "1"}, str(folder))
    return run_tool(command, {**os.environ, **environ}, SECRET, control or Control(), seconds=seconds)


def test_a_tool_reads_nothing_and_its_output_has_no_password(tmp_path: Path) -> None:
    program = "import os, sys; print(sys.stdin.read() == '', os.environ['ADDED'], 'PYTHONPATH' in os.environ)"
    ran = run(tmp_path, program + "; print('pa55word', file=sys.stderr); sys.exit(3)", PYTHONPATH="/x")
    assert ran == Ran(3, "True 1 False\n", "<hidden>\n")


def test_a_tool_that_floods_or_leaves_children_ends(tmp_path: Path) -> None:
    program = (
        "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])"
    )
    ran = run(tmp_path, program + "; print('x' * (20 << 20))")
    assert ran.code == 0
    assert 16 << 20 <= len(ran.stdout) < 17 << 20


def test_a_tool_is_stopped(tmp_path: Path) -> None:
    late = run(tmp_path, "import time; print('begun', flush=True); time.sleep(60)", seconds=0.5)
    assert late.code is None
    assert "stopped after 0.5 s" in late.stderr
    control = Control()
    threading.Timer(0.3, control.cancel).start()
    with pytest.raises(Cancelled):
        run(tmp_path, "import time; time.sleep(60)", control=control)
    missing = Command((str(tmp_path / "none"),), {}, str(tmp_path))
    assert "cannot be run" in run_tool(missing, os.environ, SECRET, Control()).stderr


def test_lines_are_heard_as_they_come_and_without_secrets(tmp_path: Path) -> None:
    heard: list[str] = []
    program = (
        "import os, sys\n"
        "print('one', end='\\r'); print('\\x1b[31mtwo\\x1b[0m', os.environ['UV_INDEX_A_PASSWORD'])\n"
        "print('x' * 50000); print('no end', end='')"
    )
    command = Command((sys.executable, "-c", program), {}, str(tmp_path))
    environ = {**os.environ, "UV_INDEX_A_PASSWORD": "hunter2x"}
    ran = run_tool(command, environ, SECRET, Control(), hear=heard.append)
    assert heard[:2] == ["one", "two <hidden>"]
    assert heard[-1] == "no end"
    assert max(map(len, heard)) == 2000
    assert "hunter2x" not in ran.stdout


def test_a_tool_may_end_by_itself_when_it_is_stopped(tmp_path: Path) -> None:
    control, heard = Control(), []
    program = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (print('tidied', flush=True), sys.exit(0)))\n"
        "print('begun', flush=True); time.sleep(60)"
    )

    def hear(line: str) -> None:
        heard.append(line)
        control.cancel()

    command = Command((sys.executable, "-c", program), {}, str(tmp_path))
    with pytest.raises(Cancelled):
        run_tool(command, os.environ, SECRET, control, hear=hear)
    assert heard == ["begun", "tidied"]


def test_requirements_have_hashes_only_where_all_are_known() -> None:
    wheel = Wheel("a", "2", "a-2-py3-none-any.whl", "https://x/a.whl", "12ab")
    known = Change("a", "1", "2", "", wheel=wheel)
    unknown, gone = Change("b", None, "3", ""), Change("c", "1", None, "")
    assert exact_lines([known, gone]) == ("a==2 --hash=sha256:12ab",)
    assert exact_lines([known, unknown]) == ("a==2", "b==3")


def distribution(name: str, version: str, *requires: str, effective: bool = True) -> Distribution:
    return Distribution(
        name, name, version, "/site", f"/site/{name}", None, requires, ">=3.8", None, None, effective
    )


def test_a_stand_in_has_the_metadata_and_the_python_of_the_target(tmp_path: Path) -> None:
    target = linux_target(str(tmp_path / "env"), base_prefix=sys.base_prefix)
    (tmp_path / "env").mkdir()
    (tmp_path / "env/pip.conf").write_text("[global]\n")
    installed = (
        distribution("my-thing", "1.0+local", "numpy>=1 ; extra == 'fast'", "six"),
        distribution("numpy", "1.26.4"),
        distribution("numpy", "2.0.0", effective=False),
        distribution("odd", "../../1"),
    )
    (tmp_path / "place").mkdir()
    python = make_stand_in(target, installed, str(tmp_path / "place"))
    site = tmp_path / "place/lib/python3.11/site-packages"
    assert os.path.realpath(python).startswith(os.path.realpath(sys.base_prefix))
    assert sorted(os.listdir(site)) == ["my_thing-1.0+local.dist-info", "numpy-1.26.4.dist-info"]
    assert (tmp_path / "place/pip.conf").read_text() == "[global]\n"
    read = read_distribution(str(site / "my_thing-1.0+local.dist-info"), str(site))
    assert not isinstance(read, Unreadable)
    assert (read.name, read.version, read.requires) == ("my-thing", "1.0+local", installed[0].requires)


def test_files_for_tools_are_private(tmp_path: Path) -> None:
    path = write_lines(str(tmp_path), "r.txt", ["a==1", "b==2"])
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert Path(path).read_text() == "a==1\nb==2\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a==1 --hash=sha256:00\n", True),
        ("# why\na==1 \\\n    --hash=sha256:00\n\n", True),
        ("a==1 --hash=sha256:00\nb==2\n", False),
        ("", False),
    ],
)
def test_hashes_are_asked_for_only_where_all_are_known(tmp_path: Path, text: str, expected: bool) -> None:
    (tmp_path / "r.txt").write_text(text)
    assert is_hashed(str(tmp_path / "r.txt")) is expected


def test_a_lock_reads_back_and_names_what_it_leaves_out() -> None:
    good = Wheel(
        "six", "1.17.0", "six-1.17.0-py3-none-any.whl", 'https://h/"odd"/six-1.17.0-py3-none-any.whl', "ab", 9
    )
    unproven = Wheel("toolz", "1.0", "toolz-1.0-py3-none-any.whl", "https://h/toolz-1.0-py3-none-any.whl")
    pins = {"six": "1.17.0", "toolz": "1.0", "gone": "2"}
    locked = lock(pins, {"six": good, "toolz": unproven}, linux_target())
    assert locked.missing == ("gone==2", "toolz==1.0")
    assert wheels_of(locked.pylock, linux_target()) == {"six": good}
    assert locked.requirements == "six==1.17.0 \\\n    --hash=sha256:ab\n"


def test_of_several_wheels_the_best_fitting_is_taken() -> None:
    names = ("py3-none-any", "cp311-cp311-manylinux_2_17_x86_64", "cp312-cp312-manylinux_2_17_x86_64", "odd")
    wheels = ", ".join(f'{{ url = "https://h/x-1-{name}.whl" }}' for name in names)
    text = f'lock-version = "1.0"\n[[packages]]\nname = "X"\nversion = "1"\nwheels = [{wheels}]\n'
    found = wheels_of(text, linux_target(platform="linux-x86_64"))
    assert found["x"].filename in ("x-1-cp311-cp311-manylinux_2_17_x86_64.whl", "x-1-py3-none-any.whl")
    assert (
        wheels_of(text.replace("py3-none-any", "py2-none-any").replace("cp311", "cp39"), linux_target()) == {}
    )


@pytest.fixture
def offers(tmp_path: Path) -> Offers:
    """Offer three releases each of two projects, and one that only fits another platform."""
    for name in ("one", "two"):
        for version in ("1.0", "1.1", "2.0", "3.0rc1"):
            (tmp_path / f"{name}-{version}-py3-none-any.whl").touch()
    (tmp_path / "alien-1.0-cp311-cp311-win32.whl").touch()
    return Offers(Indexes((), (str(tmp_path),)), linux_target())


def test_the_lowest_that_is_admitted_is_asked_for(offers: Offers) -> None:
    asked: list[Sequence[str]] = []

    def solve(requirements: Sequence[str], constraints: Sequence[str]) -> Resolution:
        asked.append(tuple(requirements))
        return Solved(())

    problem = Problem(("one[fast]>=1.0,!=1.0", "two>=1", "three==1"), ("two<2",), lowest=True)
    nearest(problem, {"two": "1.1", "three": "1", "one": "0.9"}, offers, solve)
    assert asked == [("one[fast]==1.1", "two>=1", "three==1")]


def test_a_conflict_moves_what_it_names_one_release_on(offers: Offers) -> None:
    asked: list[Sequence[str]] = []

    def solve(requirements: Sequence[str], constraints: Sequence[str]) -> Resolution:
        asked.append(tuple(requirements))
        return Solved(()) if "one==2.0" in requirements else Unsolvable("one 1.0 depends on numpy<2")

    assert nearest(Problem(("one", "two"), lowest=True), {}, offers, solve) == Solved(())
    assert asked == [("one==1.0", "two==1.0"), ("one==1.1", "two==1.0"), ("one==2.0", "two==1.0")]


def test_where_no_lowest_can_be_had_the_problem_itself_is_asked(offers: Offers) -> None:
    asked: list[Sequence[str]] = []

    def solve(requirements: Sequence[str], constraints: Sequence[str]) -> Resolution:
        asked.append(tuple(requirements))
        return Unsolvable("stranger 1.0 depends on numpy<2")

    assert isinstance(nearest(Problem(("one",), lowest=True), {}, offers, solve), Unsolvable)
    assert isinstance(nearest(Problem(("alien",), lowest=True), {}, offers, solve), Unsolvable)
    assert asked == [("one==1.0",), ("one",), ("alien",)]


def test_no_uv_is_taken_from_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uv", None)
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    for folder in (here, elsewhere):
        folder.mkdir()
        (folder / "uv").write_text("#!/bin/sh\n")
        (folder / "uv").chmod(0o755)
    monkeypatch.chdir(here)
    assert find_uv({"PATH": f"{here}:.:"}, str(here)) is None
    assert find_uv({"PATH": f"{here}:{elsewhere}"}, str(here)) == str(elsewhere / "uv")
