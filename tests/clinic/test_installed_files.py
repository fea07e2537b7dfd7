"""What interrupted, doubled and incomplete installs leave."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from clinic.examination import examine
from clinic.patients import Environment, admit
from clinic.recipes import EXCLUDED, PLAIN, TWO_OPENCVS, TWO_OPENCVS_AT_ODDS


@pytest.fixture
def plain(tmp_path: Path) -> Environment:
    """Return a copy of a small healthy environment, to be altered."""
    return admit(PLAIN).copy_to(tmp_path / "copy")


def test_the_plain_patient_is_healthy(plain: Environment) -> None:
    seen = examine(plain)
    assert not seen.findings(), seen.told()


def test_a_tilde_folder_is_a_leftover_and_no_second_numpy(plain: Environment) -> None:
    metadata = next(plain.site.glob("numpy-*.dist-info"))
    shutil.copytree(metadata, plain.site / "~umpy-2.0.0.dist-info")
    text = (metadata / "METADATA").read_text("utf-8").replace("Version: 2.2.6", "Version: 2.0.0")
    (plain.site / "~umpy-2.0.0.dist-info/METADATA").write_text(text, "utf-8")
    shutil.copytree(plain.site / "numpy/linalg", plain.site / "~umpy/linalg")
    seen = examine(plain)
    assert seen.one("NPD204", "numpy")["severity"] == "warning"
    assert seen.distribution("numpy")["version"] == "2.2.6"
    assert not seen.findings("NPD203") + seen.findings("NPD111"), seen.told()
    assert seen.exit_code == 0


def test_a_missing_file_is_reported_with_its_name(plain: Environment) -> None:
    (plain.site / "markupsafe/_native.py").unlink()
    seen = examine(plain, "--no-import")
    assert "_native.py" in str(seen.one("NPD205", "markupsafe")["evidence"])


def test_two_records_of_one_distribution(plain: Environment) -> None:
    metadata = next(plain.site.glob("six-*.dist-info"))
    older = plain.site / "six-1.15.0.dist-info"
    shutil.copytree(metadata, older)
    text = (metadata / "METADATA").read_text("utf-8").replace("Version: 1.16.0", "Version: 1.15.0")
    (older / "METADATA").write_text(text, "utf-8")
    finding = examine(plain, "--no-import").one("NPD203", "six")
    assert "1.15.0" in str(finding)
    assert "1.16.0" in str(finding)


def test_a_requirement_that_is_not_installed(plain: Environment) -> None:
    shutil.rmtree(next(plain.site.glob("six-*.dist-info")))
    (plain.site / "six.py").unlink()
    seen = examine(plain, "--no-import")
    assert seen.subjects("NPD201") == {"python-dateutil"}, seen.told()
    assert "six" in str(seen.one("NPD201", "python-dateutil")["fix"])


def test_a_requirement_in_a_version_that_is_excluded() -> None:
    seen = examine(admit(EXCLUDED), "--no-import")
    finding = seen.one("NPD202", "pydantic")
    assert "pydantic-core==2.27.1" in str(finding["fix"])
    assert "2.27.0" in str(finding)


def test_two_opencvs_are_a_warning_and_no_proof() -> None:
    seen = examine(admit(TWO_OPENCVS))
    names = {"opencv-python-headless", "opencv-contrib-python-headless"}
    (finding,) = seen.findings("NPD206")
    assert finding["subject"] in names
    assert all(name in str(finding) for name in names)
    assert finding["severity"] == "warning"
    assert not seen.findings(severity="broken"), seen.told()


def test_two_opencvs_whose_files_do_not_fit() -> None:
    """The newer one's files that the older one did not overwrite stop the import of cv2."""
    seen = examine(admit(TWO_OPENCVS_AT_ODDS))
    broken = seen.findings(severity="broken")
    assert {f["code"] for f in broken} == {"NPD206"}, seen.told()
    assert {f["subject"] for f in broken} <= {"opencv-python-headless", "opencv-contrib-python-headless"}
    assert "has no attribute 'Text'" in str(broken)
    assert seen.exit_code == 1
