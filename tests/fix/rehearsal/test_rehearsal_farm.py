"""The copy of an environment: what is in it, what is not, and that it runs by itself."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rehearsal_patient import Small, make_small

from clinic.patients import snapshot_of_files
from fake_environment import FakeEnvironment
from npdoctor.fix.rehearsal.farm import Farm, build_farm, fill, lay_out
from npdoctor.fix.rehearsal.ownership import CannotBuild
from npdoctor.probe.read import read_environment

LOOK = """
import importlib, importlib.metadata, json, sys
found = {}
for name in sys.argv[1:]:
    try:
        found[name] = importlib.import_module(name).__file__
    except ImportError as error:
        found[name] = "no: %s" % error
found["prefix"] = sys.prefix
found["installed"] = sorted(d.metadata["Name"] for d in importlib.metadata.distributions())
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    """Build an environment with a bit of everything that an installer leaves."""
    small = make_small(tmp_path_factory.mktemp("small"))
    shared = {"shared/both.py": "", "../../../share/both/x.txt": "x"}
    script = f"#!{small.python}\n"
    small.install(
        "alpha",
        "1.0",
        {
            "alpha/__init__.py": "",
            "alpha/deep/down/it.py": "",
            "../../../bin/alpha": script,
            "../../../share/alpha/a.txt": "a",
            **shared,
        },
    )
    outside = {"../../../share/beta/b.txt": "b", "../../libbeta.txt": "lib", "../../../bin/beta": script}
    small.install("beta", "1.0", {"beta/__init__.py": "import ns.one", **shared, **outside})
    small.install("ns-one", "1.0", {"ns/one.py": ""})
    small.install("ns-two", "1.0", {"ns/two.py": ""})
    (small.site / "loose.py").write_text("")
    (small.site / "beta/unowned.py").write_text("")
    (small.site / "beta/__pycache__").mkdir()
    (small.site / "beta/__pycache__/x.pyc").write_text("")
    (small.site / "empty").mkdir()
    (small.site / "within").mkdir()
    (small.site / "within/by_pth.py").write_text("")
    (small.site / "within.pth").write_text("within\n")
    (small.source / "edited.py").write_text("")
    editable = {"__editable__.edited.pth": f"{small.source}\n"}
    small.install("edited", "1.0", editable)
    os.symlink("../beta", small.site / "within/to_beta")
    os.symlink(".", small.site / "within/loop")
    os.symlink("../../../share/beta/b.txt", small.site / "up")
    os.symlink(str(small.source), small.site / "absolute")
    return small


@contextmanager
def farm_of(small: Small, leave_out: set[str], folder: Path) -> Iterator[Farm]:
    """Yield a copy, and hold afterwards that the environment is as it was."""
    before = snapshot_of_files(small.prefix)
    folder.mkdir()
    yield build_farm(small.snapshot(), leave_out, str(folder))
    assert snapshot_of_files(small.prefix) == before


def look(farm: Farm, *modules: str) -> dict[str, Any]:
    """Import modules with the copy's interpreter."""
    command = [farm.python, "-B", "-c", LOOK, *modules]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, cwd="/")
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_everything_else_is_linked(small: Small, tmp_path: Path) -> None:
    with farm_of(small, {"alpha"}, tmp_path / "farm") as farm:
        site = Path(farm.site_packages)
        for kept in ("beta/__init__.py", "beta/unowned.py", "loose.py", "shared/both.py", "within.pth"):
            assert os.path.samefile(site / kept, small.site / kept), kept
        for kept in ("share/beta/b.txt", "share/both/x.txt", "lib/libbeta.txt"):
            assert os.path.samefile(Path(farm.prefix) / kept, small.prefix / kept), kept
        assert (site / "empty").is_dir()
        assert farm.approximate == ""


def test_what_is_left_out_leaves_nothing(small: Small, tmp_path: Path) -> None:
    with farm_of(small, {"alpha"}, tmp_path / "farm") as farm:
        assert list(Path(farm.prefix).rglob("*alpha*")) == []
        assert not list(Path(farm.prefix).rglob("__pycache__"))


def test_nothing_that_can_be_run_leads_into_the_environment(small: Small, tmp_path: Path) -> None:
    with farm_of(small, set(), tmp_path / "farm") as farm:
        names = sorted(os.listdir(Path(farm.prefix) / "bin"))
        assert all(name.startswith("python") for name in names), names
        ends = {os.path.realpath(Path(farm.prefix) / "bin" / name) for name in names}
        assert not any(end.startswith(str(small.prefix)) for end in ends)


def test_the_copy_runs_by_itself(small: Small, tmp_path: Path) -> None:
    with farm_of(small, {"alpha"}, tmp_path / "farm") as farm:
        told = look(farm, "beta", "ns.two", "loose", "by_pth", "edited", "alpha")
        assert told["prefix"] == farm.prefix
        assert told["alpha"].startswith("no: ")
        assert told["edited"] == str(small.source / "edited.py")
        for name in ("beta", "ns.two", "loose", "by_pth"):
            assert told[name].startswith(farm.site_packages), told
        assert told["installed"] == ["beta", "edited", "ns-one", "ns-two"]


