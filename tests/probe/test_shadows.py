"""What hides another module is found by names alone, without a false alarm."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from fake_environment import FakeEnvironment, make_environment
from npdoctor.model.snapshot import Shadow
from npdoctor.probe.inventory import read_inventory
from npdoctor.probe.shadows import find_shadows, top_level_modules


@pytest.fixture
def environment(tmp_path: Path) -> FakeEnvironment:
    environment = make_environment(tmp_path / "env")
    environment.install("numpy", "2.1.3", {"numpy/__init__.py": "", "numpy.libs/libx.so": ""})
    environment.install("six", "1.16", {"six.py": "", "fast.cpython-311-x86_64-linux-gnu.so": ""})
    return environment


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def look(
    environment: FakeEnvironment,
    work: Path,
    *before: Path,
    user_site: Path | None = None,
    pythonpath: Sequence[str] = (),
) -> tuple[Shadow, ...]:
    target = environment.target(*before, user_site=user_site, pythonpath=pythonpath)
    return find_shadows(target, read_inventory(target).distributions, str(work))


@pytest.mark.parametrize("name", ["numpy.py", "numpy/__init__.py", "numpy.abi3.so"])
def test_the_working_folder_hides_an_installed_module(
    environment: FakeEnvironment, work: Path, name: str
) -> None:
    (work / name).parent.mkdir(exist_ok=True)
    (work / name).touch()
    (found,) = look(environment, work)
    assert (found.module, found.distribution) == ("numpy", "numpy")
    assert found.path == str(environment.site / "numpy")
    assert found.by == str(work / name.split("/")[0])
    assert "numpy 2.1.3" in found.reason


def test_the_working_folder_hides_a_standard_module(environment: FakeEnvironment, work: Path) -> None:
    (work / "random.py").touch()
    (found,) = look(environment, work)
    assert (found.module, found.distribution, found.path) == ("random", None, None)
    assert "the standard module random" in found.reason


@pytest.mark.parametrize(
    "name",
    [
        "numpy/readme",  # a bare folder gives way to an installed package
        "os.py",  # loaded before any program
        "sys.py",  # built in
        "test/__init__.py",  # nobody imports it
        "tests/__init__.py",
        "script.py",
        "numpy-notes.py",
        "numpy.cpython-310-x86_64-linux-gnu.so",  # for another Python
        "numpy.ipynb",
    ],
)
def test_these_hide_nothing(environment: FakeEnvironment, work: Path, name: str) -> None:
    environment.install("careless", "1.0", {"tests/__init__.py": "", "script.py": ""})
    (work / name).parent.mkdir(exist_ok=True)
    (work / name).touch()
    assert [x for x in look(environment, work) if x.module != "script"] == []


def test_the_source_of_an_editable_install_is_no_shadow(environment: FakeEnvironment, work: Path) -> None:
    (work / "mine").mkdir()
    (work / "mine/__init__.py").touch()
    origin = f'{{"url": "file://{work}", "dir_info": {{"editable": true}}}}'
    files = {"__editable__.mine.pth": f"{work}\n", "mine/_core.abi3.so": ""}
    environment.install("mine", "1.0", files, extra={"direct_url.json": origin})
    assert look(environment, work) == ()
    assert look(environment, work, work) == ()


def test_a_working_folder_on_the_path_hides_all_the_same(environment: FakeEnvironment, work: Path) -> None:
    (work / "random.py").touch()
    assert [x.module for x in look(environment, work, work)] == ["random"]


def test_standing_in_site_packages_hides_nothing(environment: FakeEnvironment) -> None:
    (environment.site / "types.py").touch()
    assert look(environment, environment.site) == ()


def test_pythonpath_hides_a_copy(environment: FakeEnvironment, work: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    environment.install("numpy", "1.26.4", {"numpy/__init__.py": ""}, into=other)
    environment.install("alone", "1.0", {"alone/__init__.py": ""}, into=other)
    (found,) = look(environment, work, other, pythonpath=[str(other)])
    assert (found.module, found.by) == ("numpy", str(other / "numpy"))
    assert found.path == str(environment.site / "numpy")
    assert "PYTHONPATH" in found.reason
    assert "1.26.4" in found.reason
    assert "2.1.3" in found.reason


def test_pythonpath_hides_without_metadata_and_the_standard_library(
    environment: FakeEnvironment, work: Path, tmp_path: Path
) -> None:
    for name in ("numpy", "types"):
        (tmp_path / "lib" / name).mkdir(parents=True)
        (tmp_path / "lib" / name / "__init__.py").touch()
    found = look(environment, work, tmp_path / "lib", pythonpath=["../lib"])
    assert [x.module for x in found] == ["types", "numpy"]
    assert "unknown version" in found[1].reason


def test_pythonpath_that_names_the_working_folder_is_told_once(
    environment: FakeEnvironment, work: Path
) -> None:
    (work / "numpy.py").touch()
    assert len(look(environment, work, pythonpath=["", ".", str(work)])) == 1


def test_pythonpath_that_names_the_environment_hides_nothing(
    environment: FakeEnvironment, work: Path
) -> None:
    assert look(environment, work, pythonpath=[str(environment.site)]) == ()


@pytest.mark.parametrize(("version", "count"), [("1.16", 1), ("2.1.3", 0)])
def test_the_user_site_hides_another_version(
    environment: FakeEnvironment, work: Path, tmp_path: Path, version: str, count: int
) -> None:
    user = tmp_path / "home/.local/lib/python3.11/site-packages"
    environment.install("numpy", version, {"numpy/__init__.py": ""}, into=user)
    found = look(environment, work, user_site=user)
    assert len(found) == count
    assert all("user's site-packages" in x.reason and version in x.reason for x in found)


def test_a_user_site_behind_the_environment_hides_nothing(
    environment: FakeEnvironment, work: Path, tmp_path: Path
) -> None:
    user = tmp_path / "user"
    environment.install("numpy", "1.16", {"numpy/__init__.py": ""}, into=user)
    assert look(environment, work, environment.site, user_site=user) == ()


def test_modules_come_from_the_record(environment: FakeEnvironment) -> None:
    target = environment.target()
    found = {
        d.name: top_level_modules(d, target.extension_suffixes) for d in read_inventory(target).distributions
    }
    assert found == {
        "numpy": {"numpy": "numpy"},
        "six": {"six": "six.py", "fast": "fast.cpython-311-x86_64-linux-gnu.so"},
    }


def test_modules_without_a_record_come_from_the_old_list(environment: FakeEnvironment, work: Path) -> None:
    folder = environment.site / "old-1.0.egg-info"
    folder.mkdir()
    (folder / "PKG-INFO").write_text("Name: old\nVersion: 1.0\n")
    (folder / "top_level.txt").write_text("old\nabsent\n")
    (environment.site / "old.py").touch()
    (work / "old.py").touch()
    (work / "absent.py").touch()
    assert [(x.module, os.path.basename(x.path or "")) for x in look(environment, work)] == [
        ("old", "old.py")
    ]
