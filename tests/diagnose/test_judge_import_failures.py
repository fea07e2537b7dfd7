"""NPD104 to NPD110 and NPD112: what an import that failed says, and what only looks like it."""

from __future__ import annotations

import signal
from dataclasses import replace

import pytest
from diagnose_build import (
    OK,
    SITE,
    book,
    dist,
    ext,
    foreign,
    host,
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

from npdoctor.diagnose.engine import diagnose
from npdoctor.model.outcome import Died, NoAnswer, NotTried, Outcome
from npdoctor.model.rules import OptionalModule

PKG = dist("pkg")
BOTH = use("both", minimum="1.20")


# -- NPD104 -----------------------------------------------------------------------------------------


def test_npd104_python_code_that_uses_a_removed_name() -> None:
    said = raised(
        "AttributeError: `np.float_` was removed in the NumPy 2.0 release. Use `np.float64` instead.",
        at="pkg/__init__.py",
        parent="pkg",
    )
    finding = only(judge(PKG, ext("pkg.a"), imports={"pkg.a": said}), "NPD104")
    assert (finding.severity.value, finding.subject, finding.cause) == ("broken", "pkg", None)
    assert kinds(finding) == {"import", "rule"}


def test_npd104_is_no_matter_of_builds_whoever_uses_the_name() -> None:
    text = "AttributeError: `np.NaN` was removed in the NumPy 2.0 release. Use `np.nan` instead."
    said = raised(text, at="old/__init__.py")
    shown = judge(PKG, ext("pkg.a"), dist("old"), imports={"pkg.a": said})
    assert told(shown) == [("NPD104", "broken", "old"), ("NPD110", "broken", "pkg")]
    root, consequence = shown.findings
    assert "np.NaN" in root.message
    assert root.evidence[0].source.endswith("old/__init__.py")
    assert consequence.cause == "old"


def test_npd104_not_for_another_modules_missing_name() -> None:
    said = raised("AttributeError: module 'pkg.core' has no attribute 'float_'", at="pkg/__init__.py")
    assert only(judge(PKG, ext("pkg.a"), imports={"pkg.a": said}), "NPD110").subject == "pkg"


# -- NPD105 -----------------------------------------------------------------------------------------


def test_npd105_by_reading_alone() -> None:
    finding = only(judge(PKG, foreign("pkg.lib")), "NPD105")
    assert (finding.severity.value, finding.subject) == ("broken", "pkg")
    assert "cpython-310" in finding.title
    assert kinds(finding) == {"binary"}


def test_npd105_sees_through_no_module_named() -> None:
    lib = foreign("pkg.lib")
    said = raised("ModuleNotFoundError: No module named 'pkg.lib'", at="pkg/__init__.py", parent="pkg")
    finding = only(judge(PKG, lib, imports={lib.path: said}), "NPD105")
    assert finding.severity.value == "broken"
    assert kinds(finding) == {"import"}


def test_npd105_one_module_of_many_is_a_warning_and_a_twin_for_this_python_is_nothing() -> None:
    assert only(judge(PKG, ext("pkg.a"), foreign("pkg.lib")), "NPD105").severity.value == "warning"
    assert told(judge(PKG, ext("pkg.lib"), foreign("pkg.lib"))) == []


def test_npd105_not_for_what_loads_all_the_same() -> None:
    lib = foreign("pkg.lib")
    assert told(judge(PKG, lib, imports={lib.path: OK})) == []


def test_trap_11_numpy_for_another_python_is_not_a_source_directory() -> None:
    core = foreign("numpy._core._multiarray_umath")
    text = (
        "ImportError: Error importing numpy: you should not try to import numpy from\n        its source "
        "directory; please exit the numpy source tree, and relaunch\n        your python interpreter from "
        "there.\nOriginal error was: No module named 'numpy._core._multiarray_umath'"
    )
    finding = only(judge(core, imports={core.path: raised(text)}), "NPD105")
    assert finding.subject == "numpy"


# -- NPD106 -----------------------------------------------------------------------------------------

LIBGL = "ImportError: libGL.so.1: cannot open shared object file: No such file or directory"


def test_npd106_by_reading_then_by_import() -> None:
    lacking = ext("pkg", missing=("libGL.so.1",))
    assert only(judge(PKG, lacking), "NPD106").severity.value == "warning"
    proved = only(judge(PKG, lacking, imports={"pkg": raised(LIBGL, failed_in=place("pkg"))}), "NPD106")
    assert proved.severity.value == "broken"
    assert "libGL.so.1" in proved.title
    assert "import" in kinds(proved)


def test_npd106_not_where_the_import_succeeds_nor_where_the_search_is_unknown() -> None:
    lacking = ext("pkg.a", missing=("libGL.so.1",))
    assert told(judge(PKG, lacking, imports={"pkg.a": OK})) == []
    assert told(judge(PKG, lacking, libraries_known=False)) == []


def test_npd106_the_driver_library_is_no_fault_of_the_package() -> None:
    lacking = ext("pkg.a", missing=("libcuda.so.1",))
    assert told(judge(PKG, lacking)) == []
    said = raised(LIBGL.replace("libGL", "libcuda"), failed_in=place("pkg.a"), parent="pkg")
    assert only(judge(PKG, lacking, imports={"pkg.a": said}), "NPD106").severity.value == "warning"


def test_npd106_an_optional_leaf_of_a_package_that_imports_is_information() -> None:
    said = raised(LIBGL, failed_in=place("pkg.a"))
    finding = only(judge(PKG, ext("pkg.a"), ext("pkg.b"), imports={"pkg.a": said, "pkg.b": OK}), "NPD106")
    assert finding.severity.value == "info"


def test_npd106_a_helper_library_that_is_no_module_is_not_missed_by_reading() -> None:
    plugin = ext("pkg.plugin", module=None, module_stem=None, python_tag=None, missing=("libtbb.so.12",))
    assert told(judge(PKG, plugin)) == []


def test_npd106_for_an_absent_package_is_not_numpys_business() -> None:
    said = raised(
        "ImportError: libfoo.so.3: cannot open shared object file: No such file or directory", parent="pkg"
    )
    assert told(judge(PKG, ext("pkg.a"), imports={"pkg.a": said}))[0][0] == "NPD106"


# -- NPD107 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("library", "version"),
    [("libc.so.6", "GLIBC_2.38"), ("libstdc++.so.6", "GLIBCXX_3.4.32"), ("libstdc++.so.6", "CXXABI_1.3.99")],
)
def test_npd107_by_reading(library: str, version: str) -> None:
    finding = only(judge(PKG, ext("pkg.a", version_needs=(need(library, version),))), "NPD107")
    assert (finding.severity.value, finding.subject) == ("broken", "pkg")
    assert version in finding.title
    assert kinds(finding) == {"binary"}


