"""`npdoctor check` through main(): options, outputs and exit codes."""

from __future__ import annotations

import json
import os
import stat
import sys
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from npdoctor.cli.app import main

sys.path.insert(0, str(Path(__file__).parent))
import stand_in

HERE = ["--python", sys.executable]
SCHEMA = json.loads((files("npdoctor") / "report/schema/check-1.json").read_text())
Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "npdoctor.checkup", stand_in.checkup())
    monkeypatch.delitem(sys.modules, "npdoctor.cli.progress", raising=False)
    monkeypatch.setattr("npdoctor.rulebook.locate.candidates", lambda: (stand_in.BOOK, stand_in.BOOK))
    monkeypatch.setenv("HOME", "/home/alice")
    monkeypatch.delenv("STAND_IN", raising=False)
    stand_in.requests.clear()


def test_text_goes_to_stdout_and_the_first_line_to_stderr(capsys: Captured) -> None:
    assert main(["check", *HERE]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("npdoctor ")
    assert out.endswith("2 broken, 1 warning, 1 unknown, 1 note, 1 ok.  exit 1\n")
    assert err == f"npdoctor: looking at {sys.executable} (--python)…\n"


def test_quiet_says_nothing_on_stderr(capsys: Captured) -> None:
    assert main(["check", "-q", *HERE]) == 1
    assert capsys.readouterr().err == ""


def test_options_without_a_command_mean_check(capsys: Captured) -> None:
    assert main([*HERE, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["exit_code"] == 1


@pytest.mark.parametrize("form", [["--json"], ["--format", "json"], ["--format=json"]])
@pytest.mark.parametrize(
    ("what", "options", "code"),
    [
        ("broken", [], 1),
        ("healthy", [], 0),
        ("warning", [], 0),
        ("warning", ["--fail-on", "warning"], 1),
        ("broken", ["--fail-on", "never"], 0),
        ("unknown", [], 0),
        ("unknown", ["--strict"], 3),
        ("broken", ["--select", "NPD2"], 0),
        ("broken", ["--ignore", "NPD101,npd1"], 0),
    ],
)
def test_the_verdict_is_the_same_in_every_format(
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    options: list[str],
    code: int,
    form: list[str],
) -> None:
    monkeypatch.setenv("STAND_IN", what)
    assert main(["check", *HERE, *options, *form]) == code
    shown = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator(SCHEMA).validate(shown)
    assert shown["exit_code"] == code
    assert main(["check", *HERE, *options]) == code
    text = capsys.readouterr().out
    assert text.endswith(f"exit {code}\n")
    assert [f["code"] for f in shown["findings"]] == [
        line[2:8] for line in text.splitlines() if line[2:5] == "NPD" and line[0] in "✗!?·"
    ]


def test_what_was_left_out_is_said(capsys: Captured) -> None:
    assert main(["check", *HERE, "--select", "NPD208"]) == 0
    assert "4 findings left out by --select or --ignore." in capsys.readouterr().out


def test_the_request_carries_the_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    main(["check", *HERE, "-q", "--timeout", "2.5", "--jobs", "3", "--smoke"])
    main(["check", *HERE, "-q", "--assume", "NumPy==2.2.6", "--assume", "Sci_Py == 1.13"])
    main(["check", *HERE, "-q", "--no-import"])
    first, second, third = stand_in.requests
    assert (first.python, first.timeout, first.jobs, first.smoke, first.imports) == (
        sys.executable,
        2.5,
        3,
        True,
        True,
    )
    assert first.working_folder == str(tmp_path)
    assert second.assume == {"numpy": "2.2.6", "sci-py": "1.13"}
    assert second.imports is False
    assert third.imports is False
    assert third.assume == {}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--assume", "numpy"], "PKG==VERSION"),
        (["--assume", "numpy=2"], "PKG==VERSION"),
        (["--assume", "numpy>=2"], "PKG==VERSION"),
        (["--assume", "numpy==new"], "is no version"),
        (["--assume", "numpy==2", "--assume", "numpy==1.26.4"], "twice"),
        (["--assume", "numpy==2", "--smoke"], "give one of them"),
        (["--no-import", "--smoke"], "give one of them"),
        (["--timeout", "0"], "seconds"),
        (["--timeout", "nan"], "seconds"),
        (["--timeout", "inf"], "seconds"),
        (["--timeout", "soon"], "seconds"),
        (["--jobs", "0"], "processes"),
        (["--jobs", "1.5"], "processes"),
        (["--jobs", "-1"], ""),
        (["--select", "E501"], "is no code"),
        (["--select", ","], "no code given"),
        (["--ignore", "NPD7"], "no code begins with NPD7"),
        (["--fail-on", "info"], "invalid choice"),
        (["--format", "yaml"], "invalid choice"),
        (["--offline", "--online"], "not allowed"),
        (["--no-such-option"], "unrecognized"),
        (["-o", "/no/such/folder/x"], "does not exist"),
        (["-o", "/"], "is a folder"),
    ],
)
def test_wrong_usage(capsys: Captured, options: list[str], words: str) -> None:
    assert main(["check", *HERE, *options]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "npdoctor: " in err
    assert words in err
    assert stand_in.requests == []


@pytest.mark.parametrize("command", ["compare", "fleet"])
def test_what_is_not_built_does_not_appear_to_work(capsys: Captured, command: str) -> None:
    assert main([command, "--json", "--apply", "x"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert f"{command} is not built yet in this version" in err


def test_online_does_not_appear_to_work(capsys: Captured) -> None:
    assert main(["check", *HERE, "--online"]) == 1
    assert "--online changes nothing" in capsys.readouterr().err


def test_unknown_commands_and_help(capsys: Captured) -> None:
    assert main(["chekc"]) == 2
    assert "invalid choice" in capsys.readouterr().err
    assert main(["--help"]) == 0
    assert "exit codes" in capsys.readouterr().out
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("npdoctor ")


def test_a_target_that_cannot_be_examined(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["check", "--python", "/no/such/python"]) == 3
    assert "npdoctor: No Python at /no/such/python" in capsys.readouterr().err
    monkeypatch.setenv("STAND_IN", "lost")
    assert main(["check", *HERE, "--json"]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith("npdoctor: No Python at /x. Pass --python PATH.\n")


def test_an_interrupt_is_one_line(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAND_IN", "interrupt")
    assert main(["check", *HERE, "-q"]) == 130
    assert capsys.readouterr().err == "npdoctor: interrupted, nothing was changed.\n"


def test_an_own_failure_leaves_a_redacted_private_file(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("STAND_IN", "crash")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert main(["check", *HERE, "-q"]) == 4
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("npdoctor failed (not your environment): KeyError")
    (crash,) = tmp_path.iterdir()
    assert str(crash) in err
    assert stat.S_IMODE(crash.stat().st_mode) == 0o600
    assert "Traceback" in crash.read_text()
    assert "hf_QwErTy" not in err + crash.read_text()


def test_output_is_written_whole_and_follows_links(capsys: Captured, tmp_path: Path) -> None:
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(real)
    assert main(["check", *HERE, "--json", "-o", str(link)]) == 1
    assert capsys.readouterr().out == ""
    assert link.is_symlink()
    assert json.loads(real.read_text())["exit_code"] == 1
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.json", "real.json"]


def test_a_device_is_written_to_and_not_replaced(capsys: Captured) -> None:
    assert main(["check", *HERE, "-o", os.devnull]) == 1
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)
    assert main(["check", *HERE, "-q", "-o", "-"]) == 1
    assert capsys.readouterr().out.startswith("npdoctor ")


def test_nothing_is_hidden_only_on_request(capsys: Captured, tmp_path: Path) -> None:
    main(["check", *HERE, "--json"])
    hidden = json.loads(capsys.readouterr().out)
    assert hidden["target"]["prefix"] == "~/venv"
    assert {"kind": "home", "count": 7} in hidden["redacted"]
    file = tmp_path / "x.json"
    main(["check", *HERE, "--json", "--no-redact", "-o", str(file)])
    shown = json.loads(file.read_text())
    assert shown["target"]["prefix"] == "/home/alice/venv"
    assert shown["redacted"] == []
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_ascii_and_colour(capsys: Captured) -> None:
    main(["check", *HERE, "--ascii", "--color", "always"])
    out = capsys.readouterr().out
    assert out.isascii()
    assert "\x1b[1;31mx NPD101\x1b[0m" in out


def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    monkeypatch.setenv("NPDOCTOR_CONFIG", str(path))


def test_what_the_config_ignores_is_listed_and_not_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    assert main(["check", *HERE, "--json"]) == 1
    before = json.loads(capsys.readouterr().out)
    broken = [(f["code"], f["subject"]) for f in before["findings"] if f["severity"] == "broken"]
    assert before["ignored"] == []
    entries = [f'[[ignore]]\ncode = "{c}"\nsubject = "{s}"\nreason = "in /home/alice"\n' for c, s in broken]
    config(tmp_path, monkeypatch, "".join(entries))
    assert main(["check", *HERE, "--json"]) == 0
    after = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator(SCHEMA).validate(after)
    assert after["summary"]["broken"] == 0
    assert [(i["code"], i["subject"], i["reason"]) for i in after["ignored"]] == [
        (code, subject, "in ~") for code, subject in broken
    ]
    assert main(["check", *HERE]) == 0
    out = capsys.readouterr().out
    said = f"{len(broken)} findings ignored: " + ", ".join(f"{c} {s} (in ~)" for c, s in broken)
    assert said in " ".join(out.split())
    assert out.rstrip().endswith("exit 0")


def test_an_ignore_of_another_subject_or_code_ignores_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    config(
        tmp_path,
        monkeypatch,
        '[[ignore]]\ncode = "NPD101"\nsubject = "sci"\nreason = "x"\n'
        '[[ignore]]\ncode = "NPD199"\nsubject = "scipy"\nreason = "x"\n',
    )
    assert main(["check", *HERE]) == 1
    assert "ignored" not in capsys.readouterr().out


def test_a_malformed_config_is_one_message_and_nothing_is_examined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    config(tmp_path, monkeypatch, "[[ignore]\n")
    assert main(["check", *HERE]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "config.toml is not valid TOML" in err
    assert "Traceback" not in err
    assert not stand_in.requests


def test_unknown_names_of_the_config_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    config(tmp_path, monkeypatch, "[colours]\na = 1\n")
    assert main(["check", *HERE]) == 1
    assert "config.toml: unknown: colours" in capsys.readouterr().err
