"""Recorded real environments: what is wrong with each, and that nothing else is said of it."""

from __future__ import annotations

from dataclasses import replace

from diagnose_build import book, kinds, told

from npdoctor.diagnose.engine import diagnose
from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.finding import Finding
from recording import patient

SIX = {
    "scipy": "scipy>=1.13.0",
    "pandas": "pandas>=2.2.2",
    "scikit-learn": "scikit-learn>=1.4.2",
    "matplotlib": "matplotlib>=3.8.4",
    "opencv-python-headless": "opencv-python-headless>=4.10.0.84",
    "scikit-image": "scikit-image>=0.23.1",
}


def verdict(name: str, *, imports: bool = True) -> Diagnosis:
    seen = patient(name)
    return diagnose(seen if imports else replace(seen, imports={}), book())


def broken(diagnosis: Diagnosis) -> dict[str, Finding]:
    return {f.subject: f for f in diagnosis.findings if f.severity.value == "broken"}


def test_six_packages_of_numpy_1_are_found_by_reading_and_proved_by_import() -> None:
    for imports in (False, True):
        found = broken(verdict("six", imports=imports))
        assert {name: f.fix.pins[0] for name, f in found.items() if f.fix} == SIX
        assert {f.code for f in found.values()} == {"NPD101"}
        assert all(f.cause is None for f in found.values())
        wanted = {"binary", "import"} if imports else {"binary"}
        assert all(kinds(f) >= wanted for f in found.values())


def test_six_the_healthy_beside_them_are_left_alone() -> None:
    states = {s.name: s.state for s in verdict("six").distributions}
    assert {
        states[n] for n in ("numpy", "contourpy", "pillow", "kiwisolver", "fonttools", "safetensors")
    } == {"ok"}
    assert [s.numpy_abi.value for s in verdict("six").distributions if s.name == "pillow"] == ["none"]


def test_mixed_is_two_numpys_and_scipy_is_its_victim_and_not_to_be_pinned() -> None:
    shown = verdict("mixed")
    assert told(shown) == [("NPD111", "broken", "numpy"), ("NPD110", "broken", "scipy")]
    numpy, scipy = shown.findings
    assert (scipy.cause, scipy.fix, numpy.fix) == ("numpy", None, None)
    assert numpy.version == "1.26.4"
    assert told(verdict("mixed", imports=False)) == [("NPD111", "broken", "numpy")]


def test_old_pybind11_and_old_rust_numpy_import_and_are_a_risk() -> None:
    for imports in (False, True):
        found = {f.subject: f for f in verdict("old", imports=imports).findings if f.code == "NPD103"}
        assert set(found) == {"contourpy", "tokenizers"}
        pins = {name: f.fix.pins for name, f in found.items() if f.fix}
        assert pins == {"contourpy": ("contourpy>=1.2.1",), "tokenizers": ("tokenizers>=0.20.2",)}
        assert all(f.severity.value == "warning" for f in found.values())


def test_shapely_for_another_python_is_named_as_such() -> None:
    for imports in (False, True):
        found = broken(verdict("wrongpy", imports=imports))
        assert {name: f.code for name, f in found.items()} == {"shapely": "NPD105"}
        assert "cpython-310" in found["shapely"].title


def test_banner_blames_the_optional_dependencies_and_not_pandas() -> None:
    shown = verdict("banner")
    assert {name: f.code for name, f in broken(shown).items()} == {
        "bottleneck": "NPD101",
        "numexpr": "NPD101",
    }
    assert {f.fix.pins[0] for f in broken(shown).values() if f.fix} == {
        "bottleneck>=1.4.0",
        "numexpr>=2.10.0",
    }
    assert "pandas" not in {f.subject for f in shown.findings}
    assert [s.state for s in shown.distributions if s.name == "pandas"] == ["ok"]


def test_a_small_healthy_environment_shows_nothing() -> None:
    assert told(verdict("small", imports=False)) == []
    assert told(verdict("small")) == []