@pytest.mark.parametrize(
    ("library", "version"),
    [
        ("libc.so.6", "GLIBC_2.4"),
        ("libc.so.6", "GLIBC_2.35"),
        ("libc.so.6", "GLIBC_PRIVATE"),
        ("libstdc++.so.6", "GLIBCXX_3.4"),
        ("libgomp.so.1", "GOMP_9.9"),
    ],
)
def test_npd107_not_for_what_the_machine_offers_or_nobody_knows(library: str, version: str) -> None:
    assert told(judge(PKG, ext("pkg.a", version_needs=(need(library, version),)))) == []


def test_npd107_not_where_the_import_succeeds_or_the_machine_is_unknown() -> None:
    lacking = ext(
        "pkg.a", version_needs=(need("libc.so.6", "GLIBC_2.99"), need("libstdc++.so.6", "GLIBCXX_9"))
    )
    assert told(judge(PKG, lacking, imports={"pkg.a": OK})) == []
    assert told(judge(PKG, lacking, host=host(libc=None, library_versions={}))) == []
    assert told(judge(PKG, lacking, host=host(libc=("musl", "1.2"), library_versions={}))) == []


def test_npd107_by_the_text_of_the_loader_is_one_finding_with_what_was_read() -> None:
    said = raised("ImportError: /lib/libc.so.6: version `GLIBC_2.38' not found (required by a.so)")
    lacking = ext("pkg.a", version_needs=(need("libc.so.6", "GLIBC_2.38"),))
    finding = only(judge(PKG, lacking, imports={"pkg.a": said}), "NPD107")
    assert kinds(finding) >= {"binary", "import"}


