"""A real program in a real environment that is broken: the summary names the package."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from clinic.patients import admit
from clinic.recipes import MIXED, SIX


def watched(python: Path, code: str, folder: Path) -> dict[str, Any]:
    place = folder / "run.json"
    command = [
        sys.executable,
        "-m",
        "npdoctor",
        "run",
        "--json",
        "-o",
        str(place),
        "--",
        str(python),
        "-c",
        code,
    ]
    subprocess.run(command, capture_output=True, cwd=folder, timeout=120, check=False)
    found: dict[str, Any] = json.loads(place.read_text())
    return found


def test_an_import_that_fails_names_its_code_and_package(tmp_path: Path) -> None:
    found = watched(admit(SIX).python, "import scipy.special", tmp_path)
    assert found["exit_code"] == 1
    assert found["cause"]["code"] == "NPD101"
    assert not found["cause"]["earlier"]
    assert "scipy" in json.dumps(found["cause"])


def test_a_program_that_does_not_touch_what_is_broken_has_no_cause(tmp_path: Path) -> None:
    found = watched(admit(SIX).python, "import numpy; print(numpy.zeros(3))", tmp_path)
    assert (found["exit_code"], found["cause"]) == (0, None)


def test_two_numpys_are_named(tmp_path: Path) -> None:
    found = watched(admit(MIXED).python, "import scipy.special", tmp_path)
    assert found["exit_code"] == 1
    assert found["cause"]["code"] == "NPD111"
