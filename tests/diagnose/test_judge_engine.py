"""The verdict as a whole: own failures, causes, echoes, order, states, assumptions, and any input."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import replace

import pytest
from diagnose_build import (
    OK,
    SITE,
    book,
    dist,
    ext,
    foreign,
    judge,
    kinds,
    need,
    only,
    place,
    raised,
    snapshot,
    told,
    use,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from npdoctor.diagnose import engine
from npdoctor.diagnose.context import Context
from npdoctor.diagnose.engine import CHECKS, diagnose
from npdoctor.diagnose.numpy_abi import built_for_numpy1
from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.finding import Finding, Severity
from npdoctor.model.outcome import Died, Imported, NoAnswer, NotTried, Outcome, Raised, RaisedException
from npdoctor.model.snapshot import ProbeFailure, SmokeResult
from recording import PATIENTS, decode, encode, patient

NAMES = sorted(path.stem for path in PATIENTS.glob("*.json"))
SCIPY = (dist("scipy", "1.11.4", "numpy<1.28"), ext("scipy.a", use("numpy1")))
FAILED = "ImportError: numpy.core.multiarray failed to import"


# -- NPD000 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("position", range(len(CHECKS)))
def test_npd000_a_check_that_raises_does_not_stop_the_rest(
    position: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_context: Context) -> Iterator[Finding]:
        raise KeyError("oh")

    monkeypatch.setattr(engine, "CHECKS", (*CHECKS[:position], broken, *CHECKS[position:]))
    shown = judge(*SCIPY)
    assert told(shown) == [("NPD101", "broken", "scipy"), ("NPD000", "unknown", "npdoctor")]
    own = shown.findings[1]
    assert "broken" in own.title
    assert "KeyError" in own.evidence[0].detail


def test_npd000_what_a_check_found_before_it_raised_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def halfway(context: Context) -> Iterator[Finding]:
        yield from built_for_numpy1(context)
        raise ValueError("oh")

    monkeypatch.setattr(engine, "CHECKS", (halfway,))
    assert told(judge(*SCIPY)) == [("NPD101", "broken", "scipy"), ("NPD000", "unknown", "npdoctor")]


def test_npd000_a_look_that_failed_is_told_each_for_itself() -> None:
    shown = judge(ProbeFailure("binaries", "OSError: x"), ProbeFailure("host", "OSError: y"))
    assert told(shown) == [("NPD000", "unknown", "npdoctor")] * 2


def test_npd000_not_for_an_empty_environment() -> None:
    assert told(judge(numpy=None)) == []


# -- causes -----------------------------------------------------------------------------------------


def test_a_cause_that_is_not_broken_itself_is_no_cause() -> None:
    said = raised("ZeroDivisionError: odd", failed_in=place("base.core"))
    shown = judge(
        dist("pkg"), ext("pkg.a"), dist("base"), ext("base.core"), imports={"pkg.a": said, "base.core": OK}
    )
    finding = only(shown, "NPD110")
    assert (finding.subject, finding.cause) == ("pkg", None)


def test_two_that_fail_in_each_other_are_both_told_and_neither_hides_the_other() -> None:
    shown = judge(
        dist("a"),
        ext("a.x"),
        dist("b"),
        ext("b.y"),
        imports={
            "a.x": raised("ValueError: one", failed_in=place("b.y")),
            "b.y": raised("ValueError: two", failed_in=place("a.x")),
        },
    )
    assert {f.subject for f in shown.findings} == {"a", "b"}
    assert all(f.severity is Severity.BROKEN for f in shown.findings)


def test_a_chain_of_three_leads_to_the_one_that_failed() -> None:
    died = Died(signal.SIGSEGV, None, place("base.x"), "ended by SIGSEGV (11)")
    names = ("base", "middle", "top")
    parts = [part for name in names for part in (dist(name), ext(f"{name}.x"))]
    shown = judge(*parts, imports={f"{name}.x": died for name in names})
    assert [(f.subject, f.cause) for f in shown.findings] == [
        ("base", None),
        ("middle", "base"),
        ("top", "base"),
    ]


# -- echoes and merging -----------------------------------------------------------------------------


def test_an_excluded_numpy_is_no_second_finding_but_another_exclusion_is() -> None:
    assert [f.code for f in judge(*SCIPY).findings] == ["NPD101"]
    both = dist("scipy", "1.11.4", "numpy<1.28", "six<1")
    assert [f.code for f in judge(both, SCIPY[1], dist("six", "1.17")).findings] == ["NPD101", "NPD202"]


def test_a_lesser_finding_never_hides_a_graver_one() -> None:
    test = next(t for t in book().smoke if t.distributions[0] == "numpy")
    seen = snapshot(dist("numpy", "2.2.6"), dist("numpy", "2.2.5", effective=False))
    used = SmokeResult(test.id, "numpy", raised("AssertionError: wrong"))
    shown = diagnose(replace(seen, smoke=(used,)), book())
    assert [(f.code, f.severity.value) for f in shown.findings] == [
        ("NPD110", "broken"),
        ("NPD111", "warning"),
    ]


def test_an_exclusion_of_numpy_without_any_binary_stays() -> None:
    assert told(judge(dist("pure", "1.0", "numpy<2"))) == [("NPD202", "warning", "pure")]


def test_what_was_read_and_what_was_imported_are_one_finding() -> None:
    lacking = ext("pkg.a", version_needs=(need("libc.so.6", "GLIBC_2.99"),))
    said = raised("ImportError: libc.so.6: version `GLIBC_2.99' not found (required by a.so)")
    finding = only(judge(dist("pkg"), lacking, imports={"pkg.a": said}), "NPD107")
    assert len({(e.kind, e.source, e.detail) for e in finding.evidence}) == len(finding.evidence)


# -- order and states -------------------------------------------------------------------------------


def test_the_gravest_comes_first_and_each_state_is_the_worst_of_its_findings() -> None:
    shown = judge(
        *SCIPY,
        dist("quiet"),
        ext("quiet.a"),
        dist("slow"),
        ext("slow.a"),
        dist("old"),
        ext("old.a", use("numpy1", "pybind11")),
        dist("opt"),
        ext("opt.a"),
        imports={
            "quiet.a": OK,
            "slow.a": NoAnswer(20.0),
            "old.a": OK,
            "opt.a": raised("ModuleNotFoundError: No module named 'tbb'"),
        },
    )
    assert [f.severity.value for f in shown.findings] == ["broken", "warning", "unknown", "info"]
    states = {s.name: s.state for s in shown.distributions}
    assert states == {
        "numpy": "ok",
        "old": "warning",
        "opt": "ok",
        "quiet": "ok",
        "scipy": "broken",
        "slow": "unknown",
    }


def test_states_count_modules_and_name_the_numpy_they_serve() -> None:
    shown = judge(
        dist("a"),
        ext("a.x", use("both", minimum="1.9")),
        ext("a.y", use("numpy2", minimum="1.20")),
        ext("a.lib", module=None, module_stem=None, python_tag=None),
        dist("b"),
        ext("b.x", use("both")),
        ext("b.y", use("numpy1", "rust-numpy")),
        foreign("b.z"),
        imports={"a.x": OK, "a.y": NotTried("no")},
    )
    states = {s.name: s for s in shown.distributions}
    assert (states["a"].numpy_abi.value, states["a"].numpy_min) == ("numpy2", "1.20")
    assert (states["a"].extensions, states["a"].imported) == (2, 1)
    assert states["b"].numpy_abi.value == "mixed"
    assert (states["numpy"].numpy_abi.value, states["numpy"].numpy_min) == ("none", None)


# -- smoke ------------------------------------------------------------------------------------------


def test_a_functional_test_that_fails_says_so_though_everything_imports() -> None:
    test = next(t for t in book().smoke if t.distributions[0] not in ("numpy", "torch"))
    name = test.distributions[0]
    parts = (dist(name, "99"), ext(f"{name.replace('-', '_')}.a", None, name))
    panic = SmokeResult(test.id, name, raised("AssertionError: wrong"))
    shown = judge(*parts, smoke=(panic,))
    assert [(f.severity.value, f.subject) for f in shown.findings] == [("broken", name)]
    assert told(judge(*parts, smoke=(SmokeResult(test.id, name, OK),))) == []
    silent = judge(*parts, smoke=(SmokeResult(test.id, name, NoAnswer(5.0)),))
    assert told(silent) == [("NPD109", "unknown", name)]


# -- assume -----------------------------------------------------------------------------------------


def assumed(name: str, numpy: str) -> Diagnosis:
    return diagnose(replace(patient(name), assumed={"numpy": numpy}, imports={}), book())


def test_assume_older_what_was_built_for_numpy_1_is_healthy_again() -> None:
    shown = assumed("six", "1.26.4")
    assert [f for f in shown.findings if f.severity is Severity.BROKEN] == []
    assert all("assumed" in f.title for f in shown.findings if f.code in ("NPD101", "NPD102"))


def test_assume_newer_what_was_healthy_breaks() -> None:
    six = {f.subject for f in assumed("six", "2.4.0").findings if f.code == "NPD101"}
    assert six >= {"scipy", "pandas", "scikit-learn", "matplotlib", "opencv-python-headless", "scikit-image"}
    assert told(diagnose(replace(patient("small"), imports={}), book())) == []
    small = assumed("small", "2.2.6")
    assert [f for f in small.findings if f.code == "NPD101"] == []


def test_assume_an_older_numpy_than_a_binary_accepts() -> None:
    shown = assumed("small", "1.15.0")
    finding = next(f for f in shown.findings if f.code == "NPD102")
    assert (finding.subject, finding.severity) == ("bottleneck", Severity.BROKEN)
    assert "assumed" in finding.title


def test_assume_says_nothing_of_two_numpys_on_disk() -> None:
    assert "NPD111" not in {f.code for f in assumed("mixed", "2.2.6").findings}


def test_assume_another_distribution() -> None:
    shown = judge(dist("a", "1.0", "b<2"), dist("b", "1.5"), assumed={"b": "2.1"})
    assert told(shown) == [("NPD202", "warning", "a")]


# -- any input --------------------------------------------------------------------------------------

TEXTS = st.one_of(
    st.sampled_from([rule.example for rule in book().signatures]),
    st.sampled_from(
        [
            "No module named 'scipy.lib'",
            "No module named ''",
            "libX.so.1: cannot open shared object file",
            "numpy.core.multiarray failed to import",
        ]
    ),
    st.text(max_size=60),
)
PATHS = st.one_of(
    st.none(),
    st.sampled_from([place("numpy.x"), f"{SITE}/scipy/special/__init__.py", "", "/", "scipy.special"]),
    st.sampled_from([b.path for b in patient("six").binaries]),
    st.text(max_size=20),
)
LINKS = st.builds(
    RaisedException,
    st.sampled_from(["ImportError", "ModuleNotFoundError", "SystemExit", "x.Y", ""]),
    TEXTS,
    st.lists(st.sampled_from(["<string>:1 in f", f"{SITE}/a.py:3 in g", "rubbish", ""]), max_size=3).map(
        tuple
    ),
)
OUTCOMES: st.SearchStrategy[Outcome] = st.one_of(
    st.builds(Imported, st.just(0.1), TEXTS),
    st.builds(Raised, st.lists(LINKS, max_size=3).map(tuple), PATHS, PATHS, st.just(0.1), TEXTS),
    st.builds(Died, st.none() | st.integers(0, 64), st.none() | st.integers(0, 255), PATHS, TEXTS, TEXTS),
    st.builds(NoAnswer, st.floats(0, 1e6), PATHS, TEXTS),
    st.builds(NotTried, TEXTS),
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), name=st.sampled_from(NAMES))
def test_whatever_imports_come_to_the_verdict_stands(data: st.DataObject, name: str) -> None:
    seen = patient(name)
    paths = st.sampled_from([binary.path for binary in seen.binaries])
    outcomes = data.draw(st.dictionaries(paths, OUTCOMES, max_size=8))
    seen = replace(seen, imports={**seen.imports, **outcomes})
    shown = diagnose(seen, book())
    assert shown.findings == diagnose(seen, book()).findings
    assert_sound(shown)


@pytest.mark.parametrize("name", NAMES)
def test_recorded_patients_are_judged_soundly_and_survive_the_codec(name: str) -> None:
    seen = patient(name)
    assert decode(encode(seen)) == seen
    assert_sound(diagnose(seen, book()))
    assert_sound(diagnose(replace(seen, imports={}), book()))
    assert len(encode(seen)) < 150_000


def test_the_order_in_which_imports_arrive_does_not_matter_to_what_is_found() -> None:
    for name in NAMES:
        seen = patient(name)
        turned = replace(seen, imports=dict(reversed(list(seen.imports.items()))))
        assert told(diagnose(seen, book())) == told(diagnose(turned, book()))


def assert_sound(shown: Diagnosis) -> None:
    assert "NPD000" not in {f.code for f in shown.findings}, shown.findings
    weights = [(f.severity.rank, f.cause is not None, f.code, f.subject) for f in shown.findings]
    assert weights == sorted(weights)
    subjects = {f.subject for f in shown.findings}
    for finding in shown.findings:
        assert finding.evidence, finding
        assert finding.code in book().codes
        assert kinds(finding) <= {"binary", "import", "metadata", "nvml", "host", "file", "rule"}
        assert finding.cause is None or finding.cause in subjects, finding
        assert finding.cause != finding.subject
        assert finding.title