def test_npd107_an_undefined_symbol() -> None:
    said = raised(f"ImportError: {place('flash_attn_2_cuda')}: undefined symbol: _ZN3c105ErrorC2E")
    flash = (dist("flash-attn"), ext("flash_attn_2_cuda", None, "flash-attn"))
    finding = judge(*flash, imports={"flash_attn_2_cuda": said}).findings[0]
    assert (finding.code, finding.severity.value, finding.subject) == ("NPD107", "broken", "flash-attn")


# -- NPD108, NPD109, NPD112 -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "death",
    [
        Died(signal.SIGSEGV, None, place("pkg.a"), "ended by SIGSEGV (11)"),
        Died(signal.SIGABRT, None, None, "ended by SIGABRT (6)"),
        Died(None, 0, "pkg.a", "ended the process with exit status 0"),
        Died(None, None, None, "killed the process that started it"),
    ],
)
def test_npd108_an_import_that_ends_the_process(death: Died) -> None:
    finding = only(judge(PKG, ext("pkg.a"), imports={"pkg.a": death}), "NPD108")
    assert (finding.severity.value, finding.subject) == ("broken", "pkg")
    assert death.detail in finding.title
    assert kinds(finding) == {"import"}


def test_npd108_system_exit_is_one_too() -> None:
    said = raised("SystemExit: 1", at="pkg/__init__.py")
    assert only(judge(PKG, ext("pkg.a"), imports={"pkg.a": said}), "NPD108").severity.value == "broken"


def test_npd108_in_the_file_of_another_distribution_has_that_one_as_its_cause() -> None:
    died = Died(signal.SIGSEGV, None, place("base.core"), "ended by SIGSEGV (11)")
    shown = judge(
        PKG, ext("pkg.a"), dist("base"), ext("base.core"), imports={"pkg.a": died, "base.core": died}
    )
    assert told(shown) == [("NPD108", "broken", "base"), ("NPD110", "broken", "pkg")]
    assert shown.findings[1].cause == "base"


def test_npd109_no_answer_is_unknown_and_neither_broken_nor_healthy() -> None:
    shown = judge(PKG, ext("pkg.a"), ext("pkg.b"), imports={"pkg.a": NoAnswer(20.0), "pkg.b": OK})
    finding = only(shown, "NPD109")
    assert finding.severity.value == "unknown"
    assert "20" in finding.title
    assert "--timeout 60" in finding.remedy
    assert [s.state for s in shown.distributions if s.name == "pkg"] == ["unknown"]


def test_npd109_what_was_not_tried_is_unknown() -> None:
    finding = only(judge(PKG, ext("pkg.a"), imports={"pkg.a": NotTried("no fork")}), "NPD109")
    assert finding.severity.value == "unknown"
    assert finding.message == "no fork"


def test_npd112_an_illegal_instruction_is_not_just_a_crash() -> None:
    died = Died(signal.SIGILL, None, place("pkg.a"), "ended by SIGILL (4)")
    finding = only(judge(PKG, ext("pkg.a"), imports={"pkg.a": died}), "NPD112")
    assert finding.severity.value == "broken"
    assert "CPU" in finding.title


