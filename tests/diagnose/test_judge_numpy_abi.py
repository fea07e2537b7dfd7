"""NPD101 to NPD103: built for another NumPy, by what the binary says and what its import proved."""

from __future__ import annotations

import pytest
from diagnose_build import OK, dist, ext, judge, kinds, only, place, raised, told, use

from npdoctor.model.binary import NumpyUse
from npdoctor.model.outcome import Imported, Outcome

NUMPY1 = use("numpy1")
CYTHON = use("numpy1", "cython")
FAILED = "ImportError: numpy.core.multiarray failed to import"
SIZE = (
    "ValueError: numpy.dtype size changed, may indicate binary incompatibility. "
    "Expected 96 from C header, got 88 from PyObject"
)
BANNER = "A module that was compiled using NumPy 1.x cannot be run in\nNumPy 2.2.6 as it may crash."
TORCH = (
    "UserWarning: Failed to initialize NumPy: _ARRAY_API not found (Triggered internally at tensor.cpp:84.)"
)
SCIPY = dist("scipy", "1.11.4")


@pytest.mark.parametrize("built", [NUMPY1, CYTHON])
@pytest.mark.parametrize("outcome", [None, raised(FAILED), raised(SIZE)])
def test_a_numpy_1_build_under_numpy_2_is_broken_before_and_after_its_import(
    built: NumpyUse, outcome: Outcome | None
) -> None:
    imports = {"scipy.a": outcome} if outcome else {}
    finding = only(judge(SCIPY, ext("scipy.a", built), imports=imports), "NPD101")
    assert (finding.severity.value, finding.subject, finding.version) == ("broken", "scipy", "1.11.4")
    assert finding.fix
    assert finding.fix.pins == ("scipy>=1.13.0",)
    assert kinds(finding) == ({"binary", "import"} if outcome else {"binary"})
    assert "2.2.6" in finding.title


@pytest.mark.parametrize("built", [NUMPY1, CYTHON, use("both", minimum="1.20"), None])
def test_under_numpy_1_nothing_is_said_of_it(built: NumpyUse | None) -> None:
    assert told(judge(SCIPY, ext("scipy.a", built), numpy="1.26.4")) == []
    assert told(judge(SCIPY, ext("scipy.a", built), numpy="1.26.4", imports={"scipy.a": OK})) == []


def test_metadata_that_excludes_this_numpy_is_evidence_and_no_second_finding() -> None:
    scipy = dist("scipy", "1.11.4", "numpy<1.28.0,>=1.21.6")
    assert kinds(only(judge(scipy, ext("scipy.a", NUMPY1)), "NPD101")) == {"binary", "metadata"}


def test_a_build_for_both_is_healthy_under_both() -> None:
    for numpy in ("1.26.4", "2.0.0", "2.4.1"):
        assert told(judge(SCIPY, ext("scipy.a", use("both", minimum="1.20")), numpy=numpy)) == []


def test_without_numpy_nothing_is_said_of_builds() -> None:
    assert told(judge(SCIPY, ext("scipy.a", NUMPY1), ext("scipy.b", use("numpy2")), numpy=None)) == []


def test_no_floor_no_pin_and_a_release_above_its_floor_is_not_told_to_go_back() -> None:
    unknown = only(judge(dist("homemade"), ext("homemade.a", NUMPY1)), "NPD101")
    assert unknown.fix is None
    assert "homemade" in unknown.remedy
    above = only(judge(dist("scipy", "1.14.0"), ext("scipy.a", NUMPY1)), "NPD101")
    assert above.fix is None


@pytest.mark.parametrize("output", [BANNER, TORCH])
def test_npd103_numpy_support_that_does_not_start_is_broken_though_the_import_succeeds(output: str) -> None:
    torch = (dist("torch", "2.2.2"), ext("torch._C", NUMPY1))
    finding = only(judge(*torch, imports={"torch._C": Imported(0.1, output)}), "NPD103")
    assert (finding.subject, finding.severity.value) == ("torch", "broken")
    assert only(judge(*torch, imports={"torch._C": OK}), "NPD103").severity.value == "warning"


def test_trap_15_no_pin_moves_torch() -> None:
    shown = judge(dist("torch", "2.2.2"), ext("torch._C", NUMPY1))
    assert all(not pin.startswith("torch") for f in shown.findings if f.fix for pin in f.fix.pins)


def test_imports_that_are_still_to_come_leave_the_verdict_as_read() -> None:
    shown = judge(SCIPY, ext("scipy.a", NUMPY1), ext("scipy.b", NUMPY1), imports={"scipy.a": OK})
    assert only(shown, "NPD101").severity.value == "broken"


def test_trap_1_the_banner_of_a_dependency_does_not_blame_the_package_imported() -> None:
    noisy = Imported(0.1, BANNER)
    shown = judge(
        dist("pandas", "2.2.3"),
        ext("pandas._libs.lib", use("both", minimum="1.20")),
        dist("numexpr", "2.8.7"),
        ext("numexpr.interpreter", NUMPY1),
        imports={"pandas._libs.lib": noisy, "numexpr.interpreter": raised(FAILED)},
    )
    assert told(shown) == [("NPD101", "broken", "numexpr")]


