"""A report of a real environment and real files: the same codes in every format."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from clinic.patients import admit, snapshot_of_files
from clinic.recipes import SIX

FILES = {"requirements.txt": "numpy>=2,<3\nscipy\npandas>=2.2.2\n", "Dockerfile": "FROM python:3.11\n"}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return what `npdoctor report` writes in each format, in a folder with files to audit."""
    patient = admit(SIX)
    folder = tmp_path_factory.mktemp("project")
    for name, text in FILES.items():
        (folder / name).write_text(text)
    before = snapshot_of_files(patient.prefix)
    texts = {form: report(folder, patient.prefix, form) for form in ("json", "sarif", "markdown")}
    assert snapshot_of_files(patient.prefix) == before
    assert {path.name: path.read_text() for path in folder.iterdir()} == FILES
    return texts


def report(folder: Path, prefix: Path, form: str) -> str:
    command = [sys.executable, "-m", "npdoctor", "report", "-q", "--no-import", "--format", form]
    command += ["--python", str(prefix)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1, done.stderr
    return done.stdout


def test_the_codes_are_the_same_in_every_format(written: dict[str, str]) -> None:
    found = json.loads(written["json"])
    own = sorted(f["code"] for f in found["findings"] if f["code"] < "NPD3" or f["code"] > "NPD5")
    assert own.count("NPD101") == 6
    assert "NPD501" in own
    codes = sorted(f["code"] for f in found["findings"])
    assert codes == sorted(r["ruleId"] for r in json.loads(written["sarif"])["runs"][0]["results"])
    assert codes == sorted(re.findall(r"(?m)^- \*\*\S (NPD\d{3}) ", written["markdown"]))


def test_every_location_is_a_file_that_is_there(written: dict[str, str]) -> None:
    prefix = admit(SIX).prefix
    for result in json.loads(written["sarif"])["runs"][0]["results"]:
        place = result["locations"][0]["physicalLocation"]["artifactLocation"]
        if result["ruleId"] == "NPD101":
            assert place["uriBaseId"] == "ENVIRONMENT"
            assert (prefix / place["uri"]).is_file(), place
        elif result["ruleId"].startswith("NPD5"):
            assert place["uriBaseId"] == "PROJECT"
            assert place["uri"] in FILES


def test_the_way_back_to_numpy_1_is_clear(written: dict[str, str]) -> None:
    other = json.loads(written["json"])["rollback"]["other_major"]
    assert other == {"numpy": "1.26.4", "findings": []}


def test_the_diff_corrects_what_admits_too_much(written: dict[str, str]) -> None:
    assert "\n-scipy\n+scipy>=1.13.0\n pandas>=2.2.2\n" in written["markdown"]