def test_one_part_of_a_namespace_goes(small: Small, tmp_path: Path) -> None:
    with farm_of(small, {"ns-one"}, tmp_path / "farm") as farm:
        told = look(farm, "ns.one", "ns.two")
        assert told["ns.one"].startswith("no: ")
        assert told["ns.two"].startswith(farm.site_packages)


def test_an_editable_install_goes(small: Small, tmp_path: Path) -> None:
    with farm_of(small, {"edited"}, tmp_path / "farm") as farm:
        assert look(farm, "edited")["edited"].startswith("no: ")
        assert (small.source / "edited.py").exists()


def test_symbolic_links_are_made_again(small: Small, tmp_path: Path) -> None:
    with farm_of(small, set(), tmp_path / "farm") as farm:
        site = Path(farm.site_packages)
        assert os.readlink(site / "within/to_beta") == "../beta"
        assert os.readlink(site / "within/loop") == "."
        assert os.readlink(site / "absolute") == str(small.source)
        assert os.path.samefile(site / "up", small.prefix / "share/beta/b.txt")


def test_further_paths_are_left_out(small: Small, tmp_path: Path) -> None:
    paths = [str(small.site / "within"), str(small.site / "loose.py")]
    farm = fill(lay_out(small.snapshot().target, str(tmp_path)), small.snapshot(), (), paths)
    site = Path(farm.site_packages)
    assert not (site / "within").exists()
    assert not (site / "loose.py").exists()
    assert (site / "beta/__init__.py").exists()


def test_a_path_file_that_leads_back_is_said(small: Small, tmp_path: Path) -> None:
    back = small.site / "back.pth"
    back.write_text(f"{small.site}/within\n")
    try:
        farm = build_farm(small.snapshot(), (), str(tmp_path))
    finally:
        back.unlink()
    assert farm.approximate == "back.pth leads back into the environment."


def test_without_a_record_it_cannot_be_left_out(tmp_path: Path) -> None:
    small = make_small(tmp_path)
    (small.install("alpha", "1.0", {"alpha.py": ""}) / "RECORD").unlink()
    small.install("beta", "1.0", {"beta.py": ""})
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    with pytest.raises(CannotBuild, match=r"alpha 1\.0 has no record of its files"):
        build_farm(small.snapshot(), {"alpha"}, str(tmp_path / "one"))
    farm = build_farm(small.snapshot(), {"beta"}, str(tmp_path / "two"))
    assert look(farm, "alpha", "beta")["alpha"].startswith(farm.site_packages)


def test_packages_that_lie_elsewhere(tmp_path: Path) -> None:
    """Site-packages may be a link to a larger disk."""
    small = make_small(tmp_path)
    small.install("alpha", "1.0", {"alpha.py": ""})
    small.install("beta", "1.0", {"beta.py": ""})
    elsewhere = tmp_path / "elsewhere"
    site = small.site
    site.rename(elsewhere)
    os.symlink(elsewhere, site)
    (tmp_path / "farm").mkdir()
    farm = build_farm(small.snapshot(), {"beta"}, str(tmp_path / "farm"))
    told = look(farm, "alpha", "beta")
    assert told["alpha"].startswith(farm.site_packages)
    assert told["beta"].startswith("no: ")


def test_folders_of_a_plain_python_are_merged(tmp_path: Path) -> None:
    """The earlier folder of sys.path wins, as whole packages and as distributions do."""
    small = make_small(tmp_path)
    first, second = tmp_path / "usr/first", tmp_path / "usr/second"
    places = FakeEnvironment(tmp_path / "usr")
    places.install("alpha", "2.0", {"alpha/__init__.py": "new = 1", "both/a.py": ""}, into=first)
    places.install("alpha", "1.0", {"alpha/__init__.py": "", "alpha/old.py": "", "gone.py": ""}, into=second)
    places.install("beta", "1.0", {"beta.py": "", "both/b.py": ""}, into=second)
    target = small.snapshot().target
    plain = replace(
        target,
        prefix=str(tmp_path / "usr"),
        base_prefix=str(tmp_path / "usr"),
        site_packages=(str(second),),
        user_site=str(first),
        sys_path=(str(first), str(second)),
    )
    snapshot = read_environment(plain, str(tmp_path), lambda _done, _total: None, {})
    (tmp_path / "farm").mkdir()
    farm = build_farm(snapshot, (), str(tmp_path / "farm"))
    told = look(farm, "alpha", "alpha.old", "gone", "beta", "both.a", "both.b")
    assert told["installed"] == ["alpha", "beta"]
    assert told["alpha.old"].startswith("no: ")
    assert told["gone"].startswith("no: ")
    assert all(told[name].startswith(farm.site_packages) for name in ("alpha", "beta", "both.a", "both.b"))
    assert "new" in Path(told["alpha"]).read_text()
    assert "A virtual environment stands for the Python in" in farm.approximate
    assert "2 folders of packages are merged" in farm.approximate
