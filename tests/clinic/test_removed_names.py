"""Python code that uses names which the installed NumPy no longer has."""

from __future__ import annotations

from clinic.examination import examine
from clinic.patients import admit
from clinic.recipes import REMOVED_IN_1_24, REMOVED_IN_2_4


def test_a_name_removed_in_2_4() -> None:
    seen = examine(admit(REMOVED_IN_2_4))
    assert seen.subjects("NPD104", "broken") == {"astropy"}, seen.told()
    assert seen.subjects(severity="broken") == {"astropy"}, seen.told()
    assert "in1d" in str(seen.one("NPD104", "astropy")["evidence"])


def test_names_removed_in_1_24() -> None:
    seen = examine(admit(REMOVED_IN_1_24))
    assert seen.subjects("NPD1", "broken") == {"scipy"}, seen.told()
    assert {f["code"] for f in seen.findings("NPD1", severity="broken")} == {"NPD104"}, seen.told()
    assert "typeDict" in str(seen.findings("NPD104")) or "'int'" in str(seen.findings("NPD104"))