def test_npd112_by_numpys_own_text() -> None:
    said = raised(
        "RuntimeError: NumPy was built with baseline optimizations: \n(X86_V2) "
        "but your machine doesn't support:\n(X86_V2)."
    )
    finding = judge(ext("numpy.core.x"), imports={"numpy.core.x": said}).findings[0]
    assert (finding.code, finding.subject) == ("NPD112", "numpy")


# -- NPD110 -----------------------------------------------------------------------------------------


def test_npd110_what_no_rule_knows_shows_what_was_said() -> None:
    finding = only(judge(PKG, ext("pkg.a"), imports={"pkg.a": raised("ZeroDivisionError: odd")}), "NPD110")
    assert (finding.severity.value, finding.fix) == ("broken", None)
    assert "ZeroDivisionError: odd" in finding.evidence[0].detail


def test_npd110_the_same_failure_of_many_modules_is_one_piece_of_evidence() -> None:
    modules = [f"pkg.m{n}" for n in range(7)]
    said = raised("ZeroDivisionError: odd", parent="pkg")
    finding = only(judge(PKG, *map(ext, modules), imports=dict.fromkeys(modules, said)), "NPD110")
    assert len(finding.evidence) == 1
    assert "(7 modules)" in finding.evidence[0].detail


def test_npd110_an_optional_extra_of_a_package_that_imports_is_information() -> None:
    said = raised("ModuleNotFoundError: No module named 'tbb'")
    finding = only(judge(PKG, ext("pkg.a"), imports={"pkg.a": said}), "NPD110")
    assert finding.severity.value == "info"


def test_a_module_that_the_book_calls_optional_is_not_held_against_its_package() -> None:
    rule = OptionalModule("pkg", "pkg.back.*", "needs a library", "here")
    seen = snapshot(
        PKG, ext("pkg.back.tbb", missing=("libtbb.so.12",)), imports={"pkg.back.tbb": raised(LIBGL)}
    )
    assert told(diagnose(seen, replace(book(), optional=(rule,)))) == []
    assert told(diagnose(replace(seen, imports={}), replace(book(), optional=(rule,)))) == []
    assert told(diagnose(seen, replace(book(), optional=()))) != []


def test_a_module_that_is_optional_does_not_excuse_the_package_it_lies_in() -> None:
    name = "opencv-python"
    assert "cv2.cv2" in {rule.module for rule in book().optional if rule.distribution == name}
    cv2 = ext("cv2.cv2", None, name, missing=("libGL.so.1",))
    said = raised(LIBGL, failed_in=cv2.path, parent="cv2")
    finding = only(judge(dist(name, "4.10.0.84"), cv2, imports={"cv2.cv2": said}), "NPD106")
    assert (finding.severity.value, finding.subject) == ("broken", name)
    alone = raised("ImportError: OpenCV loader: cv2.cv2 by name", failed_in=cv2.path)
    assert told(judge(dist(name, "4.10.0.84"), cv2, imports={"cv2.cv2": alone})) == []


# -- NPD201 by import -------------------------------------------------------------------------------


def test_npd201_a_missing_requirement_that_stops_the_import_is_broken_and_told_once() -> None:
    said = raised("ModuleNotFoundError: No module named 'dateutil'", at="pkg/__init__.py", parent="pkg")
    pkg = dist("pkg", "1.0", "python-dateutil>=2.8.2")
    finding = only(judge(pkg, ext("pkg.a"), imports={"pkg.a": said}), "NPD201")
    assert finding.severity.value == "broken"
    assert finding.fix
    assert finding.fix.pins == ("python-dateutil>=2.8.2",)
    assert kinds(finding) == {"import", "metadata"}


def test_npd201_an_undeclared_one_that_stops_the_package_is_broken_too() -> None:
    said = raised("ModuleNotFoundError: No module named 'attr'", at="pkg/__init__.py", parent="pkg")
    assert only(judge(PKG, ext("pkg.a"), imports={"pkg.a": said}), "NPD201").severity.value == "broken"


