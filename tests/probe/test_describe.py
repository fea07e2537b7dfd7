"""Every interpreter either describes itself or its refusal is put into words."""

from __future__ import annotations

import functools
import glob
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from npdoctor.errors import TargetError
from npdoctor.model.target import Choice, Target
from npdoctor.probe.describe import describe
from npdoctor.probe.launch import agent_environment, agent_script

VERSIONS = ("2.7", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
PYENV = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
SEARCHED = os.environ.get("PATH", "")


@functools.cache
def real_python(version: str) -> str | None:
    """Return an interpreter of this machine that runs and is of that version."""
    on_path = [shutil.which(f"python{version}", path=folder) for folder in SEARCHED.split(os.pathsep)]
    ask = "import sys; print('%d.%d' % sys.version_info[:2])"
    for candidate in [*glob.glob(f"{PYENV}/versions/{version}.*/bin/python"), *filter(None, on_path)]:
        if os.path.basename(os.path.dirname(candidate)) == "shims":
            continue
        answer = subprocess.run([candidate, "-c", ask], capture_output=True, text=True, check=False)
        if answer.stdout.strip() == version:
            return candidate
    return None


def python_or_skip(version: str) -> str:
    found = real_python(version)
    if not found:
        pytest.skip(f"no Python {version} on this machine")
    return found


def look(executable: str | Path, timeout: float = 20, **environ: str) -> Target:
    return describe(Choice(str(executable), "--python"), timeout, {**os.environ, **environ})


def refusal(executable: str | Path, timeout: float = 20, **environ: str) -> str:
    with pytest.raises(TargetError) as told:
        look(executable, timeout, **environ)
    return str(told.value)


def script(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def startup(tmp_path: Path) -> Path:
    """Return a file that every Python runs when it starts, if PYTHONPATH holds its folder."""
    folder = tmp_path / "startup"
    folder.mkdir()
    return folder / "sitecustomize.py"


@pytest.mark.parametrize("version", [v for v in VERSIONS if v not in ("2.7", "3.6")])
def test_real_pythons_describe_themselves(version: str) -> None:
    target = look(python_or_skip(version))
    assert target.python.startswith(version + ".")
    assert target.implementation == "cpython"
    assert target.bits in (32, 64)
    assert target.byte_order == sys.byteorder
    assert any(suffix.endswith(".so") for suffix in target.extension_suffixes)
    assert {"json", "random", "sys", "math"} <= target.stdlib_modules
    assert "numpy" not in target.stdlib_modules
    assert os.path.dirname(agent_script("describe")) not in target.sys_path
    assert all(os.path.isabs(entry) for entry in target.sys_path)
    assert set(target.site_packages) & set(target.sys_path)
    assert target.startup_noise == ""
    assert target.user_site is not None
    assert target.user_site.startswith(os.environ["HOME"])


@pytest.mark.parametrize("version", ["2.7", "3.6"])
def test_old_pythons_are_too_old_rather_than_broken(version: str) -> None:
    text = refusal(python_or_skip(version))
    assert text.startswith(f"Python {version}.")
    assert "is too old: npdoctor examines 3.7 and later" in text


def test_a_virtual_environment_stays_one(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "v"], check=True)
    target = look(tmp_path / "v/bin/python")
    assert target.executable == str(tmp_path / "v/bin/python")
    assert target.prefix == str(tmp_path / "v") != target.base_prefix
    assert target.site_packages[0].startswith(target.prefix)
    assert target.user_site is None


def test_nothing_is_written_to_the_target(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "v"], check=True)
    (tmp_path / "v/lib").joinpath(f"python3.{sys.version_info[1]}/site-packages/sitecustomize.py").write_text(
        ""
    )
    before = sorted(map(str, tmp_path.rglob("*")))
    look(tmp_path / "v/bin/python")
    assert sorted(map(str, tmp_path.rglob("*"))) == before


@pytest.mark.parametrize("program", ["/bin/ls", "/bin/true", "/bin/cat"])
def test_another_program_is_no_python(program: str) -> None:
    assert f"{program} is no Python that can be examined" in refusal(program)


def test_a_script_is_no_python_and_its_words_are_shown(tmp_path: Path) -> None:
    path = script(tmp_path / "python", "#!/bin/sh\necho 'module load python first' >&2\nexit 3\n")
    text = refusal(path)
    assert "exits with code 3 without an answer" in text
    assert "module load python first" in text


def test_what_cannot_be_started_is_told(tmp_path: Path) -> None:
    assert refusal(tmp_path / "python").startswith(f"No Python at {tmp_path}/python.")
    assert "needs is not" in refusal(script(tmp_path / "orphan", "#!/no/such/interpreter\n"))
    assert "not a program that this machine can run" in refusal(script(tmp_path / "data", "\0\1\2"))
    plain = tmp_path / "plain"
    plain.write_text("")
    assert "permission denied" in refusal(plain)


def test_a_machine_without_room_for_temporary_files_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/nowhere")
    assert "No temporary folder can be made" in refusal(sys.executable)


def test_no_descriptor_stays_open(tmp_path: Path) -> None:
    look(sys.executable)
    before = len(os.listdir("/proc/self/fd"))
    look(sys.executable)
    refusal("/bin/true")
    refusal(tmp_path / "python")
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_hang_ends_in_time(tmp_path: Path) -> None:
    path = script(tmp_path / "python", "#!/bin/sh\necho waiting\nsleep 60\n")
    began = time.monotonic()
    text = refusal(path, timeout=0.5)
    assert "gave no answer in 0.5 s. It said: waiting" in text
    assert time.monotonic() - began < 5


