"""NPD111, NPD113 and NPD201 to NPD208: what is installed, and how."""

from __future__ import annotations

from dataclasses import replace

import pytest
from diagnose_build import (
    CORE,
    SITE,
    book,
    dist,
    ext,
    judge,
    kinds,
    numpy_on_disk,
    only,
    snapshot,
    told,
    use,
)

from npdoctor.diagnose.engine import diagnose
from npdoctor.model.binary import UnreadBinary
from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.distribution import Distribution, FileDamage, Leftover, Overlap, UnreadableMetadata
from npdoctor.model.finding import Severity
from npdoctor.model.host import StaleProcess
from npdoctor.model.rules import Pairing
from npdoctor.model.snapshot import Shadow
from sample_target import linux_target

BOTH_CORES = (f"core/{CORE}", f"_core/{CORE}")
TWO_RECORDS = (dist("numpy", "1.26.4"), dist("numpy", "2.2.6", effective=False))


def on_disk(
    *parts: Distribution, version: str, cores: tuple[str, ...] = (), unowned: tuple[str, ...] = ()
) -> Diagnosis:
    disk = numpy_on_disk(version, cores, unowned)
    return diagnose(replace(snapshot(*parts), numpy=disk), book())


# -- NPD111 -----------------------------------------------------------------------------------------


def test_npd111_two_c_cores_in_one_folder() -> None:
    unowned = ("numpy/_core/x.py", "numpy/_core/y.py")
    shown = on_disk(dist("numpy", "1.26.4"), version="1.26.4", cores=BOTH_CORES, unowned=unowned)
    finding = only(shown, "NPD111")
    assert (finding.severity.value, finding.subject, finding.version) == ("broken", "numpy", "1.26.4")
    assert finding.fix is None
    assert "A forced reinstall can leave it broken" in finding.remedy
    assert kinds(finding) == {"file"}
    assert "one of 2 files" in finding.evidence[-1].detail


def test_npd111_two_records_are_told_once_and_with_one_core_only_a_warning() -> None:
    finding = only(on_disk(*TWO_RECORDS, version="1.26.4"), "NPD111")
    assert finding.severity.value == "warning"
    assert kinds(finding) == {"metadata"}


def test_npd111_trap_8_files_of_another_version_than_recorded() -> None:
    finding = only(on_disk(dist("numpy", "2.2.6"), version="1.26.4"), "NPD111")
    assert "says 1.26.4, recorded is 2.2.6" in finding.evidence[0].detail


def test_npd111_not_for_another_numpy_in_another_folder_of_the_path() -> None:
    elsewhere = dist("numpy", "1.24.0", location="/usr/lib/python3/dist-packages", effective=False)
    assert told(on_disk(dist("numpy", "2.2.6"), elsewhere, version="2.2.6")) == []
    beside = dist("numpy", "1.24.0", location="/venv", effective=False)
    assert told(on_disk(dist("numpy", "2.2.6"), beside, version="2.2.6")) == []


def test_npd111_not_for_files_no_record_names_alone() -> None:
    assert told(on_disk(dist("numpy", "2.2.6"), version="2.2.6", unowned=("numpy/mine.py",))) == []


def test_the_version_of_the_files_is_what_is_judged_against() -> None:
    shown = diagnose(
        replace(
            snapshot(*TWO_RECORDS, dist("scipy", "1.11.4"), ext("scipy.a", use("numpy1"))),
            numpy=numpy_on_disk("1.26.4", BOTH_CORES),
        ),
        book(),
    )
    assert told(shown) == [("NPD111", "broken", "numpy")]


# -- NPD113 -----------------------------------------------------------------------------------------


def test_npd113_each_stale_process_is_told_and_nothing_else_is_to_be_changed() -> None:
    library = f"{SITE}/numpy/core/{CORE}"
    shown = judge(StaleProcess(7, "jupyter", (library,)), StaleProcess(9, "python", (library,)))
    assert told(shown) == [("NPD113", "warning", "host")] * 2
    assert {e.source for f in shown.findings for e in f.evidence} == {"/proc/7/maps", "/proc/9/maps"}
    assert all(kinds(f) == {"host"} and f.fix is None for f in shown.findings)
    assert "Restart" in shown.findings[0].remedy


