"""Plans for real environments: small, verified by wheels and rehearsed, or none with the reason."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from clinic.mending import BROKEN, distributions, fix
from clinic.patients import Environment, Patient, admit, install, run_uv, snapshot_of_files
from clinic.recipes import EXCLUDED, HEALTHY
from clinic.test_torch import torch_wheel

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


def test_nearest_changes_the_six_and_nothing_else(six: Environment, tmp_path: Path) -> None:
    before = snapshot_of_files(six.prefix)
    seen = fix(six, tmp_path / "project")
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
    assert snapshot_of_files(six.prefix) == before


def test_only_one_of_the_six_changes_where_only_one_is_asked_for(six: Environment, tmp_path: Path) -> None:
    seen = fix(six, tmp_path / "project", "--only", "pandas")
    assert seen.changes == {"pandas": ("2.1.4", "2.2.2")}
    assert seen.document["rehearsal"]["after"]["broken"] == 5
    assert seen.exit_code == 1


def test_back_changes_numpy_alone(six: Environment, tmp_path: Path) -> None:
    seen = fix(six, tmp_path / "project", "--strategy", "back")
    assert seen.changes == {"numpy": ("2.1.3", "1.26.4")}
    assert seen.document["rehearsal"]["after"]["broken"] == 0


@pytest.mark.skipif(not find_spec("pip"), reason="neither the target nor this environment has pip")
def test_pip_plans_the_same(six: Environment, tmp_path: Path) -> None:
    seen = fix(six, tmp_path / "project", "--engine", "pip", "--no-rehearse")
    assert seen.plan["engine"] == "pip"
    assert set(seen.changes) == BROKEN


def test_on_python_3_13_there_is_no_way_back_to_numpy_1_but_one_forward(tmp_path: Path) -> None:
    environment = admit(ON_3_13)
    back = fix(environment, tmp_path / "project", "--strategy", "back")
    assert back.exit_code == 1
    assert back.plan["changes"] == []
    assert back.plan["impossible"].startswith("NumPy 1 has no wheels for Python 3.13")
    forward = fix(environment, tmp_path / "project")
    assert forward.changes == {"opencv-python-headless": ("4.9.0.80", "4.10.0.84")}
    assert forward.exit_code == 0


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


def test_without_a_network_there_is_no_verdict_on_whether_a_fix_exists(
    six: Environment, tmp_path: Path
) -> None:
    nowhere = "http://127.0.0.1:9/simple"
    environ = {"UV_DEFAULT_INDEX": nowhere, "UV_CACHE_DIR": str(tmp_path / "cache")}
    environ["PIP_CONFIG_FILE"] = "/dev/null"
    seen = fix(six, tmp_path / "project", environ=environ)
    assert seen.exit_code == 1
    assert "cannot be reached" in seen.plan["impossible"]
    assert seen.plan["changes"] == []