def test_a_hang_at_startup_ends_in_time(startup: Path) -> None:
    startup.write_text("import time; time.sleep(60)")
    assert "gave no answer in 1 s" in refusal(sys.executable, timeout=1, PYTHONPATH=str(startup.parent))


def test_rubbish_at_startup_is_kept_clean_and_short(startup: Path) -> None:
    startup.write_text(
        "import sys\n"
        "sys.stdout.write('\\x1b[31mhello\\x1b[0m\\x07 \\x1b]0;title\\x07world\\n')\n"
        "sys.stdout.write('{\"version\": [1]}\\n')\n"
        "sys.stderr.write('x' * 3_000_000)\n"
    )
    target = look(sys.executable, PYTHONPATH=str(startup.parent))
    assert target.startup_noise.startswith("hello world\n")
    assert len(target.startup_noise) < 10_000
    assert "\x1b" not in target.startup_noise


def test_a_start_up_file_that_raises_does_not_matter(startup: Path) -> None:
    startup.write_text("raise RuntimeError('on purpose')")
    assert "on purpose" in look(sys.executable, PYTHONPATH=str(startup.parent)).startup_noise


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import os; os._exit(0)", "exits with code 0 while it starts"),
        ("import os; os._exit(7)", "exits with code 7 while it starts"),
        ("raise SystemExit('licence expired')", "licence expired"),
        ("import os; os.abort()", "is ended by signal 6 while it starts"),
        ("import os; os.closerange(3, 256)", "loses its open files while it starts"),
    ],
)
def test_a_start_up_file_that_ends_python_is_named(startup: Path, text: str, words: str) -> None:
    startup.write_text(text)
    told = refusal(sys.executable, PYTHONPATH=str(startup.parent))
    assert told.startswith(f"Python {sys.version_info[0]}.{sys.version_info[1]}.")
    assert words in told
    assert "sitecustomize" in told


def test_nothing_is_written_into_a_file_that_took_the_channels_place(startup: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    startup.write_text(
        "import os\nos.closerange(3, 256)\n"
        f"for _ in range(60): os.open({str(log)!r}, os.O_CREAT | os.O_WRONLY)\n"
    )
    assert "loses its open files" in refusal(sys.executable, PYTHONPATH=str(startup.parent))
    assert log.read_bytes() == b""


def test_a_grandchild_that_holds_the_pipes_is_not_waited_for(startup: Path) -> None:
    startup.write_text("import os, time\nif os.fork() == 0:\n    time.sleep(60)\n    os._exit(0)\n")
    began = time.monotonic()
    look(sys.executable, PYTHONPATH=str(startup.parent))
    assert time.monotonic() - began < 5


def test_a_wrong_home_is_told() -> None:
    told = refusal(sys.executable, PYTHONHOME="/nowhere")
    assert "while it starts" in told
    assert "PYTHON*" in told


@pytest.mark.parametrize("name", ["json", "site", "sysconfig", "stat", "os"])
def test_a_shadowed_standard_module_does_not_disturb(startup: Path, tmp_path: Path, name: str) -> None:
    if name in ("os", "site", "stat") and sys.version_info < (3, 11):
        pytest.skip("such a Python does not start at all")
    (tmp_path / "startup" / f"{name}.py").write_text("raise RuntimeError('shadow')")
    assert look(sys.executable, PYTHONPATH=str(startup.parent)).python


def test_the_working_folder_never_runs(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    (tmp_path / "other").mkdir()
    for name in ("sitecustomize", "json", "random"):
        (folder / f"{name}.py").write_text("open('/proc/self/cwd/ran', 'w'); raise SystemExit(9)")
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(["", ".", str(folder), "../other", "lib"])}
    target = describe(Choice(sys.executable, "x"), 20, environ, str(folder))
    assert str(folder) not in target.sys_path
    assert target.sys_path[:2] == (str(tmp_path / "other"), str(folder / "lib"))
    assert target.pythonpath == ("", ".", str(folder), "../other", "lib")
    assert list(tmp_path.rglob("ran")) == []


def test_the_environment_of_agents() -> None:
    given = {
        "PATH": "/bin",
        "PYTHONPATH": "/a:b",
        "PYTHONINSPECT": "1",
        "TEXTUAL": "x",
        "PEX": "y",
        "PYENV_DIR": "/z",
    }
    assert agent_environment(given, "/work") == {
        "PATH": "/bin",
        "PYTHONPATH": "/a:/work/b",
        "PYENV_DIR": "/z",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONSAFEPATH": "1",
    }


def test_a_shim_is_followed_from_the_users_folder(tmp_path: Path) -> None:
    (tmp_path / "shims").mkdir()
    (tmp_path / "work").mkdir()
    (tmp_path / "work/.choice").write_text(sys.executable)
    path = script(tmp_path / "shims/python3", '#!/bin/sh\nexec "$(cat .choice)" "$@"\n')
    target = describe(Choice(str(path), "x"), 20, os.environ, str(tmp_path / "work"))
    assert target.executable == sys.executable


def test_the_agent_parses_on_python_2() -> None:
    python = python_or_skip("2.7")
    check = "import sys; compile(open(sys.argv[1]).read(), 'describe.py', 'exec')"
    subprocess.run([python, "-c", check, agent_script("describe")], check=True)
