"""Extensions that were built for another Python."""

from __future__ import annotations

import pytest

from clinic.examination import examine
from clinic.patients import admit
from clinic.recipes import NUMPY_FOR_ANOTHER_PYTHON, WRONG_PYTHON


@pytest.mark.parametrize("options", [(), ("--no-import",)], ids=["imported", "read only"])
def test_no_module_named_shapely_lib_is_seen_through(options: tuple[str, ...]) -> None:
    seen = examine(admit(WRONG_PYTHON), *options)
    finding = seen.one("NPD105", "shapely")
    assert (finding["severity"], finding["cause"]) == ("broken", None)
    assert "cp310" in finding["title"] + finding["message"] or "310" in str(finding["evidence"])
    assert seen.subjects("NPD1", "broken") == {"shapely"}, seen.told()
    assert not seen.findings("NPD201"), seen.told()
    assert seen.exit_code == 1


def test_numpy_for_another_python_is_the_cause_of_the_rest() -> None:
    """NumPy itself then says that one should leave its source directory, which is bad advice."""
    seen = examine(admit(NUMPY_FOR_ANOTHER_PYTHON))
    assert seen.one("NPD105", "numpy")["cause"] is None
    others = [f for f in seen.findings(severity="broken") if f["subject"] != "numpy"]
    assert all(f["cause"] == "numpy" for f in others), seen.told()
    assert not seen.findings(subject="markupsafe"), seen.told()