# -- NPD201, NPD202 ---------------------------------------------------------------------------------


def test_npd201_what_is_required_and_not_there() -> None:
    finding = only(judge(dist("a", "1.0", "b>=2", "c")), "NPD201")
    assert (finding.severity.value, finding.subject) == ("warning", "a")
    assert finding.fix
    assert finding.fix.pins == ("b>=2", "c")
    assert kinds(finding) == {"metadata"}


@pytest.mark.parametrize(
    "requirement",
    [
        "missing; extra == 'test'",
        "missing; python_version < '3.11'",
        "missing; sys_platform == 'win32'",
        "missing; platform_machine == 'aarch64'",
        "missing; implementation_name == 'pypy'",
        "this is not a requirement",
    ],
)
def test_npd201_not_for_what_does_not_apply_here(requirement: str) -> None:
    assert told(judge(dist("a", "1.0", requirement))) == []


def test_markers_are_read_for_the_target_and_not_for_npdoctor() -> None:
    a = dist("a", "1.0", "missing; python_version < '3.8'", "gone; python_full_version == '3.7.9'")
    finding = only(judge(a, target=linux_target(version=(3, 7, 9))), "NPD201")
    assert finding.fix
    assert finding.fix.pins == ("missing", "gone")
    there = linux_target(platform="linux-aarch64")
    arm = judge(dist("a", "1.0", "missing; platform_machine == 'aarch64'"), target=there)
    assert told(arm) == [("NPD201", "warning", "a")]


def test_npd202_a_version_that_is_excluded() -> None:
    finding = only(judge(dist("a", "1.0", "B_c<2"), dist("b-c", "2.5")), "NPD202")
    assert (finding.severity.value, finding.subject) == ("warning", "a")
    assert "b-c 2.5" in finding.title
    assert kinds(finding) == {"metadata"}


@pytest.mark.parametrize("found", ["2.0", "2.0.post1", "2.1rc1", "2.0+cu121", "not a version"])
def test_npd202_not_for_versions_that_fit_nor_for_what_is_no_version(found: str) -> None:
    assert told(judge(dist("a", "1.0", "b>=2"), dist("b", found))) == []


def test_npd202_not_for_a_copy_that_another_one_hides() -> None:
    hidden = dist("b", "1.0", effective=False, location="/usr/lib/python3/dist-packages")
    assert told(judge(dist("a", "1.0", "b>=2"), dist("b", "2.0"), hidden)) == []


# -- NPD203, NPD204, NPD205 -------------------------------------------------------------------------


def test_npd203_two_versions_in_one_folder() -> None:
    finding = only(judge(dist("six", "1.16"), dist("six", "1.17", effective=False)), "NPD203")
    assert (finding.severity.value, finding.subject) == ("warning", "six")
    assert [e.detail for e in finding.evidence] == ["six 1.16", "six 1.17"]


def test_npd203_not_for_two_folders_nor_one_version_twice() -> None:
    elsewhere = dist("six", "1.16", effective=False, location="/usr/lib/python3/dist-packages")
    assert told(judge(dist("six", "1.17"), elsewhere)) == []
    assert told(judge(dist("six", "1.17"), dist("six", "1.17", effective=False))) == []


def test_npd204_what_an_interrupted_install_left_is_one_finding_for_each_name() -> None:
    left = [Leftover(f"{SITE}/{name}", "numpy") for name in ("~umpy", "~umpy-1.25.0.dist-info")]
    finding = only(judge(*left), "NPD204")
    assert (finding.severity.value, finding.subject) == ("warning", "numpy")
    assert len(finding.evidence) == 2


def test_trap_9_a_leftover_is_no_second_numpy() -> None:
    left = Leftover(f"{SITE}/~umpy-1.25.0.dist-info", "numpy")
    assert [f.code for f in judge(left).findings] == ["NPD204"]


