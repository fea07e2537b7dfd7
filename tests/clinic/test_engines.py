"""uv and pip resolve for real environments, which stay as they are."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from clinic.engine_beds import ENGINES, Bed, bare_environ, bed, default_index, engine, heard, moved
from clinic.patients import admit, snapshot_of_files
from clinic.private_index import make_wheel
from clinic.pythons import uv
from clinic.recipes import OTHER_PYTHONS, PLAIN, SIX
from npdoctor.errors import Cancelled
from npdoctor.fix.engines.engine import EngineFailure, Problem, Solved, Unsolvable
from npdoctor.fix.engines.run import run_tool
from npdoctor.model.index import Indexes
from npdoctor.probe.control import Control

PYTHON_3_13 = next(patient for patient in OTHER_PYTHONS if patient.python == "3.13")
CLOSED = "http://127.0.0.1:9/simple"
KEEP_NUMPY_2 = Problem(
    (
        "scipy>1.11.4,>=1.13.0",
        "pandas>2.1.4,>=2.2.2",
        "matplotlib>3.8.3,>=3.8.4",
        "scikit-image>0.22.0,>=0.23.1",
        "scikit-learn>1.3.2,>=1.4.2",
        "opencv-python-headless>4.9.0.80,>=4.10.0.84",
        "numpy==2.1.3",
    ),
    ("pillow>=11.0.0", "contourpy>=1.3.1", "fonttools>=4.55.3", "networkx>=3.4.2", "safetensors>=0.4.5"),
    lowest=True,
)


@pytest.fixture
def indexes() -> Indexes:
    return default_index()


@pytest.fixture
def environ() -> Mapping[str, str]:
    return bare_environ()


@ENGINES
def test_the_least_that_serves_numpy_2(
    name: str, indexes: Indexes, environ: Mapping[str, str], tmp_path: Path
) -> None:
    six = admit(SIX)
    before = snapshot_of_files(six.prefix)
    asked = engine(name, bed(six), indexes, environ, tmp_path)
    answer = moved(asked.resolve(KEEP_NUMPY_2))
    wheels = asked.wheels({"scipy": "1.13.0", "pandas": "2.2.2", "pandas-of-nobody": "1.0"})
    assert answer == {
        "matplotlib": "3.8.4",
        "opencv-python-headless": "4.10.0.84",
        "pandas": "2.2.2",
        "scikit-image": "0.23.1",
        "scikit-learn": "1.4.2",
        "scipy": "1.13.0",
    }
    assert {(w.name, w.filename[:25]) for w in wheels.values()} == {
        ("scipy", "scipy-1.13.0-cp311-cp311-"),
        ("pandas", "pandas-2.2.2-cp311-cp311-"),
    }
    assert all(wheel.sha256 and wheel.url.endswith(wheel.filename) for wheel in wheels.values())
    assert snapshot_of_files(six.prefix) == before
    assert list(tmp_path.iterdir()) == []


@ENGINES
def test_numpy_1_is_one_move(name: str, indexes: Indexes, environ: Mapping[str, str], tmp_path: Path) -> None:
    answer = engine(name, bed(admit(SIX)), indexes, environ, tmp_path).resolve(Problem(("numpy<2", "scipy")))
    assert moved(answer) == {"numpy": "1.26.4"}


@ENGINES
def test_numpy_1_is_not_for_python_3_13(
    name: str, indexes: Indexes, environ: Mapping[str, str], tmp_path: Path
) -> None:
    answer = engine(name, bed(admit(PYTHON_3_13)), indexes, environ, tmp_path).resolve(Problem(("numpy<2",)))
    answer = heard(answer)
    assert isinstance(answer, Unsolvable), answer
    assert "numpy" in answer.reason
    assert "Hint:" in answer.reason
    assert "3.13" in answer.reason


@ENGINES
def test_a_conflict_is_told_by_its_names(
    name: str, indexes: Indexes, environ: Mapping[str, str], tmp_path: Path
) -> None:
    problem = Problem(("scipy==1.13.0", "numpy==2.4.6"))
    answer = engine(name, bed(admit(SIX)), indexes, environ, tmp_path).resolve(problem)
    answer = heard(answer)
    assert isinstance(answer, Unsolvable), answer
    assert "scipy" in answer.reason
    assert "numpy" in answer.reason
    assert "://" not in answer.reason


@ENGINES
def test_without_network_nothing_is_concluded(name: str, environ: Mapping[str, str], tmp_path: Path) -> None:
    environ = {**environ, "UV_CACHE_DIR": str(tmp_path / "uv"), "PIP_CACHE_DIR": str(tmp_path / "pip")}
    asked = engine(name, bed(admit(PLAIN)), Indexes((CLOSED,)), environ, tmp_path)
    answer = asked.resolve(Problem(("toolz",)))
    assert isinstance(answer, EngineFailure), answer
    assert answer.offline
    assert asked.wheels({"toolz": "1.0.0"}) == {}


def test_without_network_the_cache_may_do(
    indexes: Indexes, environ: Mapping[str, str], tmp_path: Path
) -> None:
    links = tmp_path / "links"
    make_wheel(links, "npdoctor-cached", "1.5")
    local = Indexes((CLOSED,), (str(links),))
    asked = engine("uv", bed(admit(PLAIN)), local, environ, tmp_path)
    assert moved(asked.resolve(Problem(("npdoctor-cached",)))) == {"npdoctor-cached": "1.5"}
    assert asked.offline


@ENGINES
def test_what_came_from_elsewhere_stays(
    name: str, indexes: Indexes, environ: Mapping[str, str], tmp_path: Path
) -> None:
    """An editable `toolz` and a local version keep their place, though the index has higher ones."""
    plain = admit(PLAIN).copy_to(tmp_path / "plain")
    source = tmp_path / "source/toolz-0.0.3.dist-info"
    source.mkdir(parents=True)
    (source / "METADATA").write_text("Metadata-Version: 2.1\nName: toolz\nVersion: 0.0.3+mine\n")
    (source / "direct_url.json").write_text('{"url": "file:///nowhere", "dir_info": {"editable": true}}')
    source.rename(plain.site / source.name)
    problem = Problem(("toolz==0.0.3+mine", "markupsafe==3.0.2", "six>1.16"))
    answer = engine(name, bed(plain), indexes, environ, tmp_path / "nowhere").resolve(problem)
    assert set(moved(answer)) == {"six"}


@ENGINES
def test_install_and_uninstall(
    name: str, indexes: Indexes, environ: Mapping[str, str], tmp_path: Path
) -> None:
    bare = admit(PLAIN).copy_to(tmp_path / "bare")
    asked = engine(name, bed(bare), indexes, environ, tmp_path)
    wheel = asked.wheels({"six": "1.17.0"})["six"]
    pins = tmp_path / "pins.txt"
    pins.write_text(f"six==1.17.0 --hash=sha256:{wheel.sha256}\n")
    python = str(bare.python)
    command = asked.install_command(python, str(pins))
    ran = run_tool(command, environ, indexes, Control())
    assert ran.code == 0, ran.stderr
    assert [path.name for path in bare.site.glob("six-*")] == ["six-1.17.0.dist-info"]
    assert list(bare.site.glob("__pycache__/six*")) == []
    pins.write_text(f"six==1.16.0 --hash=sha256:{wheel.sha256}\n")
    assert run_tool(asked.install_command(python, str(pins)), environ, indexes, Control()).code != 0
    ran = run_tool(asked.uninstall_command(python, ("six",)), environ, indexes, Control())
    assert ran.code == 0, ran.stderr
    assert list(bare.site.glob("six*")) == []


@ENGINES
def test_a_lock_can_be_installed_and_says_what_it_leaves_out(
    name: str, indexes: Indexes, environ: Mapping[str, str], tmp_path: Path
) -> None:
    pins = {"six": "1.17.0", "markupsafe": "3.0.2", "npdoctor-of-nobody": "1.0"}
    plain = admit(PLAIN)
    locked = engine(name, bed(plain), indexes, environ, tmp_path).lock(pins)
    assert locked.missing == ("npdoctor-of-nobody==1.0",)
    program = uv()
    assert program is not None
    for file, text in (("pylock.toml", locked.pylock), ("requirements.txt", locked.requirements)):
        (tmp_path / file).write_text(text)
        new = plain.copy_to(tmp_path / f"for-{file}")
        command = [program, "pip", "install", "--python", str(new.python), "-r", str(tmp_path / file)]
        done = subprocess.run(command, env=dict(environ), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert [path.name for path in new.site.glob("six-*")] == ["six-1.17.0.dist-info"]


def test_a_project_has_its_say_and_runs_nothing(
    indexes: Indexes, environ: Mapping[str, str], tmp_path: Path
) -> None:
    for module in ("sitecustomize", "json", "packaging", "sysconfig", "platform", "pip"):
        (tmp_path / f"{module}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    (tmp_path / "pyproject.toml").write_text('[tool.uv]\nconstraint-dependencies = ["six<1.17"]\n')
    environ = {n: v for n, v in environ.items() if n != "UV_NO_CONFIG"} | {"PYTHONPATH": str(tmp_path)}
    for name in ("uv", "pip"):
        asked = engine(name, bed(admit(PLAIN)), indexes, environ, tmp_path)
        answer = asked.resolve(Problem(("six>1.16",)))
        answer = heard(answer)
        assert isinstance(answer, Unsolvable if name == "uv" else Solved), answer
    assert not (tmp_path / "ran").exists()


def test_a_resolution_can_be_stopped(indexes: Indexes, environ: Mapping[str, str], tmp_path: Path) -> None:
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        engine("pip", bed(admit(PLAIN)), indexes, environ, tmp_path, control=control).resolve(
            Problem(("six",))
        )


def test_an_interpreter_outside_of_a_virtual_environment_is_planned_for_alike(
    indexes: Indexes, environ: Mapping[str, str], tmp_path: Path
) -> None:
    own = bed(admit(PLAIN))
    base = Bed(replace(own.target, prefix=own.target.base_prefix), own.installed)
    for name in ("uv", "pip"):
        asked = engine(name, base, indexes, environ, tmp_path)
        assert moved(asked.resolve(Problem(("six==1.17.0",)))) == {"six": "1.17.0"}
