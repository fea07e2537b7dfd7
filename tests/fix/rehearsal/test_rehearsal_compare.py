"""Who is looked at again, and what counts as worse."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rehearsal_patient import change, plan_of

from npdoctor.fix.rehearsal.affected import affected
from npdoctor.fix.rehearsal.compare import better, broken, completed, grown_worse, unmended
from npdoctor.fix.rehearsal.ownership import Room
from npdoctor.model.binary import Binary, NumpyAbi, NumpyApi, NumpyUse
from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.distribution import Distribution
from npdoctor.model.finding import Finding, Severity
from npdoctor.model.host import Host
from npdoctor.model.mending import Mending
from npdoctor.model.outcome import Imported, Outcome, Raised, RaisedException
from npdoctor.model.plan import Rehearsal
from npdoctor.model.snapshot import SmokeResult, Snapshot
from sample_target import linux_target

SITE, COPY = "/venv/site", "/venv/.npdoctor/rehearsal-1/site"
ROOMS = (Room(SITE, COPY),)
HOST = Host("Linux", "x86_64", None, {}, frozenset(), "", (), False)
USES_NUMPY = NumpyUse(NumpyAbi.NUMPY2, NumpyApi.IMPORT_ARRAY, None, ())


def dist(name: str, *requires: str) -> Distribution:
    return Distribution(name, name, "1", SITE, f"{SITE}/{name}", "pip", requires, None, (), None, True)


def binary(name: str, site: str = SITE, numpy: NumpyUse | None = None) -> Binary:
    path = f"{name}/x.so"
    module = f"{name}.x"
    return Binary(f"{site}/{path}", name, path, 1, module, module, None, None, (), (), (), numpy)


def snapshot(*parts: Distribution | Binary, imports: dict[str, Outcome] | None = None) -> Snapshot:
    return Snapshot(
        linux_target(),
        tuple(p for p in parts if isinstance(p, Distribution)),
        (),
        (),
        tuple(p for p in parts if isinstance(p, Binary)),
        (),
        None,
        (),
        (),
        HOST,
        imports=imports or {},
    )


def finding(code: str, severity: Severity, subject: str, cause: str | None = None) -> Finding:
    return Finding(code, severity, subject, "1", "", "", (), cause=cause)


def verdict(*findings: Finding, seen: Snapshot | None = None) -> Diagnosis:
    return Diagnosis(seen or snapshot(), findings, ())


def test_dependents_by_any_way_are_affected() -> None:
    seen = snapshot(
        dist("low"),
        dist("middle", "low>=1"),
        dist("high", "Middle"),
        dist("elsewhere", "low; sys_platform == 'win32'"),
        dist("extra", "low; extra == 'all'"),
        *map(binary, ("low", "high", "elsewhere", "extra")),
    )
    assert affected(plan_of(change("low", "1", "2")), verdict(seen=seen)) == {"low", "high"}


def test_a_circle_of_requirements_ends() -> None:
    seen = snapshot(dist("one", "two"), dist("two", "one"), binary("one"), binary("two"))
    assert affected(plan_of(change("one", "1", "2")), verdict(seen=seen)) == {"one", "two"}


def test_who_suffers_from_a_change_is_affected() -> None:
    seen = snapshot(dist("victim"), dist("other"), binary("victim"), binary("other"))
    found = (
        finding("NPD110", Severity.BROKEN, "victim", "root"),
        finding("NPD110", Severity.BROKEN, "other"),
    )
    plan = plan_of(change("root", "1", "2"))
    assert affected(plan, verdict(*found, seen=seen)) == {"root", "victim"}
    named = replace(plan, subjects=("other", "absent"))
    assert affected(named, verdict(*found, seen=seen)) == {"root", "victim", "other"}


def test_with_numpy_all_that_is_built_against_it_is_affected() -> None:
    seen = snapshot(binary("undeclared", numpy=USES_NUMPY), binary("free"))
    assert affected(plan_of(change("numpy", "1", "2")), verdict(seen=seen)) == {"numpy", "undeclared"}
    assert affected(plan_of(change("scipy", "1", "2")), verdict(seen=seen)) == {"scipy"}


@pytest.mark.parametrize(
    ("before", "after", "worse"),
    [
        ([], [("NPD110", Severity.BROKEN)], True),
        ([], [("NPD202", Severity.WARNING)], True),
        ([("NPD202", Severity.WARNING)], [("NPD110", Severity.BROKEN)], True),
        ([("NPD109", Severity.UNKNOWN)], [("NPD202", Severity.WARNING)], True),
        (
            [("NPD202", Severity.WARNING)],
            [("NPD202", Severity.WARNING), ("NPD103", Severity.WARNING)],
            True,
        ),
        ([("NPD101", Severity.BROKEN)], [("NPD104", Severity.BROKEN)], False),
        ([("NPD101", Severity.BROKEN)], [("NPD202", Severity.WARNING)], False),
        ([("NPD202", Severity.WARNING)], [("NPD202", Severity.WARNING)], False),
        ([], [("NPD109", Severity.UNKNOWN)], False),
        ([], [("NPD110", Severity.INFO)], False),
        ([("NPD101", Severity.BROKEN)], [], False),
    ],
)
def test_what_counts_as_worse(
    before: list[tuple[str, Severity]], after: list[tuple[str, Severity]], worse: bool
) -> None:
    earlier = verdict(*(finding(code, severity, "it") for code, severity in before))
    later = verdict(*(finding(code, severity, "it") for code, severity in after))
    assert grown_worse(earlier, later) == (("it",) if worse else ())


def test_only_the_broken_are_broken() -> None:
    found = [finding("NPD110", Severity.BROKEN, name) for name in ("b", "a", "b")]
    assert broken(verdict(*found, finding("NPD202", Severity.WARNING, "c"))) == ("a", "b")


def test_outcomes_are_kept_for_what_was_not_imported_again() -> None:
    link = RaisedException(
        "ImportError", "no", (f"{SITE}/kept/__init__.py:1 in <module>", "/usr/x.py:1 in y")
    )
    failed = Raised((link,), f"{SITE}/kept/x.so", None, 0.1)
    old: dict[str, Outcome] = {f"{SITE}/kept/x.so": failed, f"{SITE}/again/x.so": failed}
    before = snapshot(binary("kept"), binary("again"), binary("gone"), imports=old)
    before = replace(before, smoke=(SmokeResult("t", "kept", failed), SmokeResult("u", "again", failed)))
    fresh: dict[str, Outcome] = {f"{COPY}/again/x.so": Imported(0.2)}
    after = snapshot(binary("kept", COPY), binary("again", COPY), imports=fresh)
    whole = completed(after, before, {"again"}, ROOMS)
    assert set(whole.imports) == {f"{COPY}/kept/x.so", f"{COPY}/again/x.so"}
    assert whole.imports[f"{COPY}/again/x.so"] == Imported(0.2)
    kept = whole.imports[f"{COPY}/kept/x.so"]
    assert isinstance(kept, Raised)
    assert kept.failed_in == f"{COPY}/kept/x.so"
    assert kept.exceptions[0].frames == (f"{COPY}/kept/__init__.py:1 in <module>", "/usr/x.py:1 in y")
    assert [result.id for result in whole.smoke] == ["t"]


def test_what_was_changed_and_stays_broken_may_have_a_better_release() -> None:
    changes = (
        change("numpy", "1", "2"),
        change("again", "1", "1"),
        change("gone", "1", None),
        change("mended", "1", "2"),
        change("still", "1", "2"),
    )
    rehearsal = Rehearsal(("mended", "still"), ("again", "gone", "numpy", "other", "still"))
    assert unmended(changes, rehearsal) == {"still": "2"}


def test_of_two_tries_the_one_that_leaves_less_broken_counts() -> None:
    def tried(*after: str, worse: tuple[str, ...] = ()) -> Mending:
        return Mending(plan_of(), Rehearsal(("a", "b"), after, worse))

    first, unrehearsed = tried("a", "b"), Mending(plan_of(), unrehearsed="no room")
    assert better(None, first) is first
    assert better(first, tried("a")).rehearsal == Rehearsal(("a", "b"), ("a",))
    assert better(first, tried("a", "c")) is first
    assert better(tried("a", worse=("a",)), tried("a")).rehearsal == Rehearsal(("a", "b"), ("a",))
    assert better(first, unrehearsed) is first
    assert better(unrehearsed, first) is unrehearsed
