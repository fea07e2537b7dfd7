"""Engines and the indexes of a person: which decides, what is secret, and what the settings say."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from clinic.engine_beds import ENGINES, INSTALLER, bare_environ, bed, default_index, engine, heard, moved
from clinic.patients import admit
from clinic.private_index import PASSWORD, USER, make_wheel, served
from clinic.pythons import uv
from clinic.recipes import PLAIN
from npdoctor.fix.engines.choose import choose_engine
from npdoctor.fix.engines.engine import EngineFailure, Problem, Solved, Unsolvable
from npdoctor.fix.engines.pip import Pip
from npdoctor.fix.engines.uv import Uv
from npdoctor.model.index import Indexes
from npdoctor.probe.index.config import read_indexes
from npdoctor.probe.index.pip_config import pip_settings


@pytest.fixture
def indexes() -> Indexes:
    return default_index()


@pytest.fixture
def environ() -> Mapping[str, str]:
    return bare_environ()


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


def offer(index: Path, *wheels: Path) -> None:
    """Offer wheels of npdoctor-demo on an index whose page has their hashes."""
    folder = index / "simple/npdoctor-demo"
    folder.mkdir(parents=True)
    links = []
    for wheel in wheels:
        shutil.copy(wheel, folder)
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        links.append(f'<a href="{wheel.name}#sha256={digest}">{wheel.name}</a>')
    (folder / "index.html").write_text("<!DOCTYPE html>" + "".join(links))


@contextmanager
def two_indexes(folder: Path) -> Iterator[Indexes]:
    """Yield the indexes in the folders `first` and `second`, of which neither counts as public."""
    with served(folder / "first") as first, served(folder / "second") as second:
        login = f"{USER}:{PASSWORD}"
        yield Indexes((f"http://{login}@{first}/simple", f"http://{login}@{second}/simple"))


@ENGINES
def test_the_index_that_has_a_name_decides_over_it_and_a_strangers_higher_version_is_no_better(
    name: str, environ: Mapping[str, str], tmp_path: Path
) -> None:
    lower, low, high = (make_wheel(tmp_path, "npdoctor-demo", v) for v in ("1.0", "1.1", "9.0"))
    offer(tmp_path / "first", lower, low)
    offer(tmp_path / "second", high)
    with two_indexes(tmp_path) as indexes:
        asked = engine(name, bed(admit(PLAIN)), indexes, environ, tmp_path)
        assert moved(asked.resolve(Problem(("npdoctor-demo",)))) == {"npdoctor-demo": "1.1"}
        lowest = Problem(("npdoctor-demo>=1.0",), lowest=True)
        assert moved(asked.resolve(lowest)) == {"npdoctor-demo": "1.0"}
        assert isinstance(asked.resolve(Problem(("npdoctor-demo>2",))), Unsolvable)
        assert asked.wheels({"npdoctor-demo": "9.0"}) == {}


@ENGINES
def test_the_fuller_of_two_mirrors_is_used(name: str, environ: Mapping[str, str], tmp_path: Path) -> None:
    low, high = (make_wheel(tmp_path, "npdoctor-demo", version) for version in ("1.0", "2.0"))
    offer(tmp_path / "first", low)
    offer(tmp_path / "second", low, high)
    with two_indexes(tmp_path) as indexes:
        asked = engine(name, bed(admit(PLAIN)), indexes, environ, tmp_path)
        assert moved(asked.resolve(Problem(("npdoctor-demo",)))) == {"npdoctor-demo": "2.0"}
        assert moved(asked.resolve(Problem(("npdoctor-demo>1",), lowest=True))) == {"npdoctor-demo": "2.0"}
        wheel = asked.wheels({"npdoctor-demo": "2.0"})["npdoctor-demo"]
        assert wheel.url.startswith(indexes.urls[1].replace(f"{USER}:{PASSWORD}@", ""))


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
