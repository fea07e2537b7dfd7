"""uv and pip resolve for real environments, which stay as they are."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from clinic.patients import Environment, Patient, admit, snapshot_of_files
from clinic.private_index import PASSWORD, USER, make_wheel, served
from clinic.pythons import uv
from clinic.recipes import OTHER_PYTHONS, PLAIN, SIX
from npdoctor.errors import Cancelled
from npdoctor.fix.engines.choose import choose_engine
from npdoctor.fix.engines.engine import EngineFailure, Problem, Resolution, Solved, Unsolvable
from npdoctor.fix.engines.pip import Pip
from npdoctor.fix.engines.run import run_tool
from npdoctor.fix.engines.uv import Uv
from npdoctor.model.distribution import Distribution
from npdoctor.model.index import Indexes
from npdoctor.model.target import Choice, Target
from npdoctor.probe.control import Control
from npdoctor.probe.describe import describe
from npdoctor.probe.index.config import read_indexes
from npdoctor.probe.index.pip_config import pip_settings
from npdoctor.probe.inventory import read_inventory

INSTALLER = Patient("installer", "pip==25.3")
PYTHON_3_13 = next(patient for patient in OTHER_PYTHONS if patient.python == "3.13")
ENGINES = pytest.mark.parametrize("name", ["uv", "pip"])
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


@dataclass(frozen=True)
class Bed:
    """An environment as engines see it."""

    target: Target
    installed: tuple[Distribution, ...]


@functools.cache
def bed(environment: Environment) -> Bed:
    target = describe(Choice(str(environment.python), "--python"))
    return Bed(target, read_inventory(target).distributions)


@pytest.fixture
def indexes() -> Indexes:
    """Return the default index alone, as it is reached from this machine."""
    found = read_indexes(sys.executable, os.environ, "/")
    return replace(found, urls=found.urls[-1:], find_links=(), merged=True)


@pytest.fixture
def environ() -> Mapping[str, str]:
    """Return an environment in which only the test says which indexes there are."""
    kept = ("PIP_CACHE_DIR", "PIP_CERT", "UV_CACHE_DIR")
    found = {n: v for n, v in os.environ.items() if n in kept or not n.startswith(("PIP_", "UV_"))}
    return {**found, "PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1"}


def engine(
    name: str,
    of: Bed,
    indexes: Indexes,
    environ: Mapping[str, str],
    folder: Path,
    control: Control | None = None,
) -> Uv | Pip:
    if name == "pip":
        runner = str(admit(INSTALLER).python)
        return Pip(runner, of.target, of.installed, indexes, environ, control=control)
    program = uv()
    if program is None:
        pytest.skip("uv is not installed: it belongs to the test extra")
    return Uv(program, of.target, of.installed, indexes, str(folder), environ, control=control)


def heard(answer: Resolution) -> Resolution:
    """Return an answer; skip where there is none because the index cannot be reached."""
    if isinstance(answer, EngineFailure) and answer.offline:
        pytest.skip(f"the package index cannot be reached: {answer.reason}")
    return answer


def moved(answer: Resolution) -> dict[str, str | None]:
    answer = heard(answer)
    assert isinstance(answer, Solved), answer
    return {move.name: move.new for move in answer.moves}


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


@pytest.fixture
def private(tmp_path: Path, indexes: Indexes) -> Iterator[Indexes]:
    """Yield the public index behind a private one that has its own toolz, of a low version."""
    make_wheel(tmp_path / "index/simple/toolz", "toolz", "0.0.7")
    with served(tmp_path / "index") as host:
        url = f"http://{USER}:{PASSWORD}@{host}/simple"
        yield replace(indexes, urls=(url, *indexes.urls), merged=False)


@ENGINES
def test_a_private_name_is_not_taken_from_the_public_index(
    name: str, private: Indexes, environ: Mapping[str, str], tmp_path: Path
) -> None:
    asked = engine(name, bed(admit(PLAIN)), private, environ, tmp_path)
    assert moved(asked.resolve(Problem(("toolz",)))) == {"toolz": "0.0.7"}
    wheel = asked.wheels({"toolz": "0.0.7"})["toolz"]
    assert wheel.url.startswith("http://127.0.0.1:")
    answer = asked.resolve(Problem(("toolz>0.9",)))
    answer = heard(answer)
    assert isinstance(answer, Unsolvable), answer
    assert "toolz" in answer.reason
    assert PASSWORD not in f"{answer.reason} {wheel}"


@ENGINES
def test_the_password_is_on_no_command_line(
    name: str, private: Indexes, environ: Mapping[str, str], tmp_path: Path
) -> None:
    asked = engine(name, bed(admit(PLAIN)), private, environ, tmp_path)
    seen: set[str] = set()
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.002):
            for process in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen.add(process.read_bytes().decode("utf-8", "replace"))
                except OSError:
                    continue

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        answer = asked.resolve(Problem(("toolz",)))
    finally:
        ended.set()
        watcher.join()
    answer = heard(answer)
    assert isinstance(answer, Solved), answer
    assert any("--dry-run" in line for line in seen)
    assert [line for line in seen if PASSWORD in line] == []
    pins = tmp_path / "pins.txt"
    pins.write_text("toolz==0.0.7\n")
    python = bed(admit(PLAIN)).target.executable
    commands = [
        asked.install_command(python, str(pins)).arguments,
        asked.shown_command(python, ["toolz==0.0.7"]),
    ]
    assert PASSWORD not in str(commands)


@ENGINES
def test_a_wrong_password_is_no_missing_package(
    name: str, private: Indexes, environ: Mapping[str, str], tmp_path: Path
) -> None:
    wrong = replace(private, urls=(private.urls[0].replace(PASSWORD, "another-word"), *private.urls[1:]))
    answer = engine(name, bed(admit(PLAIN)), wrong, environ, tmp_path).resolve(Problem(("toolz",)))
    assert isinstance(answer, EngineFailure)
    assert not answer.offline
    assert "another-word" not in answer.reason


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
    ran = run_tool(command, environ, indexes, 120, Control())
    assert ran.code == 0, ran.stderr
    assert [path.name for path in bare.site.glob("six-*")] == ["six-1.17.0.dist-info"]
    assert list(bare.site.glob("__pycache__/six*")) == []
    pins.write_text(f"six==1.16.0 --hash=sha256:{wheel.sha256}\n")
    assert run_tool(asked.install_command(python, str(pins)), environ, indexes, 120, Control()).code != 0
    ran = run_tool(asked.uninstall_command(python, ("six",)), environ, indexes, 120, Control())
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


def test_settings_are_those_that_pip_reads(environ: Mapping[str, str], tmp_path: Path) -> None:
    installer = admit(INSTALLER).copy_to(tmp_path / "installer")
    places = {
        "etc/pip/pip.conf": "[global]\nindex-url = https://a/simple\nfind_links = one\n two\nretries = 2\n",
        "home/.pip/pip.conf": "[install]\nindex-url = https://b/simple\n[global]\ntimeout=3\n",
        "home/.config/pip/pip.conf": "[global]\ntimeout = 4\nindex-url = https://c/simple\n[list]\nuser=1\n",
        "installer/pip.conf": "[global]\nextra-index-url = https://d/simple\ntrusted-host =\n",
    }
    for place, text in places.items():
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(text)
    told = {n: v for n, v in environ.items() if not n.startswith(("PIP_", "XDG_"))}
    told |= {"XDG_CONFIG_DIRS": str(tmp_path / "etc"), "HOME": str(tmp_path / "home"), "PIP_RETRIES": "5"}
    program = "import pip._internal.commands.install as i; c = i.InstallCommand('install', 's')\n"
    program += "v = c.parser.get_default_values()\n"
    program += "print([v.index_url, v.extra_index_urls, v.find_links, v.timeout, v.retries])"
    done = subprocess.run(
        [str(installer.python), "-c", program], env=told, capture_output=True, text=True, check=True
    )
    found = pip_settings(str(installer.prefix), told, str(tmp_path))
    ours = [found["index-url"], found["extra-index-url"].split(), found["find-links"].split()]
    assert done.stdout.strip() == str([*ours, float(found["timeout"]), int(found["retries"])])
    assert ours == ["https://b/simple", ["https://d/simple"], ["one", "two"]]


def test_the_choice_of_the_engine(environ: Mapping[str, str], tmp_path: Path) -> None:
    plain, runner = bed(admit(PLAIN)), str(admit(INSTALLER).python)

    def chosen(wish: str, own: str, **settings: str) -> object:
        told = {**environ, **settings}
        indexes = read_indexes(plain.target.executable, told, str(tmp_path))
        return choose_engine(
            wish, plain.target, plain.installed, indexes, str(tmp_path), told, own_python=own
        )

    bare = plain.target.executable
    assert isinstance(chosen("pip", runner), Pip)
    assert "pip 22.3" in str(chosen("pip", bare))
    if uv() is not None:
        assert isinstance(chosen("auto", bare), Uv)
        assert isinstance(chosen("auto", runner, PIP_CLIENT_CERT="/key.pem"), Pip)
        assert "client-cert" in str(chosen("auto", bare, PIP_CLIENT_CERT="/key.pem"))
        assert isinstance(chosen("uv", bare, PIP_CLIENT_CERT="/key.pem"), Uv)


def test_pip_asks_its_own_indexes_where_uv_has_others(environ: Mapping[str, str], tmp_path: Path) -> None:
    plain, runner = bed(admit(PLAIN)), str(admit(INSTALLER).python)
    told = {
        **environ,
        "UV_DEFAULT_INDEX": "https://uv.example/simple",
        "PIP_INDEX_URL": "https://p.example/s",
    }
    indexes = read_indexes(plain.target.executable, told, str(tmp_path))
    assert indexes.urls == ("https://uv.example/simple",)
    asked = choose_engine(
        "pip", plain.target, plain.installed, indexes, str(tmp_path), told, own_python=runner
    )
    assert isinstance(asked, Pip)
    assert asked.indexes.urls == ("https://p.example/s",)
