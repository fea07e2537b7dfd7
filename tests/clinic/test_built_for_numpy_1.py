"""Wheels built for NumPy 1, and nothing else, are named; their healthy neighbours are not."""

from __future__ import annotations

import pytest

from clinic.examination import Examination, examine
from clinic.patients import admit
from clinic.recipes import MORE_BUILT_FOR_NUMPY_1, REMOVED_IN_2_4, SIX, SIX_ON_NUMPY_1, UNSAFE

SIX_NAMES = {"matplotlib", "opencv-python-headless", "pandas", "scikit-image", "scikit-learn", "scipy"}
NEIGHBOURS = {"pillow", "safetensors", "kiwisolver", "contourpy", "numpy"}


def accuses_the_six(seen: Examination) -> None:
    assert {f["subject"] for f in seen.findings("NPD101")} == SIX_NAMES, seen.told()
    assert len(seen.findings("NPD101")) == 6, seen.told()
    assert {(f["severity"], f["cause"]) for f in seen.findings("NPD101")} == {("broken", None)}
    assert not seen.subjects() & NEIGHBOURS, seen.told()
    assert seen.exit_code == 1


@pytest.mark.parametrize("options", [(), ("--no-import",)], ids=["imported", "read only"])
def test_six_are_named_and_their_neighbours_are_not(options: tuple[str, ...]) -> None:
    seen = examine(admit(SIX), *options)
    accuses_the_six(seen)
    assert seen.document["target"]["numpy"] == "2.1.3"
    assert {name: seen.distribution(name)["state"] for name in SIX_NAMES} == dict.fromkeys(
        SIX_NAMES, "broken"
    )
    assert seen.distribution("pillow")["numpy_abi"] == "none"


def test_an_import_is_the_proof() -> None:
    seen = examine(admit(SIX))
    for finding in seen.findings("NPD101"):
        kinds = {evidence["kind"] for evidence in finding["evidence"]}
        assert {"binary", "import"} <= kinds, finding
    assert seen.distribution("kiwisolver")["imported"] == seen.distribution("kiwisolver")["extensions"] > 0


def test_assuming_numpy_1_acquits_the_six() -> None:
    seen = examine(admit(SIX), "--assume", "numpy==1.26.4")
    assert not seen.findings("NPD101"), seen.told()
    assert not seen.findings("NPD1", severity="broken"), seen.told()
    assert seen.document["assumed"] == {"numpy": "1.26.4"}


def test_assuming_numpy_2_names_the_six_before_the_upgrade() -> None:
    accuses_the_six(examine(admit(SIX_ON_NUMPY_1), "--assume", "numpy==2.1.3"))


def test_the_six_are_healthy_on_numpy_1() -> None:
    seen = examine(admit(SIX_ON_NUMPY_1))
    assert not seen.findings(severity="broken"), seen.told()
    assert seen.exit_code == 0


def test_a_banner_is_no_accusation() -> None:
    """Pandas prints the banners of numexpr and bottleneck, and works."""
    seen = examine(admit(MORE_BUILT_FOR_NUMPY_1))
    assert seen.subjects("NPD101", "broken") == {"bottleneck", "h5py", "numexpr", "shapely"}, seen.told()
    assert not seen.findings(subject="pandas"), seen.told()
    assert seen.distribution("pandas")["state"] == "ok"


def test_what_imports_but_is_unsafe_is_a_warning() -> None:
    seen = examine(admit(UNSAFE))
    assert seen.subjects("NPD103", "warning") == {"tokenizers", "contourpy"}, seen.told()
    assert not seen.findings(severity="broken"), seen.told()
    assert seen.exit_code == 0


def test_a_warning_counts_where_asked_for() -> None:
    assert examine(admit(UNSAFE), "--no-import", "--fail-on", "warning").exit_code == 1


def test_serving_both_is_not_serving_numpy_1_only() -> None:
    seen = examine(admit(REMOVED_IN_2_4), "--no-import")
    assert not seen.findings("NPD10"), seen.told()
