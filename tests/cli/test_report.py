"""`npdoctor report` and `check --format` through main(): files, formats, exit codes."""

from __future__ import annotations

import json
import re
import stat
import sys
from pathlib import Path

import pytest

from npdoctor.cli.app import main

sys.path.insert(0, str(Path(__file__).parent))
import stand_in

HERE = ["--python", sys.executable, "-q"]
FORMS = ("text", "markdown", "html", "json", "sarif", "github")
Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "npdoctor.checkup", stand_in.checkup())
    monkeypatch.delitem(sys.modules, "npdoctor.cli.progress", raising=False)
    monkeypatch.setenv("HOME", "/home/alice")
    monkeypatch.delenv("STAND_IN", raising=False)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    stand_in.requests.clear()


def codes(text: str) -> set[str]:
    return set(re.findall(r"NPD\d{3}", text))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("what", "options", "code"),
    [
        ("broken", [], 1),
        ("healthy", [], 0),
        ("warning", ["--fail-on", "warning"], 1),
        ("unknown", ["--strict"], 3),
        ("broken", ["--ignore", "NPD1"], 0),
    ],
)
def test_the_verdict_is_the_same_in_every_format(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch, form: str, what: str, options: list[str], code: int
) -> None:
    monkeypatch.setenv("STAND_IN", what)
    assert main(["report", *HERE, *options, "--format", form]) == code
    out, err = capsys.readouterr()
    assert err == ""
    assert "alice" not in out
    if form == "json":
        assert json.loads(out)["exit_code"] == code
    elif form == "sarif":
        assert json.loads(out)["runs"][0]["invocations"][0]["exitCode"] == code
    else:
        assert re.search(rf"(?i)exit( code)? {code}", out)


@pytest.mark.parametrize("form", ["markdown", "html", "sarif", "github"])
def test_check_takes_the_formats_of_a_report(capsys: Captured, form: str) -> None:
    assert main(["check", *HERE, "--json"]) == 1
    wanted = {f["code"] for f in json.loads(capsys.readouterr().out)["findings"]}
    assert main(["check", *HERE, "--format", form]) == 1
    assert codes(capsys.readouterr().out) == wanted
    assert len(wanted) == 5


def test_the_declaring_files_of_the_folder_are_audited(capsys: Captured) -> None:
    Path("requirements.txt").write_text("scipy\n")
    Path("notes.txt").write_text("pandas\n")
    assert main(["report", *HERE, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [source["path"] for source in found["audit"]["sources"]] == ["requirements.txt"]
    assert "NPD501" in {f["code"] for f in found["findings"]}
    assert found["audit"]["corrections"][0]["path"] == "requirements.txt"
    assert Path("requirements.txt").read_text() == "scipy\n"


def test_only_the_named_files_are_audited(capsys: Captured) -> None:
    Path("requirements.txt").write_text("scipy\n")
    Path("other.txt").write_text("pandas>=2.2.2\n")
    main(["report", "other.txt", *HERE, "--json"])
    found = json.loads(capsys.readouterr().out)
    assert [source["path"] for source in found["audit"]["sources"]] == ["other.txt"]


def test_without_a_file_nothing_is_said_to_be_audited(capsys: Captured) -> None:
    main(["report", *HERE])
    assert "No file that declares requirements was audited" in capsys.readouterr().out


def test_a_found_file_that_cannot_be_audited_is_named_and_no_obstacle(capsys: Captured) -> None:
    Path("pyproject.toml").write_text("[project\n")
    assert main(["report", *HERE]) == 1
    assert "pyproject.toml could not be audited" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["missing.txt"], "missing.txt is no file"),
        (["--assume", "numpy==2.2.6", "--online"], "--assume has no place"),
        (["--assume", "numpy==2.2.6", "--rehearse"], "--assume has no place"),
        (["--rehearse", "--offline"], "takes the network"),
        (["--format", "yaml"], "invalid choice"),
    ],
)
def test_wrong_usage(capsys: Captured, options: list[str], words: str) -> None:
    assert main(["report", *HERE, *options]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert stand_in.requests == []


def test_codes_are_chosen_in_files_as_in_the_environment(capsys: Captured) -> None:
    Path("requirements.txt").write_text("scipy\n")
    main(["report", *HERE, "--select", "NPD5", "--json"])
    assert {f["code"] for f in json.loads(capsys.readouterr().out)["findings"]} == {"NPD501"}
    main(["report", *HERE, "--ignore", "NPD5"])
    out = capsys.readouterr().out
    assert "1 finding left out by --select or --ignore" in out


def test_what_the_config_ignores_is_named(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    Path("requirements.txt").write_text("scipy\n")
    path = tmp_path / "config.toml"
    path.write_text('[[ignore]]\ncode = "NPD501"\nsubject = "scipy"\nreason = "in /home/alice"\n')
    monkeypatch.setenv("NPDOCTOR_CONFIG", str(path))
    main(["report", *HERE])
    assert "Ignored by the config file: NPD501 scipy (in ~)" in capsys.readouterr().out
    main(["report", *HERE, "--format", "sarif"])
    results = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    hidden = [r for r in results if "suppressions" in r]
    assert [(r["ruleId"], r["suppressions"][0]["justification"]) for r in hidden] == [("NPD501", "in ~")]


def test_a_report_goes_to_a_file(capsys: Captured, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    assert main(["report", *HERE, "--format", "html", "-o", str(page), "--no-redact"]) == 1
    assert capsys.readouterr().out == ""
    assert page.read_text().startswith("<!DOCTYPE html>")
    assert "/home/alice/venv" in page.read_text()
    assert stat.S_IMODE(page.stat().st_mode) == 0o600


def test_ascii_reaches_the_text(capsys: Captured) -> None:
    main(["report", *HERE, "--ascii", "--color", "always"])
    out = capsys.readouterr().out
    assert out.isascii()
    assert "\x1b[" in out
