"""`npdoctor audit` as a person and a program meet it: files in, verdict and exit code out, nothing lost."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from npdoctor.cli.app import main

SEED = Path(__file__).parent.parent / "audit/seed"
SCHEMA: dict[str, Any] = json.loads((files("npdoctor") / "report/schema/audit-1.json").read_text())
LINES = """\
# the stack
scipy            # special functions
pandas==2.1.4
torch>=2.3.1,<2.5.0
tomli; python_version < "3.0"
no-such-thing-known
"""
BASE = "FROM python:3.11-slim\nCOPY . .\nRUN python -m pip check\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "requirements.txt").write_text(LINES)
    (tmp_path / "Dockerfile").write_text(BASE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def audit(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = main(["audit", *arguments, "--json", "-q"])
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    assert document["exit_code"] == code
    return code, document


def states(document: dict[str, Any]) -> dict[str, str]:
    return {found["name"]: found["state"] for found in document["distributions"]}


def test_the_schema_itself_is_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_every_line_is_judged_and_the_broken_one_fails(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, document = audit(capsys, "requirements.txt", "Dockerfile", "--assume", "numpy==2.2.6")
    assert code == 1
    assert document["basis"]["numpy"] == "2.2.6"
    assert document["basis"]["python"] == "3.11"
    assert document["assumed"] == {"numpy": "2.2.6"}
    assert states(document) == {
        "no-such-thing-known": "unknown",
        "pandas": "broken",
        "scipy": "warning",
        "torch": "ok",
    }
    found = {f["subject"]: f for f in document["findings"] if f["code"] != "NPD504"}
    assert {name: f["code"] for name, f in found.items()} == {
        "pandas": "NPD501",
        "scipy": "NPD501",
        "no-such-thing-known": "NPD505",
    }
    assert found["scipy"]["fix"]["specifier"] == ">=1.13.0"
    assert found["scipy"]["evidence"][0] == {
        "kind": "file", "source": "requirements.txt:2", "detail": "scipy",
    }  # fmt: skip
    assert found["pandas"]["version"] == "2.1.4"
    assert [line["name"] for line in document["not_applying"]] == ["tomli"]
    assert document["written"] == []
    assert (project / "requirements.txt").read_text() == LINES


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], 1),
        (["--ignore", "NPD501"], 0),
        (["--ignore", "NPD501", "--strict"], 3),
        (["--select", "NPD505"], 0),
        (["--fail-on", "never"], 0),
        (["--fail-on", "warning", "--ignore", "NPD504"], 1),
    ],
)
def test_the_exit_code_follows_the_options(
    project: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int
) -> None:
    assert audit(capsys, "requirements.txt", "Dockerfile", *arguments)[0] == code


def test_a_finding_that_the_person_ignores_does_not_count(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = project / "config.toml"
    config.write_text('[[ignore]]\ncode = "NPD501"\nsubject = "pandas"\nreason = "goes next week"\n')
    monkeypatch.setenv("NPDOCTOR_CONFIG", str(config))
    code, document = audit(capsys, "requirements.txt", "Dockerfile")
    assert code == 0
    assert [(i["subject"], i["reason"]) for i in document["ignored"]] == [("pandas", "goes next week")]
    assert states(document)["pandas"] == "ok"
    assert states(document)["scipy"] == "warning"


def test_what_is_written_is_taken_back_by_undo(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, document = audit(capsys, "requirements.txt", "Dockerfile", "--write")
    assert document["undo"]
    written = (project / "requirements.txt").read_text()
    assert written == LINES.replace("scipy   ", "scipy>=1.13.0   ").replace("pandas==2.1.4", "pandas>=2.2.2")
    assert states(audit(capsys, "requirements.txt", "Dockerfile")[1])["pandas"] == "ok"
    assert main(["fix", "--undo", "-q"]) == 0
    assert (project / "requirements.txt").read_text() == LINES


def test_the_text_has_the_verdict_first_and_the_diff(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", "requirements.txt", "Dockerfile"]) == 1
    out, _ = capsys.readouterr()
    first, _, rest = out.partition("✗ NPD501")
    assert "Not ready for NumPy" in first
    assert "pandas" in first
    assert "\x1b" not in out
    assert "+pandas>=2.2.2" in rest
    assert "Nothing was written. npdoctor audit --write writes this." in rest
    assert "ok torch" in rest
    assert out.rstrip().endswith("exit 1")


def test_numpy_1_lines_hold_numpy(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "requirements.txt").write_text("numpy<2\nrequests\n")
    code, document = audit(capsys, "requirements.txt", "Dockerfile")
    assert code == 0
    assert document["basis"]["numpy"] == "1.26.4"
    assert states(document) == {"numpy": "warning", "requests": "ok"}
    code, document = audit(capsys, "requirements.txt", "Dockerfile", "--assume", "numpy==2.2.6")
    assert code == 1
    assert states(document)["numpy"] == "broken"


def test_a_project_without_trouble_has_no_finding(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "requirements.txt").write_text("numpy>=2,<3\nscipy>=1.13.0\nrequests\n")
    code, document = audit(capsys, "requirements.txt", "--strict")
    assert (code, document["findings"], document["corrections"]) == (0, [], [])


def test_a_lock_keeps_low_versions_out(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "requirements.txt").write_text("scipy\n")
    lock = 'version = 1\nrequires-python = ">=3.11"\n\n[[package]]\nname = "scipy"\nversion = "{}"\n'
    lock += 'source = {{ registry = "https://pypi.org/simple" }}\n'
    (project / "uv.lock").write_text(lock.format("1.13.1"))
    files = ("requirements.txt", "uv.lock", "Dockerfile", "--select", "NPD501")
    assert audit(capsys, *files)[1]["findings"] == []
    (project / "uv.lock").write_text(lock.format("1.12.0"))
    code, document = audit(capsys, *files)
    assert (code, document["findings"][0]["severity"]) == (1, "broken")
    assert (project / "uv.lock").read_text() == lock.format("1.12.0")


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ([], "FILE"),
        (["nowhere.txt"], "nowhere.txt"),
        (["requirements.txt", "--assume", "scipy==1.0"], "numpy==VERSION"),
        (["requirements.txt", "--select", "NPD999"], "no code begins with"),
        (["requirements.txt", "--online", "--offline"], "not allowed with"),
    ],
)
def test_wrong_usage_is_said(
    project: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], word: str
) -> None:
    assert main(["audit", *arguments]) == 2
    out, err = capsys.readouterr()
    assert word in err
    assert out == ""


def test_the_hand_written_audit_is_bettered_without_network(capsys: pytest.CaptureFixture[str]) -> None:
    code, document = audit(capsys, str(SEED / "requirements.txt"), str(SEED / "Dockerfile"))
    found = states(document)
    assert code == 0
    wrong = {name: state for name, state in found.items() if state != "ok"}
    assert wrong == {"docstrange": "warning", "pandas": "warning", "scipy": "warning"}
    right = {d["name"]: d["recommended"] for d in document["distributions"] if d["recommended"]}
    assert right == {"pandas": ">=2.2.2", "scipy": ">=1.13.0"}
    held = next(f for f in document["findings"] if f["code"] == "NPD502")
    assert held["subject"] == "docstrange"
    assert any(f["code"] == "NPD504" for f in document["findings"])
