"""Healthy environments are accused of nothing and stay as they are, to the byte."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from clinic.examination import examine, processes_of
from clinic.patients import (
    Environment,
    Patient,
    admit,
    base_python,
    install,
    make_environment,
    snapshot_of_files,
)
from clinic.recipes import HEALTHY, HEALTHY_ON_NUMPY_1, OTHER_PYTHONS, PLAIN


def test_a_large_healthy_environment_is_not_accused_and_not_touched(tmp_path: Path) -> None:
    environment = admit(HEALTHY)
    before = snapshot_of_files(environment.prefix)
    assert not any("__pycache__" in path for path in before)
    seen = examine(environment, environ={"TMPDIR": str(tmp_path)})
    after = snapshot_of_files(environment.prefix)
    assert not seen.findings(severity="broken"), seen.told()
    assert not seen.findings("NPD1", severity="warning"), seen.told()
    assert not seen.findings(severity="unknown"), seen.told()
    assert seen.exit_code == 0
    assert seen.document["summary"]["distributions"] >= 100
    assert seen.document["summary"]["extensions"] >= 400
    assert {one["state"] for one in seen.document["distributions"]} <= {"ok", "warning"}
    assert after == before
    assert not processes_of(environment)
    assert not list(tmp_path.glob("npdoctor-*"))


@pytest.mark.parametrize("patient", OTHER_PYTHONS, ids=lambda patient: patient.name)
def test_another_python_is_examined_by_itself(patient: Patient) -> None:
    seen = examine(admit(patient))
    assert not seen.findings(severity="broken"), seen.told()
    assert not seen.findings(severity="unknown"), seen.told()
    assert seen.document["target"]["python"].startswith(patient.python + ".")
    assert seen.exit_code == 0
    assert seen.distribution("scipy")["imported"] == seen.distribution("scipy")["extensions"] > 0


def test_numpy_1_with_what_was_built_for_it_is_healthy() -> None:
    seen = examine(admit(HEALTHY_ON_NUMPY_1))
    assert not seen.findings(), seen.told()


def test_system_site_packages_are_part_of_the_environment(tmp_path: Path) -> None:
    """What the base provides counts as installed, and the environment's own copy goes first."""
    python = base_python("3.11")
    inner = Environment(tmp_path / "inner")
    make_environment(python, inner.prefix, "--system-site-packages")
    install(inner, "six==1.16.0 python-dateutil==2.9.0.post0")
    seen = examine(inner, "--no-import")
    mine = {one["name"]: one for one in seen.document["distributions"] if "/inner/" in one["location"]}
    assert {"six", "python-dateutil"} <= set(mine)
    assert mine["six"]["state"] == "ok"
    assert not [f for f in seen.findings("NPD2") if f["subject"] in ("six", "python-dateutil")], seen.told()


def test_a_conda_environment_is_read_like_another(tmp_path: Path) -> None:
    """Conda writes its own records beside dist-info folders, without RECORD files that pip would own."""
    environment = admit(PLAIN).copy_to(tmp_path / "conda")
    records = environment.prefix / "conda-meta"
    records.mkdir()
    (records / "history").write_text("==> 2024-01-01 00:00:00 <==\n", "utf-8")
    (records / "numpy-2.2.6-py311h5d046bc_0.json").write_text(
        '{"name": "numpy", "version": "2.2.6"}', "utf-8"
    )
    for metadata in environment.site.glob("*.dist-info"):
        (metadata / "INSTALLER").write_text("conda", "utf-8")
        (metadata / "RECORD").unlink()
    seen = examine(environment, environ={"CONDA_PREFIX": str(environment.prefix)})
    assert not seen.findings(severity="broken"), seen.told()
    assert not seen.findings(severity="warning"), seen.told()
    assert seen.exit_code == 0


def test_a_path_file_brings_in_what_another_folder_holds(tmp_path: Path) -> None:
    inner = Environment(tmp_path / "inner")
    make_environment(base_python("3.11"), inner.prefix)
    install(inner, "python-dateutil==2.9.0.post0")
    assert examine(inner, "--no-import").subjects("NPD201") == {"python-dateutil"}
    (inner.site / "shared.pth").write_text(f"{admit(PLAIN).site}\n", "utf-8")
    seen = examine(inner)
    assert not seen.findings(severity="broken"), seen.told()
    assert not seen.findings("NPD201"), seen.told()
    assert seen.distribution("numpy")["state"] == "ok"


def test_an_empty_environment_is_healthy(tmp_path: Path) -> None:
    environment = Environment(tmp_path / "empty")
    make_environment(base_python("3.11"), environment.prefix)
    seen = examine(environment)
    assert (seen.exit_code, seen.document["summary"]["distributions"]) == (0, 0)


def test_the_environment_works_afterwards() -> None:
    environment = admit(PLAIN)
    examine(environment)
    program = "import bottleneck, numpy; print(bottleneck.nansum(numpy.ones(3)))"
    done = subprocess.run(
        [str(environment.python), "-B", "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "3.0"