def test_npd204_metadata_that_cannot_be_read() -> None:
    finding = only(judge(UnreadableMetadata(f"{SITE}/x-1.dist-info", "x", "no METADATA")), "NPD204")
    assert finding.subject == "x"
    assert "no METADATA" in finding.message


def test_npd205_missing_and_changed_files() -> None:
    damage = tuple(FileDamage(f"a/{n}.py", "missing", "is not there") for n in range(8))
    finding = only(judge(dist("a", damage=damage)), "NPD205")
    assert (finding.severity.value, finding.subject) == ("warning", "a")
    assert finding.title.startswith("8 ")
    assert len(finding.evidence) == 5


def test_npd205_not_for_the_damage_of_a_hidden_copy_nor_beside_two_numpys() -> None:
    damage = (FileDamage("a.py", "missing", "is not there"),)
    hidden = dist("a", effective=False, damage=damage, location="/usr/lib/python3/dist-packages")
    assert told(judge(dist("a"), hidden)) == []
    mixed = on_disk(dist("numpy", "1.26.4", damage=damage), version="1.26.4", cores=BOTH_CORES)
    assert told(mixed) == [("NPD111", "broken", "numpy")]


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("file is cut short", [("NPD205", "warning", "a")]),
        ("cannot be opened: permission denied", [("NPD205", "unknown", "a")]),
        ("not an ELF file", []),
        ("a linker script, not a library", []),
        ("a Windows library", []),
    ],
)
def test_npd205_a_compiled_file_that_cannot_be_read(
    reason: str, expected: list[tuple[str, str, str]]
) -> None:
    unread = UnreadBinary(f"{SITE}/a/b.so", "a", "a/b.so", reason)
    assert told(judge(dist("a"), unread)) == expected


# -- NPD206, NPD207, NPD208 -------------------------------------------------------------------------


def test_npd206_two_distributions_that_wrote_the_same_files_each_pair_once() -> None:
    cv = ("opencv-python", "opencv-contrib-python", "opencv-python-headless")
    pairs = [Overlap(cv[0], other, SITE, 90, ("cv2/__init__.py",)) for other in cv[1:]]
    shown = judge(*map(dist, cv), *pairs)
    assert told(shown) == [("NPD206", "warning", "opencv-python")] * 2
    assert all("uninstalling one breaks the other" in f.message for f in shown.findings)
    assert all(kinds(f) == {"file"} for f in shown.findings)


def test_npd207_each_module_that_another_path_hides() -> None:
    shadows = [Shadow(m, "numpy", f"{SITE}/{m}", f"/work/{m}.py", "found first") for m in ("numpy", "random")]
    shown = judge(*shadows)
    assert told(shown) == [("NPD207", "warning", "numpy")] * 2
    stdlib = judge(Shadow("random", None, None, "/work/random.py", "found first"))
    assert told(stdlib) == [("NPD207", "warning", "random")]


PAIR = Pairing(
    "odd", "a", ">=2,<3", "b", "<1.5", Severity.BROKEN, "NPD208", "they differ", "move b", "thread", True
)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("2.1", "1.4", [("NPD208", "broken", "a")]),
        ("2.1+cu121", "1.4rc1", [("NPD208", "broken", "a")]),
        ("3.0", "1.4", []),
        ("2.1", "1.5", []),
        ("2.1", "odd", []),
        ("2.1", None, []),
    ],
)
def test_npd208_a_pair_the_book_knows(a: str, b: str | None, expected: list[tuple[str, str, str]]) -> None:
    parts = (dist("a", a), *([dist("b", b)] if b else []))
    shown = diagnose(snapshot(*parts), replace(book(), pairings=(PAIR,)))
    assert told(shown) == expected
    for finding in shown.findings:
        assert kinds(finding) == {"metadata", "rule"}
        assert finding.message == "they differ"


def test_npd208_every_pair_of_the_real_book_can_fire_and_none_on_versions_outside_it() -> None:
    for rule in book().pairings:
        assert told(diagnose(snapshot(dist(rule.distribution, "0.0.0.dev0")), book())) == [], rule.id