def test_one_stale_file_among_good_ones_is_only_a_risk_until_an_import_fails() -> None:
    parts = (dist("mixed"), ext("mixed.good", use("both", minimum="1.20")), ext("mixed.old", NUMPY1))
    finding = only(judge(*parts), "NPD103")
    assert "mixed/old" in finding.evidence[0].source
    imports = {"mixed.good": OK, "mixed.old": raised(FAILED)}
    assert only(judge(*parts, imports=imports), "NPD101").severity.value == "broken"


@pytest.mark.parametrize(("api", "said"), [("pybind11", "old pybind11"), ("rust-numpy", "old rust-numpy")])
@pytest.mark.parametrize("imported", [False, True])
def test_trap_2_what_imports_quietly_and_reads_arrays_wrongly_is_a_warning(
    api: str, said: str, imported: bool
) -> None:
    imports = {"contourpy._c": OK} if imported else {}
    finding = only(
        judge(dist("contourpy", "1.2.0"), ext("contourpy._c", use("numpy1", api)), imports=imports), "NPD103"
    )
    assert finding.severity.value == "warning"
    assert said in finding.title
    assert finding.fix
    assert finding.fix.pins == ("contourpy>=1.2.1",)


def test_pybind11_of_today_is_no_risk() -> None:
    assert told(judge(dist("contourpy", "1.3.0"), ext("contourpy._c", use("both", "pybind11")))) == []


@pytest.mark.parametrize(
    ("numpy", "minimum", "severity"),
    [
        ("1.26.4", "2.0", "broken"),
        ("1.21.6", "1.23", "broken"),
        ("1.23.0", "1.23", None),
        ("2.4.0", "2.0", None),
    ],
)
def test_a_binary_that_names_a_newer_numpy(numpy: str, minimum: str, severity: str | None) -> None:
    built = use("numpy2" if minimum == "2.0" else "both", minimum=minimum)
    shown = judge(dist("new", "3.0"), ext("new.a", built), numpy=numpy)
    if severity is None:
        assert told(shown) == []
        return
    finding = only(shown, "NPD102")
    assert finding.severity.value == severity
    assert finding.fix
    assert finding.fix.pins == (f"numpy>={minimum}",)


def test_the_highest_need_counts_and_versions_are_compared_as_versions() -> None:
    finding = only(
        judge(
            dist("new"),
            ext("new.a", use("both", minimum="1.9")),
            ext("new.b", use("both", minimum="1.20")),
            numpy="1.8.0",
        ),
        "NPD102",
    )
    assert finding.fix
    assert finding.fix.pins == ("numpy>=1.20",)


def test_a_newer_need_that_imports_all_the_same_is_a_warning() -> None:
    shown = judge(
        dist("new"), ext("new.a", use("both", minimum="1.23")), numpy="1.21.6", imports={"new.a": OK}
    )
    assert only(shown, "NPD102").severity.value == "warning"


def test_a_numpy_2_build_without_a_minimum_needs_numpy_2() -> None:
    assert only(judge(dist("new"), ext("new.a", use("numpy2")), numpy="1.26.4"), "NPD102").fix
    assert told(judge(dist("new"), ext("new.a", use("numpy2")))) == []


def test_trap_3_the_text_of_numpy_2_builds_under_numpy_1_never_asks_for_an_older_numpy() -> None:
    said = raised("ImportError: numpy._core.multiarray failed to import", failed_in=place("new.a"))
    finding = only(
        judge(
            dist("new"), ext("new.a", use("numpy2", minimum="2.0")), numpy="1.26.4", imports={"new.a": said}
        ),
        "NPD102",
    )
    assert finding.fix
    assert finding.fix.pins == ("numpy>=2.0",)
    assert kinds(finding) == {"binary", "import"}


def test_numpy_itself_is_never_blamed_for_its_own_age() -> None:
    old = ext("numpy.core._multiarray_umath", NUMPY1)
    assert told(judge(old, numpy="1.26.4")) == []
    assert told(judge(old, ext("numpy._core.x", use("numpy2", minimum="9.0")))) == []


def test_what_fails_inside_a_numpy_1_build_has_it_as_its_cause() -> None:
    shown = judge(
        SCIPY,
        ext("scipy.a", NUMPY1),
        dist("sklearn"),
        ext("sklearn.b", use("both", minimum="1.20")),
        imports={
            "scipy.a": raised(FAILED, failed_in=place("scipy.a")),
            "sklearn.b": raised(FAILED, failed_in=place("scipy.a"), parent="sklearn"),
        },
    )
    assert told(shown) == [("NPD101", "broken", "scipy"), ("NPD110", "broken", "sklearn")]
    assert [f.cause for f in shown.findings] == [None, "scipy"]
    assert shown.findings[1].fix is None
