"""npdoctor as a process: what it loads, how soon it speaks, how it ends."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import npdoctor

STAND_IN = str(Path(__file__).parent / "stand_in.py")
SOURCE = str(Path(npdoctor.__file__).parents[1])
CHECK = ["check", "--python", sys.executable]


def environment(**changes: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": SOURCE, "LC_ALL": "C.UTF-8", **changes}


def run(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, STAND_IN, *arguments]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        env=environment(**changes),
        stdin=subprocess.DEVNULL,
        timeout=60,
    )


def test_check_never_loads_textual_or_rich() -> None:
    for form in ([], ["--json"]):
        loaded = run(*CHECK, *form, STAND_IN_MODULES="1").stderr.splitlines()
        assert "npdoctor.cli.check" in loaded
        assert [m for m in loaded if m.split(".")[0] in ("textual", "rich")] == []


def test_little_is_loaded_before_the_first_line() -> None:
    code = (
        "import sys, npdoctor.cli.app as app, npdoctor.cli.output as output\n"
        "def stop(self, text):\n"
        "    print(text, *sys.modules, sep='\\n'); sys.stdout.flush(); import os; os._exit(0)\n"
        "output.Output.say = stop\n"
        f"app.main({CHECK!r})\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment(), timeout=60
    )
    first, *loaded = done.stdout.splitlines()
    assert first.startswith("npdoctor: looking at ")
    heavy = {"textual", "rich", "packaging", "importlib_metadata", "tomllib", "tomli", "npdoctor.checkup"}
    assert heavy.isdisjoint(loaded)


def test_without_a_terminal_no_arguments_mean_text() -> None:
    done = run()
    assert done.returncode == 1
    assert done.stderr.startswith("npdoctor: no terminal, printing text. Use --json for machines.\n")
    assert "exit 1\n" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize("changes", [{"TERM": "dumb"}, {"TERM": ""}, {"TERM": "unknown"}, {"CI": "true"}])
def test_a_terminal_that_cannot_draw_gets_text(changes: dict[str, str]) -> None:
    shown, code = on_terminal([], **changes)
    assert "no terminal, printing text" in shown
    assert code == 1


def test_progress_lives_on_a_terminal_only() -> None:
    shown, code = on_terminal(CHECK)
    assert code == 1
    assert "2/2 imported, 1 failed (last: b.so)" in shown
    assert shown.rindex("\x1b[2K") < shown.index("✗") or "\x1b[2K" in shown
    assert "imported," not in run(*CHECK).stderr


def on_terminal(arguments: list[str], **changes: str) -> tuple[str, int]:
    changes = {"TERM": "xterm", "CI": "", **changes}
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, STAND_IN, *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment(**changes),
    ) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                data = os.read(ours, 65536)
            except OSError:
                break
            if not data:
                break
            shown += data
        os.close(ours)
        return shown.decode(), process.wait(60)


def test_a_reader_that_goes_away_is_no_fault() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with subprocess.Popen(
        [sys.executable, STAND_IN, *CHECK], stdout=writing, stderr=subprocess.PIPE, env=environment()
    ) as process:
        os.close(writing)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 1
        assert b"Broken" not in err
        assert b"Traceback" not in err


@pytest.mark.parametrize(
    ("number", "code", "words"),
    [
        (signal.SIGINT, 130, b"interrupted"),
        (signal.SIGTERM, 143, b"SIGTERM"),
        (signal.SIGHUP, 129, b"SIGHUP"),
    ],
)
def test_signals_end_it_with_one_line(number: signal.Signals, code: int, words: bytes) -> None:
    with subprocess.Popen(
        [sys.executable, STAND_IN, *CHECK, "-q"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(STAND_IN="sleep"),
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == b"sleeping\n"
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        assert process.returncode == code
        assert out == b""
        assert err.count(b"\n") == 1
        assert words in err


def test_a_terminal_without_unicode_gets_ascii() -> None:
    done = run(*CHECK, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 1
    assert "x NPD101" in done.stdout


def test_as_a_module() -> None:
    command = [sys.executable, "-m", "npdoctor"]
    version = subprocess.run(
        [*command, "--version"], capture_output=True, text=True, env=environment(), check=True
    )
    assert version.stdout == f"npdoctor {npdoctor.__version__}\n"
    wrong = subprocess.run([*command, "fleet"], capture_output=True, text=True, env=environment())
    assert wrong.returncode == 2


def test_json_on_stdout_is_nothing_but_json() -> None:
    assert json.loads(run(*CHECK, "--json").stdout)["schema"] == 1
