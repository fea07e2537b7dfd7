"""Wheels that need a newer NumPy than the one installed."""

from __future__ import annotations

import pytest

from clinic.examination import examine
from clinic.patients import admit
from clinic.recipes import NEEDS_NUMPY_1_23, NEEDS_NUMPY_2, OPTIONAL_PART_NEEDS_NUMPY_2


@pytest.mark.parametrize("options", [(), ("--no-import",)], ids=["imported", "read only"])
def test_numpy_2_only_under_numpy_1(options: tuple[str, ...]) -> None:
    seen = examine(admit(NEEDS_NUMPY_2), *options)
    assert seen.subjects("NPD1", "broken") == {"healpy"}, seen.told()
    finding = seen.one("NPD102", "healpy")
    assert finding["cause"] is None
    assert all("numpy<" not in pin for pin in (finding["fix"] or {"pins": []})["pins"]), "never lower NumPy"
    assert seen.exit_code == 1


def test_the_text_in_the_binary_names_the_oldest_numpy() -> None:
    seen = examine(admit(NEEDS_NUMPY_1_23))
    assert seen.subjects("NPD102", "broken") == {"numexpr"}, seen.told()
    assert "1.23" in seen.one("NPD102", "numexpr")["title"]
    assert seen.distribution("numexpr")["numpy_min"] == "1.23"
    assert seen.distribution("bottleneck")["state"] == "ok"


def test_a_part_that_is_only_loaded_with_numpy_2_accuses_nobody() -> None:
    """h5py has one module for NumPy 2's strings, and works without it."""
    seen = examine(admit(OPTIONAL_PART_NEEDS_NUMPY_2))
    assert not seen.findings(severity="broken"), seen.told()
    assert seen.exit_code == 0
