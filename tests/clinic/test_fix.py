"""Fixes on real environments: the plan is small, it mends, and it can be taken back."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from clinic.examination import examine
from clinic.mending import distributions, fix, tree
from clinic.patients import Environment, Patient, admit, install, run_uv, snapshot_of_files
from clinic.recipes import EXCLUDED, HEALTHY, MIXED, SIX, TWO_OPENCVS_AT_ODDS, WRONG_PYTHON
from clinic.test_torch import torch_wheel

BROKEN = {"matplotlib", "opencv-python-headless", "pandas", "scikit-image", "scikit-learn", "scipy"}
OLD_PARTS = """
    scikit-image==0.22.0 shapely==2.0.2 matplotlib==3.8.3 numexpr==2.8.7 bottleneck==1.3.7 h5py==3.10.0
    pycocotools==2.0.7 contourpy==1.2.0
"""
ON_3_13 = Patient("numpy-1-build-on-3.13", "numpy==2.1.3 opencv-python-headless==4.9.0.80", python="3.13")


def large() -> Patient:
    patient = HEALTHY
    for pin in OLD_PARTS.split():
        patient = patient.but("large", pin)
    return patient


@pytest.fixture
def six(tmp_path: Path) -> Environment:
    return admit(SIX).copy_to(tmp_path / "environment")


def test_nearest_changes_the_six_and_nothing_else(tmp_path: Path) -> None:
    environment = admit(SIX)
    before = snapshot_of_files(environment.prefix)
    seen = fix(environment, tmp_path / "project")
    assert set(seen.changes) == BROKEN
    assert seen.changes["scipy"] == ("1.11.4", "1.13.0")
    assert seen.changes["pandas"] == ("2.1.4", "2.2.2")
    assert seen.changes["opencv-python-headless"] == ("4.9.0.80", "4.10.0.84")
    assert seen.changes["matplotlib"] == ("3.8.3", "3.8.4")
    assert seen.changes["scikit-learn"] == ("1.3.2", "1.4.2")
    assert seen.changes["scikit-image"] == ("0.22.0", "0.23.1")
    assert {c["verified"] for c in seen.plan["changes"]} == {"rehearsed"}
    assert seen.document["rehearsal"]["before"]["broken"] == 6
    assert seen.document["rehearsal"]["after"]["broken"] == 0
    assert (seen.exit_code, seen.document["applied"]) == (0, False)
    (file,) = seen.plan["files"]
    assert file["path"] == str(tmp_path / "project/constraints.txt")
    assert "+scipy==1.13.0" in file["diff"]
    assert not (tmp_path / "project/constraints.txt").exists()
    assert snapshot_of_files(environment.prefix) == before


def test_only_one_of_the_six_changes_where_only_one_is_asked_for(tmp_path: Path) -> None:
    seen = fix(admit(SIX), tmp_path / "project", "--only", "pandas")
    assert seen.changes == {"pandas": ("2.1.4", "2.2.2")}
    assert seen.document["rehearsal"]["after"]["broken"] == 5
    assert seen.exit_code == 1


def test_back_changes_numpy_alone(tmp_path: Path) -> None:
    seen = fix(admit(SIX), tmp_path / "project", "--strategy", "back")
    assert seen.changes == {"numpy": ("2.1.3", "1.26.4")}
    assert seen.document["rehearsal"]["after"]["broken"] == 0


@pytest.mark.skipif(not find_spec("pip"), reason="neither the target nor this environment has pip")
def test_pip_plans_the_same(tmp_path: Path) -> None:
    seen = fix(admit(SIX), tmp_path / "project", "--engine", "pip", "--no-rehearse")
    assert seen.plan["engine"] == "pip"
    assert set(seen.changes) == BROKEN


def test_apply_mends_and_undo_gives_everything_back(six: Environment, tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    requirements = b"# ours\r\nscipy==1.11.4  # by ops\r\npandas[excel] >= 2.0\r\nnumpy\r\n"
    (project / "requirements.txt").write_bytes(requirements)
    before, installed = tree(six), distributions(six)
    done = fix(six, project, "--apply")
    assert (done.exit_code, done.document["applied"], done.document["left"]) == (0, True, [])
    after = distributions(six)
    assert {n for n in installed | after if installed.get(n) != after.get(n)} == BROKEN
    assert b"scipy==1.13.0  # by ops\r\n" in (project / "requirements.txt").read_bytes()
    assert "matplotlib==3.8.4" in (project / "constraints.txt").read_text()
    seen = examine(six)
    assert (seen.exit_code, seen.findings(severity="broken")) == (0, [])
    undone = fix(six, project, "--undo")
    assert undone.exit_code == 0
    assert tree(six) == before
    assert (project / "requirements.txt").read_bytes() == requirements
    assert not (project / "constraints.txt").exists()
    assert fix(six, project, "--undo").exit_code == 1


def test_write_writes_only_and_a_file_edited_since_is_not_overwritten(tmp_path: Path) -> None:
    environment, project = admit(SIX), tmp_path / "project"
    before = snapshot_of_files(environment.prefix)
    done = fix(environment, project, "--write", "--no-rehearse", "--lock", "locked.txt")
    locked = (project / "locked.txt").read_text()
    assert "numpy==2.1.3 \\\n    --hash=sha256:" in locked
    assert "scipy==1.13.0 " in locked
    assert done.document["written"] == [str(project / "constraints.txt")]
    assert snapshot_of_files(environment.prefix) == before
    again = fix(environment, project, "--write", "--no-rehearse")
    assert again.plan["files"] == []
    with (project / "constraints.txt").open("a") as file:
        file.write("mine==1\n")
    undone = fix(environment, project, "--undo")
    assert undone.exit_code == 1
    assert undone.document["conflicts"]
    assert "mine==1" in (project / "constraints.txt").read_text()


def test_on_python_3_13_there_is_no_way_back_to_numpy_1_but_one_forward(tmp_path: Path) -> None:
    environment = admit(ON_3_13)
    back = fix(environment, tmp_path / "project", "--strategy", "back")
    assert back.exit_code == 1
    assert back.plan["changes"] == []
    assert back.plan["impossible"].startswith("NumPy 1 has no wheels for Python 3.13")
    forward = fix(environment, tmp_path / "project")
    assert forward.changes == {"opencv-python-headless": ("4.9.0.80", "4.10.0.84")}
    assert forward.exit_code == 0


def test_two_numpys_become_one(tmp_path: Path) -> None:
    environment = admit(MIXED).copy_to(tmp_path / "environment")
    before = tree(environment)
    done = fix(environment, tmp_path / "project", "--apply")
    assert done.document["applied"], done.document
    assert "numpy" not in done.document["left"]
    assert not examine(environment).findings("NPD111")
    assert fix(environment, tmp_path / "project", "--undo").exit_code == 0
    assert tree(environment) == before


def test_of_two_opencvs_one_stays(tmp_path: Path) -> None:
    environment = admit(TWO_OPENCVS_AT_ODDS).copy_to(tmp_path / "environment")
    done = fix(environment, tmp_path / "project", "--apply", "--include-risks")
    assert done.document["applied"], done.document
    left = [name for name in distributions(environment) if name.startswith("opencv")]
    assert len(left) == 1
    assert not examine(environment).findings("NPD206")


def test_a_build_for_another_python_is_replaced(tmp_path: Path) -> None:
    environment = admit(WRONG_PYTHON).copy_to(tmp_path / "environment")
    done = fix(environment, tmp_path / "project", "--apply")
    assert done.document["applied"], done.document
    assert done.changes == {"shapely": ("2.0.6", "2.0.6")}
    assert not examine(environment).findings("NPD105")


def test_an_excluded_version_is_mended_where_it_is_asked_for(tmp_path: Path) -> None:
    seen = fix(admit(EXCLUDED), tmp_path / "project", "--include-risks")
    assert seen.changes, seen.document
    assert set(seen.changes) <= {"pydantic", "pydantic-core"}
    assert seen.document["rehearsal"]["after"]["broken"] == 0


def test_a_large_environment_where_torch_must_not_move(tmp_path: Path) -> None:
    environment = admit(large()).copy_to(tmp_path / "environment")
    run_uv("pip", "install", "-q", "--no-deps", "--python", str(environment.python), str(torch_wheel()))
    install(environment, "sympy==1.14.0 mpmath==1.3.0 filelock==3.16.1 fsspec==2024.10.0")
    installed = distributions(environment)
    assert len(installed) >= 150
    seen = fix(environment, tmp_path / "project")
    broken = {"scikit-image", "shapely", "matplotlib", "numexpr", "bottleneck", "h5py", "pycocotools"}
    assert broken <= set(seen.changes)
    assert "torch" not in seen.changes
    assert set(seen.changes) <= broken | {"contourpy"}, seen.changes
    assert seen.document["rehearsal"]["after"]["broken"] == 0, seen.document["rehearsal"]


def test_without_a_network_there_is_no_verdict_on_whether_a_fix_exists(tmp_path: Path) -> None:
    nowhere = "http://127.0.0.1:9/simple"
    environ = {"UV_DEFAULT_INDEX": nowhere, "UV_CACHE_DIR": str(tmp_path / "cache")}
    environ["PIP_CONFIG_FILE"] = "/dev/null"
    seen = fix(admit(SIX), tmp_path / "project", environ=environ)
    assert seen.exit_code == 1
    assert "cannot be reached" in seen.plan["impossible"]
    assert seen.plan["changes"] == []


def test_editable_and_version_controlled_distributions_are_left_alone(
    six: Environment, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "mine.py").write_text("x = 1\n")
    record(six, "mine", "0.1", {"url": f"file://{source}", "dir_info": {"editable": True}}, "scipy<2")
    record(six, "theirs", "3.0", {"url": "https://host/t", "vcs_info": {"vcs": "git", "commit_id": "ab"}})
    (six.site / "__editable__.mine.pth").write_text(f"{source}\n")
    done = fix(six, tmp_path / "project", "--apply")
    assert set(done.changes) == BROKEN
    assert done.document["applied"], done.document
    after = distributions(six)
    assert (after["mine"], after["theirs"]) == ("0.1", "3.0")


def record(environment: Environment, name: str, version: str, origin: object, *needs: str) -> None:
    """Record a distribution that no index has."""
    folder = environment.site / f"{name}-{version}.dist-info"
    folder.mkdir()
    requires = "".join(f"Requires-Dist: {need}\n" for need in needs)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{requires}")
    (folder / "INSTALLER").write_text("pip\n")
    (folder / "direct_url.json").write_text(json.dumps(origin))
    files = ("METADATA", "INSTALLER", "direct_url.json", "RECORD")
    (folder / "RECORD").write_text("".join(f"{folder.name}/{file},,\n" for file in files))
