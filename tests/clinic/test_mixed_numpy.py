"""NumPy 1 laid over the files of NumPy 2."""

from __future__ import annotations

import pytest

from clinic.examination import examine
from clinic.patients import Patient, admit
from clinic.recipes import MIXED, MIXED_RECORD_LOST


@pytest.mark.parametrize("patient", [MIXED, MIXED_RECORD_LOST], ids=["both recorded", "one record lost"])
def test_two_numpys_are_the_root_and_scipy_is_their_victim(patient: Patient) -> None:
    seen = examine(admit(patient))
    root = seen.one("NPD111", "numpy")
    assert (root["severity"], root["cause"]) == ("broken", None)
    assert [f["subject"] for f in seen.findings(severity="broken") if f["cause"] is None] == ["numpy"], (
        seen.told()
    )
    victims = seen.findings(subject="scipy", severity="broken")
    assert victims, seen.told()
    assert {f["cause"] for f in victims} == {"numpy"}
    assert any("All ufuncs must have type" in str(f["evidence"]) for f in victims), seen.told()
    assert not any("scipy" in pin for f in seen.findings() for pin in (f["fix"] or {"pins": []})["pins"])


def test_two_numpys_are_seen_without_an_import() -> None:
    seen = examine(admit(MIXED), "--no-import")
    assert seen.one("NPD111", "numpy")["severity"] == "broken"
    assert not seen.findings("NPD101"), seen.told()


def test_the_version_of_numpy_is_that_of_its_files() -> None:
    seen = examine(admit(MIXED), "--no-import")
    assert seen.document["target"]["numpy"] == "1.26.4"
    assert seen.findings("NPD203", "numpy") or "recorded in versions" in str(seen.one("NPD111", "numpy"))