# -- NPD111 by import, and look-alikes --------------------------------------------------------------

UFUNC = "ValueError: All ufuncs must have type `numpy.ufunc`. Received (<ufunc 'sph_legendre_p'>)"


def test_trap_6_sph_legendre_p_is_two_numpys_and_never_a_scipy_pin() -> None:
    said = raised(UFUNC, at="scipy/__init__.py", parent="scipy.special")
    shown = judge(dist("scipy", "1.15.2"), ext("scipy.a", BOTH), imports={"scipy.a": said})
    assert {f.code for f in shown.findings} == {"NPD111"}
    assert all(not (f.fix and any(pin.startswith("scipy") for pin in f.fix.pins)) for f in shown.findings)


SIZES: list[tuple[str, str, str]] = [
    ("numpy.dtype", "96 from C header, got 88", "NPD101"),
    ("numpy.ndarray", "96 from C header, got 88", "NPD102"),
    ("numpy.ndarray", "88 from C header, got 80", "NPD102"),
    ("numpy.ufunc", "216 from C header, got 192", "NPD102"),
]


@pytest.mark.parametrize(("kind", "sizes", "code"), SIZES)
def test_trap_4_the_name_of_the_object_decides_which_numpy_is_wrong(kind: str, sizes: str, code: str) -> None:
    text = f"ValueError: {kind} size changed, may indicate binary incompatibility. "
    text += f"Expected {sizes} from PyObject"
    assert only(judge(PKG, ext("pkg.a"), imports={"pkg.a": raised(text)}), code).subject == "pkg"


def test_trap_5_an_api_version_too_high_is_never_answered_with_an_older_numpy() -> None:
    text = "RuntimeError: module compiled against API version 0xe but this version of numpy is 0xd"
    finding = only(judge(PKG, ext("pkg.a"), numpy="1.19.5", imports={"pkg.a": raised(text)}), "NPD102")
    assert "numpy<" not in finding.remedy


@pytest.mark.parametrize(
    ("text", "right", "wrong"),
    [
        ("TypeError: Descriptors cannot be created directly.", "NPD2", "NPD101"),
        ("ModuleNotFoundError: No module named 'numpy._core'", "NPD1", "NPD101"),
        ("AttributeError: module 'numpy' has no attribute 'bool'", "NPD104", "NPD101"),
    ],
)
def test_traps_16_22_23_are_not_taken_for_a_numpy_1_build(text: str, right: str, wrong: str) -> None:
    shown = judge(PKG, ext("pkg.a"), imports={"pkg.a": raised(text)}, numpy="1.26.4")
    assert all(f.code.startswith(right) and f.code != wrong for f in shown.findings), told(shown)


def test_trap_20_a_wrapper_is_seen_through() -> None:
    said = raised(
        "RuntimeError: Failed to import transformers.models.x because of the following error "
        "(look up to see its traceback):",
        SIZE_TEXT,
        failed_in=place("scipy.a"),
    )
    shown = judge(
        PKG,
        ext("pkg.a"),
        dist("scipy", "1.11.4"),
        ext("scipy.a", use("numpy1", "cython")),
        imports={"pkg.a": said, "scipy.a": raised(SIZE_TEXT, failed_in=place("scipy.a"))},
    )
    assert [(f.code, f.subject, f.cause) for f in shown.findings] == [
        ("NPD101", "scipy", None),
        ("NPD110", "pkg", "scipy"),
    ]


SIZE_TEXT = (
    "ValueError: numpy.dtype size changed, may indicate binary incompatibility. "
    "Expected 96 from C header, got 88 from PyObject"
)


def test_a_path_no_binary_has_does_not_stop_the_judgement() -> None:
    gone: dict[str, Outcome] = {f"{SITE}/gone.so": NotTried("gone"), f"{SITE}/other.so": raised("X: y")}
    assert told(judge(PKG, imports=gone)) == []
