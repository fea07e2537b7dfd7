"""The text is short, ordered, honest about what is unknown, and safe for a terminal."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sample_diagnosis import broken, diagnosis, finding, state

from npdoctor.model.finding import Evidence, Severity
from npdoctor.report.redact import Redactor
from npdoctor.report.style import Style, wants_color
from npdoctor.report.text import Layout, no_problems, to_text


def lines(layout: Layout = Layout(), code: int = 1, hidden: int = 0) -> list[str]:  # noqa: B008
    return to_text(broken(), Redactor("/home/alice"), "0.1", code, layout, hidden).splitlines()


def test_a_broken_environment_reads_like_this() -> None:
    shown = lines()
    assert shown[0] == "npdoctor 0.1  ~/venv (--python)  Python 3.11.7  NumPy 2.1.3  5 packages"
    assert shown[1] == "  5 extensions"
    assert shown[3] == "✗ NPD101  scipy 1.11.4  built for NumPy 1, NumPy 2.1.3 is installed"
    assert shown[4] == "          scipy/special/_ufuncs_0.so: names numpy.core only"
    assert "          … and 2 more (-v shows all evidence)" in shown
    assert not any("remedy:" in line for line in shown)
    assert "          fix: scipy==1.13.1  (its binaries were read)" in shown
    assert "          because of scipy" in shown
    assert "          more: npdoctor explain NPD110" in shown
    assert shown[-1] == "2 broken, 1 warning, 1 unknown, 1 note, 1 ok.  exit 1"
    assert all(len(line) <= 80 for line in shown)


def test_findings_come_by_weight_with_a_sign_each() -> None:
    signs = [line[:8] for line in lines() if " NPD" in line[:5]]
    assert signs == ["✗ NPD101", "✗ NPD110", "! NPD208", "? NPD109", "· NPD404"]


def test_verbose_shows_all_evidence() -> None:
    shown = "\n".join(lines(Layout(verbose=True)))
    assert "_ufuncs_4.so" in shown
    assert "scipy 1.11.4 was compiled against NumPy 1, so that importing" in shown
    assert "          remedy: Install the first release that serves NumPy 2." in shown
    assert "more (-v" not in shown


def test_ascii_has_no_other_character() -> None:
    found = diagnosis(replace(finding(), message="größer – “quoted” …"))
    text = to_text(found, Redactor(), "0.1", 1, Layout(ascii_only=True, verbose=True))
    assert text.isascii()
    assert "x NPD101" in text
    assert 'gr\\xf6\\xdfer - "quoted" ...' in text


@pytest.mark.parametrize("width", [60, 100, 120])
def test_lines_fit_the_width(width: int) -> None:
    assert all(len(line) <= width for line in lines(Layout(width=width)))


def test_long_paths_stay_whole() -> None:
    path = "/very/long" * 20
    found = diagnosis(replace(finding(), evidence=(Evidence("file", path, "is missing"),)))
    assert any(path in line for line in to_text(found, Redactor(), "0.1", 1, Layout()).splitlines())


def test_long_evidence_is_cut_and_says_so() -> None:
    found = diagnosis(replace(finding(), evidence=(Evidence("import", "x.so", "\n".join("abcdefgh")),)))
    text = to_text(found, Redactor(), "0.1", 1, Layout())
    assert "            … (4 more lines: -v)" in text
    assert "more lines" not in to_text(found, Redactor(), "0.1", 1, Layout(verbose=True))


def test_what_an_import_printed_cannot_steer_the_terminal() -> None:
    said = "\x1b[2J\x1b]0;title\x07bad\x08\x00\x9b1m\u202eabc\rdef"
    found = diagnosis(replace(finding(), evidence=(Evidence("import", "x.so", said),)))
    text = to_text(found, Redactor(), "0.1", 1, Layout())
    assert not any(c in text for c in "\x1b\x07\x08\x00\x9b\u202e\r")


def test_colour_adds_nothing_but_colour() -> None:
    plain, coloured = lines(), lines(Layout(style=Style(True)))
    assert coloured[3].startswith("\x1b[1;31m✗ NPD101\x1b[0m")
    import re

    assert [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in coloured] == plain


def test_no_problems_and_nothing_more() -> None:
    assert no_problems(diagnosis()) == "No problems found. 2 packages, 2 extensions imported. Not checked: 0."
    text = to_text(diagnosis(), Redactor(), "0.1", 0, Layout())
    assert text.endswith(
        "\nNo problems found. 2 packages, 2 extensions imported. Not checked: 0.\n\n"
        "0 broken, 0 warnings, 0 unknown, 2 ok.  exit 0\n"
    )


def test_unknown_is_never_all_good() -> None:
    unknown = diagnosis(finding("NPD109", Severity.UNKNOWN))
    said = "No problems found in what could be checked. 1 thing could not be checked - see ? rows."
    assert no_problems(unknown) == said
    assert said in to_text(unknown, Redactor(), "0.1", 0, Layout(width=100))
    silent = diagnosis(states=(state("scipy", "1", "unknown"), state("numpy", "2", "unknown")))
    assert "2 things could not be checked" in no_problems(silent)


def test_what_was_not_imported_is_not_called_imported() -> None:
    read = tuple(replace(state(name, "1", extensions=2), imported=0) for name in ("numpy", "scipy"))
    assert (
        no_problems(diagnosis(states=read))
        == "No problems found. 2 packages, 4 extensions read but not imported."
    )
    partly = (read[0], state("scipy", "1", extensions=2))
    assert "2 of 4 extensions imported, the others only read" in no_problems(diagnosis(states=partly))
    pure = (state("idna", "3", extensions=0),)
    assert "No compiled extensions here" in no_problems(diagnosis(states=pure))


def test_what_was_left_out_is_said() -> None:
    assert "1 finding left out by --select or --ignore." in lines(hidden=1)


def test_an_unredacted_text_warns_first() -> None:
    text = to_text(broken(), Redactor(enabled=False), "0.1", 1, Layout())
    assert text.startswith("Not redacted: ")


def test_an_assumption_is_shown() -> None:
    found = diagnosis()
    found = replace(found, snapshot=replace(found.snapshot, assumed={"numpy": "1.26.4"}))
    text = to_text(found, Redactor(), "0.1", 0, Layout())
    assert "NumPy 1.26.4" in text
    assert "Judged as if installed: numpy 1.26.4. Nothing was imported." in text


@pytest.mark.parametrize(
    ("mode", "terminal", "environ", "wanted"),
    [
        ("auto", True, {"TERM": "xterm"}, True),
        ("auto", False, {"TERM": "xterm"}, False),
        ("auto", True, {"TERM": "xterm", "NO_COLOR": "1"}, False),
        ("auto", True, {"TERM": "xterm", "NO_COLOR": ""}, True),
        ("auto", True, {"TERM": "dumb"}, False),
        ("auto", True, {}, False),
        ("always", False, {"NO_COLOR": "1", "TERM": "dumb"}, True),
        ("never", True, {"TERM": "xterm"}, False),
    ],
)
def test_when_there_is_colour(mode: str, terminal: bool, environ: dict[str, str], wanted: bool) -> None:
    assert wants_color(mode, terminal, environ) is wanted
